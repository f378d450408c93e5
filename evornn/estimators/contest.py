"""A contender of experiments, run to its end on the data of an estimator."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from evornn import cells
from evornn.estimators.base import SequenceEstimator
from evornn.flow.trace import Cell
from evornn.network import Network
from evornn.tasks.part import Part
from evornn.tasks.scale import Scale
from evornn.tasks.task import Task
from evornn.workers import Workers

LEAST_STEPS = 20  # below, nothing is held back for choosing


class LearnedNetwork(SequenceEstimator):
    """A network of cells whose weights are learned; subclasses say how."""

    cell: Any
    hidden: int
    validation_fraction: float
    n_jobs: int | None
    network_: Network

    @abstractmethod
    def _contender(self) -> Any:
        """What learns the weights: a contender of `Experiment`."""

    def _readout(self) -> str:
        """The network's output layer."""
        return "linear"

    def _network(self) -> Network:
        cell = self.cell
        if isinstance(cell, str):
            found = getattr(cells, cell, None)
            if not isinstance(found, Cell):
                raise ValueError(
                    f"{type(self).__name__} needs a cell or the name of one in evornn.cells, got "
                    f"{cell!r}."
                )
            cell = found
        return Network(cell, hidden=self.hidden, readout=self._readout())

    def _learn(self, us: list[np.ndarray], ys: list[np.ndarray]) -> None:
        task = self._task(us, ys)
        workers = Workers(self.n_jobs)
        try:
            seed = np.random.SeedSequence(self._drawn_seed())
            run = self._contender().start(task, seed, workers)
            rows = [run.advance()]
            while run.reason is None:
                rows.append(run.advance())
        finally:
            workers.close()
        self.network_ = run.best
        self.history_ = {
            name: np.array([getattr(row, name) for row in rows]) for name in rows[0]._fields
        }
        self.reason_ = run.reason

    def _task(self, us: list[np.ndarray], ys: list[np.ndarray]) -> Task:
        """The data as a task; the last share of it chooses among the networks on the way."""
        share = self.validation_fraction
        if not 0 <= share < 1:
            raise ValueError(
                f"{type(self).__name__} needs `validation_fraction` in [0, 1), got {share!r}."
            )
        if self.pooling is None:
            targets, masks = ys, [np.ones(y.shape, dtype=bool) for y in ys]
        else:  # only the last step has a target
            targets = [
                np.broadcast_to(y, (len(u), y.shape[1])) for u, y in zip(us, ys, strict=True)
            ]
            masks = [np.arange(len(y))[:, None] == np.full(y.shape, len(y) - 1) for y in targets]
        held = int(share * len(us))
        single = len(us) == 1 and share * len(us[0]) >= 1 and len(us[0]) >= LEAST_STEPS
        validation: Part | None = None
        if held:
            validation = Part(tuple(us[-held:]), tuple(targets[-held:]), tuple(masks[-held:]))
            us, targets, masks = us[:-held], targets[:-held], masks[:-held]
        elif single:  # scored at its end, after all of it was read
            end = len(us[0]) - int(share * len(us[0]))
            late = masks[0] & (np.arange(len(us[0])) >= end)[:, None]
            validation = Part(tuple(us), tuple(targets), (late,))
            us, targets, masks = [us[0][:end]], [targets[0][:end]], [masks[0][:end]]
        train = Part(tuple(us), tuple(targets), tuple(masks))
        inputs, outputs = us[0].shape[1], targets[0].shape[1]
        return Task(
            name="data",
            inputs=inputs,
            outputs=outputs,
            train=train,
            validation=validation,
            test=validation or train,
            settings={},
            input_scale=Scale.identity(inputs),
            target_scale=Scale.identity(outputs),
            kind="series" if len(train.inputs) == 1 else "sequences",
        )

    def _outputs(self, us: list[np.ndarray]) -> list[np.ndarray]:
        found = [np.asarray(y, dtype=np.float64) for y in self.network_.predict(us)]
        return [y[-1:] for y in found] if self.pooling else found
