"""A graph as text for people, and as Graphviz DOT, alone or beside its transpose."""

from __future__ import annotations

from evornn.flow.axes import written
from evornn.flow.graph import LEAVES, Graph, Node, label
from evornn.flow.ops import OPS
from evornn.flow.signal_flow import branch_gain, signal_flow


def _names(graph: Graph) -> dict[Node, str]:
    names: dict[Node, str] = {}
    for node in graph.nodes():
        if node.op in LEAVES:
            names[node] = label(node)
        else:
            names[node] = f"%{sum(n.op not in LEAVES for n in names) + 1}"
    return names


def expression(node: Node, names: dict[Node, str]) -> str:
    """The operation of a node, with its arguments by name."""
    arguments = [names[a] for a in node.args]
    text = OPS[node.op].written.format(*arguments, all=", ".join(arguments))
    if node.op == "window":
        return f"window({arguments[0]}, from {node.meta[0]})"
    return text


def graph_text(graph: Graph) -> str:
    """One line a signal: leaves, operations with their axes, following states, output."""
    names = _names(graph)
    lines = [f"cell {graph.name}"]
    for name, node in graph.inputs.items():
        lines.append(f"  input      {name} {written(node.axes)}")
    for slot in graph.states:
        start = slot.declaration.initial
        lines.append(
            f"  state      {slot.name} {written(slot.declaration.axes)}, starts at {start}"
        )
    for name, parameter in graph.parameters.items():
        kind = ", fixed" if parameter.fixed is not None else ""
        kind = ", masked" if parameter.mask is not None else kind
        lines.append(f"  parameter  {name} {written(parameter.axes)}{kind}")
    for node in graph.nodes():
        if node.op not in LEAVES:
            line = f"  {names[node]} = {expression(node, names)}"
            lines.append(f"{line:<44}{written(node.axes)}")
    lines += [f"  {slot.name}' = {names[slot.following]}" for slot in graph.states]
    lines.append(f"  output {', '.join(names[o] for o in graph.outputs)}")
    return "\n".join(lines)


def to_dot(graph: Graph) -> str:
    """The graph as Graphviz DOT text (`dot -Tsvg` draws it); a delay closes each loop.

    Boxes are leaves, ellipses operations; a dashed edge leads from a state's following value to
    the state, through the unit delay.
    """
    numbers = {node: f"n{k}" for k, node in enumerate(graph.nodes())}
    for slot in graph.states:  # a state that no operation reads still exists
        numbers.setdefault(slot.leaf, f"n{len(numbers)}")
    names = _names(graph)
    lines = [f'digraph "{graph.name}" {{', "  rankdir=LR;", '  node [fontname="Helvetica"];']
    for node, number in numbers.items():
        if node.op in LEAVES:
            style = 'shape=box, style=filled, fillcolor="#e8eef7"'
            text = names.get(node, label(node))
        else:
            style = "shape=ellipse"
            text = OPS[node.op].written.format(*"abc"[: len(node.args)], all="...")
        lines.append(f'  {number} [label="{text}\\n{written(node.axes)}", {style}];')
        lines += [f"  {numbers[a]} -> {number};" for a in node.args]
    for slot in graph.states:
        lines.append(
            f'  {numbers[slot.following]} -> {numbers[slot.leaf]} [style=dashed, label="delay"];'
        )
    for k, output in enumerate(graph.outputs):
        lines.append(f'  out{k} [label="output", shape=plaintext];')
        lines.append(f"  {numbers[output]} -> out{k};")
    return "\n".join([*lines, "}"])


def transposition_dot(graph: Graph) -> str:
    """A graph and its transpose as Graphviz DOT text, in two clusters.

    In the first, signals flow forwards in time (`z` to the power -1 is a delay); in the second,
    derivatives flow against every arrow, and backwards in time. Junctions have the same numbers in
    both: `f3` in the graph is `t3` in its transpose. On a branch stands what is multiplied there.
    """
    flow = signal_flow(graph)
    shapes = {"source": "box", "output": "box", "state": "box, style=dashed"}
    lines = [f'digraph "{graph.name}" {{', "  rankdir=LR;", '  node [fontname="Helvetica"];']
    for letter, title in (("f", graph.name), ("t", f"{graph.name}, transposed")):
        forwards = letter == "f"
        lines += [f'  subgraph "cluster_{letter}" {{', f'    label="{title}";']
        for k, junction in enumerate(flow.junctions):
            text = junction.label if forwards else junction.transposed
            shape = shapes.get(junction.kind, "ellipse")
            shown = text.replace("\n", "\\n")
            lines.append(f'    {letter}{k} [label="{shown}", shape={shape}];')
        for branch in flow.branches:
            ends = (branch.source, branch.target)
            first, last = ends if forwards else reversed(ends)
            settings = [f'label="{gain}"'] if (gain := branch_gain(branch, forwards)) else []
            if flow.junctions[branch.target].kind == "state":
                settings.append("constraint=false")
            written_settings = f" [{', '.join(settings)}]" if settings else ""
            lines.append(f"    {letter}{first} -> {letter}{last}{written_settings};")
        lines.append("  }")
    return "\n".join([*lines, "}"])
