"""Logistic regression: a readout that tells classes."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evornn.checks import check_count, check_range
from evornn.readout.linear import LinearReadout
from evornn.readout.rows import as_pair, as_rows


class Logistic(LinearReadout):
    """Softmax regression with a penalty on the squares of the weights.

    Minimises  -sum_t w_t log p(class_t | x_t) + penalty / 2 |W|^2  by L-BFGS; the bias is free. The
    states are first brought to mean 0 and standard deviation 1, so that the penalty treats features
    alike; `weights` and `bias` are those for the states as given.

    Args:
        penalty: At least 0. Without a penalty, classes that a plane separates have no best weights:
            they grow until the iterations end.
        iterations: Most of L-BFGS, at least 1.

    Attributes:
        weights: Axes (feature, class).
        bias: Axes (class).
        classes: Labels, sorted, axes (class).
        converged: Whether L-BFGS ended by itself.
        reason: Its message.

    Raises:
        ValueError: A setting outside its range.

    Source: Bishop 2006, Pattern Recognition and Machine Learning, eqs. 4.104-4.109.
    """

    classes: NDArray[Any]
    converged: bool
    reason: str

    def __init__(self, penalty: float = 1.0, *, iterations: int = 1000) -> None:
        check_range("Logistic", "penalty", penalty, 0.0)
        check_count("Logistic", "iterations", iterations, 1)
        self.penalty, self.iterations = float(penalty), int(iterations)

    def fit(self, X: ArrayLike, Y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Find the weights.

        Args:
            X: States, axes (time, feature).
            Y: Labels of any kind that sorts, axes (time) or (time, 1); or shares of each class, at
                least 0 and 1 in all for each row, axes (time, class).
            sample_weight: Of each row, at least 0, axes (time).

        Raises:
            ValueError: One class only, shares that are none, different lengths, wrong axes, or NaN
                or infinity.
        """
        from scipy.optimize import minimize

        classes, shares = _shares(Y)
        x, target, w = as_pair("Logistic", X, shares, sample_weight)
        present = target.sum(axis=0) > 0
        if present.sum() < 2:
            name = classes[present][0] if present.any() else "none"
            raise ValueError(
                f"`Logistic` needs at least 2 classes to tell apart, got only {name!s}."
            )
        weight = np.ones(len(x)) if w is None else w
        mean = weight @ x / weight.sum()
        std = np.sqrt(weight @ np.square(x - mean) / weight.sum())
        std = np.where(std > 1e-12 * np.abs(mean) + 1e-300, std, np.inf)  # a constant tells nothing
        scaled = (x - mean) / std
        shape = (x.shape[1] + 1, len(classes))

        def cost(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            table = flat.reshape(shape)
            log_p = _log_softmax(scaled @ table[:-1] + table[-1])
            excess = weight[:, None] * (np.exp(log_p) - target)
            value = -float(weight @ (target * log_p).sum(axis=1))
            value += 0.5 * self.penalty * float(np.square(table[:-1]).sum())
            slope = np.concatenate([scaled.T @ excess, excess.sum(axis=0)[None]])
            slope[:-1] += self.penalty * table[:-1]
            return value / len(x), slope.ravel() / len(x)

        found = minimize(
            cost,
            np.zeros(shape[0] * shape[1]),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": self.iterations, "gtol": 1e-8, "ftol": 1e-14, "maxcor": 20},
        )
        table = found.x.reshape(shape)
        self.weights = table[:-1] / std[:, None]
        self.bias = table[-1] - mean @ self.weights
        self.classes, self.converged, self.reason = classes, bool(found.success), str(found.message)
        return self

    def scores(self, X: ArrayLike) -> NDArray[np.float64]:
        """The sums X W + b, axes (time, class), before the softmax.

        Raises:
            ValueError: As for `predict`.
        """
        return super().predict(X)

    def probabilities(self, X: ArrayLike) -> NDArray[np.float64]:
        """Of each class, axes (time, class).

        Raises:
            ValueError: As for `predict`.
        """
        return np.exp(_log_softmax(self.scores(X)))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The most probable label for each row, axes (time).

        Args:
            X: States, axes (time, feature).

        Raises:
            ValueError: Not fitted yet, another number of features, or NaN or infinity.
        """
        return self.classes[self.scores(X).argmax(axis=1)]


def _shares(Y: ArrayLike) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Classes, and the share of each in each row, axes (time, class)."""
    labels = np.asarray(Y)
    if labels.ndim == 2 and labels.shape[1] > 1:
        shares = as_rows("Logistic", "shares of classes", labels)
        if shares.min() < 0 or not np.allclose(shares.sum(axis=1), 1.0, atol=1e-6):
            raise ValueError(
                "`Logistic` needs one label a row, or shares of the classes that are at least 0 "
                "and 1 in all; these rows are neither."
            )
        return np.arange(shares.shape[1]), shares
    if labels.ndim not in (1, 2) or not labels.size:
        raise ValueError(f"`Logistic` needs labels with axes (time), got shape {labels.shape}.")
    labels = labels.reshape(len(labels))
    if labels.dtype.kind == "f":
        as_rows("Logistic", "labels", labels)
    classes, index = np.unique(labels, return_inverse=True)
    return classes, np.eye(len(classes))[index]


def _log_softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    raised = scores - scores.max(axis=1, keepdims=True)
    return raised - np.log(np.exp(raised).sum(axis=1, keepdims=True))
