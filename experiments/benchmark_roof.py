"""What this machine can do at most, measured with the lanes that evornn's kernels are made of."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from benchmark_peers import Case, Loss
from numba import njit

from evornn.simd.lanes import add, aligned_zeros, default_lanes, fma, memory_operations

LANES = default_lanes("float32")
load, store, splat, splat_load = memory_operations("float32", LANES)
CORES = 2


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
def read_once(rounds, array, out):  # type: ignore[no-untyped-def]
    """Every register of the array into one fused multiply-add, `rounds` times; 8 chains."""
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


@njit(nogil=True, error_model="numpy")
def read_for_four(rounds, array, out):  # type: ignore[no-untyped-def]
    """The same, each register into four fused multiply-adds."""
    x, y = load(out, 0), load(out, LANES)
    a = b = c = d = e = f = g = h = x
    for _ in range(rounds):
        for q in range(0, array.size, 2 * LANES):
            w = load(array, q)
            a, b, c, d = fma(w, x, a), fma(w, y, b), fma(w, x, c), fma(w, y, d)
            w = load(array, q + LANES)
            e, f, g, h = fma(w, x, e), fma(w, y, f), fma(w, x, g), fma(w, y, h)
    store(out, 0, add(add(add(a, b), add(c, d)), add(add(e, f), add(g, h))))


def peak_gflops(rounds: int) -> float:
    """Fused multiply-adds on registers, both cores, GFLOP/s float32; the best of 7 tries."""
    outs = [aligned_zeros(2 * LANES, "float32") for _ in range(CORES)]
    best = np.inf
    with ThreadPoolExecutor(CORES) as pool:
        for _ in range(8):  # the first compiles
            began = time.perf_counter()
            list(pool.map(lambda out: multiply_adds(rounds, out), outs))
            best = min(best, time.perf_counter() - began)
    return CORES * rounds * 12 * LANES * 2 / best / 1e9


def roof(case: Case) -> dict[str, Loss]:
    """What an evaluation cannot do without: the weights of each block of lanes, read every step.

    One sequence: each register that is read goes into one fused multiply-add. Several: into four.
    A block has full registers of lanes, and both cores share the blocks evenly.
    """
    sharing, kernel = (4, read_for_four) if case.sequences > 1 else (1, read_once)
    numbers = -(-case.matrix_weights // 8) * 8 * LANES
    rounds = case.time * -(-case.sequences // sharing)
    blocks = -(-case.population // LANES)
    arrays = [aligned_zeros(numbers, "float32") for _ in range(CORES)]
    outs = [aligned_zeros(2 * LANES, "float32") for _ in range(CORES)]
    pool = ThreadPoolExecutor(CORES)

    def share(core: int) -> None:
        kernel(rounds * blocks // CORES, arrays[core], outs[core])

    def run() -> np.ndarray:
        list(pool.map(share, range(CORES)))
        return np.zeros(case.population)

    return {"": run}
