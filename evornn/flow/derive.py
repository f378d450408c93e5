"""Derivatives as graphs: a signal-flow graph in, a signal-flow graph out, from the op table alone.

`vjp` transposes a graph (Wan & Beaufays 1996, Neural Computation 8:182; Lee 1974): every branch is
reversed, sums become branch points and branch points sums, a function becomes the multiplication
by its derivative, and a delay becomes an advance. So the transposed step of a cell is a cell again:
its states are the cotangents of the states, and it runs backwards in time. `jvp` doubles every
signal with its tangent, and the doubled step is a cell that runs forwards. Both read the same row
of `ops.OPS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from evornn.flow.declare import State
from evornn.flow.graph import LEAVES, Graph, Node, StateSlot
from evornn.flow.language import dot, outer, spread, total
from evornn.flow.ops import OPS
from evornn.flow.signal import Signal
from evornn.flow.trace import Tracer

MARK = "truncate_here"
Signals = dict[Node, Signal]


def vjp(graph: Graph, wrt: Sequence[str] | None = None, *, truncated: bool = False) -> Graph:
    """The transposed step: from cotangents of the outputs to cotangents of what they depend on.

    Args:
        graph: One time step.
        wrt: Parameters and inputs whose cotangents are the outputs, in this order; by default all
            parameters.
        truncated: No error flows back through `truncate_here` marks.

    Returns:
        A graph whose inputs are those of `graph`, its states before the step (by their names) and
        `bar_<k>` for each of its outputs; whose states are `bar_<state>`: before the transposed
        step the cotangent of the state after the step, and afterwards that of the state before it;
        whose parameters are those of `graph`; and whose outputs are the cotangents asked for.

    Raises:
        ValueError: A name in `wrt` that the graph does not have.
    """
    tracer = Tracer(f"{graph.name} transposed")
    forward, inputs = replay_as_inputs(tracer, graph)
    seeds: list[tuple[Node, Signal]] = []
    for k, output in enumerate(graph.outputs):
        inputs[f"bar_{k}"] = tracer.leaf("input", f"bar_{k}", output.axes)
        seeds.append((output, inputs[f"bar_{k}"]))
    carried = {s.name: tracer.leaf("state", f"bar_{s.name}", s.leaf.axes) for s in graph.states}
    seeds += [(slot.following, carried[slot.name]) for slot in graph.states]
    bars = transpose_graph(tracer, graph, forward, seeds, truncated=truncated)
    slots = [
        StateSlot(
            f"bar_{slot.name}",
            State(slot.leaf.axes),
            carried[slot.name].node,
            _or_zero(tracer, bars, slot.leaf).node,
        )
        for slot in graph.states
    ]
    wanted = _leaves(graph, wrt, list(graph.parameters))
    return Graph(
        tracer.name,
        {name: signal.node for name, signal in inputs.items()},
        tuple(slots),
        dict(graph.parameters),
        tuple(_or_zero(tracer, bars, leaf).node for leaf in wanted),
        {name: forward[leaf].node for name, leaf in graph.parameter_leaves.items()},
    )


def jvp(graph: Graph, wrt: Sequence[str] | None = None, *, truncated: bool = False) -> Graph:
    """The doubled step: every signal with its tangent.

    Args:
        graph: One time step.
        wrt: Parameters and inputs that have a tangent, by default all parameters.
        truncated: Nothing passes through `truncate_here` marks.

    Returns:
        A graph whose inputs are those of `graph` and `dot_<name>` for each name in `wrt`; whose
        states are those of `graph` and `dot_<state>`; whose outputs are those of `graph`, then
        their tangents.

    Raises:
        ValueError: A name in `wrt` that the graph does not have.
    """
    tracer = Tracer(f"{graph.name} doubled")
    wanted = _leaves(graph, wrt, list(graph.parameters))
    forward: Signals = {}
    for name, leaf in graph.inputs.items():
        forward[leaf] = tracer.leaf("input", name, leaf.axes)
    for name, leaf in graph.parameter_leaves.items():
        forward[leaf] = tracer.leaf("parameter", name, leaf.axes)
    for slot in graph.states:
        forward[slot.leaf] = tracer.leaf("state", slot.name, slot.leaf.axes)
    inputs = {name: forward[leaf].node for name, leaf in graph.inputs.items()}
    forward = tracer.replay(graph, forward, {}, (MARK,))
    dots: Signals = {}
    for leaf in wanted:
        dots[leaf] = tracer.leaf("input", f"dot_{leaf.meta}", leaf.axes)
        inputs[f"dot_{leaf.meta}"] = dots[leaf].node
    for slot in graph.states:
        dots[slot.leaf] = tracer.leaf("state", f"dot_{slot.name}", slot.leaf.axes)
    carried = {slot.name: dots[slot.leaf].node for slot in graph.states}
    push_tangents(graph, forward, dots, truncated=truncated)
    slots = [
        StateSlot(s.name, s.declaration, forward[s.leaf].node, forward[s.following].node)
        for s in graph.states
    ]
    slots += [
        StateSlot(
            f"dot_{s.name}",
            State(s.leaf.axes),
            carried[s.name],
            _or_zero(tracer, dots, s.following).node,
        )
        for s in graph.states
    ]
    return Graph(
        tracer.name,
        inputs,
        tuple(slots),
        dict(graph.parameters),
        (
            *(forward[o].node for o in graph.outputs),
            *(_or_zero(tracer, dots, o).node for o in graph.outputs),
        ),
        {name: forward[leaf].node for name, leaf in graph.parameter_leaves.items()},
    )


def replay_as_inputs(tracer: Tracer, graph: Graph) -> tuple[Signals, dict[str, Signal]]:
    """The graph repeated, without marks, with its states as inputs: signals, inputs by name."""
    leaves: Signals = {}
    inputs: dict[str, Signal] = {}
    for name, leaf in graph.inputs.items():
        leaves[leaf] = inputs[name] = tracer.leaf("input", name, leaf.axes)
    for slot in graph.states:
        signal = tracer.leaf("input", slot.name, slot.leaf.axes)
        leaves[slot.leaf] = inputs[slot.name] = signal
    for name, leaf in graph.parameter_leaves.items():
        leaves[leaf] = tracer.leaf("parameter", name, leaf.axes)
    return tracer.replay(graph, leaves, {}, (MARK,)), inputs


def transpose_graph(
    tracer: Tracer,
    graph: Graph,
    forward: Mapping[Node, Signal],
    seeds: Iterable[tuple[Node, Signal]],
    *,
    truncated: bool = False,
) -> Signals:
    """Reverse mode: the cotangent of every node that the seeds depend on.

    Args:
        tracer: Where the cotangents are built.
        graph: The graph that is transposed.
        forward: Its signals in `tracer`.
        seeds: Nodes and cotangents that enter there.
        truncated: Cut at marks.
    """
    bars: Signals = {}
    for node, bar in seeds:
        _accumulate(bars, node, bar)
    for node in reversed(graph.nodes()):
        if node not in bars or node.op in LEAVES:
            continue
        if node.op == MARK and truncated:
            continue
        arguments = [forward[a] for a in node.args]
        passed = _cotangents(node, bars[node], forward[node], arguments)
        for argument, part in zip(node.args, passed, strict=True):
            if part is not None and argument.op != "constant":
                _accumulate(bars, argument, part)
    return bars


def _cotangents(node: Node, bar: Signal, y: Signal, arguments: list[Signal]) -> list[Signal | None]:
    """What one node passes back to each of its arguments."""
    op = OPS[node.op]
    if op.adjoint is not None:
        return list(op.adjoint(bar, node.meta, *arguments))
    if op.gradient is not None:
        return [times(bar, op.gradient(y, *arguments))]
    found: list[Signal | None] = []
    for argument, partial in zip(arguments, op.partials or (), strict=True):
        passed = None if partial is None else times(bar, partial(y, *arguments))
        if passed is not None and passed.axes and not argument.axes:
            passed = total(passed)
        found.append(passed)
    return found


def push_tangents(
    graph: Graph,
    forward: Mapping[Node, Signal],
    dots: Signals,
    *,
    truncated: bool = False,
    linear: Callable[[Node, Signals], Signal | None] | None = None,
) -> None:
    """Forward mode: add to `dots` the tangent of every node that depends on those in it.

    Args:
        graph: The graph that is doubled.
        forward: Its signals in the tracer of `dots`.
        dots: Tangents of leaves on entry; a node that is missing has none.
        truncated: Cut at marks.
        linear: Another tangent for operations that are linear in each argument and take a matrix.
    """
    for node in graph.nodes():
        if node.op in LEAVES or node in dots or (node.op == MARK and truncated):
            continue
        if linear is not None and node.op in ("matvec", "bilinear"):
            tangent = linear(node, dots)
        else:
            tangent = tangent_of(node, forward, dots)
        if tangent is not None:
            dots[node] = tangent


def tangent_of(
    node: Node, forward: Mapping[Node, Signal], dots: Mapping[Node, Signal]
) -> Signal | None:
    """The tangent of one node; None if none of its arguments has one."""
    op = OPS[node.op]
    arguments = [forward[a] for a in node.args]
    moving = [(k, dots[a]) for k, a in enumerate(node.args) if a in dots]
    if not moving:
        return None
    result: Signal | None = None
    if op.adjoint is not None and node.op == "concatenate":
        tracer = forward[node].tracer
        still = [dots.get(a, None) for a in node.args]
        parts = [
            part if part is not None else zeros(tracer, a.axes)
            for part, a in zip(still, node.args, strict=True)
        ]
        return tracer.apply(node.op, *parts, meta=node.meta)
    for position, tangent in moving:
        if op.adjoint is not None:  # linear in each argument: put the tangent in its place
            placed = [*arguments[:position], tangent, *arguments[position + 1 :]]
            term: Signal | None = tangent.tracer.apply(node.op, *placed, meta=node.meta)
        elif op.gradient is not None:
            term = dot(op.gradient(forward[node], *arguments), tangent)
        else:
            partial = (op.partials or ())[position]
            term = None if partial is None else times(tangent, partial(forward[node], *arguments))
        if term is not None:
            result = term if result is None else result + term
    if result is not None and node.axes and not result.axes:
        result = spread(result, node.axes[0])
    return result


def times(signal: Signal, factor: Any) -> Signal:
    """The product, where factors of 1 and -1 cost nothing."""
    number = constant_value(factor)
    if number == 1.0:
        return signal
    if number == -1.0:
        return -signal
    return signal * factor


def constant_value(value: Any) -> float | None:
    """The number that a factor is, or None if it is a signal."""
    if isinstance(value, Signal):
        return float(value.node.meta) if value.node.op == "constant" else None
    return float(value)


def zeros(tracer: Tracer, axes: tuple[str, ...]) -> Signal:
    """A zero of the given axes."""
    zero = Signal(tracer.node("constant", (), (), 0.0), tracer)
    if len(axes) == 0:
        return zero
    if len(axes) == 1:
        return spread(zero, axes[0])
    return outer(spread(zero, axes[0]), zeros(tracer, axes[1:]))


def without_marks(graph: Graph) -> Graph:
    """The graph without its `truncate_here` marks, which no kernel needs."""
    if not any(node.op == MARK for node in graph.nodes()):
        return graph
    return copy_graph(graph)[0]


def copy_graph(graph: Graph) -> tuple[Graph, Signals]:
    """The graph anew, without marks, and its signals by the nodes of the old one."""
    tracer = Tracer(graph.name)
    leaves: Signals = {}
    for kind, found in (("input", graph.inputs), ("parameter", graph.parameter_leaves)):
        for name, leaf in found.items():
            leaves[leaf] = tracer.leaf(kind, name, leaf.axes)
    for slot in graph.states:
        leaves[slot.leaf] = tracer.leaf("state", slot.name, slot.leaf.axes)
    made = tracer.replay(graph, leaves, {}, (MARK,))
    copied = Graph(
        graph.name,
        {name: made[leaf].node for name, leaf in graph.inputs.items()},
        tuple(
            StateSlot(s.name, s.declaration, made[s.leaf].node, made[s.following].node)
            for s in graph.states
        ),
        dict(graph.parameters),
        tuple(made[o].node for o in graph.outputs),
        {name: made[leaf].node for name, leaf in graph.parameter_leaves.items()},
    )
    return copied, made


def _accumulate(bars: Signals, node: Node, bar: Signal) -> None:
    bars[node] = bars[node] + bar if node in bars else bar


def _or_zero(tracer: Tracer, found: Mapping[Node, Signal], node: Node) -> Signal:
    return found[node] if node in found else zeros(tracer, node.axes)


def _leaves(graph: Graph, wrt: Sequence[str] | None, default: list[str]) -> list[Node]:
    known = {**graph.inputs, **graph.parameter_leaves}
    names = default if wrt is None else list(wrt)
    for name in names:
        if name not in known:
            raise ValueError(
                f"a derivative of {graph.name} needs names out of {', '.join(known)}, got {name!r}"
            )
    return [known[name] for name in names]
