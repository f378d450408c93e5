"""Schedules: a factor of the learning rate as training goes on.

A schedule is its settings. `start` gives what it remembers, plain arrays; `factor` says the factor
for the next update; `observe` tells it the errors, whenever they are measured.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from evornn.checks import check_count, check_range

State = dict[str, np.ndarray]


class Schedule(Protocol):
    """What a schedule has to answer."""

    def settings(self) -> dict[str, Any]:
        """All settings, JSON-able."""
        ...

    def start(self, lanes: int) -> State:
        """What is remembered, before the first update."""
        ...

    def factor(self, update: int, state: State) -> np.ndarray | float:
        """The factor for an update, from 0: one number, or axes (lane)."""
        ...

    def observe(self, errors: np.ndarray, state: State) -> None:
        """Take notice of the lanes' errors, axes (lane); changes the state in place."""
        ...


class _ByUpdate:
    """A schedule that depends on the number of the update alone."""

    def settings(self) -> dict[str, Any]:
        """See `Schedule`."""
        return {"schedule": type(self).__name__, **asdict(self)}  # type: ignore[call-overload]

    def start(self, lanes: int) -> State:
        """See `Schedule`."""
        return {}

    def observe(self, errors: np.ndarray, state: State) -> None:
        """See `Schedule`."""


@dataclass(frozen=True)
class StepDecay(_ByUpdate):
    """The rate is multiplied by `by` after every so many updates.

    Attributes:
        every: Updates between two steps.
        by: Above 0.
    """

    every: int
    by: float = 0.1

    def __post_init__(self) -> None:
        """Refuse settings outside their ranges."""
        check_count("StepDecay", "every", self.every, 1)
        check_range("StepDecay", "by", self.by, 0.0, above=True)

    def factor(self, update: int, state: State) -> float:
        """`by` to the number of steps so far."""
        return self.by ** (update // self.every)


@dataclass(frozen=True)
class Exponential(_ByUpdate):
    """The rate is multiplied by `by` at every update.

    Attributes:
        by: Above 0.
    """

    by: float

    def __post_init__(self) -> None:
        """Refuse settings outside their ranges."""
        check_range("Exponential", "by", self.by, 0.0, above=True)

    def factor(self, update: int, state: State) -> float:
        """`by` to the number of the update."""
        return self.by**update


@dataclass(frozen=True)
class Cosine(_ByUpdate):
    """The rate falls along half a cosine to `floor`, and stays there.

    Source: Loshchilov & Hutter 2017, SGDR (ICLR), eq. 5, without restarts.

    Attributes:
        updates: Until the floor is reached.
        floor: Factor in the end, in [0, 1].
    """

    updates: int
    floor: float = 0.0

    def __post_init__(self) -> None:
        """Refuse settings outside their ranges."""
        check_count("Cosine", "updates", self.updates, 1)
        check_range("Cosine", "floor", self.floor, 0.0, 1.0)

    def factor(self, update: int, state: State) -> float:
        """The height of the cosine: floor + (1 - floor) (1 + cos(pi share)) / 2."""
        share = min(update, self.updates) / self.updates
        return self.floor + (1.0 - self.floor) * 0.5 * (1.0 + math.cos(math.pi * share))


@dataclass(frozen=True)
class ReduceOnPlateau:
    """A lane's rate is multiplied by `by` when its error has not fallen for a while.

    The errors are those of the validation part, or of the training part without one, as often as
    they are measured. Each lane has its own factor.

    Attributes:
        by: In (0, 1).
        patience: Measurements without progress that are put up with.
        threshold: Share by which an error has to be below the least so far to be progress.
        floor: The factor never falls below, in [0, 1].
    """

    by: float = 0.1
    patience: int = 10
    threshold: float = 1e-4
    floor: float = 0.0

    def __post_init__(self) -> None:
        """Refuse settings outside their ranges."""
        check_range("ReduceOnPlateau", "by", self.by, 0.0, 1.0, above=True)
        check_count("ReduceOnPlateau", "patience", self.patience, 0)
        check_range("ReduceOnPlateau", "threshold", self.threshold, 0.0, 1.0)
        check_range("ReduceOnPlateau", "floor", self.floor, 0.0, 1.0)

    def settings(self) -> dict[str, Any]:
        """See `Schedule`."""
        return {"schedule": "ReduceOnPlateau", **asdict(self)}

    def start(self, lanes: int) -> State:
        """Each lane's factor, least error, and measurements since; axes (lane)."""
        return {
            "factor": np.ones(lanes),
            "least": np.full(lanes, np.inf),
            "since": np.zeros(lanes, dtype=np.int64),
        }

    def factor(self, update: int, state: State) -> np.ndarray:
        """Each lane's factor, axes (lane)."""
        return state["factor"]

    def observe(self, errors: np.ndarray, state: State) -> None:
        """Lower the factor of lanes whose patience is at an end; an error of NaN is no progress."""
        factor, least, since = state["factor"], state["least"], state["since"]
        progress = errors < least * (1.0 - self.threshold)
        least[progress] = errors[progress]
        since[:] = np.where(progress, 0, since + 1)
        late = since > self.patience
        factor[late] = np.maximum(factor[late] * self.by, self.floor)
        since[late] = 0


@dataclass(frozen=True)
class WarmUp:
    """The rate rises linearly to its full value; after that, another schedule from its update 0.

    Attributes:
        updates: The first `updates` ones have the factors 1 / updates, 2 / updates, ... 1.
        then: What follows; None: the full rate.
    """

    updates: int
    then: Schedule | None = None

    def __post_init__(self) -> None:
        """Refuse settings outside their ranges."""
        check_count("WarmUp", "updates", self.updates, 1)
        if self.then is not None and not callable(getattr(self.then, "factor", None)):
            raise TypeError(f"`WarmUp` needs a schedule for `then`, got {self.then!r}.")

    def settings(self) -> dict[str, Any]:
        """See `Schedule`."""
        then = None if self.then is None else self.then.settings()
        return {"schedule": "WarmUp", "updates": self.updates, "then": then}

    def start(self, lanes: int) -> State:
        """What the schedule that follows remembers."""
        return {} if self.then is None else self.then.start(lanes)

    def factor(self, update: int, state: State) -> np.ndarray | float:
        """(update + 1) / updates, then that of the schedule that follows."""
        if update < self.updates:
            return (update + 1) / self.updates
        return 1.0 if self.then is None else self.then.factor(update - self.updates, state)

    def observe(self, errors: np.ndarray, state: State) -> None:
        """Tell the schedule that follows."""
        if self.then is not None:
            self.then.observe(errors, state)
