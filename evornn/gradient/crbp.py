"""Recursive backpropagation for locally recurrent networks, and its causal form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from evornn.checks import check_count
from evornn.gradient.filter_layers import FilterLayer, Filters, filter_layers
from evornn.gradient.filter_run import FilterRun, reach
from evornn.gradient.loss import Loss
from evornn.gradient.method import Found
from evornn.network import Network
from evornn.tasks.part import Part
from evornn.workers import Workers


@dataclass(frozen=True)
class CRBP:
    """Recursive backpropagation (RBP) and its causal form (CRBP), for stacks of `iir` and `fir`.

    Within a layer derivatives run forwards with the filters:

    ds_k/dw_kmp[t] = x_m[t - p] + sum_r v_kmr ds_k/dw_kmp[t - r]
    ds_k/dv_kmp[t] = y_km[t - p] + sum_r v_kmr ds_k/dv_kmp[t - r]

    Between layers errors run backwards through the impulse responses h of the synapses above, over
    the next Q steps (`horizon`):

    e_k[t] = sum_q sum_{p = 0..Q} delta_q[t + p] h_qk[p], delta_k = e_k f'(s_k)
    dE/dw = sum_t delta_k[t] ds_k/dw[t]

    With all of the future (Q = None) this is RBP, the exact gradient; with Q = 0 the rule of Back
    and Tsoi; for `fir` layers Q of the longest filter's taps - 1 is exact, and is Wan's temporal
    backpropagation.

    Local in space: a weight's derivative needs its own synapse and its unit's error. CRBP is local
    in time too: O(Q) memory for each signal whatever the length, and `online` gives a gradient at
    every step, that of a layer Q steps later than that of the layer above it. RBP is not: it needs
    the sequence to its end. Time O(weights + Q synapses) per step.

    Attributes:
        horizon: Q, in steps; None for all.

    Source: Campolucci, Uncini, Piazza & Rao 1999 (IEEE Trans. Neural Networks 10:253); Back & Tsoi
    1991 (Neural Computation 3:375); Wan 1990 (IJCNN 1:575).
    """

    horizon: int | None = None

    def __post_init__(self) -> None:
        """Refuse a horizon that is no number of steps."""
        if self.horizon is not None:
            check_count("CRBP", "horizon", self.horizon, 0)

    def settings(self) -> dict[str, Any]:
        """What determines it, JSON-able."""
        return {"method": "CRBP", **asdict(self)}

    def start(self, network: Network, part: Part, loss: Loss, workers: Workers) -> CRBPGradient:
        """The method at work on a network and a part of a task.

        Raises:
            ValueError: If the network is no stack of filters, or the loss is not the mean squared
                error.
        """
        return CRBPGradient(self, network, part, loss, workers)


class CRBPGradient:
    """RBP or CRBP at work; see `method.Gradient`. It computes in float64 whatever the dtype."""

    def __init__(
        self, method: CRBP, network: Network, part: Part, loss: Loss, workers: Workers
    ) -> None:
        if loss.name != "mse":
            raise ValueError(
                f"CRBP needs the loss mse, got {loss.name}; take BPTT or RTRL for other losses"
            )
        self.method, self.network, self.part, self.workers = method, network, part, workers
        self.layers = filter_layers(network)
        self.cost = _cost(self.layers, method.horizon)

    def prepare(self, networks: int, sequences: int) -> None:
        """Its kernels are the same for all networks, and kept on disk."""

    def __call__(self, chromosomes: np.ndarray, sequences: Sequence[int] | None = None) -> Found:
        """See `method.Gradient`."""
        genes, numbers = self.checked(chromosomes), self.numbers(sequences)

        def work(row: np.ndarray) -> tuple[float, np.ndarray]:
            filters = self.filters(row)
            total, found = 0.0, np.zeros(len(row))
            for k in numbers:
                steps = len(self.part.inputs[k])
                run = FilterRun(self.layers, steps, self.method.horizon, windows=False)
                total += run.advance(filters, *self.window(k, 0, steps), last=True)
                found += self.scattered(run)
            return total, found

        results = self.workers.map(work, list(genes))
        scored = max(1, sum(int(self.part.mask[k].sum()) for k in numbers))
        losses = np.array([loss for loss, _ in results]) / scored
        gradient = np.array([found for _, found in results]) / scored
        return losses, gradient.astype(self.network.dtype)

    def online(self, every: int, sequences: Sequence[int] | None = None) -> OnlineCRBP:
        """CRBP with delayed updates: states, sensitivities and the last errors are carried.

        Raises:
            ValueError: If the horizon is None: RBP needs the whole future.
        """
        check_count("CRBP", "every", every, 1)
        if self.method.horizon is None:
            raise ValueError(
                "online gradients need a CRBP with a horizon, got horizon=None, which needs each "
                "sequence to its end; pass CRBP(horizon=...)"
            )
        return OnlineCRBP(self, every, self.numbers(sequences))

    # --- shared with OnlineCRBP -------------------------------------------------------------

    def checked(self, chromosomes: np.ndarray) -> np.ndarray:
        """Chromosomes as float64, axes (network, gene)."""
        genes = np.array(chromosomes, dtype=np.float64, ndmin=2)
        if genes.ndim != 2 or genes.shape[1] != self.network.genes or len(genes) == 0:
            raise ValueError(
                f"a gradient of this network needs axes (network, {self.network.genes}), got "
                f"shape {np.shape(chromosomes)}"
            )
        return genes

    def numbers(self, sequences: Sequence[int] | None) -> list[int]:
        """Which sequences of the part are meant."""
        return list(range(self.part.sequences) if sequences is None else sequences)

    def filters(self, row: np.ndarray) -> list[Filters]:
        """The filters of every layer of one chromosome."""
        named = self.network.unpack(row)
        return [layer.filters(named) for layer in self.layers]

    def window(self, k: int, start: int, stop: int) -> tuple[np.ndarray, ...]:
        """Inputs, targets and marks of some steps of a sequence, time last."""
        arrays = (self.part.inputs[k], self.part.targets[k], self.part.mask[k])
        return tuple(a[start:stop].T for a in arrays)

    def scattered(self, run: FilterRun) -> np.ndarray:
        """The derivatives that a run has gathered, as genes; the run starts to gather anew."""
        found = np.zeros(self.network.genes)
        for layer, filters in zip(self.layers, run.gathered(), strict=True):
            for name, values in layer.named(filters).items():
                address = self.network.map.addresses[name]
                found[address[address >= 0]] = values[address >= 0]
        return found


class OnlineCRBP:
    """CRBP on sequences that pass by; see `method.Online`.

    What a layer learns of a step comes `horizon` steps after what the layer above it learns; at a
    sequence's end the rest follows at once. With weights that never change, the windows' sums are
    those over whole sequences.
    """

    def __init__(self, owner: CRBPGradient, every: int, numbers: list[int]) -> None:
        self.owner, self.every, self.time = owner, every, 0
        self.lengths = {k: len(owner.part.inputs[k]) for k in numbers}
        self.done = False
        self._runs: list[dict[int, FilterRun]] = []
        self._scored = 1

    def __call__(self, chromosomes: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
        """The next window."""
        owner = self.owner
        genes = owner.checked(chromosomes)
        if not self._runs:
            horizon = owner.method.horizon
            self._runs = [
                {
                    k: FilterRun(owner.layers, self.every, horizon, windows=True)
                    for k in self.lengths
                }
                for _ in genes
            ]
        start, stop = self.time, self.time + self.every

        def work(individual: int) -> tuple[float, np.ndarray]:
            filters = owner.filters(genes[individual])
            total, found = 0.0, np.zeros(genes.shape[1])
            for k, run in self._runs[individual].items():
                if start < self.lengths[k]:
                    last = stop >= self.lengths[k]
                    total += run.advance(filters, *owner.window(k, start, stop), last=last)
                    found += owner.scattered(run)
            return total, found

        results = owner.workers.map(work, range(len(genes)))
        counted = int(sum(owner.part.mask[k][start:stop].sum() for k in self.lengths))
        # Of a window where nothing is scored, delayed errors still come: they keep their weight.
        self._scored = counted or self._scored
        self.time = stop
        self.done = stop >= max(self.lengths.values())
        losses = np.array([loss for loss, _ in results]) / self._scored
        gradient = np.array([found for _, found in results]) / self._scored
        return losses, gradient.astype(owner.network.dtype), counted


def _cost(layers: list[FilterLayer], horizon: int | None) -> float:
    """Multiplications per step of forward run, sensitivities, errors and gradients, over forward's.

    The readout, a layer of one tap, is among the layers.
    """
    forward = backward = 0
    for number, layer in enumerate(layers):
        synapses, lags = layer.units * layer.inputs, len(layer.lags)
        future = reach(layer, horizon)
        passed = layer.taps + lags if future is None else future + 1
        forward += synapses * (layer.taps + lags)
        backward += synapses * (layer.taps + 3 * lags + (passed if number else 0))
    return 1.0 + backward / forward
