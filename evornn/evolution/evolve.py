"""Evolve a network's weights on a task: a contender of an experiment."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, cast

import numpy as np

from evornn.evolution.fitness import mse_of, reciprocal_mse, sanitised
from evornn.evolution.genetic import GA
from evornn.evolution.learner import GeneticLearner
from evornn.evolution.memetic import Memetic
from evornn.evolution.network_run import NetworkRun, diversity
from evornn.evolution.own_fitness import Fitness, own_fitness
from evornn.network import Bidirectional, Network
from evornn.stopping import Progress, Stop
from evornn.tasks.task import Task
from evornn.workers import Workers


class Generation(NamedTuple):
    """One row of a run's history.

    Attributes:
        generation: From 0.
        evaluations: Networks evaluated so far.
        network_steps: Time steps of networks computed so far for the fitness, and charged for what
            individuals learned.
        best_mse: Training error of the best individual so far; normalised units.
        median_mse: Median training error of the population.
        validation_mse: Validation error of the best individual; NaN without a validation part.
        best_fitness: Fitness of the best individual so far.
        median_fitness: Median fitness of the population.
        step_size: Mean mutation step size.
        diversity: Mean over genes of the genes' standard deviation over the population, as
            `network_run.diversity` takes it.
        failed: Evaluations so far that gave no finite number, or raised under on_error="worst".
    """

    generation: int
    evaluations: int
    network_steps: int
    best_mse: float
    median_mse: float
    validation_mse: float
    best_fitness: float
    median_fitness: float
    step_size: float
    diversity: float
    failed: int


@dataclass(frozen=True)
class Evolve:
    """Evolve a network with a genetic algorithm until a stopping rule is met.

    The fitness is the reciprocal of the mean squared error over the training part. The result is
    the individual with the least validation error among the best of every generation (with the
    least training error, if the task has no validation part).

    Attributes:
        network: The architecture, a `Network` or for whole sequences a `Bidirectional`; inputs and
            outputs follow from the task.
        learner: The genetic algorithm.
        stop: When to end.
        fitness: A user's own `fitness(network, task) -> float`, larger is better, instead; plain
            Python, called in `jobs` processes for one individual at a time. It must be defined in
            an importable module or a script, so that the processes find it.
        on_error: What happens when the user's fitness raises: "raise" ends the run and names the
            individual; "worst" gives it the worst fitness and counts it as failed.
    """

    network: Network | Bidirectional
    learner: GA = field(default_factory=GA)
    stop: Stop = field(default_factory=lambda: Stop(generations=300))
    fitness: Fitness | None = None
    on_error: str = "raise"
    columns = Generation._fields

    def __post_init__(self) -> None:
        """Refuse what is no network, learner, rule or function."""
        kinds: dict[str, tuple[type, ...]] = {
            "network": (Network, Bidirectional),
            "learner": (GA,),
            "stop": (Stop,),
        }
        for name, kind in kinds.items():
            if not isinstance(getattr(self, name), kind):
                raise TypeError(
                    f"`Evolve` needs a {kind[0].__name__} for `{name}`, got "
                    f"{getattr(self, name)!r}."
                )
        if isinstance(self.network, Bidirectional) and self.learner.refine is not None:
            raise ValueError(
                "`Evolve` refines networks of one direction, got a Bidirectional and "
                f"refine={self.learner.refine!r}; leave refine out."
            )
        if self.fitness is not None and not callable(self.fitness):
            raise TypeError(f"`Evolve` needs a function for `fitness`, got {self.fitness!r}.")
        self.stop.check_ends("Evolve")
        if self.on_error not in ("raise", "worst"):
            raise ValueError(
                f'`Evolve` needs "raise" or "worst" for `on_error`, got {self.on_error!r}.'
            )

    def settings(self, task: Task) -> dict[str, Any]:
        """Everything but the task and the seed that determines a run, JSON-able."""
        described = {
            "contender": "Evolve",
            "network": self.network.bound(task.inputs, task.outputs).describe(),
            "learner": self.learner.settings(),
            "stop": self.stop.settings(),
        }
        if self.fitness is not None:
            described["fitness"] = f"{self.fitness.__module__}.{self.fitness.__qualname__}"
            described["on_error"] = self.on_error
        return described

    def smoke(self) -> Evolve:
        """The same in seconds, to see that everything fits together: 32 individuals, 3 rounds."""
        size = min(self.learner.population, 32)
        learner = replace(self.learner, population=size, elites=min(self.learner.elites, 4))
        return replace(self, learner=learner, stop=Stop(generations=3))

    def start(self, task: Task, seed: np.random.SeedSequence, workers: Workers) -> EvolveRun:
        """A run on a task; everything random follows from the seed alone."""
        return EvolveRun(self, task, seed, workers)


class EvolveRun(NetworkRun):
    """One evolution under way.

    Attributes:
        network: The architecture, bound to the task.
        reason: Why the run has ended, or None.
        elapsed_s: Seconds spent in `advance`.
    """

    contender: Evolve
    learner: GeneticLearner

    def __init__(
        self, contender: Evolve, task: Task, seed: np.random.SeedSequence, workers: Workers
    ) -> None:
        """See `Evolve.start`."""
        super().__init__(contender, contender.network, task, workers)
        first, later = (np.random.default_rng(s) for s in seed.spawn(2))
        initial = self.network.initial(first, contender.learner.population)
        self.learner = contender.learner.start(initial, later, self._map_rows)
        self._memetic: Memetic | None = None
        if (refine := contender.learner.refine) is not None:
            refiner = refine.refiner(cast(Network, self.network), task.train, workers)
            self._memetic = Memetic(refiner, contender.learner)
        self._best_fitness = -np.inf

    def state(self) -> dict[str, Any]:
        """The whole state as arrays, numbers and text; what follows depends on nothing else."""
        found = {**super().state(), "best_fitness": self._best_fitness}
        if self._memetic is not None:
            found |= {
                "refined_network_steps": self._memetic.network_steps,
                "refined_evaluations": self._memetic.evaluations,
            }
        return found

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state; what follows is bit-identical to what would have followed there.

        Raises:
            ValueError: If the learner's settings or the population's shape differ.
        """
        super().restore(state)
        self._best_fitness = state["best_fitness"]
        if self._memetic is not None:
            self._memetic.network_steps = state["refined_network_steps"]
            self._memetic.evaluations = state["refined_evaluations"]

    def _map_rows(self, function: Callable[[int, int], None], rows: int) -> None:
        """Breed ranges of rows on the run's threads."""
        ranges = max(1, min(rows // 32, 4 * self.workers.jobs))
        if ranges == 1 or not self.workers.in_threads or self.workers.jobs == 1:
            function(0, rows)
            return
        edges = [round(k * rows / ranges) for k in range(ranges + 1)]
        self.workers.map(lambda k: function(edges[k], edges[k + 1]), range(ranges))

    def advance(self) -> Generation:
        """Evaluate one generation; sets `reason` when the run has ended.

        Raises:
            RuntimeError: If the user's fitness function raises; names the individual.
        """
        began = time.perf_counter()
        asked = self.learner.ask()
        if self._memetic is None:
            self.learner.tell(self._fitness(asked))
            self._look_at_best()
        else:
            learned, fitness = self._memetic.evaluate(asked, self._fitness)
            self.learner.tell(fitness, learned if self._memetic.inherited else None)
            # Under the Baldwin effect the network to be used is what the best genes have become.
            self._look_at_best(learned[np.argmax(sanitised(fitness))].copy())
        self.found.elapsed_s += time.perf_counter() - began
        learner = self.learner
        now = self._progress()
        self.reason = self.contender.stop.reason(now)
        median = float(np.median(learner.fitness))
        return Generation(
            learner.generation,
            now.evaluations,
            now.network_steps,
            self.found.best_error,
            mse_of(median) if self.contender.fitness is None else np.nan,
            self.found.validation,
            learner.best[1],
            median,
            float(learner.step_sizes.mean()),
            diversity(learner.population),
            self.found.failed,
        )

    def _progress(self) -> Progress:
        learner, memetic = self.learner, self._memetic
        evaluations = learner.evaluations + (memetic.evaluations if memetic else 0)
        steps = evaluations * self.task.train.steps + (memetic.network_steps if memetic else 0)
        return Progress(
            learner.generation,
            evaluations,
            self.elapsed_s,
            self.found.best_error,
            self.found.best_generation,
            self.found.learned,
            steps,
        )

    def _fitness(self, chromosomes: np.ndarray) -> np.ndarray:
        if self.contender.fitness is None:
            mse = self._train.mse(chromosomes)
            self.found.failed += int(np.count_nonzero(~np.isfinite(mse)))
            return reciprocal_mse(mse)
        values = own_fitness(
            self.contender.fitness,
            self.network,
            self.task,
            chromosomes,
            self.workers,
            self.learner.generation,
            self.contender.on_error,
        )
        self.found.failed += int(np.count_nonzero(~np.isfinite(values)))
        return values

    def _look_at_best(self, learned: np.ndarray | None = None) -> None:
        """Training and validation error of the best individual, if it is a better one.

        Args:
            learned: What the best of this generation has learned to be, axes (gene).
        """
        chromosome, fitness = self.learner.best
        if self.found.best is not None and not fitness > self._best_fitness:
            return
        if learned is not None:
            chromosome = learned
        self._best_fitness = fitness
        if self.contender.fitness is None:
            error = mse_of(fitness)
        else:
            error = float(self._train.mse(chromosome[None])[0])
        self._keep(chromosome, error, self.learner.generation)
