"""Evolved networks as scikit-learn estimators."""

from __future__ import annotations

from typing import Any

from evornn.estimators.classification import SequenceClassifier
from evornn.estimators.contest import LearnedNetwork
from evornn.estimators.regression import SequenceRegressor
from evornn.evolution import GA, Evolve
from evornn.stopping import Stop

ELITES = 64  # one in so many individuals survives unchanged, at least one


class _Evolved(LearnedNetwork):
    """The settings that regressor and classifier share."""

    def __init__(
        self,
        cell: Any = "elman",
        *,
        hidden: int = 8,
        population: int = 256,
        generations: int = 200,
        learner: GA | None = None,
        stop: Stop | None = None,
        validation_fraction: float = 0.2,
        pooling: str | None = None,
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.cell = cell
        self.hidden = hidden
        self.population = population
        self.generations = generations
        self.learner = learner
        self.stop = stop
        self.validation_fraction = validation_fraction
        self.pooling = pooling
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _contender(self) -> Evolve:
        elites = max(1, self.population // ELITES)
        learner = self.learner or GA(population=self.population, elites=elites)
        stop = self.stop or Stop(generations=self.generations)
        return Evolve(self._network(), learner, stop=stop)


class EvolvedRegressor(SequenceRegressor, _Evolved):
    """A recurrent network whose weights a genetic algorithm evolves, for numbers.

        series = np.sin(np.arange(600) / 5)[:, None]
        model = EvolvedRegressor("elman", hidden=4, random_state=0)
        model.fit(series[:400], series[1:401]).score(series[400:-1], series[401:])

    Args:
        cell: A cell, or the name of one in `evornn.cells`.
        hidden: Units.
        population: Individuals.
        generations: Generations after the first one.
        learner: A `GA` in the place of the usual one with so many individuals.
        stop: Other rules to end by, in the place of `generations`.
        validation_fraction: Share of the data, from the end, that chooses among the best of all
            generations, in [0, 1); 0: the training error chooses.
        pooling: None for an answer at every step; "last" for one a sequence.
        n_jobs: Threads; -1 for all cores.
        random_state: Seed of everything random.

    Attributes:
        network_: The best `Network`.
        history_: By column of the run's history, axes (generation).
        reason_: Why the run has ended.
    """


class EvolvedClassifier(SequenceClassifier, _Evolved):
    """A recurrent network whose weights a genetic algorithm evolves, for labels.

    The network has an output for each class, whose error is the mean square from 1 for the right
    one and 0 for the others.

        model = EvolvedClassifier("lstm", hidden=4, pooling="last", random_state=0)
        model.fit(sequences, labels).predict(sequences)

    The arguments and attributes are those of `EvolvedRegressor`, and `classes_`.
    """
