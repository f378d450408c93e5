"""Sums over time of states and targets, from which a linear readout follows.

They are all that is kept of the data, so that a series of any length streams through.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_BLOCK = 8192  # rows: a centred copy of so many is made at a time


@dataclass
class Moments:
    """Weighted means and centred second moments of rows of states and targets.

    Blocks are centred on their own means and joined exactly, so that a large mean does not eat the
    digits of the variance.

    Attributes:
        weight: Sum of the weights, the number of rows if all weigh 1.
        mean_x: Axes (feature).
        mean_y: Axes (output).
        xx: Sum of w (x - mean)(x - mean)^T, axes (feature, feature).
        xy: Sum of w (x - mean)(y - mean)^T, axes (feature, output).
        yy: Sum of w (y - mean)^2, axes (output).

    Source: Chan, Golub & LeVeque 1983 (The American Statistician 37), pairwise joining.
    """

    weight: float
    mean_x: NDArray[np.float64]
    mean_y: NDArray[np.float64]
    xx: NDArray[np.float64]
    xy: NDArray[np.float64]
    yy: NDArray[np.float64]

    @classmethod
    def zero(cls, features: int, outputs: int) -> Moments:
        """No rows yet."""
        return cls(
            0.0,
            np.zeros(features),
            np.zeros(outputs),
            np.zeros((features, features)),
            np.zeros((features, outputs)),
            np.zeros(outputs),
        )

    def add(
        self, x: NDArray[np.float64], y: NDArray[np.float64], w: NDArray[np.float64] | None = None
    ) -> None:
        """Take in rows.

        Args:
            x: Axes (time, feature).
            y: Axes (time, output).
            w: Weights above 0, axes (time), or None for 1.
        """
        for start in range(0, len(x), _BLOCK):
            rows = slice(start, start + _BLOCK)
            self.join(_of_block(x[rows], y[rows], None if w is None else w[rows]))

    def join(self, other: Moments) -> None:
        """Take in all rows of others."""
        if other.weight == 0.0:
            return
        total = self.weight + other.weight
        dx, dy = other.mean_x - self.mean_x, other.mean_y - self.mean_y
        share = self.weight * other.weight / total
        self.xx += other.xx
        self.xy += other.xy
        self.yy += other.yy
        if share > 0.0:  # the first block has nothing to be joined to
            self.xx += np.outer(share * dx, dx)
            self.xy += np.outer(share * dx, dy)
            self.yy += share * dy**2
        self.mean_x = self.mean_x + other.weight / total * dx
        self.mean_y = self.mean_y + other.weight / total * dy
        self.weight = total

    def about(self, intercept: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Gram matrix and right-hand side: about the means with an intercept, else about 0."""
        if intercept:
            return self.xx, self.xy
        raised = self.weight * self.mean_x
        return (
            self.xx + np.outer(raised, self.mean_x),
            self.xy + np.outer(raised, self.mean_y),
        )

    def bias(self, weights: NDArray[np.float64], intercept: bool) -> NDArray[np.float64]:
        """The intercept that belongs to weights, axes (..., output); 0 without one.

        Args:
            weights: Axes (..., feature, output).
            intercept: Whether there is one.
        """
        if intercept:
            return self.mean_y - np.matmul(self.mean_x, weights)
        return np.zeros((*weights.shape[:-2], weights.shape[-1]))

    def square_error(
        self, weights: NDArray[np.float64], bias: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Sum of w (y - x W - b)^2, axes (..., output), for weights (..., feature, output)."""
        inner = self.yy - 2.0 * (self.xy * weights).sum(axis=-2)
        inner = inner + (weights * np.matmul(self.xx, weights)).sum(axis=-2)
        offset = self.mean_y - np.matmul(self.mean_x, weights) - bias
        # Rounding may leave a tiny negative number where the fit is all but perfect.
        return np.maximum(inner, 0.0) + self.weight * offset**2


def _of_block(
    x: NDArray[np.float64], y: NDArray[np.float64], w: NDArray[np.float64] | None
) -> Moments:
    if w is None:
        mean_x, mean_y = x.mean(axis=0), y.mean(axis=0)
        weight, root = float(len(x)), None
    else:
        weight, root = float(w.sum()), np.sqrt(w)[:, None]
        mean_x, mean_y = w @ x / weight, w @ y / weight
    x, y = x - mean_x, y - mean_y
    if root is not None:
        x *= root
        y *= root
    return Moments(weight, mean_x, mean_y, x.T @ x, x.T @ y, np.square(y).sum(axis=0))
