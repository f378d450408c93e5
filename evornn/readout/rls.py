"""Recursive least squares: the exact ridge solution, kept up to date row by row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evornn.checks import check_range
from evornn.readout.online import OnlineReadout
from evornn.readout.rls_kernel import GROUP, learn_rows


class RLS(OnlineReadout):
    """Recursive least squares with forgetting.

    k = P x / (lambda + x^T P x),  W += k e^T,  P = (P - k x^T P) / lambda,  P_0 = I / alpha

    Without forgetting, the weights after each row are those of `Ridge(ridge=alpha)` on all rows so
    far with the constant among the features; with it, the row t steps ago weighs lambda^t.

    P is changed in place and stays exactly symmetric. Rows that come together are learned eight at
    a time, which reads P once for all eight; `step` takes one row, for loops that feed the output
    back. Neither calls a threaded library: readouts in several threads do not wait for each other.

    Args:
        alpha: Penalty on the square of the weights, above 0: small learns at once, large carefully.
        forgetting: lambda, in (0, 1]. Below 1, P grows without bound in directions that the states
            never take.
        intercept: Whether there is a bias.

    Raises:
        ValueError: A setting outside its range.

    Source: Haykin 2002, Adaptive Filter Theory, table 9.1 (RLS); Sussillo & Abbott 2009 (Neuron
    63), for alpha.
    """

    def __init__(
        self, alpha: float = 1e-6, *, forgetting: float = 1.0, intercept: bool = True
    ) -> None:
        check_range("RLS", "alpha", alpha, 0.0, above=True)
        check_range("RLS", "forgetting", forgetting, 0.0, 1.0, above=True)
        self.alpha, self.forgetting = float(alpha), float(forgetting)
        self.intercept = bool(intercept)

    @property
    def P(self) -> NDArray[np.float64]:
        """Inverse of alpha I plus the Gram matrix, axes (feature, feature), the bias last."""
        return self._P.copy()

    def _start(self, features: int, outputs: int) -> None:
        self._P = np.eye(features) / self.alpha
        self._gains = np.empty((GROUP, features))

    def _learn(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        errors = np.empty_like(y)
        learn_rows(self._P, self.table, self._gains, x, y, errors, self.forgetting)
        if not np.isfinite(self.table).all():
            raise ValueError(
                f"`RLS` diverged: the weights are no longer finite with alpha {self.alpha:g} and "
                f"forgetting {self.forgetting:g}; raise them."
            )
        return errors
