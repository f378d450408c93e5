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
from evornn.flow.declare import Distribution, Normal
from evornn.network import Network
from evornn.population import Evaluator
from evornn.stopping import Progress, Stop
from evornn.tasks.part import Part
from evornn.tasks.task import Task
from evornn.workers import Workers

SHOWN_GENES = 64


@dataclass(frozen=True)
class RandomSearch:
    """Draw all weights anew for every guess, and keep the best network, until a rule is met.

    Problems that this solves within the budget of a learner say nothing about the learner. The
    result is the guess with the least validation error among those that improved on the training
    error (with the least training error, if the task has no validation part), as for `Evolve`.

    Attributes:
        network: The architecture; inputs and outputs follow from the task.
        weights: The distribution of every weight, such as `Uniform(-10, 10)`; None: each
            parameter's own initial distribution, as the first population of an evolution.
        population: Guesses that are evaluated at once: one row of the history.
        stop: When to end.

    Source: Hochreiter & Schmidhuber 1996, Bridging long time lags by weight guessing and "long
    short-term memory" (Spatiotemporal models in biological and artificial systems), section 2.
    """

    network: Network
    weights: Distribution | None = None
    population: int = 512
    stop: Stop = field(default_factory=lambda: Stop(evaluations=100_000))
    columns = Generation._fields

    def __post_init__(self) -> None:
        """Refuse what is no network, distribution, number or rule."""
        for name, kind in (("network", Network), ("stop", Stop)):
            if not isinstance(getattr(self, name), kind):
                raise TypeError(
                    f"`RandomSearch` needs a {kind.__name__} for `{name}`, got "
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


class RandomSearchRun:
    """One search under way.

    Attributes:
        network: The architecture, bound to the task.
        reason: Why the run has ended, or None.
        elapsed_s: Seconds spent in `advance`.
    """

    def __init__(
        self, contender: RandomSearch, task: Task, seed: np.random.SeedSequence, workers: Workers
    ) -> None:
        """See `RandomSearch.start`."""
        self.contender, self.task = contender, task
        self.network = contender.network.bound(task.inputs, task.outputs)
        self.reason: str | None = None
        self.elapsed_s = 0.0
        self._rng = np.random.default_rng(seed)
        self._train = _evaluator(self.network, task.train, workers)
        self._validate = _evaluator(self.network, task.validation, Workers(1))
        self._generation = -1  # none yet
        self._best: np.ndarray | None = None
        self._best_error, self._best_generation = np.inf, 0
        self._chosen: np.ndarray | None = None
        self._chosen_error = np.inf
        self._validation = np.nan
        self._learned: float | None = None
        self._failed = 0

    def state(self) -> dict[str, Any]:
        """The whole state as arrays, numbers and text; what follows depends on nothing else."""
        found: dict[str, Any] = {
            "generator": generator_to_json(self._rng),
            "generation": self._generation,
            "best_error": self._best_error,
            "best_generation": self._best_generation,
            "chosen_error": self._chosen_error,
            "validation": self._validation,
            "learned": self._learned,
            "failed": self._failed,
            "elapsed_s": self.elapsed_s,
        }
        for name, chromosome in (("best", self._best), ("chosen", self._chosen)):
            if chromosome is not None:
                found[name] = chromosome
        return found

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
        self._rng = generator_from_json(str(state["generator"]))
        self._generation = int(state["generation"])
        self._best_error, self._chosen_error = state["best_error"], state["chosen_error"]
        self._best_generation = int(state["best_generation"])
        self._validation, self._learned = state["validation"], state["learned"]
        self._failed, self.elapsed_s = int(state["failed"]), state["elapsed_s"]
        self._best, self._chosen = best, state.get("chosen")

    @property
    def best(self) -> Network:
        """The network to be used: least validation error among the guesses that improved.

        Raises:
            ValueError: Before the first guesses.
        """
        chosen = self._chosen if self._chosen is not None else self._best
        if chosen is None:
            raise ValueError("there is no best network yet; call `advance` first")
        return self.network.with_chromosome(chosen)

    def share(self) -> float | None:
        """Share of the run that is done, in [0, 1], by the stopping rules that tell in advance."""
        return self.contender.stop.share(self._progress())

    def advance(self) -> Generation:
        """Evaluate one population of guesses; sets `reason` when the run has ended."""
        began = time.perf_counter()
        guesses = self._guess()
        errors = self._train.mse(guesses)
        errors[~np.isfinite(errors)] = np.inf
        self._failed += int(np.isinf(errors).sum())
        self._generation += 1
        self._look_at(guesses[np.argmin(errors)], float(errors.min()))
        self.elapsed_s += time.perf_counter() - began
        now = self._progress()
        self.reason = self.contender.stop.reason(now)
        median = float(np.median(errors))
        some = guesses[:, :: -(-guesses.shape[1] // SHOWN_GENES)]
        return Generation(
            now.generation,
            now.evaluations,
            now.network_steps,
            self._best_error,
            median,
            self._validation,
            float(reciprocal_mse(self._best_error)),
            float(reciprocal_mse(median)),
            0.0,  # nothing mutates
            float(some.std(axis=0, dtype=np.float64).mean()),
            self._failed,
        )

    def _guess(self) -> np.ndarray:
        """Chromosomes, axes (individual, gene)."""
        count, weights = self.contender.population, self.contender.weights
        if weights is None:
            return self.network.initial(self._rng, count)
        return weights.draw(self._rng, count, (self.network.genes,)).astype(self.network.dtype)

    def _look_at(self, chromosome: np.ndarray, error: float) -> None:
        """Remember a population's best guess, if it is better than all before."""
        if self._best is not None and not error < self._best_error:
            return
        self._best, self._best_error = chromosome.copy(), error
        self._best_generation = self._generation
        validation = error
        if self._validate is not None:
            validation = self._validation = float(self._validate.mse(chromosome[None])[0])
        if validation < self._chosen_error:
            self._chosen, self._chosen_error = self._best, validation
        stop = self.contender.stop
        if stop.learned is not None:
            outputs = [y[0] for y in self._train.outputs(chromosome[None])]
            self._learned = self.task.train.share_met(outputs, stop.learned_tolerance)

    def _progress(self) -> Progress:
        evaluations = (self._generation + 1) * self.contender.population
        return Progress(
            self._generation,
            evaluations,
            self.elapsed_s,
            self._best_error,
            self._best_generation,
            self._learned,
            evaluations * self.task.train.steps,
        )


def _evaluator(network: Network, part: Part | None, workers: Workers) -> Any:
    """What scores networks on a part; None without one."""
    if part is None:
        return None
    return Evaluator(network, part.inputs, part.targets, part.mask, workers=workers)
