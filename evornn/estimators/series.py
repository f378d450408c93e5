"""Data as scikit-learn's users give them: one series, or many sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evornn.tasks.scale import Scale


def is_many(X: Any) -> bool:
    """Whether these are many sequences: a list of arrays with axes (time, feature), or 3-D."""
    if isinstance(X, np.ndarray):
        return X.ndim == 3 or (X.dtype == object and X.ndim == 1 and len(X) > 0 and _is_2d(X[0]))
    return isinstance(X, list | tuple) and len(X) > 0 and _is_2d(X[0])


def _is_2d(first: Any) -> bool:
    return getattr(first, "ndim", 0) == 2 or (
        isinstance(first, list | tuple) and len(first) > 0 and isinstance(first[0], list | tuple)
    )


def checked_sequences(name: str, X: Any, features: int | None) -> list[np.ndarray]:
    """Many sequences as float64 arrays, axes (time, feature) each.

    Args:
        name: Of the estimator, for errors.
        X: A list of arrays, or one with axes (sequence, time, feature).
        features: How many are needed; None: as many as the first one has.

    Raises:
        ValueError: If one has other axes, no step, another number of features, or NaN.
    """
    found = []
    for number, each in enumerate(X):
        array = np.asarray(each, dtype=np.float64)
        if array.ndim != 2 or len(array) == 0 or array.shape[1] == 0:
            raise ValueError(
                f"{name} needs sequences with axes (time, feature) and at least 1 step, got shape "
                f"{array.shape} for sequence {number}."
            )
        features = array.shape[1] if features is None else features
        if array.shape[1] != features:
            raise ValueError(
                f"X has {array.shape[1]} features in sequence {number}, but {name} is expecting "
                f"{features} features as input."
            )
        if not np.isfinite(array).all():
            raise ValueError(f"{name} needs finite numbers, got NaN or inf in sequence {number}.")
        found.append(array)
    return found


def checked_targets(name: str, y: Any, lengths: Sequence[int], dtype: Any) -> list[np.ndarray]:
    """A target for every step of many sequences, axes (time) or (time, output) each.

    Raises:
        ValueError: If there are more or fewer than steps, or a number is not finite.
    """
    found = [np.asarray(each, dtype=dtype) for each in y]
    if [len(each) if each.ndim else -1 for each in found] != list(lengths):
        raise ValueError(
            f"{name} needs a target for every step of {len(lengths)} sequences, got "
            f"{len(found)} sequences of targets with lengths {[np.shape(e) for e in found][:5]}; "
            "with pooling it takes one target a sequence."
        )
    if len({each.shape[1:] for each in found}) != 1 or found[0].ndim > 2:
        raise ValueError(f"{name} needs targets with axes (time) or (time, output).")
    if dtype is not None and not all(np.isfinite(each).all() for each in found):
        raise ValueError(f"{name} needs finite targets, got NaN or inf.")
    return found


def scale_of(series: Sequence[np.ndarray]) -> Scale:
    """The scale that gives every column mean 0 and standard deviation 1 over all steps."""
    return Scale.fit(series, [np.ones(each.shape, dtype=bool) for each in series])
