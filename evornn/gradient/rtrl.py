"""Real-time recurrent learning: tangents of the states, carried forward in time."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from evornn.gradient.batch import Group
from evornn.gradient.loss import Loss, with_loss
from evornn.gradient.of_network import unit_lanes, weights_of
from evornn.gradient.walks import WalkingGradient
from evornn.network import Network
from evornn.simd.gradient_kernel import BackwardRun, ForwardRun, Weights, form_of
from evornn.simd.learning_signal import instant_tape
from evornn.simd.locality import is_diagonal
from evornn.simd.tangent import Tangent
from evornn.simd.tangent_builder import make_local_tangent, make_tangent
from evornn.simd.tangent_kernel import TangentRun
from evornn.tasks.part import Part
from evornn.workers import Workers

CHUNK = 128  # steps whose frames stand in memory while the tangents follow


@dataclass(frozen=True)
class RTRL:
    """Real-time recurrent learning: exact gradients, without looking back.

    S_t = (ds_t/ds_{t-1}) S_{t-1} + ds_t/dw, dl_t/dw = (dl_t/ds_t) S_t

    Local in time: memory does not grow with the sequence, and the gradient of each step is at hand
    when the step is done. Not local in space: a weight's tangent follows all units. Memory
    O(units x weights), time O(units^2 x weights) per step for a dense network. Where no state's
    entry depends on another unit's (independently recurrent units, gates that read the input
    alone), one trace per weight is exact: O(weights) in memory and time, local in space too. That
    is found from the graph.

    Attributes:
        diagonal: Use one trace per weight; None: where that is exact.

    Source: Robinson & Fallside 1987 (CUED/F-INFENG/TR.1); Williams & Zipser 1989, Neural
    Computation 1:270; diagonal traces: Mozer 1989, Complex Systems 3:349.
    """

    diagonal: bool | None = None

    def settings(self) -> dict[str, Any]:
        """What determines it, JSON-able."""
        return {"method": "RTRL", **asdict(self)}

    def start(self, network: Network, part: Part, loss: Loss, workers: Workers) -> ForwardGradient:
        """The method at work on a network and a part of a task.

        Raises:
            ValueError: If traces are asked for and would not be exact.
        """
        graph = with_loss(network.graph, loss)
        exact = is_diagonal(graph)
        if self.diagonal and not exact:
            raise ValueError(
                f"one trace per weight is exact only where each unit's state depends on no other "
                f"unit's, which is not so in {network.graph.name}; use RTRL(), or SnAp1() for an "
                f"approximation"
            )
        if exact and self.diagonal is not False:
            return ForwardGradient(make_local_tangent(graph), network, part, loss, workers)
        return ForwardGradient(make_tangent(graph), network, part, loss, workers)


class ForwardGradient(WalkingGradient):
    """Tangents at work; see `method.Gradient`.

    Args:
        tangent: The tangent step.
        network: Bound to the task.
        part: Its sequences.
        loss: What is derived.
        workers: Threads; each takes a share of the directions.
        random_feedback: A seed: errors reach the units through fixed random weights instead of the
            readout's own.
    """

    side_by_side = False

    def __init__(
        self,
        tangent: Tangent,
        network: Network,
        part: Part,
        loss: Loss,
        workers: Workers,
        *,
        random_feedback: int | None = None,
    ) -> None:
        super().__init__(network, part, loss, workers)
        weights = weights_of(network)
        frames = tangent.frames
        self.local = tangent.local
        instant = instant_tape(tangent)
        lanes = unit_lanes(network)
        self.forward = ForwardRun(
            frames,
            weights,
            form_of(frames.forward, weights, "units", lanes),
            next(iter(network.graph.inputs)),
            {name: node.axes[0] if node.axes else "" for name, node in tangent.signals.items()},
        )
        backwards = weights
        if random_feedback is not None:
            backwards = random_readout(weights, tangent.direct, random_feedback)
        form = form_of(instant.backward, weights, "units", lanes)
        self.instant = BackwardRun(instant, backwards, form, self.forward, "units")
        if random_feedback is not None:  # sums belong to the genes all the same
            self.instant.place_sums(weights)
        self.tangents = TangentRun(tangent, weights, self.forward)
        self.cost = self._cost()
        self.forward.warm(weights.genes)
        self.instant.warm(weights.genes, self.forward.frames(1))
        self.tangents.warm(self.forward.frames(1))

    def _cost(self) -> float:
        """Multiply-adds of a step and its tangents, over those of the step."""
        sizes = self.network.map.addresses.values()
        step = sum(a.size for a in sizes if a.ndim > 1) or self.network.genes
        lanes = self.tangents.blocks * self.tangents.form.unit
        if not self.local:
            return 3.0 + lanes
        rows = sum(
            len(a)
            for name, a in self.network.map.addresses.items()
            if a.ndim and name not in self.tangents.tangent.direct
        )
        return 3.0 + lanes * rows / max(1, step)

    def walk(self, group: Group, number: int) -> TangentWalk:
        """A new walk on one sequence."""
        return TangentWalk(self, group)


class TangentWalk:
    """One network on one sequence: the states' frame and the tangents."""

    def __init__(self, owner: ForwardGradient, group: Group) -> None:
        self.owner, self.group = owner, group
        self.time = 0
        self.forward = owner.forward.buffers()
        self.frames = owner.forward.frames(CHUNK)
        self.memory = owner.tangents.memory()
        self.instant = owner.instant.buffers()
        threads = max(1, min(owner.workers.jobs, owner.tangents.blocks))
        edges = [round(k * owner.tangents.blocks / threads) for k in range(threads + 1)]
        self.shares = list(pairwise(edges))
        self.packed = [owner.tangents.packed() for _ in self.shares]

    def advance(self, genes: np.ndarray, steps: int, gradient: np.ndarray) -> float:
        """Go on by at most `steps` steps; add to the gradient, return the sum of losses."""
        owner = self.owner
        owner.tangents.clear_sums(self.memory)
        owner.instant.clear(self.instant[1])
        loss = np.zeros(1)
        end = min(self.time + steps, self.group.length)
        size = owner.forward.layout.frame_size
        fresh = True
        while self.time < end:
            count = min(CHUNK, end - self.time)
            owner.forward(
                self.forward,
                self.frames,
                genes,
                0,
                self.group.data,
                self.time,
                1,
                count,
                fresh_weights=fresh,
                fresh_states=self.time == 0,
            )
            owner.forward.losses(self.frames, 1, count, loss)
            owner.instant(
                self.instant,
                self.frames,
                genes,
                0,
                count,
                count,
                count,
                fresh_weights=fresh,
                fresh_carry=True,
            )
            self._tangents(genes, count)
            self.frames[:size] = self.frames[count * size : (count + 1) * size]
            self.time += count
            fresh = False
        owner.tangents.collect(self.memory, gradient)
        owner.instant.collect(self.instant[1], gradient[None, :], 0)
        return float(loss[0])

    def _tangents(self, genes: np.ndarray, count: int) -> None:
        def work(k: int) -> None:
            self.owner.tangents(
                self.packed[k], self.frames, genes, self.memory, 1, count, self.shares[k]
            )

        self.owner.workers.map(work, range(len(self.shares)))


def random_readout(weights: Weights, direct: tuple[str, ...], seed: int) -> Weights:
    """The weights with every matrix in `direct` replaced by a fixed random one.

    Entries are normal with variance 1 / columns, as an untrained readout's.
    """
    rng = np.random.default_rng(seed)
    addresses, constants = dict(weights.addresses), list(weights.constants)
    for name in direct:
        old = addresses[name]
        if old.ndim > 1:
            values = rng.standard_normal(old.size) / np.sqrt(np.prod(old.shape[1:]))
            addresses[name] = (-1 - len(constants) - np.arange(old.size)).reshape(old.shape)
            constants += values.tolist()
    return replace(weights, addresses=addresses, constants=np.array(constants))
