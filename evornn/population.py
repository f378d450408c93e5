"""Evaluate a population: P networks of one architecture on the same sequences, on all cores."""

from __future__ import annotations

import functools
import itertools
import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np

from evornn.network import Network
from evornn.simd.feed import Feed, feed_networks
from evornn.simd.kernel import suitable_lanes
from evornn.workers import Workers

Blocks = tuple[int, int]


class Evaluator:
    """Runs populations of one network over the sequences of one part of a task.

    A network's result is bit-identical for any lane count, chunking, number of jobs and position
    in the population.

    Args:
        network: The architecture, with inputs and outputs bound.
        inputs: Sequences, each with axes (time, input).
        targets: Sequences, each with axes (time, output).
        masks: Which targets are scored, each with axes (time, output); None: all.
        teacher_forced: Steps of each sequence that read the inputs before the network runs free;
            None: all of them.
        workers: The pool; None: the calling thread.
        lanes: Lane count; None: what suits the machine and the network.
    """

    def __init__(
        self,
        network: Network,
        inputs: Sequence[np.ndarray],
        targets: Sequence[np.ndarray],
        masks: Sequence[np.ndarray] | None = None,
        *,
        teacher_forced: Sequence[int] | None = None,
        workers: Workers | None = None,
        lanes: int | None = None,
    ) -> None:
        self.network = network
        self.workers = workers or Workers(1)
        if masks is None:
            masks = [np.ones(y.shape, dtype=bool) for y in targets]
        self._check(inputs, targets, masks)
        if teacher_forced is None:
            forced = [len(x) for x in inputs]
        else:
            network.check_free_running()
            forced = list(teacher_forced)
        self.scored = int(sum(mask.sum() for mask in masks))
        self.steps = sum(len(x) for x in inputs)
        group = 1 if len(inputs) == 1 else 2 if len(inputs) < 4 else 4
        if lanes is None:
            lanes = suitable_lanes(network.graph, network.map.addresses, network.dtype)
        self._settings = (lanes, group)
        self.kernel = network.kernel(lanes=self._settings[0], sequences=group)
        self.feed: Feed = feed_networks(inputs, targets, masks, forced, network.dtype, group)
        self._sequences = len(inputs)
        self._token = uuid.uuid4().hex  # names this evaluator in other processes

    def _check(
        self,
        inputs: Sequence[np.ndarray],
        targets: Sequence[np.ndarray],
        masks: Sequence[np.ndarray],
    ) -> None:
        sizes = self.network.sizes
        widths = (next(iter(sizes.values())), sizes["output"], sizes["output"])
        if not len(inputs) == len(targets) == len(masks) or not inputs:
            raise ValueError(
                f"an evaluation needs as many targets and masks as inputs, got {len(inputs)} "
                f"inputs, {len(targets)} targets and {len(masks)} masks"
            )
        for k, arrays in enumerate(zip(inputs, targets, masks, strict=True)):
            for name, array, width in zip(
                ("inputs", "targets", "mask"), arrays, widths, strict=True
            ):
                if array.ndim != 2 or array.shape != (len(arrays[0]), width):
                    raise ValueError(
                        f"{name} of sequence {k} need axes (time, {width}) with "
                        f"{len(arrays[0])} steps, got shape {array.shape}"
                    )

    def __reduce__(self) -> tuple[Any, ...]:
        # Compiled code and threads stay behind; the other process takes its own from the cache,
        # once, however often it is sent the same evaluator.
        state = {k: v for k, v in self.__dict__.items() if k not in ("kernel", "workers")}
        return _evaluator_here, (self._token, _Bare(state))

    def mse(self, chromosomes: np.ndarray) -> np.ndarray:
        """The mean squared error over the scored targets, axes (individual), float64.

        Args:
            chromosomes: Axes (individual, gene).
        """
        genes = self._genes(chromosomes)
        lanes = self.kernel.form.lanes
        blocks = -(-len(genes) // lanes)
        if self.workers.in_threads:
            loss = self.kernel.empty(blocks, self.feed.order.size)
            self.workers.map(
                lambda chunk: self.kernel.run(genes, chunk, self.feed.arrays, loss),
                self._chunks(blocks),
            )
            return self._mean(loss, len(genes))
        pieces = [genes[a * lanes : b * lanes] for a, b in self._chunks(blocks)]
        return np.concatenate(self.workers.map_elsewhere(Evaluator.mse_here, self, pieces))

    def mse_here(self, genes: np.ndarray) -> np.ndarray:
        """As `mse`, in the calling thread.

        Args:
            genes: Axes (individual, gene), of the network's dtype.
        """
        blocks = -(-len(genes) // self.kernel.form.lanes)
        loss = self.kernel.empty(blocks, self.feed.order.size)
        self.kernel.run(np.ascontiguousarray(genes), (0, blocks), self.feed.arrays, loss)
        return self._mean(loss, len(genes))

    def _chunks(self, blocks: int) -> list[Blocks]:
        """Ranges of blocks: enough for workers of unequal speed, each worth a call."""
        wanted = min(blocks, 8 * self.workers.jobs if self.workers.jobs > 1 else 1)
        edges = [round(k * blocks / wanted) for k in range(wanted + 1)]
        return list(itertools.pairwise(edges))

    def _mean(self, loss: np.ndarray, individuals: int) -> np.ndarray:
        lanes = self.kernel.form.lanes
        sums = loss.reshape(-1, self.feed.order.size, lanes).transpose(1, 0, 2)
        by_sequence = sums.reshape(self.feed.order.size, -1)[:, :individuals].astype(np.float64)
        real = self.feed.order >= 0
        ordered = np.empty((self._sequences, individuals))
        ordered[self.feed.order[real]] = by_sequence[real]
        mean = np.zeros(individuals)
        for row in ordered:  # one after the other, so that the order of additions is fixed
            mean += row
        return mean / max(self.scored, 1)

    def outputs(self, chromosomes: np.ndarray) -> list[np.ndarray]:
        """The outputs for every sequence, each with axes (individual, time, output)."""
        genes = self._genes(chromosomes)
        lanes, width = self.kernel.form.lanes, self.network.sizes["output"]
        blocks = -(-len(genes) // lanes)
        loss = self.kernel.empty(blocks, self.feed.order.size)
        out = self.kernel.empty(blocks, self.feed.rows, width)
        self.kernel.run(genes, (0, blocks), self.feed.arrays, loss, out)
        rows = out.reshape(blocks, self.feed.rows, width, lanes).transpose(0, 3, 1, 2)
        rows = rows.reshape(blocks * lanes, self.feed.rows, width)[: len(genes)]
        first, length = self.feed.arrays[3], self.feed.arrays[4]
        found: list[np.ndarray] = [np.empty(0)] * self._sequences
        for k, a, n in zip(self.feed.order, first, length, strict=True):
            if k >= 0:
                found[k] = rows[:, a : a + n].copy()
        return found

    def _genes(self, chromosomes: np.ndarray) -> np.ndarray:
        genes = np.ascontiguousarray(chromosomes, dtype=self.network.dtype)
        if genes.ndim != 2 or genes.shape[1] != self.network.genes or len(genes) == 0:
            raise ValueError(
                f"a population of this network needs axes (individual, {self.network.genes}), got "
                f"shape {genes.shape}"
            )
        return genes


class _Bare:
    """An evaluator's state on its way to another process, equal to any other.

    So that `_evaluator_here` finds an evaluator by its token alone.
    """

    def __init__(self, state: dict[str, Any]) -> None:
        self.state = state

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Bare)

    def __hash__(self) -> int:
        return 0


@functools.lru_cache(maxsize=8)
def _evaluator_here(token: str, bare: _Bare) -> Evaluator:
    """An evaluator that came from another process, made once."""
    evaluator = Evaluator.__new__(Evaluator)
    evaluator.__dict__.update(bare.state)
    evaluator.workers = Workers(1)
    lanes, group = evaluator._settings
    evaluator.kernel = evaluator.network.kernel(lanes=lanes, sequences=group)
    return evaluator
