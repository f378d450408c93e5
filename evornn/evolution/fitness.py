"""From errors to fitness."""

from __future__ import annotations

import numpy as np

EPS = 1e-12


def reciprocal_mse(mse: np.ndarray | float, eps: float = EPS) -> np.ndarray:
    """Fitness as the reciprocal of the mean squared error, the classic scheme.

    Args:
        mse: Mean squared errors, any axes, at least 0.
        eps: Added to the error, so that a perfect network has the finite fitness 1 / eps.

    Returns:
        1 / (mse + eps), the same axes, float64; 0 where the error is not finite.
    """
    error = np.asarray(mse, dtype=np.float64)
    usable = np.isfinite(error)
    return np.where(usable, 1.0 / (np.where(usable, error, 1.0) + eps), 0.0)


def mse_of(fitness: float, eps: float = EPS) -> float:
    """The mean squared error that has this reciprocal fitness; inf for the worst fitness."""
    return max(0.0, 1.0 / fitness - eps) if fitness > 0 else float("inf")


def sanitised(fitness: np.ndarray) -> np.ndarray:
    """A float64 copy of fitness values in which everything not finite is `-inf`, the worst.

    The one place where that is decided: comparisons in DEAP take NaN for the best.
    """
    values = np.array(fitness, dtype=np.float64)
    values[~np.isfinite(values)] = -np.inf
    return values
