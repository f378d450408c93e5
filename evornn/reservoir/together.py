"""Many reservoirs of one shape side by side, one in each lane of a register.

A reservoir alone spends its time gathering states: one weight, one state at a time. Reservoirs
whose units hear the same others, as those do that differ in radius, leak and scaling, take one load
for the states of eight and one for their weights. The sums are those of the products of one
reservoir, in the same order, so that the states are the same to the last bit.
"""

# Numba types jitted functions at their first call; mypy takes an intrinsic for its Python body.
# mypy: allow-untyped-defs, no-warn-unreachable
# mypy: disable-error-code="call-arg,var-annotated,arg-type"

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from evornn.compiled import kernel
from evornn.reservoir.layer import Layer
from evornn.reservoir.operators import Dense, LaneBlocked, Operator, Ring, Sparse
from evornn.reservoir.update import ACTIVATIONS, EQUATIONS, activate, blend
from evornn.reservoir.vectors import LANES, load, splat, store, store_across
from evornn.simd.lanes import add, aligned_zeros, fma, mul

MOST_BYTES = 1 << 20
"""Weights of eight reservoirs that still come fast from a core's second-level cache."""
_EIGHT, _FOUR, _ONE = np.uint64(LANES), np.uint64(4), np.uint64(1)
_TWO, _THREE = np.uint64(2), np.uint64(3)


class Pattern(NamedTuple):
    """Who hears whom, row by row, in the order of a product's sum.

    Attributes:
        starts: Axes (row + 1): where each row's connections begin.
        columns: Axes (connection).
    """

    starts: np.ndarray
    columns: np.ndarray


def pattern_of(W: Operator) -> Pattern | None:
    """The pattern of a form whose product is a sum over connections; None of any other."""
    match W:
        case Sparse():
            return Pattern(W.starts, W.columns)
        case Dense():
            starts = np.arange(0, W.units * W.columns + 1, W.columns, dtype=np.uint64)
            return Pattern(starts, np.tile(np.arange(W.columns, dtype=np.uint32), W.units))
        case LaneBlocked():
            starts = np.arange(0, W.units * W.degree + 1, W.degree, dtype=np.uint64)
            rows = np.repeat(W.columns.reshape(-1, W.degree), LANES, axis=0)
            return Pattern(starts, rows[: W.units].reshape(-1))
        case Ring():
            here = np.arange(W.units)
            columns = np.column_stack([here - 1, here + 1]) % W.units
            starts = np.arange(0, 2 * W.units + 1, 2, dtype=np.uint64)
            return Pattern(starts, columns.reshape(-1).astype(np.uint32))
    return None


def _weights_of(W: Any) -> np.ndarray:
    """The weights of a form in its pattern's order, axes (connection)."""
    match W:
        case Sparse():
            return W.weights
        case Dense():
            return W.dense().reshape(-1)
        case LaneBlocked():
            blocks = W.weights.reshape(-1, W.degree, LANES).transpose(0, 2, 1)
            return blocks.reshape(-1, W.degree)[: W.units].reshape(-1)
    return np.column_stack([W.forward, W.backward]).reshape(-1)


def shape_of(layer: Layer) -> tuple[Any, ...] | None:
    """What layers need to have in common to run together; None of one that runs alone.

    Alone run those with many inputs, with feedback or an equation with a second matrix, and those
    so large that eight of them would wait for memory.
    """
    W = layer.W
    match W:
        case Sparse():
            connections, heard = len(W.columns), W.starts.tobytes() + W.columns.tobytes()
        case Dense():
            connections, heard = W.units * W.columns, b""
        case LaneBlocked():
            connections, heard = W.units * W.degree, W.columns.tobytes()
        case Ring():
            connections, heard = 2 * W.units, b""
        case _:
            return None
    alone = layer.feedbacks or layer.equation == "es2n" or not layer.hears_few
    if alone or 8 * LANES * connections > MOST_BYTES:
        return None
    kind = type(W).__name__
    return kind, layer.units, layer.inputs, layer.equation, layer.activation, heard


