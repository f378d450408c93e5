"""A training under way."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from evornn.gradient.clipping import clip_by_norm, clip_by_value, norms_of
from evornn.gradient.constraints import limits_of
from evornn.gradient.errors import evaluator_of
from evornn.gradient.lanes_under_way import LanesUnderWay, first_weights
from evornn.gradient.lbfgs import LBFGS, NO_GRADIENT
from evornn.gradient.logits import network_of_logits
from evornn.gradient.loss import loss_named
from evornn.gradient.progressed import Progressed, least_of, median_of
from evornn.gradient.settings_in_lanes import in_lanes
from evornn.network import Network
from evornn.stopping import Progress
from evornn.tasks.task import Task
from evornn.workers import Workers

if TYPE_CHECKING:
    from evornn.gradient.train import Train


class TrainRun:
    """One training under way.

    Attributes:
        network: The architecture, bound to the task.
        lanes: The networks in training.
        reason: Why the run has ended, or None.
        elapsed_s: Seconds spent in `advance`.
    """

    def __init__(
        self, contender: Train, task: Task, seed: np.random.SeedSequence, workers: Workers
    ) -> None:
        """See `Train.start`."""
        self.contender, self.task = contender, task
        self.network = contender.network.bound(task.inputs, task.outputs)
        draws, self._shuffles = seed.spawn(2)
        self._limits = limits_of(contender.bounds, self.network)
        weights = self._within(first_weights(contender, self.network, draws))
        self.lanes = LanesUnderWay(weights)
        loss = loss_named(contender.loss)
        of_logits = network_of_logits(self.network, loss)
        self._gradient = contender.method.start(of_logits, task.train, loss, workers)
        if hasattr(self._gradient, "prepare"):  # a user's own method need not have it
            together = min(contender.batch_size or task.train.sequences, task.train.sequences)
            self._gradient.prepare(contender.population, together)
        self._optimizer_state: dict[str, np.ndarray] = {}
        self._schedule_state: dict[str, np.ndarray] = {}
        population = contender.population
        if not isinstance(contender.optimizer, LBFGS):
            self._optimizer_state = contender.optimizer.start(
                population, self.network.genes, weights.dtype
            )
        if contender.schedule is not None:
            self._schedule_state = contender.schedule.start(population)
        self._clips = {
            name: in_lanes("Train", name, getattr(contender, name), population)
            for name in ("clip_norm", "clip_value")
            if getattr(contender, name) is not None
        }
        self._train = evaluator_of(self.network, task.train, loss, workers)
        self._validate = (
            evaluator_of(self.network, task.validation, loss, workers) if task.validation else None
        )
        self.reason: str | None = None
        self.elapsed_s = 0.0
        self._counts = {"rows": 0, "updates": 0, "evaluations": 0, "network_steps": 0, "seen": 0}
        self._best_error, self._best_update = np.inf, 0
        self._learned: float | None = None
        self._sums, self._summed = np.zeros((2, population)), 0  # of losses and norms of a row
        self._last_factor = self._factor(0)

    # --- state ------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """The whole state as arrays, numbers and text; what follows depends on nothing else."""
        arrays = {f"optimizer_{name}": v.copy() for name, v in self._optimizer_state.items()}
        arrays |= {f"schedule_{name}": v.copy() for name, v in self._schedule_state.items()}
        return {
            **arrays,
            **self.lanes.state(),
            **self._counts,
            "best_error": self._best_error,
            "best_update": self._best_update,
            "learned": self._learned,
            "elapsed_s": self.elapsed_s,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state; what follows is bit-identical to what would have followed there.

        Raises:
            ValueError: If the population's shape differs.
        """
        self.lanes.restore(state)
        for prefix, arrays in (
            ("optimizer", self._optimizer_state),
            ("schedule", self._schedule_state),
        ):
            for name, array in arrays.items():
                array[...] = state[f"{prefix}_{name}"]
        self._counts = {name: int(state[name]) for name in self._counts}
        self._best_error, self._best_update = state["best_error"], int(state["best_update"])
        self._learned, self.elapsed_s = state["learned"], state["elapsed_s"]

    # --- where it stands --------------------------------------------------------------------

    @property
    def best(self) -> Network:
        """The network to be used: least validation error of all lanes at all rows so far."""
        return self.best_of(self.lanes.best)

    def best_of(self, lane: int) -> Network:
        """The network with the least validation error of one lane at all rows so far."""
        return self.network.with_chromosome(self.lanes.best_weights[lane])

    @property
    def _progress(self) -> Progress:
        counts = self._counts
        return Progress(
            counts["updates"],
            counts["evaluations"],
            self.elapsed_s,
            self._best_error,
            self._best_update,
            self._learned,
            counts["network_steps"],
            counts["updates"],
            counts["seen"] / self.task.train.sequences,
        )

    def share(self) -> float | None:
        """Share of the run that is done, in [0, 1], by the stopping rules that tell in advance."""
        return self.contender.stop.share(self._progress)

    def _spent(self) -> bool:
        """Whether a budget is used up, so that no further update is due."""
        stop, counts = self.contender.stop, self._counts
        return any(
            limit is not None and done >= limit
            for done, limit in (
                (counts["updates"], stop.updates),
                (counts["updates"], stop.generations),
                (counts["evaluations"], stop.evaluations),
                (counts["network_steps"], stop.network_steps),
                (counts["seen"] / self.task.train.sequences, stop.epochs),
            )
        )

    # --- going on ---------------------------------------------------------------------------

    def advance(self) -> Progressed:
        """Train for one row of the history; sets `reason` when the run has ended.

        The first row is about the first weights.
        """
        began = time.perf_counter()
        if self._counts["rows"] > 0:
            self._sums[:], self._summed = 0.0, 0
            if isinstance(self.contender.optimizer, LBFGS):
                self._iterate(self.contender.optimizer)
            elif self.contender.every is None:
                self._updates()
            else:
                self._pass(self.contender.every)
        self._counts["rows"] += 1
        mse, validation = self._measure()
        self.elapsed_s += time.perf_counter() - began
        self.reason = self.contender.stop.reason(self._progress) or self.lanes.reason
        return self._row(mse, validation)

    def _updates(self) -> None:
        """So many updates on whole sequences."""
        sequences = self.task.train.sequences
        size = min(self.contender.batch_size or sequences, sequences)
        for _ in range(self.contender.updates_of_a_row(sequences)):
            if self._spent() or not self.lanes.alive.any():
                return
            if size == sequences:
                batch = None
            else:
                epoch, place = divmod(self._counts["seen"], sequences)
                batch = self._order(epoch)[place : place + size]
            loss, gradient = self._gradient(self.lanes.weights, batch)
            count = sequences if batch is None else len(batch)
            self._charge(self._gradient.cost * self._steps(batch))
            self._counts["seen"] += count
            self._update(loss, gradient)

    def _pass(self, every: int) -> None:
        """One epoch of updates within the sequences, whose states are carried on."""
        sequences = self.task.train.sequences
        size = min(self.contender.batch_size or sequences, sequences)
        lengths = np.array([len(x) for x in self.task.train.inputs])
        order = self._order(self._counts["seen"] // sequences)
        for place in range(0, sequences, size):
            batch = order[place : place + size]
            steps = self._gradient.online(every, None if size == sequences else batch)
            left = lengths[batch]
            while not steps.done:
                loss, gradient, scored = steps(self.lanes.weights)
                self._charge(self._gradient.cost * int(np.minimum(left, every).sum()))
                left = np.maximum(left - every, 0)
                if scored:
                    self._update(loss, gradient)
                if self._spent() or not self.lanes.alive.any():
                    return  # the run ends here, so that nobody needs the states carried so far
            self._counts["seen"] += len(batch)

    def _order(self, epoch: int) -> np.ndarray:
        """The sequences in the order of an epoch; follows from the seed and the epoch alone."""
        seed = self._shuffles
        own = np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, epoch))
        return np.random.default_rng(own).permutation(self.task.train.sequences)

    def _steps(self, batch: np.ndarray | None) -> int:
        if batch is None:
            return self.task.train.steps
        return sum(len(self.task.train.inputs[k]) for k in batch)

    def _charge(self, steps: float, networks: int | None = None) -> None:
        """Charge the lanes under way, or so many networks, for steps each."""
        count = int(self.lanes.alive.sum()) if networks is None else networks
        self._counts["network_steps"] += round(steps * count)
        self._counts["evaluations"] += count

    def _update(self, loss: np.ndarray, gradient: np.ndarray) -> None:
        """One update of the lanes whose loss and gradient are finite; the end of the others."""
        lanes, optimizer = self.lanes, self.contender.optimizer
        assert not isinstance(optimizer, LBFGS)
        slope = np.array(gradient, dtype=lanes.weights.dtype, order="C")
        norms = norms_of(slope)
        sound = np.isfinite(loss) & np.isfinite(norms)
        if not sound.all():
            for k in np.flatnonzero(lanes.alive & ~sound):
                why = NO_GRADIENT if np.isfinite(loss[k]) else f"loss is {loss[k]}"
                lanes.end(int(k), "diverged", self._counts["updates"], why)
        self._sums += loss, norms
        self._summed += 1
        if "clip_norm" in self._clips:
            clip_by_norm(slope, norms, self._clips["clip_norm"])
        if "clip_value" in self._clips:
            clip_by_value(slope, self._clips["clip_value"])
        self._last_factor = factor = self._factor(self._counts["updates"])
        optimizer.step(lanes.weights, slope, self._optimizer_state, factor, lanes.alive)
        self._within(lanes.weights)
        self._counts["updates"] += 1

    def _factor(self, update: int) -> np.ndarray:
        """The schedule's factor of the learning rate, axes (lane)."""
        schedule = self.contender.schedule
        factor = np.ones(len(self.lanes.weights))
        if schedule is not None:
            factor *= schedule.factor(update, self._schedule_state)
        return factor

    def _iterate(self, optimizer: LBFGS) -> None:
        """Some iterations of L-BFGS."""
        lanes = self.lanes
        wanted = self.contender.updates_of_a_row(self.task.train.sequences)
        stop = self.contender.stop
        for limit in (stop.updates, stop.generations):
            if limit is not None:
                wanted = min(wanted, limit - self._counts["updates"])
        found = optimizer.minimise(
            lambda points: self._gradient(points, None),
            lanes.weights,
            self._limits,
            lanes.alive,
            wanted,
        )
        asked = int(found.evaluations.sum())
        self._charge(self._gradient.cost * self.task.train.steps, asked)
        done = int(found.iterations.max())
        self._counts["updates"] += done
        self._counts["seen"] += done * self.task.train.sequences
        lanes.weights[:] = found.weights
        self._sums += found.loss, found.norms
        self._summed += 1
        for k, (how, why) in found.ended.items():
            lanes.end(k, how, self._counts["updates"], why)

    def _within(self, weights: np.ndarray) -> np.ndarray:
        """The weights, put back into their limits in place."""
        if self._limits is not None:
            np.clip(weights, *self._limits, out=weights)
        return weights

    # --- measuring --------------------------------------------------------------------------

    def _measure(self) -> tuple[np.ndarray, np.ndarray]:
        """Training and validation errors of all lanes, axes (lane)."""
        lanes = self.lanes
        mse = self._train.mse(lanes.weights)
        self._charge(self.task.train.steps)
        validation = mse if self._validate is None else self._validate.mse(lanes.weights)
        lanes.compare(validation)
        if self.contender.schedule is not None:
            self.contender.schedule.observe(validation, self._schedule_state)
        k = int(np.argmin(np.where(np.isfinite(mse), mse, np.inf)))
        if mse[k] < self._best_error:
            self._best_error, self._best_update = float(mse[k]), self._counts["updates"]
            if self.contender.stop.learned is not None:
                outputs = [y[0] for y in self._train.outputs(lanes.weights[k][None])]
                tolerance = self.contender.stop.learned_tolerance
                self._learned = self.task.train.share_met(outputs, tolerance)
        return mse, validation

    def _row(self, mse: np.ndarray, validation: np.ndarray) -> Progressed:
        lanes, counts = self.lanes, self._counts
        under_way = lanes.alive if lanes.alive.any() else np.ones(len(mse), dtype=bool)
        rate = np.nan
        if not isinstance(self.contender.optimizer, LBFGS):
            rate = median_of((self._optimizer_state["settings"][0] * self._last_factor)[under_way])
        losses, norms = (
            self._sums / self._summed if self._summed else np.full_like(self._sums, np.nan)
        )
        return Progressed(
            counts["updates"],
            counts["seen"] / self.task.train.sequences,
            counts["evaluations"],
            counts["network_steps"],
            self._best_error,
            median_of(mse[under_way]),
            float("nan") if self._validate is None else least_of(validation[under_way]),
            1.0 / (self._best_error + 1e-12),
            median_of(losses[under_way]),
            rate,
            median_of(norms[under_way]),
            int(lanes.alive.sum()),
            lanes.best,
            lanes.diverged,
        )
