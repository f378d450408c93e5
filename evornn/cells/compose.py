"""Graphs from graphs: cell on cell, and a readout on top."""

from __future__ import annotations

from collections.abc import Callable

from evornn.flow.axes import axis_names
from evornn.flow.declare import Parameter, matrix, vector
from evornn.flow.graph import Graph, Node, StateSlot
from evornn.flow.language import concatenate, sigmoid, softmax, tanh
from evornn.flow.signal import Signal
from evornn.flow.trace import Cell, Tracer, rename_declaration

READOUTS: dict[str, Callable[[Signal], Signal]] = {
    "linear": lambda a: a,
    "tanh": tanh,
    "sigmoid": sigmoid,
    "softmax": softmax,
}
SKIPS = ("input", "output", "both", "residual")


class Composition:
    """A graph that grows by the graphs of cells, each with its own prefix."""

    def __init__(self, name: str) -> None:
        self.tracer = Tracer(name)
        self.parameters: dict[str, Parameter] = {}
        self.leaves: dict[str, Node] = {}
        self.slots: list[StateSlot] = []

    def parameter(self, name: str, declaration: Parameter) -> Signal:
        """A new parameter of the whole."""
        self.parameters[name] = declaration
        signal = self.tracer.leaf("parameter", name, declaration.axes)
        self.leaves[name] = signal.node
        return signal

    def add(self, cell: Cell, x: Signal, prefix: str, axes: dict[str, str]) -> Signal:
        """The output of a cell that reads `x`; its names get a prefix, its axes are renamed."""
        graph = cell.graph
        axes = {**axes, cell.input_axis: x.axes[0]}
        leaves: dict[Node, Signal] = {graph.inputs[cell.input]: x}
        for name, leaf in graph.parameter_leaves.items():
            declaration = graph.parameters[name]
            leaves[leaf] = self.parameter(prefix + name, rename_declaration(declaration, axes))
        states = {}
        for slot in graph.states:
            declared = rename_declaration(slot.declaration, axes, prefix)
            leaves[slot.leaf] = self.tracer.leaf("state", prefix + slot.name, declared.axes)
            states[slot.name] = declared
        made = self.tracer.replay(graph, leaves, axes)
        for slot in graph.states:
            leaf, following = leaves[slot.leaf].node, made[slot.following].node
            self.slots.append(StateSlot(prefix + slot.name, states[slot.name], leaf, following))
        return made[graph.outputs[0]]

    def finish(self, x: Signal, output: Signal) -> Graph:
        """The whole as a graph."""
        return Graph(
            self.tracer.name,
            {str(x.node.meta): x.node},
            tuple(self.slots),
            self.parameters,
            (output.node,),
            self.leaves,
        )


def stack(*cells: Cell, skip: str | None = None, name: str | None = None) -> Cell:
    """A deep network: every cell reads the output of the one before it, in the same step.

    Parameters and states of the k-th cell are called `layer<k>_...`, its axes `hidden<k>` and so
    on, from 1. With `Network(stack(a, b), hidden=(16, 8))` each has its own size.

    Args:
        *cells: From the input upwards; at least one.
        skip: Connections that jump over cells. "input": every cell also reads the input;
            "output": the whole's output is all cells' outputs, one after the other; "both";
            "residual": a cell's output is added to its input (from the second cell on; all
            cells then share the axis `hidden`).
        name: The name of the whole.

    Raises:
        ValueError: If there is no cell, or `skip` is unknown.
    """
    if not cells:
        raise ValueError("stack needs at least one cell, got none")
    if skip is not None and skip not in SKIPS:
        raise ValueError(f"skip needs one of {', '.join(SKIPS)} or None, got {skip!r}")
    whole = Composition(name or "_on_".join(cell.name for cell in reversed(cells)))
    x = whole.tracer.leaf("input", "x", ("input",))
    below, outputs = x, []
    for number, cell in enumerate(cells, start=1):
        private = cell.graph.axis_names() - {cell.input_axis, "output"}
        axes = {
            name: name if skip == "residual" else f"{name}{number}"
            for axis in private
            for name in axis_names(axis)
            if name != "output"
        }
        reads = concatenate(below, x) if skip in ("input", "both") and number > 1 else below
        above = whole.add(cell, reads, f"layer{number}_", axes)
        below = below + above if skip == "residual" and number > 1 else above
        outputs.append(above)
    output = concatenate(*outputs) if skip in ("output", "both") and len(outputs) > 1 else below
    return Cell(whole.tracer.name, whole.finish(x, output), "x", f"A stack of {len(cells)} cells.")


def with_readout(cell: Cell, readout: str | None) -> Graph:
    """The cell's graph with y = f(V h + c) on top; None: the cell's output is the network's.

    Raises:
        ValueError: If the readout is unknown, or None for a cell whose output is not on the axis
            `output`.
    """
    if readout is None:
        if cell.output_axis != "output":
            raise ValueError(
                f"cell {cell.name} needs a readout, because its output has the axis "
                f"{cell.output_axis}, not output; take one of {', '.join(READOUTS)}"
            )
        return cell.graph
    if readout not in READOUTS:
        raise ValueError(f"a readout is one of {', '.join(READOUTS)} or None, got {readout!r}")
    taken = {"V", "c"} & set(cell.graph.parameters)
    if taken:
        raise ValueError(
            f"cell {cell.name} has a parameter {', '.join(sorted(taken))}, which the readout "
            "needs; rename it, or use readout=None"
        )
    whole = Composition(cell.name)
    x = whole.tracer.leaf("input", cell.input, (cell.input_axis,))
    names = {n: n for axis in cell.graph.axis_names() for n in axis_names(axis)}
    h = whole.add(cell, x, "", names)
    v = whole.parameter("V", matrix("output", h.axes[0]))
    c = whole.parameter("c", vector("output"))
    return whole.finish(x, READOUTS[readout](v @ h + c))
