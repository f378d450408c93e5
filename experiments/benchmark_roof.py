"""What this machine can do at most, measured with the lanes that evornn's kernels are made of."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit

from evornn.simd.lanes import add, aligned_zeros, default_lanes, fma, memory_operations

LANES = default_lanes("float32")
load, store, splat, splat_load = memory_operations("float32", LANES)
CORES = 2
REPEATS = 7


@njit(nogil=True, error_model="numpy")
def multiply_adds(rounds, out):  # type: ignore[no-untyped-def]
    """12 independent chains of fused multiply-adds, `rounds` long; nothing is read."""
    x, y = load(out, 0), load(out, LANES)
    a = b = c = d = e = f = g = h = i = j = k = m = x
    for _ in range(rounds):
        a, b, c, d = fma(x, y, a), fma(x, y, b), fma(x, y, c), fma(x, y, d)
        e, f, g, h = fma(x, y, e), fma(x, y, f), fma(x, y, g), fma(x, y, h)
        i, j, k, m = fma(x, y, i), fma(x, y, j), fma(x, y, k), fma(x, y, m)
    total = add(add(add(a, b), add(c, d)), add(add(e, f), add(g, h)))
    store(out, 0, add(total, add(add(i, j), add(k, m))))


@njit(nogil=True, error_model="numpy")
def reads(rounds, array, out):  # type: ignore[no-untyped-def]
    """Every register of the array into one of 8 chains of fused multiply-adds, `rounds` times."""
    x = load(out, 0)
    a = b = c = d = e = f = g = h = x
    for _ in range(rounds):
        for q in range(0, array.size, 8 * LANES):
            a = fma(load(array, q), x, a)
            b = fma(load(array, q + LANES), x, b)
            c = fma(load(array, q + 2 * LANES), x, c)
            d = fma(load(array, q + 3 * LANES), x, d)
            e = fma(load(array, q + 4 * LANES), x, e)
            f = fma(load(array, q + 5 * LANES), x, f)
            g = fma(load(array, q + 6 * LANES), x, g)
            h = fma(load(array, q + 7 * LANES), x, h)
    store(out, 0, add(add(add(a, b), add(c, d)), add(add(e, f), add(g, h))))


def _per_second(work: float, run: Callable[[np.ndarray], None]) -> float:
    """Most `work` a second over a few repeats, all cores at once."""
    outs = [aligned_zeros(2 * LANES, "float32") for _ in range(CORES)]
    best = np.inf
    with ThreadPoolExecutor(CORES) as pool:
        for _ in range(REPEATS + 1):  # the first compiles
            began = time.perf_counter()
            list(pool.map(run, outs))
            best = min(best, time.perf_counter() - began)
    return work * CORES / best


def peak_gflops(rounds: int = 2_000_000) -> float:
    """Fused multiply-adds on registers, both cores, GFLOP/s float32."""
    work = rounds * 12 * LANES * 2
    return _per_second(work, lambda out: multiply_adds(rounds, out)) / 1e9


def read_gigabytes(size: int, gigabytes: float = 2.0) -> float:
    """Reading a buffer of `size` bytes a core again and again, both cores, 10^9 bytes a second."""
    numbers = max(1, size // (4 * 8 * LANES)) * 8 * LANES
    arrays = [aligned_zeros(numbers, "float32") for _ in range(CORES)]
    rounds = max(1, int(gigabytes * 1e9 / (4 * numbers)))
    free = iter(arrays * (REPEATS + 1))
    work = rounds * 4 * numbers
    return _per_second(work, lambda out: reads(rounds, next(free), out)) / 1e9
