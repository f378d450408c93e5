"""The networks of a training, side by side: their weights, their best weights, and how they end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from evornn.network import Network

if TYPE_CHECKING:
    from evornn.gradient.train import Train


class LanesUnderWay:
    """A population in training.

    Args:
        weights: The first weights, axes (lane, gene); owned from now on.

    Attributes:
        weights: Axes (lane, gene); of a lane that has diverged its best ones.
        best_weights: Those with the least error of each lane so far, axes (lane, gene).
        best_errors: The error of these, axes (lane); infinite before the first.
        reasons: Why each lane has ended, "" while it is under way.
        alive: Which lanes are under way, axes (lane).
    """

    def __init__(self, weights: np.ndarray) -> None:
        self.weights = weights
        self.best_weights = weights.copy()
        self.best_errors = np.full(len(weights), np.inf)
        self.reasons = [""] * len(weights)
        self.alive = np.ones(len(weights), dtype=bool)

    def compare(self, errors: np.ndarray) -> None:
        """Take notice of the errors of the present weights, axes (lane)."""
        better = errors < self.best_errors  # never true of NaN
        self.best_weights[better] = self.weights[better]
        self.best_errors[better] = errors[better]

    def end(self, lane: int, how: str, update: int, why: str) -> None:
        """A lane ends and goes back to its best weights; what `how` says, "diverged" or other."""
        self.reasons[lane] = f"{how} at update {update}: {why}"
        self.alive[lane] = False
        if how == "diverged":
            self.weights[lane] = self.best_weights[lane]

    @property
    def best(self) -> int:
        """The lane with the least error so far; the first one before any."""
        return int(np.argmin(self.best_errors))

    @property
    def diverged(self) -> int:
        """How many lanes have diverged."""
        return sum(reason.startswith("diverged") for reason in self.reasons)

    @property
    def reason(self) -> str | None:
        """Why all lanes have ended, or None: at least one is under way."""
        if self.alive.any():
            return None
        if len(self.reasons) == 1:
            return self.reasons[0]
        return (
            f"all {len(self.reasons)} lanes have ended; the best one, lane {self.best}, "
            f"{self.reasons[self.best]}"
        )

    def state(self) -> dict[str, Any]:
        """Everything, as arrays and text."""
        return {
            "weights": self.weights.copy(),
            "best_weights": self.best_weights.copy(),
            "best_errors": self.best_errors.copy(),
            "reasons": list(self.reasons),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state.

        Raises:
            ValueError: If it is of another population.
        """
        weights = np.asarray(state["weights"])
        if weights.shape != self.weights.shape or weights.dtype != self.weights.dtype:
            raise ValueError(
                f"`restore` needs weights of shape {self.weights.shape} and type "
                f"{self.weights.dtype}, got {weights.shape} and {weights.dtype}."
            )
        for name in ("weights", "best_weights", "best_errors"):
            getattr(self, name)[:] = state[name]
        self.reasons = list(state["reasons"])
        self.alive = np.array([reason == "" for reason in self.reasons])


def first_weights(contender: Train, network: Network, draws: np.random.SeedSequence) -> np.ndarray:
    """The weights that a training starts from, axes (lane, gene), of the network's type.

    Args:
        contender: What is trained.
        network: Bound to the task.
        draws: What follows from the run's seed.

    Raises:
        ValueError: If given weights have another shape, or are not finite.
    """
    population = contender.population
    if contender.initial is None:
        drawn = network.initial(
            np.random.default_rng(draws), 1 if contender.same_start else population
        )
        return np.repeat(drawn, population, axis=0) if contender.same_start else drawn
    given = np.asarray(contender.initial, dtype=network.dtype)
    if given.shape not in ((network.genes,), (population, network.genes)):
        raise ValueError(
            f"`Train` needs `initial` with axes (gene) or (lane, gene), ({network.genes}) or "
            f"({population}, {network.genes}), got shape {given.shape}."
        )
    if not np.isfinite(given).all():
        raise ValueError("`Train` needs finite weights for `initial`, got NaN or infinity.")
    return np.array(np.broadcast_to(given, (population, network.genes)), order="C")
