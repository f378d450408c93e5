"""Guess a network's weights at random: the control that every learner has to beat."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from evornn.checks import check_count
from evornn.evolution.evolve import Generation
from evornn.evolution.fitness import reciprocal_mse
from evornn.evolution.generator_state import generator_from_json, generator_to_json
from evornn.evolution.network_run import NetworkRun, diversity
from evornn.flow.declare import Distribution, Normal
from evornn.network import Bidirectional, Network
from evornn.stopping import Progress, Stop
from evornn.tasks.task import Task
from evornn.workers import Workers


@dataclass(frozen=True)
class RandomSearch:
    """Draw all weights anew for every guess, and keep the best network, until a rule is met.

    Problems that this solves within the budget of a learner say nothing about the learner. The
    result is the guess with the least validation error among those that improved on the training
    error (with the least training error, if the task has no validation part), as for `Evolve`.

    Attributes:
        network: The architecture, a `Network` or for whole sequences a `Bidirectional`; inputs and
            outputs follow from the task.
        weights: The distribution of every weight, such as `Uniform(-10, 10)`; None: each
            parameter's own initial distribution, as the first population of an evolution.
        population: Guesses that are evaluated at once: one row of the history.
        stop: When to end.

    Source: Hochreiter & Schmidhuber 1996, Bridging long time lags by weight guessing and "long
    short-term memory" (Spatiotemporal models in biological and artificial systems), section 2.
    """

    network: Network | Bidirectional
    weights: Distribution | None = None
    population: int = 512
    stop: Stop = field(default_factory=lambda: Stop(evaluations=100_000))
    columns = Generation._fields

    def __post_init__(self) -> None:
        """Refuse what is no network, distribution, number or rule."""
        kinds: dict[str, tuple[type, ...]] = {"network": (Network, Bidirectional), "stop": (Stop,)}
        for name, kind in kinds.items():
            if not isinstance(getattr(self, name), kind):
                raise TypeError(
                    f"`RandomSearch` needs a {kind[0].__name__} for `{name}`, got "
                    f"{getattr(self, name)!r}."
                )
        if self.weights is not None and not isinstance(self.weights, Distribution):
            raise TypeError(
                "`RandomSearch` needs a distribution such as Uniform(-10, 10), or None, for "
                f"`weights`, got {self.weights!r}."
            )
        if isinstance(self.weights, Normal) and self.weights.std is None:
            raise ValueError(
                "`RandomSearch` needs a standard deviation in Normal(...), because a guess does "
                "not know which weights lead into one unit; use None for each parameter's own."
            )
        check_count("RandomSearch", "population", self.population, 1)
        self.stop.check_ends("RandomSearch")

    def settings(self, task: Task) -> dict[str, Any]:
        """Everything but the task and the seed that determines a run, JSON-able."""
        drawn = self.weights
        return {
            "contender": "RandomSearch",
            "network": self.network.bound(task.inputs, task.outputs).describe(),
            "weights": drawn and {"name": type(drawn).__name__, **vars(drawn)},
            "population": int(self.population),
            "stop": self.stop.settings(),
        }

    def smoke(self) -> RandomSearch:
        """The same in seconds, to see that everything fits together: 32 guesses, 3 rounds."""
        return replace(self, population=min(self.population, 32), stop=Stop(generations=3))

    def start(self, task: Task, seed: np.random.SeedSequence, workers: Workers) -> RandomSearchRun:
        """A run on a task; everything random follows from the seed alone."""
        return RandomSearchRun(self, task, seed, workers)


class RandomSearchRun(NetworkRun):
    """One search under way.

    Attributes:
        network: The architecture, bound to the task.
        reason: Why the run has ended, or None.
        elapsed_s: Seconds spent in `advance`.
    """

    contender: RandomSearch

    def __init__(
        self, contender: RandomSearch, task: Task, seed: np.random.SeedSequence, workers: Workers
    ) -> None:
        """See `RandomSearch.start`."""
        super().__init__(contender, contender.network, task, workers)
        self._rng = np.random.default_rng(seed)
        self._generation = -1  # none yet

    def state(self) -> dict[str, Any]:
        """The whole state as arrays, numbers and text; what follows depends on nothing else."""
        drawn = {"generator": generator_to_json(self._rng), "generation": self._generation}
        return {**super().state(), **drawn}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state; what follows is bit-identical to what would have followed there.

        Raises:
            ValueError: If the best guess belongs to another architecture.
        """
        best = state.get("best")
        if best is not None and np.shape(best) != (self.network.genes,):
            raise ValueError(
                f"`restore` needs a state of networks with {self.network.genes} genes, got "
                f"{np.size(best)}."
            )
        super().restore(state)
        self._rng = generator_from_json(str(state["generator"]))
        self._generation = int(state["generation"])

    def advance(self) -> Generation:
        """Evaluate one population of guesses; sets `reason` when the run has ended."""
        began = time.perf_counter()
        guesses = self._guess()
        errors = self._train.mse(guesses)
        errors[~np.isfinite(errors)] = np.inf
        self.found.failed += int(np.isinf(errors).sum())
        self._generation += 1
        self._look_at(guesses[np.argmin(errors)], float(errors.min()))
        self.found.elapsed_s += time.perf_counter() - began
        now = self._progress()
        self.reason = self.contender.stop.reason(now)
        median = float(np.median(errors))
        return Generation(
            now.generation,
            now.evaluations,
            now.network_steps,
            self.found.best_error,
            median,
            self.found.validation,
            float(reciprocal_mse(self.found.best_error)),
            float(reciprocal_mse(median)),
            0.0,  # nothing mutates
            diversity(guesses),
            self.found.failed,
        )

    def _guess(self) -> np.ndarray:
        """Chromosomes, axes (individual, gene)."""
        count, weights = self.contender.population, self.contender.weights
        if weights is None:
            return self.network.initial(self._rng, count)
        return weights.draw(self._rng, count, (self.network.genes,)).astype(self.network.dtype)

    def _look_at(self, chromosome: np.ndarray, error: float) -> None:
        """Remember a population's best guess, if it is better than all before."""
        if self.found.best is None or error < self.found.best_error:
            self._keep(chromosome.copy(), error, self._generation)

    def _progress(self) -> Progress:
        evaluations = (self._generation + 1) * self.contender.population
        return Progress(
            self._generation,
            evaluations,
            self.elapsed_s,
            self.found.best_error,
            self.found.best_generation,
            self.found.learned,
            evaluations * self.task.train.steps,
        )
