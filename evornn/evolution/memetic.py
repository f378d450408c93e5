"""Memetic evolution: individuals learn by gradients before they are judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from evornn.network import Network
from evornn.tasks.part import Part
from evornn.workers import Workers

from .fitness import sanitised

if TYPE_CHECKING:
    from .genetic import GA

LAMARCKIAN, BALDWINIAN = INHERITANCE = ("lamarckian", "baldwinian")
Refiner = Callable[[np.ndarray], tuple[np.ndarray, int]]


class Refine(Protocol):
    """What can improve individuals: a way to compute gradients, such as `BPTT(steps=5)`."""

    def settings(self) -> dict[str, Any]:
        """All settings, JSON-able."""
        ...

    def refiner(self, network: Network, part: Part, workers: Workers) -> Refiner:
        """A function of chromosomes, axes (individual, gene): improved ones, and network-steps."""
        ...


class Memetic:
    """Improves individuals and evaluates what has become of them.

    Source: Hinton & Nowlan 1987, How learning can guide evolution (Complex Systems 1); Whitley,
    Gordon & Mathias 1994, Lamarckian evolution, the Baldwin effect and function optimization (PPSN
    III).

    Args:
        refiner: How individuals learn.
        ga: Who learns and what is inherited.

    Attributes:
        network_steps: Network-steps charged for learning so far.
        evaluations: Evaluations so far besides those that the learner counts.
    """

    def __init__(self, refiner: Refiner, ga: GA) -> None:
        self._refine = refiner
        self._share = ga.refine_share
        self._represent = ga.encoding.represent
        self.inherited = ga.inheritance == LAMARCKIAN
        self.network_steps = 0
        self.evaluations = 0

    def evaluate(
        self, asked: np.ndarray, fitness_of: Callable[[np.ndarray], np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        """What the individuals become by learning, and its fitness.

        If only a share learns, all are evaluated first; the best learn, and keep what they learned
        where it has made them better.

        Args:
            asked: Chromosomes, axes (individual, gene).
            fitness_of: Of chromosomes, axes (individual); larger is better.

        Returns:
            Learned chromosomes, axes (individual, gene), and fitness, axes (individual).
        """
        if self._share == 1.0:
            learned = self._learn(asked)
            return learned, fitness_of(learned)
        fitness = sanitised(fitness_of(asked))
        best = np.argsort(-fitness, kind="stable")[: int(np.ceil(self._share * len(asked)))]
        learned = self._learn(np.ascontiguousarray(asked[best]))
        after = sanitised(fitness_of(learned))
        self.evaluations += len(best)  # a second time; the learner counts everybody once
        better = after > fitness[best]
        found = asked.copy()
        found[best[better]] = learned[better]
        fitness[best[better]] = after[better]
        return found, fitness

    def _learn(self, chromosomes: np.ndarray) -> np.ndarray:
        learned, steps = self._refine(chromosomes)
        self.network_steps += steps
        # What is inherited has to be what genes can express.
        return self._represent(learned) if self.inherited else learned
