"""Evaluate a population of bidirectional networks on whole sequences, on all cores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evornn.network.bidirectional import Bidirectional
from evornn.population import Evaluator
from evornn.workers import Workers

ROWS = 64  # individuals whose outputs are in memory at a time, for each worker: full registers


class BidirectionalEvaluator:
    """Runs populations of one bidirectional network over the sequences of one part of a task.

    A network's result is bit-identical for any number of workers and place in the population.

    Args:
        network: The architecture, with inputs and outputs bound.
        inputs: Sequences, each with axes (time, input).
        targets: Sequences, each with axes (time, output).
        masks: Which targets are scored, each with axes (time, output); None: all.
        workers: The pool, whose threads share the population; None: the calling thread.
        lanes: Lane count; None: what suits the machine and the network.

    Raises:
        ValueError: If a sequence has other axes than the network.
    """

    def __init__(
        self,
        network: Bidirectional,
        inputs: Sequence[np.ndarray],
        targets: Sequence[np.ndarray],
        masks: Sequence[np.ndarray] | None = None,
        *,
        workers: Workers | None = None,
        lanes: int | None = None,
    ) -> None:
        self.network = network
        self.workers = workers or Workers(1)
        if masks is None:
            masks = [np.ones(y.shape, dtype=bool) for y in targets]
        self.masks = list(masks)
        self.targets = [np.asarray(y, dtype=network.dtype).astype(np.float64) for y in targets]
        self.scored = int(sum(mask.sum() for mask in masks))
        self.steps = sum(len(x) for x in inputs)
        self._check(inputs, targets, masks)
        reversed_ = [x[::-1] for x in inputs]
        # Each direction's own error means nothing: nothing of it is scored.
        nothing = [np.zeros(y.shape) for y in targets]
        unscored = [np.zeros(y.shape, dtype=bool) for y in targets]
        self._forward = Evaluator(network.forward, inputs, nothing, unscored, lanes=lanes)
        self._backward = Evaluator(network.backward, reversed_, nothing, unscored, lanes=lanes)

    def _check(
        self,
        inputs: Sequence[np.ndarray],
        targets: Sequence[np.ndarray],
        masks: Sequence[np.ndarray],
    ) -> None:
        if not len(inputs) == len(targets) == len(masks) or not inputs:
            raise ValueError(
                f"an evaluation needs as many targets and masks as inputs, got {len(inputs)} "
                f"inputs, {len(targets)} targets and {len(masks)} masks"
            )
        for k, (target, mask) in enumerate(zip(targets, masks, strict=True)):
            if mask.shape != target.shape:
                raise ValueError(
                    f"the mask of sequence {k} needs the targets' shape {target.shape}, got "
                    f"{mask.shape}"
                )

    def mse(self, chromosomes: np.ndarray) -> np.ndarray:
        """The mean squared error over the scored targets, axes (individual), float64.

        Args:
            chromosomes: Axes (individual, gene).
        """
        genes = self._genes(chromosomes)
        starts = range(0, len(genes), ROWS)
        return np.concatenate(
            self.workers.map(lambda start: self._mse_of(genes[start : start + ROWS]), starts)
        )

    def outputs(self, chromosomes: np.ndarray) -> list[np.ndarray]:
        """The outputs for every sequence, each with axes (individual, time, output)."""
        first, second = self.network.split(self._genes(chromosomes))
        pairs = zip(self._forward.outputs(first), self._backward.outputs(second), strict=True)
        return [self.network.combine(y, z[:, ::-1]) for y, z in pairs]

    def _mse_of(self, genes: np.ndarray) -> np.ndarray:
        total = np.zeros(len(genes))
        for y, target, mask in zip(self.outputs(genes), self.targets, self.masks, strict=True):
            for k, one in enumerate(y):  # one by one, so that the order of additions is fixed
                total[k] += np.square(one[mask] - target[mask]).sum()
        return total / max(self.scored, 1)

    def _genes(self, chromosomes: np.ndarray) -> np.ndarray:
        genes = np.ascontiguousarray(chromosomes, dtype=self.network.dtype)
        if genes.ndim != 2 or genes.shape[1] != self.network.genes or len(genes) == 0:
            raise ValueError(
                f"a population of this network needs axes (individual, {self.network.genes}), got "
                f"shape {genes.shape}"
            )
        return genes
