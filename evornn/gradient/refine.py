"""A few gradient steps for every individual of a population: what memetic evolution learns by."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evornn.checks import check_count
from evornn.gradient.clipping import norms_of
from evornn.gradient.logits import network_of_logits
from evornn.gradient.loss import Loss, loss_named
from evornn.gradient.method import Gradient, Method
from evornn.gradient.optimizers import Adam, Optimizer
from evornn.network import Network
from evornn.tasks.part import Part
from evornn.workers import Workers

Refiner = Callable[[np.ndarray], tuple[np.ndarray, int]]


class GradientRefiner:
    """Improves chromosomes by some updates each, all side by side in lanes; whole sequences.

    An optimiser that remembers begins anew with every call. An individual whose loss or gradient is
    not finite goes back to its last weights where both were, and learns no more.

    Args:
        gradient: A method at work on the part.
        part: What is learned.
        steps: Updates of each individual.
        optimizer: From gradients to updates, with the same settings for all.
    """

    def __init__(self, gradient: Gradient, part: Part, steps: int, optimizer: Optimizer) -> None:
        self._gradient, self._optimizer, self._steps = gradient, optimizer, steps
        self._charge = round(gradient.cost * part.steps) * steps

    def __call__(self, chromosomes: np.ndarray) -> tuple[np.ndarray, int]:
        """The improved chromosomes, a new array, and the network-steps charged.

        Args:
            chromosomes: Axes (individual, gene), float32 or float64.
        """
        weights = np.array(chromosomes, order="C")
        before = weights.copy()
        state = self._optimizer.start(*weights.shape, weights.dtype)  # type: ignore[call-arg]
        factor, alive = np.ones(len(weights)), np.ones(len(weights), dtype=bool)
        for _ in range(self._steps):
            loss, gradient = self._gradient(weights)
            slope = np.array(gradient, dtype=weights.dtype, order="C")
            lost = alive & ~(np.isfinite(loss) & np.isfinite(norms_of(slope)))
            weights[lost] = before[lost]
            alive &= ~lost
            before[alive] = weights[alive]
            self._optimizer.step(weights, slope, state, factor, alive)
        lost = ~np.isfinite(weights).all(axis=1)
        weights[lost] = before[lost]
        return weights, self._charge * len(weights)


def refiner(
    method: Method,
    network: Network,
    part: Part,
    workers: Workers,
    *,
    steps: int,
    learning_rate: float,
    optimizer: Optimizer | None = None,
    loss: str | Loss = "mse",
) -> Refiner:
    """A function that improves a population by gradients, for `GA(refine=...)`.

    Args:
        method: How the gradient is computed.
        network: Bound to the task.
        part: What is learned.
        workers: Who computes.
        steps: Updates of each individual, at least 1.
        learning_rate: Of Adam, whose first updates move every weight by about as much.
        optimizer: In the place of Adam; its own learning rate counts.
        loss: What is reduced.

    Raises:
        ValueError: If there is no step, or the network and the loss do not fit.
    """
    check_count("refiner", "steps", steps, 1)
    which = loss_named(loss)
    gradient = method.start(network_of_logits(network, which), part, which, workers)
    return GradientRefiner(gradient, part, steps, optimizer or Adam(learning_rate))
