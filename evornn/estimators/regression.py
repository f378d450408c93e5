"""Regression: numbers for every step, or for every sequence."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import validate_data

from evornn.estimators.base import SequenceEstimator
from evornn.estimators.series import is_many, scale_of


class SequenceRegressor(MultiOutputMixin, RegressorMixin, SequenceEstimator):
    """A regressor whose rows are steps of time; subclasses say how it learns."""

    POOLINGS: tuple[str, ...] = ("last",)

    def fit(self, X: Any, y: Any) -> Self:
        """Learn targets from sequences, each from a clean state.

        Args:
            X: Axes (time, feature); or a list of such arrays, or axes (sequence, time, feature).
            y: Axes (time) or (time, output); a list of such arrays for many sequences. With
                pooling axes (sequence) or (sequence, output).

        Raises:
            ValueError: If lengths differ, a number is not finite, or a setting is wrong.
        """
        us, ys = self._pairs(X, y, reset=True)
        self.target_scale_ = scale_of(ys)
        return self._fitted(us, [self.target_scale_.normalise(each) for each in ys])

    def _pairs(self, X: Any, y: Any, reset: bool) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Checked sequences and targets, axes (time, output) each."""
        many = is_many(X)
        self._check_pooling(self.POOLINGS, many)
        if not many:
            options = {"dtype": np.float64, "multi_output": True, "y_numeric": True}
            u, rows = validate_data(self, X, y, reset=reset, **options)
            us, ys = [u], [np.asarray(rows, dtype=np.float64)]
        else:
            us, _ = self._checked_X(X, reset=reset)
            if self.pooling is None:
                ys = self._checked_steps(y, us, numbers=True)
            else:
                ys = [row[None] for row in self._checked_rows(y, len(us), numbers=True)]
        self._flat = ys[0].ndim == 1
        return us, [each.reshape(len(each), -1) for each in ys]

    def predict(self, X: Any) -> Any:
        """Outputs, in the form of the targets; every sequence is read from a clean state.

        Args:
            X: As for `fit`.

        Returns:
            Axes (time) or (time, output); a list of such arrays for many sequences. With pooling
            axes (sequence) or (sequence, output).
        """
        outputs, many = self._answers(X)
        found = [self.target_scale_.restore(y) for y in outputs]
        found = [y[:, 0] if self._flat else y for y in found]
        if self.pooling is not None:
            return np.concatenate(found)
        return found if many else found[0]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Coefficient of determination over all steps, or over all sequences with pooling.

        Args:
            X: As for `fit`.
            y: As for `fit`.
            sample_weight: Of every step, axes (time), of all sequences one after the other.
        """
        found = self.predict(X)
        if isinstance(found, list):
            found, y = np.concatenate(found), np.concatenate([np.asarray(each) for each in y])
        return float(r2_score(y, found, sample_weight=sample_weight))
