"""The interpreter: a graph on NumPy arrays, float64, plain and slow; the oracle of every kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evornn.flow.axes import axis_size
from evornn.flow.graph import Graph, Node
from evornn.flow.ops import OPS

Values = dict[Node, Any]


def evaluate(nodes: Sequence[Node], leaves: Mapping[Node, Any], sizes: Mapping[str, int]) -> Values:
    """The value of every node, given the leaves' values (arrays of the leaves' axes)."""
    values: Values = dict(leaves)
    for node in nodes:
        if node in values:
            continue
        if node.op == "constant":
            values[node] = np.float64(node.meta)
            continue
        with np.errstate(all="ignore"):  # inf and NaN are answers here, as they are in a kernel
            values[node] = OPS[node.op].numpy(sizes, node.meta, *(values[a] for a in node.args))
    return values


def run(
    graph: Graph,
    sizes: Mapping[str, int],
    parameters: Mapping[str, np.ndarray],
    inputs: np.ndarray,
    teacher_forced: int | None = None,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Run one network over one sequence.

    Args:
        graph: One time step, with one input and one output.
        sizes: Size of every axis.
        parameters: Values by name.
        inputs: Axes (time, input).
        teacher_forced: Number of steps that read `inputs`; later steps read the output of the
            step before in place of the first entries of the input. None: all of them.

    Returns:
        The outputs, axes (time, output), and each state's history, axes (time, state).
    """
    (input_leaf,) = graph.inputs.values()
    (output,) = graph.outputs
    nodes = graph.nodes()
    fixed = {
        leaf: np.asarray(parameters[name], dtype=np.float64)
        for name, leaf in graph.parameter_leaves.items()
    }
    current: dict[Node, Any] = {}
    for slot in graph.states:
        start = slot.declaration.initial
        shape = tuple(sizes_of(slot.declaration.axes, sizes))
        current[slot.leaf] = (
            np.asarray(parameters[start], dtype=np.float64)
            if isinstance(start, str)
            else np.full(shape, float(start))
        )
    outputs: list[np.ndarray] = []
    history: dict[str, list[np.ndarray]] = {slot.name: [] for slot in graph.states}
    forced = len(inputs) if teacher_forced is None else teacher_forced
    for t, row in enumerate(np.asarray(inputs, dtype=np.float64)):
        x = row.copy()
        if t >= forced and t > 0:
            x[: outputs[-1].size] = outputs[-1]
        values = evaluate(nodes, {**fixed, **current, input_leaf: x}, sizes)
        outputs.append(values[output])
        current = {slot.leaf: values[slot.following] for slot in graph.states}
        for slot in graph.states:
            history[slot.name].append(np.atleast_1d(values[slot.following]))
    return np.array(outputs), {name: np.array(rows) for name, rows in history.items()}


def sizes_of(axes: Sequence[str], sizes: Mapping[str, int]) -> list[int]:
    """The sizes of several axes."""
    return [axis_size(axis, sizes) for axis in axes]
