"""Any scikit-learn estimator as a readout."""

from __future__ import annotations

import inspect
from copy import deepcopy
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evornn.readout.rows import as_pair, as_rows

PROBED = 16  # rows on which weights are compared with an estimator's own answers


@runtime_checkable
class Readout(Protocol):
    """What a reservoir asks of its readout."""

    def fit(self, X: ArrayLike, Y: ArrayLike, sample_weight: ArrayLike | None = None) -> Any:
        """Learn from states (time, feature) and targets (time, output)."""

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Outputs (time, output), or labels (time), for states (time, feature)."""


class Adapted:
    """A scikit-learn estimator that takes targets and gives outputs with axes (time, output).

    Labels (one column, whole numbers, text or bools, of an estimator that is a classifier) go in
    and come out as axes (time), as scikit-learn has them.

    Args:
        estimator: With `fit(X, y)` and `predict(X)`. A copy is fitted, the given one left.
        each: Fit one copy for each output; None: where there are several and the estimator's tags
            say that it knows only one.

    Attributes:
        fitted: The fitted copies, one, or one for each output.

    Raises:
        TypeError: No `fit` or no `predict`.
    """

    fitted: list[Any]

    def __init__(self, estimator: Any, *, each: bool | None = None) -> None:
        for method in ("fit", "predict"):
            if not callable(getattr(estimator, method, None)):
                raise TypeError(f"A readout needs a method `{method}`, {estimator!r} has none.")
        self.estimator, self.each = estimator, each
        self._is_linear = True

    @property
    def weights(self) -> NDArray[np.float64]:
        """`coef_` of the fitted estimators, axes (feature, output).

        Raises:
            AttributeError: Not fitted yet, or they are not linear and have none.
        """
        if not self._is_linear:
            raise AttributeError("what this estimator predicts is no linear function of the rows.")
        return np.concatenate([np.atleast_2d(e.coef_) for e in self._ready()]).T

    @property
    def bias(self) -> NDArray[np.float64]:
        """`intercept_` of the fitted estimators, axes (output).

        Raises:
            AttributeError: Not fitted yet, or they are not linear and have none.
        """
        outputs = self.weights.shape[1] // len(self.fitted)
        parts = [np.broadcast_to(e.intercept_, (outputs,)) for e in self.fitted]
        return np.concatenate(parts)

    def fit(self, X: ArrayLike, Y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit copies of the estimator.

        Args:
            X: States, axes (time, feature).
            Y: Targets, axes (time, output) or (time); labels for a classifier.
            sample_weight: Of each row, axes (time), handed on if the estimator takes it; a mask of
                0 and 1 leaves rows out in any case.

        Raises:
            ValueError: Different lengths, wrong axes, NaN or infinity, or weights that the
                estimator does not take.
        """
        labels = np.asarray(Y)
        self._is_linear = True  # until shown otherwise
        if tells_classes(self.estimator):
            classes, index = np.unique(labels, return_inverse=True)
            x, places, w = as_pair("Adapted", X, index.reshape(labels.shape), sample_weight)
            y = classes[places.astype(int)]
        else:
            x, y, w = as_pair("Adapted", X, labels, sample_weight)
        extra = {}
        if w is not None and not (w == 1.0).all():
            if "sample_weight" not in inspect.signature(self.estimator.fit).parameters:
                raise ValueError(
                    f"`{type(self.estimator).__name__}` takes no weights of rows; give a mask of 0 "
                    "and 1."
                )
            extra = {"sample_weight": w}
        columns = [y[:, k] for k in range(y.shape[1])] if self._fits_each(y) else [y]
        self.fitted = []
        for column in columns:
            target = column[:, 0] if column.ndim == 2 and column.shape[1] == 1 else column
            self.fitted.append(deepcopy(self.estimator).fit(x, target, **extra))
        self._is_linear = self._answers_by_weights(x[:PROBED])
        return self

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Outputs, axes (time, output); labels of a classifier, axes (time).

        Raises:
            ValueError: Not fitted yet, or NaN or infinity.
        """
        if not hasattr(self, "fitted"):
            raise ValueError("`Adapted` needs to be fitted first; call `fit`.")
        x = as_rows("Adapted", "states", X)
        parts = [np.asarray(e.predict(x)) for e in self.fitted]
        if tells_classes(self.estimator) and len(parts) == 1:
            return parts[0]
        return np.concatenate([p.reshape(len(x), -1) for p in parts], axis=1)

    def _fits_each(self, y: NDArray[Any]) -> bool:
        if self.each is not None or y.ndim == 1 or y.shape[1] == 1:
            return bool(self.each)
        tags = getattr(self.estimator, "__sklearn_tags__", None)
        return tags is not None and not tags().target_tags.multi_output

    def _answers_by_weights(self, x: NDArray[np.float64]) -> bool:
        """Whether the outputs for some rows are those of the weights: there may be a link function.

        A loop that feeds the outputs back computes with the weights and never asks the estimator.
        """
        if not all(hasattr(e, "coef_") and hasattr(e, "intercept_") for e in self.fitted):
            return False
        told = self.predict(x)
        if told.dtype.kind != "f" or told.shape != (len(x), self.weights.shape[1]):
            return False
        return bool(np.allclose(x @ self.weights + self.bias, told, rtol=1e-6, atol=1e-9))

    def _ready(self) -> list[Any]:
        if not hasattr(self, "fitted"):
            raise AttributeError("`Adapted` has no weights before `fit`.")
        return self.fitted


def as_readout(readout: Any) -> Readout:
    """The readout itself if it is one, else the scikit-learn estimator adapted to be one.

    Raises:
        TypeError: Neither: no `fit` or no `predict`.
    """
    own = type(readout).__module__.startswith(__package__ or "evornn.readout")
    return readout if own and isinstance(readout, Readout) else Adapted(readout)


def tells_classes(estimator: Any) -> bool:
    """Whether an estimator is a classifier: by scikit-learn's tags, or by its methods."""
    # Asking `sklearn.base.is_classifier` would need scikit-learn.
    tags = getattr(estimator, "__sklearn_tags__", None)
    if tags is not None:
        return bool(tags().estimator_type == "classifier")
    named = getattr(estimator, "_estimator_type", None) == "classifier"
    return named or hasattr(estimator, "predict_proba")
