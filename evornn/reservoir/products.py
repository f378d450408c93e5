"""acc += W x for every form of a recurrent matrix: the heart of a reservoir's step.

`add_product` is chosen by the type of the matrix when a loop is compiled, so that the loops over
time are written once. Sums run over four accumulators: one alone would wait four cycles for each
addition.
"""

# Numba types jitted functions at their first call; mypy takes an intrinsic for its Python body.
# mypy: allow-untyped-defs, no-warn-unreachable
# mypy: disable-error-code="call-arg,var-annotated,arg-type"

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import overload

from evornn.compiled import kernel
from evornn.reservoir.operators import Dense, Hadamard, LaneBlocked, Nothing, Ring, Sparse
from evornn.reservoir.vectors import LANES, fused, load, splat, store
from evornn.simd.lanes import add, fma, sub

_FOUR = np.uint64(4)
_ONE, _TWO, _THREE = np.uint64(1), np.uint64(2), np.uint64(3)
_BLOCK = 4096  # float64 of a Hadamard transform at once: 32 KB, the first-level cache


def add_product(W, x, acc, spare):  # numpydoc: the signature that the overload fills
    """Add W x to `acc`, axes (unit), padded; `spare` is overwritten, of the same size."""
    raise NotImplementedError("add_product runs in compiled loops only")


@kernel
def _add_dense(weights, units, columns, x, acc):
    four = columns - columns % 4
    for first in range(0, units, LANES):
        place = first * columns
        a, b = load(acc, first), splat(0.0)
        c, d = b, b
        for j in range(0, four, 4):
            a = fma(load(weights, place), splat(x[j]), a)
            b = fma(load(weights, place + LANES), splat(x[j + 1]), b)
            c = fma(load(weights, place + 2 * LANES), splat(x[j + 2]), c)
            d = fma(load(weights, place + 3 * LANES), splat(x[j + 3]), d)
            place += 4 * LANES
        for j in range(four, columns):
            a = fma(load(weights, place), splat(x[j]), a)
            place += LANES
        store(acc, first, add(add(a, b), add(c, d)))


@kernel
def _add_lane_blocked(columns, weights, units, degree, x, acc):
    four = degree - degree % 4
    for first in range(0, units, LANES):
        k = first // LANES * degree
        place = k * LANES
        a, b = load(acc, first), splat(0.0)
        c, d = b, b
        for _ in range(0, four, 4):
            a = fma(load(weights, place), splat(x[columns[k]]), a)
            b = fma(load(weights, place + LANES), splat(x[columns[k + 1]]), b)
            c = fma(load(weights, place + 2 * LANES), splat(x[columns[k + 2]]), c)
            d = fma(load(weights, place + 3 * LANES), splat(x[columns[k + 3]]), d)
            k += 4
            place += 4 * LANES
        for _ in range(four, degree):
            a = fma(load(weights, place), splat(x[columns[k]]), a)
            k += 1
            place += LANES
        store(acc, first, add(add(a, b), add(c, d)))


@kernel
def _add_sparse(starts, columns, weights, x, acc):
    for i in range(starts.size - 1):
        k, end = starts[i], starts[i + 1]
        a, b, c, d = acc[i], 0.0, 0.0, 0.0
        while k + _FOUR <= end:
            a = fused(weights[k], x[columns[k]], a)
            b = fused(weights[k + _ONE], x[columns[k + _ONE]], b)
            c = fused(weights[k + _TWO], x[columns[k + _TWO]], c)
            d = fused(weights[k + _THREE], x[columns[k + _THREE]], d)
            k += _FOUR
        while k < end:
            a = fused(weights[k], x[columns[k]], a)
            k += _ONE
        acc[i] = (a + b) + (c + d)


