"""What all estimators share: checked data, scales, and answers by step or by sequence."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from evornn.estimators.series import checked_sequences, checked_targets, is_many, scale_of


class SequenceEstimator(BaseEstimator, ABC):
    """An estimator whose rows are steps of time.

    `X` with axes (time, feature) is one series. A list of such arrays, or an array with axes
    (sequence, time, feature), is many; each is read from a clean state, in `fit` and in `predict`.
    """

    pooling: str | None
    random_state: Any
    n_features_in_: int

    @abstractmethod
    def _learn(self, us: list[np.ndarray], ys: list[np.ndarray]) -> None:
        """Fit to normalised sequences; with pooling each target has axes (1, output)."""

    @abstractmethod
    def _outputs(self, us: list[np.ndarray]) -> list[np.ndarray]:
        """Outputs for normalised sequences, axes (time, output); with pooling (1, output)."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.non_deterministic = False
        return tags

    # --- data -------------------------------------------------------------------------------

    def _checked_X(self, X: Any, reset: bool) -> tuple[list[np.ndarray], bool]:
        """Sequences, float64, and whether they were many."""
        if not is_many(X):
            return [validate_data(self, X, reset=reset, dtype=np.float64)], False
        known = None if reset else self.n_features_in_
        us = checked_sequences(type(self).__name__, X, known)
        # Names and numbers of columns as for one series: the first sequence sets them, where they
        # are reset, and all others are compared with it.
        for number, each in enumerate(X):
            self._check_columns(each, us[number], reset and number == 0)
        return us, True

    def _check_columns(self, given: Any, array: np.ndarray, reset: bool) -> None:
        named = given if hasattr(given, "columns") else array
        validate_data(self, named, reset=reset, skip_check_array=True)

    def _checked_rows(self, y: Any, count: int, numbers: bool) -> np.ndarray:
        """One target a sequence, axes (sequence) or (sequence, output)."""
        rows = check_array(
            y, ensure_2d=False, dtype=np.float64 if numbers else None, input_name="y"
        )
        if len(rows) != count:
            raise ValueError(
                f"{type(self).__name__} needs a target for each of {count} sequences, got "
                f"{len(rows)}."
            )
        return np.asarray(rows)

    def _checked_steps(self, y: Any, us: list[np.ndarray], numbers: bool) -> list[np.ndarray]:
        """A target for every step of many sequences."""
        lengths = [len(u) for u in us]
        dtype = np.float64 if numbers else None
        return checked_targets(type(self).__name__, y, lengths, dtype)

    def _normalised(self, us: list[np.ndarray], reset: bool = False) -> list[np.ndarray]:
        if reset:
            self.input_scale_ = scale_of(us)
        return [self.input_scale_.normalise(u) for u in us]

    def _answers(self, X: Any) -> tuple[list[np.ndarray], bool]:
        """Outputs for given data, axes (time, output) each, and whether they were many."""
        check_is_fitted(self)
        us, many = self._checked_X(X, reset=False)
        return self._outputs(self._normalised(us)), many

    def _check_pooling(self, allowed: tuple[str, ...], many: bool) -> None:
        name = type(self).__name__
        if self.pooling is not None and self.pooling not in allowed:
            raise ValueError(
                f"{name} needs `pooling` None or one of {', '.join(allowed)}, got {self.pooling!r}."
            )
        if self.pooling is not None and not many:
            raise ValueError(
                f"{name} needs many sequences for pooling={self.pooling!r}: a list of arrays or "
                "axes (sequence, time, feature), got one series."
            )

    def _drawn_seed(self) -> int:
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _fitted(self, us: list[np.ndarray], ys: list[np.ndarray]) -> Self:
        self._learn(self._normalised(us, reset=True), ys)
        return self
