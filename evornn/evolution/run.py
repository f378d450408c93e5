"""What the runs of all learners with a population have in common."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from evornn.evolution.found import Found
from evornn.stopping import Progress, Stop

PREFIX = "learner_"


class Searching(Protocol):
    """A contender whose run ends by stopping rules."""

    @property
    def stop(self) -> Stop:
        """When to end."""
        ...


class PopulationRun(abc.ABC):
    """A population under way: its best so far, its clock, its state.

    Subclasses say how one generation goes (`advance`) and where they stand (`_progress`), and add
    their own state to `found` and the learner's.

    Args:
        contender: What is run.
        found: Empty; what the run remembers of its best.

    Attributes:
        contender: As given.
        found: The best so far.
        learner: What asks and is told, with `state` and `restore`; None for a run without one.
        reason: Why the run has ended, or None.
    """

    learner: Any = None

    def __init__(self, contender: Searching, found: Found) -> None:
        self.contender, self.found = contender, found
        self.reason: str | None = None

    @property
    def elapsed_s(self) -> float:
        """Seconds spent in `advance`."""
        return self.found.elapsed_s

    def state(self) -> dict[str, Any]:
        """The whole state as arrays, numbers and text; what follows depends on nothing else."""
        learner = {} if self.learner is None else self.learner.state()
        return self.found.state() | {PREFIX + name: value for name, value in learner.items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state; what follows is bit-identical to what would have followed there.

        Raises:
            ValueError: If the state is one of other settings, or of another architecture.
        """
        if self.learner is not None:
            mine = {k.removeprefix(PREFIX): v for k, v in state.items() if k.startswith(PREFIX)}
            self.learner.restore(mine)
        self.found.restore(state)

    def share(self) -> float | None:
        """Share of the run that is done, in [0, 1], by the stopping rules that tell in advance."""
        return self.contender.stop.share(self._progress())

    @abc.abstractmethod
    def _progress(self) -> Progress:
        """Where the run stands."""

    def _chromosome(self) -> np.ndarray:
        """The chromosome to be used, axes (gene).

        Raises:
            ValueError: Before the first generation.
        """
        if self.found.best is None:
            raise ValueError("there is no best network yet; call `advance` first")
        return self.found.best