class Together:
    """Up to eight layers of one shape, ready to run over the same series.

    Args:
        layers: At least one, of the same `shape_of`.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        first = layers[0]
        self.count, self.units = len(layers), first.units
        pattern = pattern_of(first.W)
        assert pattern is not None  # `shape_of` gives no shape to a layer without
        self.pattern = pattern
        self.codes = EQUATIONS[first.equation], ACTIVATIONS[first.activation]
        self.weights = _in_lanes([_weights_of(layer.W) for layer in layers])
        self.W_in = _in_lanes([np.asarray(layer.W_in).T.reshape(-1) for layer in layers])
        self.bias, self.leak, self.gain, self.shift = (
            _in_lanes([getattr(layer, name)[: self.units] for layer in layers])
            for name in ("bias", "leak", "gain", "shift")
        )

    def run(self, u: np.ndarray) -> np.ndarray:
        """The states after every step from a clean state, axes (layer, time, unit).

        Args:
            u: Axes (time, input).
        """
        out = np.empty((LANES, len(u), self.units))
        x, v, z = (aligned_zeros(self.units * LANES, "float64") for _ in range(3))
        _run_together(
            self.pattern.starts, self.pattern.columns, self.weights, self.W_in, self.bias,
            self.leak, self.gain, self.shift, *self.codes, x, v, z,
            np.ascontiguousarray(u, dtype=np.float64), self.units, out.reshape(-1),
        )  # fmt: skip
        return out[: self.count]


def _in_lanes(vectors: Sequence[np.ndarray]) -> np.ndarray:
    """Vectors side by side, axes (entry * lane); lanes to spare repeat the last vector."""
    rows = aligned_zeros(len(vectors[0]) * LANES, "float64")
    table = rows.reshape(-1, LANES)
    for lane in range(LANES):
        table[:, lane] = vectors[min(lane, len(vectors) - 1)]
    return rows


@kernel
def _add_products(starts, columns, weights, x, z):
    """Z += W x in every lane, the connections of a row dealt to four sums like those of one W."""
    for row in range(starts.size - 1):
        k, end = starts[row], starts[row + 1]
        a, b = load(z, row * LANES), splat(0.0)
        c, d = b, b
        while k + _FOUR <= end:
            place = k * _EIGHT
            a = fma(load(weights, place), load(x, columns[k] * _EIGHT), a)
            b = fma(load(weights, place + _EIGHT), load(x, columns[k + _ONE] * _EIGHT), b)
            c = fma(load(weights, place + _TWO * _EIGHT), load(x, columns[k + _TWO] * _EIGHT), c)
            d = fma(
                load(weights, place + _THREE * _EIGHT), load(x, columns[k + _THREE] * _EIGHT), d
            )
            k += _FOUR
        while k < end:
            a = fma(load(weights, k * _EIGHT), load(x, columns[k] * _EIGHT), a)
            k += _ONE
        store(z, row * LANES, add(add(a, b), add(c, d)))


@kernel
def _run_together(
    starts, columns, weights, W_in, bias, leak, gain, shift, equation, activation, x, v, z, u,
    units, out,
):  # fmt: skip
    """The loop over time; `out` has axes (lane * time * unit)."""
    steps, inputs = u.shape
    whole = units - units % LANES
    for t in range(steps):
        for i in range(0, units * LANES, LANES):
            driven = load(bias, i)
            for k in range(inputs):
                weight = load(W_in, k * units * LANES + i)
                driven = add(driven, mul(weight, splat(u[t, k])))
            store(z, i, driven)
        _add_products(starts, columns, weights, x, z)
        if equation == 1:
            blend(v, z, leak, v)
            for i in range(0, units * LANES, LANES):
                store(x, i, load(v, i))
            activate(x, gain, shift, activation)
        else:
            activate(z, gain, shift, activation)
            blend(x, z, leak, x)
        for i in range(0, whole, LANES):
            store_across(out, t * units + i, steps * units, x, i * LANES)
        for i in range(whole, units):
            for lane in range(LANES):
                out[lane * steps * units + t * units + i] = x[i * LANES + lane]
