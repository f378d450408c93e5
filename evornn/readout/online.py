"""What readouts share that learn from one row after another."""

from __future__ import annotations

from abc import abstractmethod
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evornn.readout.linear import LinearReadout
from evornn.readout.rows import as_pair


class OnlineReadout(LinearReadout):
    """A linear readout that can be fitted to a row at a time.

    The bias is learned as the weight of a feature that is always 1, so the state and that 1 stand
    side by side, and `table` holds weights and bias together.
    """

    intercept: bool
    table: NDArray[np.float64]  # axes (output, feature, and the bias last)

    @abstractmethod
    def _start(self, features: int, outputs: int) -> None:
        """Set the learner's own state for so many features, the constant 1 included."""

    @abstractmethod
    def _learn(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Learn from rows in turn; the errors y - output before each was learned."""

    @property
    def weights(self) -> NDArray[np.float64]:  # type: ignore[override]
        """W, axes (feature, output)."""
        return self.table[:, : self.table.shape[1] - self.intercept].T

    @property
    def bias(self) -> NDArray[np.float64]:  # type: ignore[override]
        """b, axes (output)."""
        return self.table[:, -1] if self.intercept else np.zeros(len(self.table))

    def check_fitted(self) -> None:
        """Refuse to answer without weights.

        Raises:
            ValueError: There are none yet.
        """
        if not hasattr(self, "table"):
            name = type(self).__name__
            raise ValueError(f"`{name}` needs to be fitted first; call `fit` or `partial_fit`.")

    def begin(self, features: int, outputs: int) -> Self:
        """Forget everything: zero weights for so many features and outputs."""
        self.table = np.zeros((outputs, features + self.intercept))
        self._start(features + self.intercept, outputs)
        return self

    def fit(self, X: ArrayLike, Y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Forget everything, then learn from each row once, in order.

        Args:
            X: States, axes (time, feature).
            Y: Targets, axes (time, output) or (time).
            sample_weight: A mask, axes (time): rows of weight 0 are passed over, others need 1.

        Raises:
            ValueError: Different lengths, wrong axes, NaN or infinity, or other weights.
        """
        x, y = self._rows(X, Y, sample_weight)
        self.begin(x.shape[1], y.shape[1])
        self._learn(self._with_constant(x), y)
        return self

    def partial_fit(
        self, X: ArrayLike, Y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Go on learning from further rows, in order.

        Args:
            X: As for `fit`.
            Y: As for `fit`.
            sample_weight: As for `fit`.

        Raises:
            ValueError: As for `fit`; another number of features or outputs than before.
        """
        x, y = self._rows(X, Y, sample_weight)
        if not hasattr(self, "table"):
            self.begin(x.shape[1], y.shape[1])
        self.check_features(x)
        if y.shape[1] != len(self.table):
            raise ValueError(
                f"`{type(self).__name__}` was fitted to {len(self.table)} outputs, got "
                f"{y.shape[1]}."
            )
        self._learn(self._with_constant(x), y)
        return self

    def step(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Learn from one row, in a loop where the next row depends on what was learned.

        Nothing is checked, for speed; call `begin` first.

        Args:
            x: State, axes (feature).
            y: Target, axes (output).

        Returns:
            The output before learning, axes (output).
        """
        row = self._with_constant(np.ascontiguousarray(x, dtype=np.float64)[None, :])
        target = np.ascontiguousarray(y, dtype=np.float64)[None, :]
        return target[0] - self._learn(row, target)[0]

    def _with_constant(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        if not self.intercept:
            return np.ascontiguousarray(x)
        return np.concatenate([x, np.ones((len(x), 1))], axis=1)

    def _rows(
        self, X: ArrayLike, Y: ArrayLike, sample_weight: ArrayLike | None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        name = type(self).__name__
        x, y, w = as_pair(name, X, Y, sample_weight)
        if w is not None and not (w == 1.0).all():
            raise ValueError(f"`{name}` learns row by row and needs weights of 0 or 1.")
        return x, np.ascontiguousarray(y)
