"""A model that is fitted once, as a contender beside those that learn step by step."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from evornn.evolution import reciprocal_mse
from evornn.search.described import described
from evornn.search.fitting import answers, fit_model
from evornn.search.recorded import Answerer
from evornn.tasks.task import Task
from evornn.workers import Workers


class Fitted(NamedTuple):
    """The one row of a fit's history; the names are those of other contenders.

    Attributes:
        generation: 0.
        evaluations: 1.
        network_steps: Time steps of the training part, which the model has read once.
        best_mse: Training error; normalised units.
        median_mse: The same.
        validation_mse: Validation error; NaN without a validation part.
        best_fitness: 1 / (best_mse + 1e-12).
        failed: 0.
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
class Fit:
    """Fit a model once to the training part: an echo state network, linear regression, and others.

        Experiment(
            tasks.santa_fe_laser(),
            {
                "esn": Fit(ESN, {"units": 300, "spectral_radius": 0.9}),
                "ngrc": Fit(NGRC, {"delays": 4}),
                "linear": Fit(Windows, {"order": 16}),
                "persistence": Fit(Persistence),
            },
            seeds=10,
        ).run()

    Nothing is chosen by the validation part; its error is told only.

    Attributes:
        make: A class or function that gives a new model with `fit` and `predict`: `ESN`, `NGRC`,
            `LiquidStateMachine`, `Windows`, `Persistence`, or your own, whose
            `fit(inputs, targets)` and `predict(inputs)` take lists of sequences, axes (time,
            column), and whose `predict` gives a list; if `fit` takes `mask`, it is told what is
            scored. Defined in a module or a script, so that settings can name it.
        settings_of_model: Its arguments.
        seeded: The name of the argument that takes each run's seed, a whole number; None: a model
            without randomness. By default "seed", if there is such an argument and no setting.

    Raises:
        TypeError: If `make` is nothing that can be called, or does not take a setting.
    """

    make: Callable[..., Any]
    settings_of_model: Mapping[str, Any] = field(default_factory=dict)
    seeded: str | None = ""
    columns = Fitted._fields

    def __post_init__(self) -> None:
        """Refuse what makes no model."""
        if not callable(self.make):
            raise TypeError(
                f"`Fit` needs a class or a function that makes a model, got {self.make!r}; give "
                "its settings as the second argument."
            )
        if not isinstance(self.settings_of_model, Mapping):
            raise TypeError(
                f"`Fit` needs the model's settings by name, got {self.settings_of_model!r}."
            )
        takes = inspect.signature(self.make).parameters
        if self.seeded == "":
            usual = "seed" in takes and "seed" not in self.settings_of_model
            object.__setattr__(self, "seeded", "seed" if usual else None)
        any_name = any(p.kind is p.VAR_KEYWORD for p in takes.values())
        names = [*self.settings_of_model, *([self.seeded] if self.seeded else [])]
        unknown = [name for name in names if name not in takes and not any_name]
        if unknown:
            raise TypeError(
                f"`Fit` needs settings that {self._name} takes ({', '.join(takes)}), got "
                f"{unknown[0]!r}."
            )

    @property
    def _name(self) -> str:
        return str(getattr(self.make, "__qualname__", self.make))

    def settings(self, task: Task) -> dict[str, Any]:
        """Everything but the task and the seed that determines a run, JSON-able."""
        return {
            "contender": "Fit",
            "model": described(self.make),
            "settings": described(self.settings_of_model),
            "seeded": self.seeded,
        }

    def smoke(self) -> Fit:
        """Itself: a fit takes seconds."""
        return self

    def model(self, seed: np.random.SeedSequence) -> Any:
        """A new model, not fitted, for the seed of a run."""
        settings = dict(self.settings_of_model)
        if self.seeded:
            settings[self.seeded] = int(seed.generate_state(1)[0])
        return self.make(**settings)

    def start(self, task: Task, seed: np.random.SeedSequence, workers: Workers) -> FitRun:
        """A run on a task; everything random follows from the seed alone."""
        return FitRun(self, task, seed)


class FitRun:
    """One fit, under way until the first `advance`.

    Attributes:
        reason: Why the run has ended, or None.
        elapsed_s: Seconds spent in `advance`.
    """

    def __init__(self, contender: Fit, task: Task, seed: np.random.SeedSequence) -> None:
        """See `Fit.start`."""
        self.contender, self.task = contender, task
        self._seed = seed
        self._model: Any = None
        self.reason: str | None = None
        self.elapsed_s = 0.0

    @property
    def best(self) -> Answerer:
        """The fitted model; it is called best because others choose.

        Raises:
            ValueError: Before it is fitted.
        """
        if self._model is None:
            raise ValueError("the model is not fitted yet; call `advance` first")
        sequences = [x for part in self.task.parts.values() for x in part.inputs]
        return Answerer(self._model, sequences)

    def state(self) -> dict[str, Any]:
        """The seconds spent; before the fit there is nothing else."""
        return {"elapsed_s": self.elapsed_s}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over the seconds spent."""
        self.elapsed_s = state["elapsed_s"]

    def share(self) -> float | None:
        """0 before the fit, 1 after it."""
        return 0.0 if self.reason is None else 1.0

    def advance(self) -> Fitted:
        """Fit the model; the run has ended then."""
        began = time.perf_counter()
        task = self.task
        model = self.contender.model(self._seed)
        fit_model(model, task.train, task.kind)
        self.elapsed_s += time.perf_counter() - began
        self._model, self.reason = model, "fitted"
        mse = task.train.mse(answers(model, task.train.inputs))
        validation = np.nan
        if task.validation is not None:
            validation = task.validation.mse(answers(model, task.validation.inputs))
        fitness = float(reciprocal_mse(mse))
        return Fitted(0, 1, task.train.steps, mse, mse, validation, fitness, 0)
