"""How a task's columns were normalised, and how to get back to their own units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Scale:
    """Mean and standard deviation of each column of the training data.

    Args:
        mean: Axes (column), in the data's own unit.
        std: Axes (column), in the data's own unit, each above 0.
    """

    mean: NDArray[np.float64]
    std: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Copy, freeze and check the arrays."""
        for name in ("mean", "std"):
            values = np.array(getattr(self, name), dtype=np.float64, ndmin=1)
            values.flags.writeable = False
            object.__setattr__(self, name, values)
        if self.mean.shape != self.std.shape or self.mean.ndim != 1:
            raise ValueError(
                "`Scale` needs `mean` and `std` with axes (column), "
                f"got shapes {self.mean.shape} and {self.std.shape}."
            )
        if not np.isfinite([self.mean, self.std]).all() or (self.std <= 0).any():
            raise ValueError(
                "`Scale` needs finite means and standard deviations above 0, "
                f"got mean {self.mean.tolist()} and std {self.std.tolist()}."
            )

    @classmethod
    def identity(cls, columns: int) -> Scale:
        """The scale of data that stays in its own units."""
        return cls(np.zeros(columns), np.ones(columns))

    @classmethod
    def fit(cls, values: Sequence[NDArray[np.float64]], mask: Sequence[NDArray[np.bool_]]) -> Scale:
        """The scale that gives the masked-in entries mean 0 and standard deviation 1.

        A column that never varies keeps its spread (standard deviation 1), so that it becomes 0
        instead of 0/0.

        Args:
            values: One array for each sequence, axes (time, column).
            mask: The same axes; only True entries count.
        """
        stacked, chosen = np.concatenate(values), np.concatenate(mask)
        mean, std = [], []
        for column in range(stacked.shape[1]):
            entries = stacked[chosen[:, column], column]
            centre = entries.mean() if entries.size else 0.0
            spread = entries.std() if entries.size else 0.0
            # A constant column can show a spread of rounding errors: the mean of equal numbers
            # need not be that number.
            negligible = spread <= 1e-12 * max(abs(centre), np.finfo(float).tiny)
            mean.append(centre)
            std.append(1.0 if negligible else spread)
        return cls(np.array(mean), np.array(std))

    def take(self, columns: Sequence[int]) -> Scale:
        """The scale of some of the columns, in the given order."""
        return Scale(self.mean[list(columns)], self.std[list(columns)])

    def normalise(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """From the data's own units to normalised ones.

        Args:
            values: Axes (..., column).
        """
        return (np.asarray(values, dtype=np.float64) - self.mean) / self.std

    def restore(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """From normalised units to the data's own; the inverse of `normalise`.

        Args:
            values: Axes (..., column).
        """
        return np.asarray(values, dtype=np.float64) * self.std + self.mean
