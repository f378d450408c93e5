"""Least mean squares: the gradient of each row's error, nothing more."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from evornn.readout.compiled import compiled
from evornn.readout.online import OnlineReadout


class LMS(OnlineReadout):
    """Least mean squares, plain or normalised, O(features) a row.

    W += rate x e^T, or with `normalised` W += rate x e^T / (|x|^2 + 1e-12)

    The plain rule is stable for rates below 2 / max eigenvalue of E[x x^T], the normalised one for
    rates below 2. Strongly correlated states, the usual ones of a reservoir, make both slow: see
    `RLS`.

    Args:
        rate: Above 0, and below 2 if normalised.
        normalised: Divide by the squared length of the state.
        intercept: Whether there is a bias.

    Raises:
        ValueError: A rate outside its range; when learning, weights that are no longer finite.

    Source: Widrow & Hoff 1960 (IRE WESCON); Haykin 2002, Adaptive Filter Theory, chapters 5, 6.
    """

    def __init__(
        self, rate: float = 0.5, *, normalised: bool = True, intercept: bool = True
    ) -> None:
        below = 2.0 if normalised else math.inf
        if not 0 < rate < below:
            raise ValueError(f"`LMS` needs a `rate` above 0 and below {below:g}, got {rate}.")
        self.rate, self.normalised, self.intercept = float(rate), bool(normalised), bool(intercept)

    def _start(self, features: int, outputs: int) -> None:
        """Nothing but the weights is kept."""

    def _learn(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        errors = np.empty_like(y)
        _learn_rows(self.table, x, y, errors, self.rate, self.normalised)
        if not np.isfinite(self.table).all():
            raise ValueError(
                f"`LMS` diverged: the weights are no longer finite with rate {self.rate:g}; lower "
                "it, or use `normalised=True`."
            )
        return errors


@compiled
def _learn_rows(table, x, y, errors, rate, normalised):  # type: ignore[no-untyped-def]
    """All rows in turn: weights and errors before learning, in place."""
    features = x.shape[1]
    for t in range(len(x)):
        push = rate
        if normalised:
            square = 1e-12  # a state of all zeros teaches nothing, and must not divide by 0
            for i in range(features):
                square += x[t, i] * x[t, i]
            push = rate / square
        for o in range(y.shape[1]):
            output = 0.0
            for i in range(features):
                output += table[o, i] * x[t, i]
            errors[t, o] = y[t, o] - output
            for i in range(features):
                table[o, i] += push * errors[t, o] * x[t, i]
