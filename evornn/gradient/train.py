"""Train a network's weights by gradients on a task: a contender of an experiment."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from evornn.checks import check_count
from evornn.gradient.constraints import Bound
from evornn.gradient.lbfgs import LBFGS
from evornn.gradient.loss import Loss, loss_named
from evornn.gradient.optimizers import Adam, Optimizer
from evornn.gradient.progressed import Progressed
from evornn.gradient.schedules import Schedule
from evornn.gradient.settings_in_lanes import Range, Setting, checked, in_lanes, written
from evornn.gradient.training import TrainRun
from evornn.network import Network
from evornn.stopping import Stop
from evornn.tasks.task import Task
from evornn.workers import Workers

LEAST_UPDATES = 10  # of a row of the history, if nothing else is said
ITERATIONS = 20  # of L-BFGS in a row: its memory begins anew with each


def _usual_method() -> Any:
    from evornn.gradient.bptt import BPTT

    return BPTT()


@dataclass(frozen=True)
class Train:
    """Train a network by gradients until a stopping rule is met.

    A population trains side by side, a network in each lane: from different first weights, or with
    different settings of the optimiser. The result is the network with the least validation error
    of all lanes at all times (the least training error, if the task has no validation part). A lane
    whose loss or gradient is not finite ends, and keeps its best weights; the others go on.

    Errors are mean squared errors of the network's answers, whatever the loss, so that contenders
    can be compared; at the last step alone, if the loss counts no other. They are measured at every
    row of the history; that on the training part is charged, that on the validation part is not.

    Attributes:
        network: The architecture; inputs and outputs follow from the task. Losses of probabilities
            need a network that answers with them, such as `readout="softmax"`.
        method: How the gradient is computed.
        optimizer: From gradients to updates. Its settings may differ between lanes.
        loss: "mse", "cross_entropy", "last_cross_entropy" or "bernoulli", or a `Loss`.
        stop: When to end; a generation is an update here.
        batch_size: Sequences of an update, drawn anew in each epoch, the same for all lanes; None:
            all of them.
        population: Networks trained side by side.
        schedule: Factor of the learning rate as training goes on; None: constant.
        clip_norm: Largest norm of a lane's gradient; one number, or one a lane. Comes first.
        clip_value: Largest absolute value of a gradient's entry; one number, or one a lane.
        constraints: Ranges that weights are put back into, from the first weights on.
        every: Steps between updates within a sequence, whose states are carried on: online
            learning; None: an update after whole sequences.
        validate_every: Updates between rows of the history; None: an epoch, at least
            `LEAST_UPDATES`. Online, a row is always an epoch.
        initial: First weights in the place of drawn ones, axes (lane, gene), or (gene) for all.
        same_start: All lanes start from the same drawn weights.

    Raises:
        TypeError: If a setting is of another kind than needed.
        ValueError: If one lies outside its range, or two contradict each other.
    """

    network: Network
    method: Any = field(default_factory=_usual_method)
    optimizer: Optimizer | LBFGS = field(default_factory=Adam)
    loss: str | Loss = "mse"
    stop: Stop = field(default_factory=lambda: Stop(updates=1000))
    batch_size: int | None = None
    population: int = 1
    schedule: Schedule | None = None
    clip_norm: Setting | None = None
    clip_value: Setting | None = None
    constraints: Bound | Sequence[Bound] = ()
    every: int | None = None
    validate_every: int | None = None
    initial: np.ndarray | None = field(default=None, compare=False)
    same_start: bool = False
    columns = Progressed._fields

    def __post_init__(self) -> None:
        """Refuse settings that cannot work, alone or together."""
        kinds: dict[str, Any] = {"network": Network, "stop": Stop, "optimizer": (Optimizer, LBFGS)}
        for name, kind in kinds.items():
            if not isinstance(getattr(self, name), kind):
                needed = "an optimizer such as Adam()" if name == "optimizer" else f"a {name}"
                raise TypeError(
                    f"`Train` needs {needed} for `{name}`, got {getattr(self, name)!r}."
                )
        for name, what in (("method", "start"), ("schedule", "factor")):
            value = getattr(self, name)
            if value is None and name == "schedule":
                continue
            if isinstance(value, type) or not callable(getattr(value, what, None)):
                raise TypeError(f"`Train` needs a {name}, made with its settings, got {value!r}.")
        loss_named(self.loss)
        check_count("Train", "population", self.population, 1)
        for name in ("batch_size", "every", "validate_every"):
            if getattr(self, name) is not None:
                check_count("Train", name, getattr(self, name), 1)
        for name in ("clip_norm", "clip_value"):
            if getattr(self, name) is not None:
                value = checked("Train", name, getattr(self, name), Range(0.0, above=True))
                object.__setattr__(self, name, value)
                in_lanes("Train", name, value, self.population)
        for each in self.bounds:
            if not isinstance(each, Bound):
                raise TypeError(f"`Train` needs a Bound for each constraint, got {each!r}.")
        self._check_together()

    @property
    def bounds(self) -> tuple[Bound, ...]:
        """The constraints, also if there is one alone."""
        if isinstance(self.constraints, Bound):
            return (self.constraints,)
        return tuple(self.constraints)

    def _check_together(self) -> None:
        lanes = self.optimizer.lanes
        if lanes is not None and lanes != self.population:
            raise ValueError(
                f"`Train` needs a population of {lanes} for an optimizer with settings for so many "
                f"lanes, got population={self.population}."
            )
        if self.every is not None and self.validate_every is not None:
            raise ValueError(
                "`Train` needs `every` or `validate_every`, got both; online, a row of the history "
                "is an epoch."
            )
        if isinstance(self.optimizer, LBFGS):
            for name in ("batch_size", "schedule", "clip_norm", "clip_value", "every"):
                if getattr(self, name) is not None:
                    raise ValueError(
                        f"`Train` with LBFGS works on whole batches and has its own steps, got "
                        f"{name}={getattr(self, name)!r}; leave it out, or take another optimizer."
                    )

    def settings(self, task: Task) -> dict[str, Any]:
        """Everything but the task and the seed that determines a run, JSON-able."""
        described: dict[str, Any] = {
            "contender": "Train",
            "network": self.network.bound(task.inputs, task.outputs).describe(),
            "method": self.method.settings(),
            "optimizer": self.optimizer.settings(),
            "loss": loss_named(self.loss).name,
            "stop": self.stop.settings(),
            "population": int(self.population),
        }
        for name in ("batch_size", "clip_norm", "clip_value", "every", "validate_every"):
            if getattr(self, name) is not None:
                described |= written({name: getattr(self, name)})
        if self.schedule is not None:
            described["schedule"] = self.schedule.settings()
        if self.bounds:
            described["constraints"] = [each.settings() for each in self.bounds]
        if self.initial is not None:
            bytes_of = np.ascontiguousarray(self.initial, dtype=np.float64).tobytes()
            described["initial"] = f"sha256 {hashlib.sha256(bytes_of).hexdigest()}"
        if self.same_start:
            described["same_start"] = True
        return described

    def smoke(self) -> Train:
        """The same in seconds, to see that everything fits together: 3 updates."""
        return replace(self, stop=Stop(updates=3), validate_every=1 if self.every is None else None)

    def updates_of_a_row(self, sequences: int) -> int:
        """Updates between rows of the history, for so many sequences; online it has no meaning."""
        if self.validate_every is not None:
            return self.validate_every
        if isinstance(self.optimizer, LBFGS):
            return ITERATIONS
        return max(LEAST_UPDATES, -(-sequences // (self.batch_size or sequences)))

    def start(self, task: Task, seed: np.random.SeedSequence, workers: Workers) -> TrainRun:
        """A run on a task; everything random follows from the seed alone.

        Raises:
            ValueError: If `initial` has another shape or is not finite, or the loss, the
                constraints or the network do not fit.
        """
        return TrainRun(self, task, seed, workers)
