"""From a spike to the currents of its targets: through the synapses, and out of the ring.

A ring holds the currents of coming steps, one slot a step, axes (slot, 2 x row): what goes to the
excitatory currents, then to the inhibitory ones.
"""

# Numba types jitted functions at their first call; mypy takes an intrinsic for its Python body.
# mypy: no-warn-unreachable
# mypy: disable-error-code="call-arg,var-annotated"

from __future__ import annotations

import numpy as np
from numba import njit

from evornn.liquid.vectors import LANES, inner, load, splat, store
from evornn.liquid.wiring import Wiring
from evornn.simd.lanes import fma, mul, sub
from evornn.simd.math import exp


@inner
def use_synapses(
    wiring: Wiring, begin: int, gap: int, u: np.ndarray, r: np.ndarray, amount: np.ndarray
) -> None:
    """What a spike, `gap` steps after the one before, sends through the eight synapses at `begin`.

    Both u and R move on, and `amount`, axes (lane), is filled with weight u R.
    """
    since, one = splat(u, u.dtype.type(-gap)), splat(u, u.dtype.type(1))
    kept = exp(mul(since, load(wiring.facilitation, begin)))
    lost = exp(mul(since, load(wiring.recovery, begin)))
    old_u, old_r, use = load(u, begin), load(r, begin), load(wiring.use, begin)
    new_r = fma(sub(sub(old_r, mul(old_u, old_r)), one), lost, one)
    new_u = fma(mul(old_u, sub(one, use)), kept, use)
    store(u, begin, new_u)
    store(r, begin, new_r)
    store(amount, 0, mul(load(wiring.weight, begin), mul(new_u, new_r)))


# Part of the loop that calls it: as a call of its own, with a hundred numbers that describe its
# arrays, it would take twice as long.
@njit(inline="always", nogil=True, error_model="numpy")
def deliver(
    source: int,
    step: int,
    wiring: Wiring,
    u: np.ndarray,
    r: np.ndarray,
    last: np.ndarray,
    ring: np.ndarray,
    coming: np.ndarray,
    amount: np.ndarray,
) -> None:
    """Send a source's spike at the start of `step` through its synapses into the ring."""
    mask = ring.shape[0] - 1
    gap = step - last[source]
    last[source] = step
    dynamic = wiring.use.size > 0
    first = wiring.first[source]
    end = first + wiring.fan[source]
    for begin in range(first, end, LANES):
        if dynamic:
            use_synapses(wiring, begin, gap, u, r, amount)
        else:
            for k in range(LANES):
                amount[k] = wiring.weight[begin + k]
        for s in range(begin, min(begin + LANES, end)):
            slot = (step + wiring.delay[s]) & mask
            ring[slot, wiring.lane[s]] += amount[s - begin]
            coming[slot] = 1
