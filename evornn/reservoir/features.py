"""What a readout sees: states and inputs, transformed, and pooled over time for whole sequences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Transform = str | Callable[[np.ndarray], np.ndarray] | None
TRANSFORMS = {"squares": 1, "alternate": 2}
POOLINGS = ("last", "mean", "samples")


def check_transform(transform: Transform) -> None:
    """Raise if there is no such transformation."""
    if transform is not None and not callable(transform) and transform not in TRANSFORMS:
        raise ValueError(
            f"transform is None, a function or one of {', '.join(TRANSFORMS)}, got {transform!r}"
        )


def transformed(features: np.ndarray, transform: Transform) -> np.ndarray:
    """Features after a transformation of the states, axes (time, feature).

    Args:
        features: Axes (time, feature).
        transform: None; "squares": the squares beside them (Jaeger & Haas 2004, supplement);
            "alternate": every second feature squared, from the second on (Lu, Pathak, Hunt,
            Girvan, Brockett & Ott 2017, Chaos 27), which breaks the symmetry of odd units; or
            your own function of an array, axes (time, feature), to another.

    Raises:
        ValueError: If a function's answer has other axes.
    """
    if transform is None:
        return features
    if transform == "squares":
        return np.concatenate([features, features * features], axis=1)
    if transform == "alternate":
        changed = features.copy()
        changed[:, 1::2] *= features[:, 1::2]
        return changed
    answer = np.asarray(transform(features), dtype=np.float64)  # type: ignore[operator]
    if answer.ndim != 2 or len(answer) != len(features):
        raise ValueError(
            f"transform needs to return axes (time, feature) with {len(features)} steps, it "
            f"returned shape {answer.shape}"
        )
    return answer


def pooled(features: np.ndarray, pooling: str, samples: int) -> np.ndarray:
    """One vector for a whole sequence, axes (feature).

    Args:
        features: Axes (time, feature).
        pooling: "last": those of the last step; "mean": over time; "samples": those of `samples`
            steps spread evenly, the last step among them, one behind the other.
        samples: Number of samples.

    Source of "samples": Jaeger, Lukosevicius, Popovici & Siewert 2007 (Neural Networks 20).
    """
    if pooling == "last":
        return features[-1]
    if pooling == "mean":
        return features.mean(axis=0)
    steps = np.ceil(np.arange(1, samples + 1) * len(features) / samples).astype(int) - 1
    return features[steps].reshape(-1)
