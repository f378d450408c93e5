"""What all linear readouts share: weights, a bias, and the prediction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evornn.readout.rows import as_rows


class LinearReadout(ABC):
    """A readout y = x W + b. Subclasses say how W and b are found.

    Attributes:
        weights: W, axes (feature, output).
        bias: b, axes (output).
    """

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    @abstractmethod
    def fit(self, X: ArrayLike, Y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Find weights and bias from states (time, feature) and targets (time, output)."""

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Outputs for states.

        Args:
            X: States, axes (time, feature).

        Returns:
            Axes (time, output).

        Raises:
            ValueError: Not fitted yet, another number of features, or NaN or infinity.
        """
        self.check_fitted()
        x = as_rows(type(self).__name__, "states", X)
        self.check_features(x)
        return x @ self.weights + self.bias

    def check_fitted(self) -> None:
        """Refuse to answer without weights.

        Raises:
            ValueError: There are none yet.
        """
        if not hasattr(self, "weights"):
            name = type(self).__name__
            raise ValueError(f"`{name}` needs to be fitted first; call `fit` or `partial_fit`.")

    def check_features(self, x: NDArray[np.float64]) -> None:
        """Refuse states of another width.

        Raises:
            ValueError: The number of features is not that of the weights.
        """
        if x.shape[1] != len(self.weights):
            raise ValueError(
                f"`{type(self).__name__}` was fitted to {len(self.weights)} features, got "
                f"{x.shape[1]}."
            )
