"""A row of a training's history."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Progressed(NamedTuple):
    """One row of a training's history.

    Attributes:
        generation: Updates so far: what a generation is to evolution.
        epoch: Passes over the training part so far.
        evaluations: Networks whose loss, gradient or error was computed so far, on whatever part of
            the training data.
        network_steps: Time steps charged so far: of each gradient what its method costs, and of
            measuring the training error.
        best_mse: Least training error of all lanes so far; normalised units.
        median_mse: Median training error of the lanes under way.
        validation_mse: Least validation error of the lanes under way; NaN without a validation
            part.
        best_fitness: 1 / (best_mse + 1e-12).
        loss: Training loss, mean over the row's updates, median over lanes; NaN in the first row,
            which is about the first weights.
        learning_rate: That of the last update, median over the lanes under way.
        gradient_norm: Before clipping; mean over the row's updates, median over lanes.
        lanes: How many are under way.
        best_lane: The lane of the network to be used.
        failed: How many lanes have diverged.
    """

    generation: int
    epoch: float
    evaluations: int
    network_steps: int
    best_mse: float
    median_mse: float
    validation_mse: float
    best_fitness: float
    loss: float
    learning_rate: float
    gradient_norm: float
    lanes: int
    best_lane: int
    failed: int


def median_of(values: np.ndarray) -> float:
    """The median of the finite values; NaN if there is none."""
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else float("nan")


def least_of(values: np.ndarray) -> float:
    """The least finite value; NaN if there is none."""
    finite = values[np.isfinite(values)]
    return float(finite.min()) if finite.size else float("nan")
