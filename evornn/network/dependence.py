"""Which entries of a signal depend on which entries of inputs and states, within one time step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evornn.flow.axes import axis_size
from evornn.flow.graph import Graph, Node

# f(0) = 0: where the argument is held at zero, so is the result.
KEEPS_ZERO = ("neg", "tanh", "relu", "sin", "abs", "square", "sqrt", "truncate_here")


@dataclass(frozen=True)
class Dependence:
    """One time step as a digraph between entries.

    Attributes:
        states: Axes (following state entry, state entry): an edge with one delay each.
        output: Axes (output entry, state entry).
    """

    states: np.ndarray
    output: np.ndarray


@dataclass(frozen=True)
class _Value:
    """What is known of a signal.

    Attributes:
        present: Where it may differ from 0; axes of the signal.
        on: Which state entries it may depend on; axes of the signal, then state entry.
    """

    present: np.ndarray
    on: np.ndarray


def dependence(
    graph: Graph, sizes: Mapping[str, int], present: Mapping[str, np.ndarray]
) -> Dependence:
    """The dependences that the equations state; a weight that is not present makes none.

    Args:
        graph: One time step.
        sizes: Size of every axis.
        present: For every parameter, which entries may differ from 0; axes of the parameter.
    """
    widths = [axis_size("+".join(s.leaf.axes) or "1", sizes) for s in graph.states]
    count = sum(widths)
    values: dict[Node, _Value] = {}
    starts = np.cumsum([0, *widths])
    for slot, width, start in zip(graph.states, widths, starts, strict=False):
        on = np.zeros((width, count), dtype=bool)
        on[np.arange(width), start + np.arange(width)] = True
        shape = (width,) if slot.leaf.axes else ()
        values[slot.leaf] = _Value(np.ones(shape, dtype=bool), on.reshape(*shape, count))
    for name, leaf in graph.parameter_leaves.items():
        values[leaf] = _free(present[name], count)
    for node in graph.nodes():
        if node.op == "input":
            values[node] = _free(np.ones(axis_size(node.axes[0], sizes), dtype=bool), count)
        elif node.op == "constant":
            values[node] = _free(np.array(node.meta != 0), count)
        elif node not in values:
            values[node] = _result(node, [values[a] for a in node.args], sizes)
    rows = [values[s.following].on.reshape(-1, count) for s in graph.states]
    states = np.concatenate(rows) if rows else np.zeros((0, 0), dtype=bool)
    return Dependence(states, values[graph.outputs[0]].on)


def _free(present: np.ndarray, count: int) -> _Value:
    """A value that depends on no state; its dependences take no memory."""
    return _Value(present, np.broadcast_to(False, (*present.shape, count)))


def _result(node: Node, args: list[_Value], sizes: Mapping[str, int]) -> _Value:
    """What is known of an operation's result."""
    if node.op in ("matvec", "bilinear", "outer", "dot"):
        return _product(node.op, args)
    first = args[0]
    if node.op == "transpose":
        order = tuple(node.meta)
        return _Value(first.present.transpose(order), first.on.transpose(*order, len(order)))
    if node.op == "window":
        return _window(node, first, sizes)
    if node.op == "concatenate":
        return _Value(
            np.concatenate([a.present for a in args]), np.concatenate([a.on for a in args])
        )
    if node.op == "spread":
        n = axis_size(node.meta, sizes)
        return _Value(np.repeat(first.present[None], n), np.repeat(first.on[None], n, axis=0))
    if node.op in ("total", "largest"):
        return _Value(np.asarray(first.present.any(axis=0)), np.asarray(first.on.any(axis=0)))
    return _elementwise(node.op, args)


def _elementwise(op: str, args: list[_Value]) -> _Value:
    shape = np.broadcast_shapes(*(a.present.shape for a in args))
    present = [np.broadcast_to(a.present, shape) for a in args]
    # A scalar's dependences spread over the vector that it meets.
    on = [np.broadcast_to(a.on, (*shape, a.on.shape[-1])) for a in args]
    if op == "mul":
        (p, q), (a, b) = present, on
        return _Value(p & q, (a & q[..., None]) | (b & p[..., None]))
    if op == "div":
        return _Value(present[0], on[0] | (on[1] & present[0][..., None]))
    if op in ("add", "sub") or op in KEEPS_ZERO:
        some = np.logical_or.reduce(present)
    else:
        some = np.ones(shape, dtype=bool)
    return _Value(some, np.logical_or.reduce(on))


# Which entries of the factors meet in an entry of the result.
_SUBSCRIPTS = {"matvec": ("nm", "m"), "bilinear": ("nab", "a", "b"), "outer": ("n", "m")}
_SUBSCRIPTS["dot"] = ("m", "m")
_RESULTS = {"matvec": "n", "bilinear": "n", "outer": "nm", "dot": ""}


def _product(op: str, args: list[_Value]) -> _Value:
    """A sum of products: it depends on a factor's entry where the other factors are present."""
    subscripts, result = _SUBSCRIPTS[op], _RESULTS[op]
    counted = [a.present.astype(np.float64) for a in args]
    present = np.asarray(np.einsum(f"{','.join(subscripts)}->{result}", *counted) > 0)
    on = np.zeros((*present.shape, args[0].on.shape[-1]), dtype=bool)
    for k, a in enumerate(args):
        if a.on.any():
            own = [f"{s}z" if j == k else s for j, s in enumerate(subscripts)]
            factors = [a.on.astype(np.float64) if j == k else c for j, c in enumerate(counted)]
            on |= np.einsum(f"{','.join(own)}->{result}z", *factors) > 0
    return _Value(present, on)


def _window(node: Node, value: _Value, sizes: Mapping[str, int]) -> _Value:
    offset, axis = axis_size(node.meta[0], sizes), node.meta[1]
    present, on = np.atleast_1d(value.present), np.atleast_2d(value.on)
    source = np.arange(axis_size(axis, sizes) if axis else 1) + offset
    inside = (source >= 0) & (source < len(present))
    source = np.clip(source, 0, len(present) - 1)
    kept = _Value(present[source] & inside, on[source] & inside[:, None])
    return kept if axis else _Value(kept.present[0], kept.on[0])
