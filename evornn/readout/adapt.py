"""Any scikit-learn estimator as a readout."""

from __future__ import annotations

import inspect
from copy import deepcopy
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evornn.readout.rows import as_pair, as_rows


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
        each: Fit one copy for each output, for estimators that know only one.

    Attributes:
        fitted: The fitted copies, one, or one for each output.

    Raises:
        TypeError: No `fit` or no `predict`.
    """

    fitted: list[Any]

    def __init__(self, estimator: Any, *, each: bool = False) -> None:
        for method in ("fit", "predict"):
            if not callable(getattr(estimator, method, None)):
                raise TypeError(f"A readout needs a method `{method}`, {estimator!r} has none.")
        self.estimator, self.each = estimator, bool(each)

    @property
    def weights(self) -> NDArray[np.float64]:
        """`coef_` of the fitted estimators, axes (feature, output).

        Raises:
            AttributeError: Not fitted yet, or they are not linear and have none.
        """
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
        if _tells_classes(self.estimator):
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
        columns = [y[:, k] for k in range(y.shape[1])] if self.each else [y]
        self.fitted = []
        for column in columns:
            target = column[:, 0] if column.ndim == 2 and column.shape[1] == 1 else column
            self.fitted.append(deepcopy(self.estimator).fit(x, target, **extra))
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
        if _tells_classes(self.estimator) and len(parts) == 1:
            return parts[0]
        return np.concatenate([p.reshape(len(x), -1) for p in parts], axis=1)

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


def _tells_classes(estimator: Any) -> bool:
    # scikit-learn's own mark; asking `sklearn.base.is_classifier` would need scikit-learn.
    return getattr(estimator, "_estimator_type", None) == "classifier" or hasattr(
        estimator, "predict_proba"
    )
