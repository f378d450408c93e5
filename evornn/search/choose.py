"""Choose among stated settings of a model by the validation error: a contender of an experiment."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from evornn.checks import check_count
from evornn.evolution import reciprocal_mse
from evornn.search.described import described
from evornn.search.fit import Fit
from evornn.search.fitting import answers, fit_model
from evornn.search.one_thread import one_blas_thread
from evornn.search.recorded import Answerer
from evornn.tasks.task import Task
from evornn.workers import Workers


class Chosen(NamedTuple):
    """One row of the history: some more candidates have been fitted.

    Attributes:
        generation: From 0.
        evaluations: Candidates fitted so far.
        network_steps: Time steps that they have read, of the training and the validation part.
        best_mse: Training error of the best candidate so far; normalised units.
        median_mse: Median validation error of this row's candidates.
        validation_mse: Validation error of the best candidate so far.
        best_fitness: 1 / (validation_mse + 1e-12).
        failed: Candidates so far that could not be fitted.
    """

    generation: int
    evaluations: int
    network_steps: int
    best_mse: float
    median_mse: float
    validation_mse: float
    best_fitness: float
    failed: int


@dataclass(frozen=True)
class Choose:
    """Fit a model with each of some settings; the one with the least validation error counts.

        Choose(NGRC, every(delays=(2, 4, 8), degree=(2, 3), ridge=(1e-6, 1e-3)))

    Any model that `Fit` takes can be chosen among. All candidates of a run have the same seed. One
    that refuses its settings or the data counts as worst.

    Attributes:
        make: A class or function that gives a new model, as for `Fit`.
        candidates: Arguments of each candidate; `every` gives all combinations.
        seeded: The name of the argument that takes the run's seed, as for `Fit`.
        together: Candidates of a row of the history, which are fitted side by side.

    Raises:
        TypeError: If `make` is nothing that can be called, or does not take a setting.
        ValueError: If there is no candidate.
    """

    make: Callable[..., Any]
    candidates: Sequence[Mapping[str, Any]]
    seeded: str | None = ""
    together: int = 8
    columns = Chosen._fields

    def __post_init__(self) -> None:
        """Refuse settings that the model does not take."""
        if isinstance(self.candidates, Mapping) or not len(self.candidates):
            raise ValueError(
                "`Choose` needs a list of settings, at least one, got "
                f"{self.candidates!r}; every(delays=(2, 4)) makes one."
            )
        check_count("Choose", "together", self.together, 1)
        object.__setattr__(self, "candidates", tuple(dict(each) for each in self.candidates))
        for each in self.candidates:
            Fit(self.make, each, self.seeded)

    def settings(self, task: Task) -> dict[str, Any]:
        """Everything but the task and the seed that determines a run, JSON-able."""
        return {
            "contender": "Choose",
            "model": described(self.make),
            "candidates": described(self.candidates),
            "seeded": Fit(self.make, self.candidates[0], self.seeded).seeded,
            "together": int(self.together),
        }

    def smoke(self) -> Choose:
        """The same with the first two candidates."""
        return replace(self, candidates=self.candidates[:2])

    def start(self, task: Task, seed: np.random.SeedSequence, workers: Workers) -> ChooseRun:
        """A run on a task; everything random follows from the seed alone.

        Raises:
            ValueError: If the task has no validation part.
        """
        return ChooseRun(self, task, seed, workers)


class ChooseRun:
    """One choice under way.

    Attributes:
        reason: Why the run has ended, or None.
        elapsed_s: Seconds spent in `advance`.
    """

    def __init__(
        self, contender: Choose, task: Task, seed: np.random.SeedSequence, workers: Workers
    ) -> None:
        """See `Choose.start`."""
        if task.validation is None:
            raise ValueError(
                f"a choice among settings needs a validation part, task {task.name!r} has none; "
                "give it one, or use Fit with one setting"
            )
        self.contender, self.task, self.workers = contender, task, workers
        self._seed = seed
        self._steps = task.train.steps + task.validation.steps
        self._done, self._failed = 0, 0
        self._best: int | None = None
        self._best_error, self._train_error = np.inf, np.inf
        self._model: Any = None
        self.reason: str | None = None
        self.elapsed_s = 0.0

    @property
    def best(self) -> Answerer:
        """The best candidate, fitted: the `model` in it.

        Raises:
            ValueError: Before a candidate is fitted.
        """
        if self._best is None:
            raise ValueError("no candidate is fitted yet; call `advance` first")
        if self._model is None:  # the state of a run holds its number; it is fitted again
            with one_blas_thread():
                self._model, *_ = self._fit(self._best)
        sequences = [x for part in self.task.parts.values() for x in part.inputs]
        return Answerer(self._model, sequences)

    @property
    def best_settings(self) -> dict[str, Any]:
        """The best candidate's settings.

        Raises:
            ValueError: Before a candidate is fitted.
        """
        if self._best is None:
            raise ValueError("no candidate is fitted yet; call `advance` first")
        return dict(self.contender.candidates[self._best])

    def state(self) -> dict[str, Any]:
        """The whole state as numbers; what follows depends on nothing else."""
        return {
            "done": self._done,
            "failed": self._failed,
            "best": -1 if self._best is None else self._best,
            "best_error": self._best_error,
            "train_error": self._train_error,
            "elapsed_s": self.elapsed_s,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state; what follows is bit-identical to what would have followed there."""
        self._done, self._failed = int(state["done"]), int(state["failed"])
        best = int(state["best"])
        self._best, self._model = (None if best < 0 else best), None
        self._best_error, self._train_error = state["best_error"], state["train_error"]
        self.elapsed_s = state["elapsed_s"]

    def share(self) -> float | None:
        """Share of the candidates that are fitted, in [0, 1]."""
        return self._done / len(self.contender.candidates)

    def advance(self) -> Chosen:
        """Fit some more candidates; sets `reason` when all are fitted.

        Raises:
            ValueError: If no candidate could be fitted; says why.
        """
        began = time.perf_counter()
        end = min(self._done + self.contender.together, len(self.contender.candidates))
        numbers = range(self._done, end)
        with one_blas_thread():
            found = self.workers.map(self._fit, numbers)
        for number, (model, error, _) in zip(numbers, found, strict=True):
            self._failed += model is None
            if error < self._best_error:
                self._best, self._best_error, self._model = number, error, model
                train = self.task.train
                self._train_error = train.mse(answers(model, train.inputs))
        generation = self._done // self.contender.together
        self._done = end
        self.elapsed_s += time.perf_counter() - began
        count = len(self.contender.candidates)
        if end == count:
            if self._best is None:
                raise ValueError(f"none of {count} candidates could be fitted: {found[0][2]}")
            self.reason = f"candidates: all {count} are fitted."
        return Chosen(
            generation,
            end,
            end * self._steps,
            self._train_error,
            float(np.median([error for _, error, _ in found])),
            self._best_error,
            float(reciprocal_mse(self._best_error)),
            self._failed,
        )

    def _fit(self, number: int) -> tuple[Any, float, str]:
        """A candidate fitted, its validation error, and why there is none."""
        contender, validation = self.contender, self.task.validation
        assert validation is not None
        fit = Fit(contender.make, contender.candidates[number], contender.seeded)
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                model = fit.model(self._seed)
                fit_model(model, self.task.train, self.task.kind)
                error = validation.mse(answers(model, validation.inputs))
        except (ValueError, np.linalg.LinAlgError) as refused:  # this candidate, not the others
            return None, np.inf, str(refused)
        return (model, error, "") if np.isfinite(error) else (None, np.inf, "its outputs diverge")


def every(**options: Sequence[Any]) -> list[dict[str, Any]]:
    """All combinations of options, the last name's options changing first.

    Args:
        **options: For each setting its values.
    """
    return [
        dict(zip(options, values, strict=True)) for values in itertools.product(*options.values())
    ]
