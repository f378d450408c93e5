"""The linear recurrent unit: complex modes that turn and decay."""

from __future__ import annotations

import math

from evornn.flow import Uniform, cell, matrix, state, vector
from evornn.flow.language import cos, exp, sin, sqrt, square
from evornn.flow.signal import Signal

# |lambda| between 0.54 and 0.99 and any frequency: half-lives of 1 to 69 steps.
DECAYS = Uniform(math.log(-math.log(0.99)), math.log(-math.log(0.54)))
ANGLES = Uniform(0.0, math.pi)


@cell
def lru(
    x: Signal,
    re: Signal = state("hidden"),
    im: Signal = state("hidden"),
    *,
    nu: Signal = vector("hidden", initial=DECAYS),
    theta: Signal = vector("hidden", initial=ANGLES),
    B_re: Signal = matrix("hidden", "input"),
    B_im: Signal = matrix("hidden", "input"),
    C_re: Signal = matrix("output", "hidden"),
    C_im: Signal = matrix("output", "hidden"),
    D: Signal = matrix("output", "input"),
) -> tuple[Signal, Signal, Signal]:
    """Linear recurrent unit: a diagonal complex recurrence between two dense matrices.

    lambda = exp(-exp(nu) + i theta), gamma = sqrt(1 - |lambda|^2)
    h' = lambda h + gamma (B x), y = Re(C h') + D x, with h = re + i im, B and C likewise complex

    Whatever the weights, |lambda| < 1, and gamma keeps the size of h independent of it: white
    input gives states of the same variance however long they last. gamma follows lambda here
    instead of being learned beside it. The cell has its own output layer: use it with
    `Network(lru, readout=None)`.

    Args:
        x: Input, axes (input).
        re: Real part of the state, axes (hidden).
        im: Imaginary part of the state, axes (hidden).
        nu: Logarithm of the decay rate per step; a mode's half-life is ln 2 / exp(nu) steps.
        theta: Angle per step, in radians.

    Source: Orvieto, Smith, Gu, Fernando, Gulcehre, Pascanu & De 2023 (ICML, PMLR 202:26670),
    section 3.
    """
    size = exp(-exp(nu))
    gamma = sqrt(1 - square(size))
    lambda_re, lambda_im = size * cos(theta), size * sin(theta)
    re_new = lambda_re * re - lambda_im * im + gamma * (B_re @ x)
    im_new = lambda_re * im + lambda_im * re + gamma * (B_im @ x)
    return C_re @ re_new - C_im @ im_new + D @ x, re_new, im_new
