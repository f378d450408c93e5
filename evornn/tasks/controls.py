"""Controls: what a predictor without learning, memory or nonlinearity scores on a task.

A result means little without them: a network that does not beat the last value or a line through
the last sixteen has learnt nothing of the dynamics.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from evornn.tasks.part import Part

Columns = NDArray[np.float64]


def persistence(part: Part, lag: int) -> float:
    """NMSE of repeating the last known target, y'[t] = y[t - lag].

    The first `lag` steps of a sequence have no such target; they get 0, the mean of the training
    data. They count only if the washout is shorter than `lag`.

    Args:
        part: The part to score.
        lag: Steps until a target is known, at least 1; the horizon of a prediction.
    """
    outputs = []
    for target in part.targets:
        output = np.zeros_like(target)
        output[lag:] = target[:-lag]
        outputs.append(output)
    return part.nmse(outputs)


def linear(train: Part, part: Part, order: int) -> float:
    """NMSE of the best linear function of the last `order` inputs and a constant.

    Fitted by least squares to the scored entries of `train`, each output for itself. Where a
    sequence is younger than `order` steps, the missing inputs count as 0, the mean of the training
    data; such steps are left out of the fit as long as others remain.

    Args:
        train: The part to fit.
        part: The part to score.
        order: Number of inputs, the newest included: 16 is "AR(16)", 1 is memoryless.
    """
    features = np.concatenate([_last_inputs(x, order) for x in train.inputs])
    full = np.concatenate([np.arange(len(x)) >= order - 1 for x in train.inputs])
    targets, mask = np.concatenate(train.targets), np.concatenate(train.mask)
    weights = np.zeros((features.shape[1], targets.shape[1]))
    for column in range(targets.shape[1]):
        scored = mask[:, column]
        rows = scored & full if (scored & full).any() else scored
        if rows.any():
            solution = np.linalg.lstsq(features[rows], targets[rows, column], rcond=None)
            weights[:, column] = solution[0]
    return part.nmse([_last_inputs(x, order) @ weights for x in part.inputs])


def training_mean(train: Part, part: Part) -> float:
    """NMSE of the constant mean of the scored training targets: 1, if that mean has not drifted."""
    targets, mask = np.concatenate(train.targets), np.concatenate(train.mask)
    means = np.where(mask, targets, 0.0).sum(axis=0) / np.maximum(mask.sum(axis=0), 1)
    return part.nmse([np.broadcast_to(means, target.shape) for target in part.targets])


CONTROLS: dict[str, dict[str, Callable[[Part, Part, int], float]]] = {
    "series": {
        "persistence": lambda train, part, lag: persistence(part, lag),
        "linear AR(16)": lambda train, part, lag: linear(train, part, 16),
    },
    "sequences": {
        "mean": lambda train, part, lag: training_mean(train, part),
        "memoryless": lambda train, part, lag: linear(train, part, 1),
    },
}
"""For each kind of task the name of a control and (train, scored part, lag) -> NMSE."""


def _last_inputs(inputs: Columns, order: int) -> Columns:
    """A constant and the last `order` inputs at each step, axes (time, 1 + order * input)."""
    length, width = inputs.shape
    features = np.zeros((length, 1 + order * width))
    features[:, 0] = 1.0
    for age in range(min(order, length)):
        features[age:, 1 + age * width : 1 + (age + 1) * width] = inputs[: length - age]
    return features
