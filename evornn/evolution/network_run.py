"""What the runs have in common that look for one network's weights on a task."""

from __future__ import annotations

import numpy as np

from evornn.bidirectional import BidirectionalEvaluator
from evornn.evolution.found import FoundNetwork
from evornn.evolution.run import PopulationRun, Searching
from evornn.network import Bidirectional, Network
from evornn.population import Evaluator
from evornn.tasks.part import Part
from evornn.tasks.task import Task
from evornn.workers import Workers

DIVERSITY_GENES = 64


class NetworkRun(PopulationRun):
    """A run whose candidates are weights of one network, chosen among by the validation part.

    Args:
        contender: What is run.
        network: The architecture.
        task: Gives the parts to train on and to choose by.
        workers: The pool, whose threads share the population.

    Attributes:
        network: The architecture, bound to the task.
        reason: Why the run has ended, or None.
        elapsed_s: Seconds spent in `advance`.
    """

    found: FoundNetwork

    def __init__(
        self,
        contender: Searching,
        network: Network | Bidirectional,
        task: Task,
        workers: Workers,
    ) -> None:
        super().__init__(contender, FoundNetwork())
        self.task, self.workers = task, workers
        self.network = network.bound(task.inputs, task.outputs)
        self._train = _evaluator(self.network, task.train, workers)
        alone = Workers(1)
        self._validate = (
            _evaluator(self.network, task.validation, alone) if task.validation else None
        )

    @property
    def best(self) -> Network | Bidirectional:
        """The network to be used: least validation error among those that were the best so far.

        Raises:
            ValueError: Before the first generation.
        """
        return self.network.with_chromosome(self._chromosome())

    def _chromosome(self) -> np.ndarray:
        return super()._chromosome() if self.found.chosen is None else self.found.chosen

    def _keep(self, chromosome: np.ndarray, error: float, generation: int) -> None:
        """Remember the best so far, its validation error, and what it has learned.

        Args:
            chromosome: Axes (gene); not written to afterwards.
            error: Its training error.
            generation: When it was found.
        """
        found, stop = self.found, self.contender.stop
        found.best, found.best_error, found.best_generation = chromosome, error, generation
        validation = error
        if self._validate is not None:
            validation = found.validation = float(self._validate.mse(chromosome[None])[0])
        if validation < found.chosen_error:
            found.chosen, found.chosen_error = chromosome, validation
        if stop.learned is not None:
            outputs = [y[0] for y in self._train.outputs(chromosome[None])]
            found.learned = self.task.train.share_met(outputs, stop.learned_tolerance)


def diversity(population: np.ndarray) -> float:
    """Mean over genes of their standard deviation over a population, axes (individual, gene).

    Of at most `DIVERSITY_GENES` genes, evenly spaced: all would cost more than the breeding.
    """
    genes = population.shape[1]
    some = population[:, :: -(-genes // DIVERSITY_GENES)]
    return float(some.std(axis=0, dtype=np.float64).mean())


def _evaluator(
    network: Network | Bidirectional, part: Part, workers: Workers
) -> Evaluator | BidirectionalEvaluator:
    if isinstance(network, Bidirectional):
        return BidirectionalEvaluator(
            network, part.inputs, part.targets, part.mask, workers=workers
        )
    return Evaluator(network, part.inputs, part.targets, part.mask, workers=workers)
