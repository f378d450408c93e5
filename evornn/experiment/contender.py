"""What an experiment asks of the methods that it compares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from evornn.experiment.best import Best
from evornn.tasks.task import Task
from evornn.workers import Workers


class Run(Protocol):
    """A contender under way."""

    reason: str | None

    @property
    def elapsed_s(self) -> float:
        """Seconds spent in `advance`."""
        ...

    @property
    def best(self) -> Best:
        """The model to be used."""
        ...

    def advance(self) -> Any:
        """One generation; its history row."""
        ...

    def state(self) -> dict[str, Any]:
        """The whole state, as arrays and values that JSON can hold."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state."""
        ...

    def share(self) -> float | None:
        """Share of the run that is done, in [0, 1]; None if nobody can know."""
        ...


class Contender(Protocol):
    """Something that can be compared: `Evolve`, and what other learners offer."""

    columns: tuple[str, ...]

    def settings(self, task: Task) -> dict[str, Any]:
        """Everything but the task and the seed that determines a run, JSON-able."""
        ...

    def smoke(self) -> Contender:
        """The same in seconds."""
        ...

    def start(self, task: Task, seed: np.random.SeedSequence, workers: Workers) -> Run:
        """A run on a task."""
        ...
