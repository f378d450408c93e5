"""Classification: a label for every step, or for every sequence."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d, validate_data

from evornn.estimators.base import SequenceEstimator
from evornn.estimators.series import is_many


class SequenceClassifier(ClassifierMixin, SequenceEstimator):
    """A classifier whose rows are steps of time: an output for each class, the largest wins.

    Attributes:
        classes_: Labels, sorted, axes (class).
    """

    POOLINGS: tuple[str, ...] = ("last",)

    def fit(self, X: Any, y: Any) -> Self:
        """Learn labels of sequences, each from a clean state.

        Args:
            X: Axes (time, feature); or a list of such arrays, or axes (sequence, time, feature).
            y: Labels, axes (time); a list of such arrays for many sequences; with pooling axes
                (sequence).

        Raises:
            ValueError: If lengths differ, a number is not finite, there is one class only, or a
                setting is wrong.
        """
        us, labels = self._pairs(X, y, reset=True)
        self.classes_ = np.unique(np.concatenate(labels))
        if len(self.classes_) < 2:
            raise ValueError(
                f"{type(self).__name__} needs at least 2 classes to tell apart, got only one class "
                f"{self.classes_.tolist()}."
            )
        return self._fitted(us, self._one_hot(labels))

    def _one_hot(self, labels: list[np.ndarray]) -> list[np.ndarray]:
        """1 for the label's class, else 0, axes (time, class)."""
        return [(each[:, None] == self.classes_).astype(np.float64) for each in labels]

    def _pairs(self, X: Any, y: Any, reset: bool) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Checked sequences and labels, axes (time) each."""
        many = is_many(X)
        self._check_pooling(self.POOLINGS, many)
        if not many:
            u, rows = validate_data(self, X, y, reset=reset, dtype=np.float64)
            us, labels = [u], [column_or_1d(rows)]
        else:
            us, _ = self._checked_X(X, reset=reset)
            if self.pooling is None:
                labels = [column_or_1d(e) for e in self._checked_steps(y, us, numbers=False)]
            else:
                rows = column_or_1d(self._checked_rows(y, len(us), numbers=False))
                labels = [rows[k : k + 1] for k in range(len(rows))]
        check_classification_targets(np.concatenate(labels))
        return us, labels

    def decision_function(self, X: Any) -> Any:
        """An output for each class, axes (time, class); for two classes the second one's lead.

        Args:
            X: As for `fit`; many sequences give a list, with pooling axes (sequence, class).
        """
        outputs, many = self._answers(X)
        if len(self.classes_) == 2:
            outputs = [y[:, 1] - y[:, 0] for y in outputs]
        if self.pooling is not None:
            return np.concatenate(outputs)
        return outputs if many else outputs[0]

    def predict(self, X: Any) -> Any:
        """Labels, axes (time); a list for many sequences; with pooling axes (sequence).

        Args:
            X: As for `fit`; every sequence is read from a clean state.
        """
        outputs, many = self._answers(X)
        labels = [self.classes_[y.argmax(axis=1)] for y in outputs]
        if self.pooling is not None:
            return np.concatenate(labels)
        return labels if many else labels[0]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Share of right labels over all steps, or over all sequences with pooling.

        Args:
            X: As for `fit`.
            y: As for `fit`.
            sample_weight: Of every step, axes (time), of all sequences one after the other.
        """
        found = self.predict(X)
        if isinstance(found, list):
            found, y = np.concatenate(found), np.concatenate([np.asarray(each) for each in y])
        return float(accuracy_score(y, found, sample_weight=sample_weight))
