"""Second-order units: products of state and input, the language of finite automata."""

from __future__ import annotations

import numpy as np

from evornn.flow import cell, state, tensor, vector
from evornn.flow.language import bilinear, sigmoid
from evornn.flow.signal import Signal


def first_unit(shape: tuple[int, ...]) -> np.ndarray:
    """1 for the first unit and 0 for the others: the state in which an automaton starts."""
    return np.eye(1, shape[0])[0]


@cell
def second_order(
    x: Signal,
    h: Signal = state("hidden", initial="h_0"),
    *,
    W: Signal = tensor("hidden", "hidden", "input"),
    b: Signal = vector("hidden"),
    h_0: Signal = vector("hidden", fixed=first_unit),
) -> Signal:
    """Second-order network: the input chooses the matrix that carries the state on.

    h'_i = sigmoid(sum_jk W_ijk h_j x_k + b_i)

    With one-hot inputs every symbol has its own matrix of transitions, as a finite automaton has.

    Args:
        x: Input, axes (input), usually one-hot.
        h: State, axes (hidden), each entry in (0, 1) from the first step on.
        h_0: State before the first step: the first unit on, the others off. It has no genes;
            `second_order.with_fixed(h_0=...)` starts elsewhere.

    Source: Giles, Miller, Chen, Chen, Sun & Lee 1992, Neural Computation 4:393; the bias as in
    Omlin & Giles 1996, Journal of the ACM 43:937.
    """
    return sigmoid(bilinear(W, h, x) + b)