@kernel
def _add_ring(forward, backward, x, acc):
    last = forward.size - 1
    acc[0] = fused(backward[0], x[min(1, last)], fused(forward[0], x[last], acc[0]))
    for i in range(1, last):
        acc[i] = fused(backward[i], x[i + 1], fused(forward[i], x[i - 1], acc[i]))
    if last > 0:
        acc[last] = fused(backward[last], x[0], fused(forward[last], x[last - 1], acc[last]))


@kernel
def _butterflies_of_eight(values, first, last):
    """Stages 1, 2 and 4 of the transform, on eight numbers at a time."""
    for p in range(first, last, LANES):
        a, b, c, d = values[p], values[p + 1], values[p + 2], values[p + 3]
        e, f, g, h = values[p + 4], values[p + 5], values[p + 6], values[p + 7]
        a, b, c, d, e, f, g, h = a + b, a - b, c + d, c - d, e + f, e - f, g + h, g - h
        a, c, b, d, e, g, f, h = a + c, a - c, b + d, b - d, e + g, e - g, f + h, f - h
        values[p], values[p + 1], values[p + 2], values[p + 3] = a + e, b + f, c + g, d + h
        values[p + 4], values[p + 5], values[p + 6], values[p + 7] = a - e, b - f, c - g, d - h


@kernel
def _stages(values, first, last, half, end):
    """Stages half, 2 half ... below `end` on values[first:last]; two stages a pass over memory."""
    while half * 2 < end:
        for block in range(first, last, 4 * half):
            for p in range(block, block + half, LANES):
                a, b = load(values, p), load(values, p + half)
                c, d = load(values, p + 2 * half), load(values, p + 3 * half)
                plus, minus, more, less = add(a, b), sub(a, b), add(c, d), sub(c, d)
                store(values, p, add(plus, more))
                store(values, p + half, add(minus, less))
                store(values, p + 2 * half, sub(plus, more))
                store(values, p + 3 * half, sub(minus, less))
        half *= 4
    if half < end:
        for block in range(first, last, 2 * half):
            for p in range(block, block + half, LANES):
                a, b = load(values, p), load(values, p + half)
                store(values, p, add(a, b))
                store(values, p + half, sub(a, b))


@kernel
def hadamard_transform(values):
    """Values <- H values in Sylvester's order, in place; a power of two, at least 8, of them."""
    size = values.size
    block = min(size, _BLOCK)
    for first in range(0, size, block):
        _butterflies_of_eight(values, first, first + block)
        _stages(values, first, first + block, LANES, block)
    _stages(values, 0, size, block, size)


@kernel
def _add_hadamard(signs, factor, x, acc, spare):
    transforms, units = signs.shape
    for i in range(units):
        spare[i] = x[i] * signs[transforms - 1, i]
    hadamard_transform(spare)
    for transform in range(transforms - 2, -1, -1):
        for i in range(units):
            spare[i] *= signs[transform, i]
        hadamard_transform(spare)
    for i in range(units):
        acc[i] += factor * spare[i]


def _nothing(W, x, acc, spare):
    pass


def _dense(W, x, acc, spare):
    _add_dense(W.weights, W.units, W.columns, x, acc)


def _sparse(W, x, acc, spare):
    _add_sparse(W.starts, W.columns, W.weights, x, acc)


def _ring(W, x, acc, spare):
    _add_ring(W.forward, W.backward, x, acc)


def _lane_blocked(W, x, acc, spare):
    _add_lane_blocked(W.columns, W.weights, W.units, W.degree, x, acc)


def _hadamard(W, x, acc, spare):
    _add_hadamard(W.signs, W.factor, x, acc, spare)


_PRODUCTS: dict[type, Any] = {
    Nothing: _nothing,
    Dense: _dense,
    Sparse: _sparse,
    Ring: _ring,
    LaneBlocked: _lane_blocked,
    Hadamard: _hadamard,
}


@overload(add_product)
def _choose(W, x, acc, spare):
    return _PRODUCTS.get(getattr(W, "instance_class", None))
