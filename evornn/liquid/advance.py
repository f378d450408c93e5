"""One step of all neurons of a liquid, eight of them at a time.

Each function advances potentials, second variables and synaptic currents to the end of `step`, sets
byte k of `fired` to the bits of the neurons 8 k to 8 k + 7 that have reached their threshold, and
tells whether there are any. The rows of eight neurons stand together: rows[8 (k R + r) + lane] is
row r of R of neuron 8 k + lane.
"""

# Numba types jitted functions at their first call; mypy takes an intrinsic for its Python body.
# mypy: allow-untyped-defs, no-warn-unreachable
# mypy: disable-error-code="call-arg,var-annotated,arg-type"

from __future__ import annotations

from evornn.liquid.vectors import LANES, at_least, bits, inner, load, splat, store
from evornn.simd.lanes import add, fma, greater_equal, mul, sub, where


@inner
def advance_integrate(rows, constant, until, step, decay, v, currents, fired):
    """One step of `LIF`; rows: factors of V, I_e, I_i, then threshold and reset."""
    any_fired = 0
    half = v.size
    decay_e, decay_i = splat(v, decay[0]), splat(v, decay[1])
    for k in range(half // LANES):
        i, r = LANES * k, 5 * LANES * k
        excite, inhibit = load(currents, i), load(currents, half + i)
        x = fma(load(rows, r + 2 * LANES), inhibit, load(constant, i))
        x = fma(load(rows, r + LANES), excite, x)
        x = fma(load(rows, r), load(v, i), x)
        x = where(at_least(until, i, step, x), load(rows, r + 4 * LANES), x)
        store(v, i, x)
        reached = bits(greater_equal(x, load(rows, r + 3 * LANES)))
        fired[k] = reached
        any_fired |= reached
        store(currents, i, mul(excite, decay_e))
        store(currents, half + i, mul(inhibit, decay_i))
    return any_fired != 0


@inner
def advance_adaptive(rows, constant, until, step, decay, v, w, currents, fired):
    """One step of `AdaptiveLIF`.

    Rows: factors of V, w, I_e, I_i for V and then for w; a factor of w and a number that give w
    while V is held; threshold and reset.
    """
    any_fired = 0
    half = v.size
    decay_e, decay_i = splat(v, decay[0]), splat(v, decay[1])
    for k in range(half // LANES):
        i, r = LANES * k, 12 * LANES * k
        excite, inhibit, x, y = load(currents, i), load(currents, half + i), load(v, i), load(w, i)
        new = fma(load(rows, r + LANES), y, load(constant, i))
        new = fma(load(rows, r + 3 * LANES), inhibit, new)
        new = fma(load(rows, r + 2 * LANES), excite, new)
        new = fma(load(rows, r), x, new)
        other = fma(load(rows, r + 5 * LANES), y, load(constant, half + i))
        other = fma(load(rows, r + 7 * LANES), inhibit, other)
        other = fma(load(rows, r + 6 * LANES), excite, other)
        other = fma(load(rows, r + 4 * LANES), x, other)
        rests = at_least(until, i, step, x)
        held = fma(load(rows, r + 8 * LANES), y, load(rows, r + 9 * LANES))
        new = where(rests, load(rows, r + 11 * LANES), new)
        store(v, i, new)
        store(w, i, where(rests, held, other))
        reached = bits(greater_equal(new, load(rows, r + 10 * LANES)))
        fired[k] = reached
        any_fired |= reached
        store(currents, i, mul(excite, decay_e))
        store(currents, half + i, mul(inhibit, decay_i))
    return any_fired != 0


@inner
def advance_izhikevich(rows, constant, until, step, decay, v, u, currents, fired):
    """One step of `Izhikevich`; rows: dt a, b, dt / C, dt, then threshold and reset."""
    any_fired = 0
    half = v.size
    decay_e, decay_i = splat(v, decay[0]), splat(v, decay[1])
    kind = v.dtype.type
    quadratic, linear = splat(v, kind(0.04)), splat(v, kind(5.0))
    level = splat(v, kind(140.0))
    for k in range(half // LANES):
        i, r = LANES * k, 6 * LANES * k
        excite, inhibit, x, y = load(currents, i), load(currents, half + i), load(v, i), load(u, i)
        slope = sub(fma(fma(quadratic, x, linear), x, level), y)
        pushed = fma(load(rows, r + 2 * LANES), add(excite, inhibit), load(constant, i))
        new = add(x, fma(load(rows, r + 3 * LANES), slope, pushed))
        new = where(at_least(until, i, step, x), load(rows, r + 5 * LANES), new)
        store(v, i, new)
        # While V is held, x is the reset already.
        store(u, i, fma(load(rows, r), sub(mul(load(rows, r + LANES), x), y), y))
        reached = bits(greater_equal(new, load(rows, r + 4 * LANES)))
        fired[k] = reached
        any_fired |= reached
        store(currents, i, mul(excite, decay_e))
        store(currents, half + i, mul(inhibit, decay_i))
    return any_fired != 0
