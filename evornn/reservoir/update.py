"""What follows the product in a reservoir's step: activation and leak, in registers.

Three equations, with z = W x + W_in u + W_fb y + b (+ noise), f the activation, leak a, gain g and
shift s (1 and 0 unless intrinsic plasticity has set them):

- internal: x' = (1 - a) x + a f(g z + s). Source: Lukosevicius 2012, A practical guide to applying
  echo state networks, eq. 2-3; reservoirpy's equation.
- external: v' = (1 - a) v + a z, x' = f(g v' + s). Source: Schrauwen, Wardermann, Verstraeten,
  Steil & Stroobandt 2008 (Neurocomputing 71), the leak before the nonlinearity.
- es2n: x' = (1 - a) O x + a f(g z + s), O orthogonal, a called proximity. Source: Ceni & Gallicchio
  2024, Edge of stability echo state network (IEEE TNNLS).
"""

# Numba types jitted functions at their first call; mypy takes an intrinsic for its Python body.
# mypy: allow-untyped-defs, no-warn-unreachable
# mypy: disable-error-code="call-arg,var-annotated,arg-type"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from evornn.compiled import kernel
from evornn.reservoir.products import add_product
from evornn.reservoir.vectors import LANES, load, splat, store
from evornn.simd.lanes import fma, mul, relu, sub
from evornn.simd.math import sigmoid, tanh

EQUATIONS = {"internal": 0, "external": 1, "es2n": 2}
ACTIVATIONS = {"tanh": 0, "linear": 1, "sigmoid": 2, "relu": 3}


class Form(NamedTuple):
    """A reservoir as its kernels read it; vectors are padded to full registers.

    Attributes:
        W: The recurrent matrix.
        O: The orthogonal matrix of ES2N, else `Nothing`.
        leak: Axes (unit).
        gain: Axes (unit): what the activation's argument is multiplied with.
        shift: Axes (unit): what is added to it then.
        equation: A value of `EQUATIONS`.
        activation: A value of `ACTIVATIONS`.
    """

    W: Any
    O: Any  # noqa: E741 (the paper's letter)
    leak: np.ndarray
    gain: np.ndarray
    shift: np.ndarray
    equation: int
    activation: int


class Memory(NamedTuple):
    """What a reservoir holds between steps, and where it works; all axes (unit), padded.

    Attributes:
        x: The state.
        v: The leaky state, read by the external equation only.
        z: The drive when a step begins; scratch.
        spare: Scratch.
    """

    x: np.ndarray
    v: np.ndarray
    z: np.ndarray
    spare: np.ndarray


@kernel
def activate(z, gain, shift, activation):
    """Z <- f(gain z + shift)."""
    if activation == 0:
        for i in range(0, z.size, LANES):
            store(z, i, tanh(fma(load(z, i), load(gain, i), load(shift, i))))
    elif activation == 1:
        for i in range(0, z.size, LANES):
            store(z, i, fma(load(z, i), load(gain, i), load(shift, i)))
    elif activation == 2:
        for i in range(0, z.size, LANES):
            store(z, i, sigmoid(fma(load(z, i), load(gain, i), load(shift, i))))
    else:
        for i in range(0, z.size, LANES):
            store(z, i, relu(fma(load(z, i), load(gain, i), load(shift, i))))


@kernel
def blend(old, new, leak, out):
    """Out <- (1 - leak) old + leak new."""
    for i in range(0, out.size, LANES):
        a = load(leak, i)
        kept = mul(sub(splat(1.0), a), load(old, i))
        store(out, i, fma(a, load(new, i), kept))


@kernel
def _copy(source, target):
    # A loop, because a slice's assignment comes with checks that take seconds to compile.
    for i in range(target.size):
        target[i] = source[i]


@kernel
def _settle(leak, gain, shift, equation, activation, x, v, z, spare):
    """The rest of a step; `z` holds the whole argument, `spare` holds O x where ES2N needs it."""
    if equation == 1:
        blend(v, z, leak, v)
        _copy(v, z)
        activate(z, gain, shift, activation)
        _copy(z, x)
    else:
        activate(z, gain, shift, activation)
        blend(spare if equation == 2 else x, z, leak, x)


@kernel
def advance(form, memory):
    """One step; `memory.z` holds the drive W_in u + W_fb y + b (+ noise) and is overwritten."""
    x, v, z, spare = memory
    add_product(form.W, x, z, spare)
    if form.equation == 2:
        # O may need scratch of its own, and v is free in this equation.
        for i in range(spare.size):
            spare[i] = 0.0
        add_product(form.O, x, spare, v)
    _settle(form.leak, form.gain, form.shift, form.equation, form.activation, x, v, z, spare)


@kernel
def run_driven(form, memory, states):
    """Run over a whole series whose drive is known.

    Args:
        form: The reservoir.
        memory: Read at the start, left as it is after the last step.
        states: Axes (time, unit): holds the drive of every step, and then the state after it.
    """
    x, z = memory.x, memory.z
    units = states.shape[1]
    for t in range(states.shape[0]):
        for i in range(units):
            z[i] = states[t, i]
        advance(form, memory)
        for i in range(units):
            states[t, i] = x[i]


@kernel
def run_heard(form, memory, W_in, bias, u, states):
    """Run over a whole series, whose drive W_in u + b is computed on the way.

    A drive that is written for the whole series first costs as much time as a small reservoir's
    steps, in memory that a step has already left.

    Args:
        form: The reservoir.
        memory: Read at the start, left as it is after the last step.
        W_in: Axes (input, unit), C-contiguous.
        bias: Axes (unit), padded.
        u: Axes (time, input).
        states: Axes (time, unit): will hold the state after every step.
    """
    x, z = memory.x, memory.z
    inputs, units = W_in.shape
    for t in range(u.shape[0]):
        _copy(bias, z)
        for k in range(inputs):
            heard = u[t, k]
            for i in range(units):
                z[i] += W_in[k, i] * heard
        advance(form, memory)
        for i in range(units):
            states[t, i] = x[i]
