"""Backpropagation through time: over whole sequences, in windows, and with checkpoints."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from evornn.checks import check_count
from evornn.gradient.batch import Group, Marks, groups_of, marks_of
from evornn.gradient.loss import Loss, with_loss
from evornn.gradient.method import Found
from evornn.gradient.of_network import checked_genes, lanes_for, unit_lanes, weights_of
from evornn.gradient.online_bptt import OnlineBPTT
from evornn.gradient.refine import Refiner, refiner
from evornn.gradient.stream import Stream
from evornn.network import Network
from evornn.simd.gradient_kernel import GradientKernel, Workspace
from evornn.simd.lanes import default_lanes
from evornn.simd.sums import LANES_TOGETHER
from evornn.tasks.part import Part
from evornn.workers import Workers

TAPE_BYTES = 2**28  # a longer tape is cut into segments and computed twice
FORWARD_AND_BACK = 3.0  # a transposed step has two products for each one of the step


@dataclass(frozen=True)
class BPTT:
    """Backpropagation through time: the transposed signal-flow graph, run backwards.

    lambda_t = (ds_{t+1}/ds_t)^T lambda_{t+1} + dl_t/ds_t, dw = sum_t (ds_t/dw)^T lambda_t

    Local in space: a weight's derivative needs the signals at its two ends. Not local in time: it
    needs the signals of all steps, O(steps) memory. Time O(weights) per step.

    Attributes:
        window: h: every error flows back at most h steps; None: to the sequence's start.
        every: h': with a window, the errors of h' steps go back together; h' <= h, by default h.
            BPTT(h; 1) is the "real-time" form, BPTT(h; h) cuts the sequence into pieces.
        checkpoint: Keep states every so many steps only, and compute the steps between again:
            memory O(steps / k + k) for one more forward run. None: when the tape would take more
            than 256 MB a group of sequences, the square root of the steps.
        truncated: No error flows back through a cell's `truncate_here` marks.
        steps: Gradient steps for each individual, when used as `GA(refine=...)`.
        learning_rate: Their length.

    Source: Werbos 1990, Proc. IEEE 78:1550; windows: Williams & Peng 1990, Neural Computation
    2:490; checkpoints: Griewank 1992, Optimization Methods and Software 1:35.
    """

    window: int | None = None
    every: int | None = None
    checkpoint: int | None = None
    truncated: bool = False
    steps: int = 5
    learning_rate: float = 0.01

    def __post_init__(self) -> None:
        """Refuse windows that make no sense."""
        for name in ("window", "every", "checkpoint"):
            if getattr(self, name) is not None:
                check_count("BPTT", name, getattr(self, name), 1)
        if self.every is not None and (self.window is None or self.every > self.window):
            raise ValueError(
                f"`BPTT` needs `every` of at most `window`, got every={self.every} and "
                f"window={self.window}; an error older than the window would never flow back."
            )

    def settings(self) -> dict[str, Any]:
        """What determines it, JSON-able."""
        return {"method": "BPTT", **asdict(self)}

    def start(self, network: Network, part: Part, loss: Loss, workers: Workers) -> BPTTGradient:
        """The method at work on a network and a part of a task."""
        return BPTTGradient(self, network, part, loss, workers)

    def refiner(self, network: Network, part: Part, workers: Workers) -> Refiner:
        """A function that improves a population by `steps` updates, for `GA(refine=...)`."""
        return refiner(
            self, network, part, workers, steps=self.steps, learning_rate=self.learning_rate
        )


class BPTTGradient:
    """BPTT at work; see `method.Gradient`."""

    def __init__(
        self, method: BPTT, network: Network, part: Part, loss: Loss, workers: Workers
    ) -> None:
        self.method, self.network, self.part = method, network, part
        self.loss, self.workers = loss, workers
        self.graph = with_loss(network.graph, loss)
        window, every = method.window, method.every or method.window
        self.cost = FORWARD_AND_BACK
        if window is not None and every is not None:
            self.cost = 1.0 + 2.0 * window / every
        self._kernels: dict[tuple[str, int, int], GradientKernel] = {}
        self._spaces: dict[tuple[Any, ...], list[Workspace]] = {}
        self._batches: dict[tuple[Any, ...], tuple[Marks, list[Group]]] = {}
        self._lock = threading.Lock()

    # --- what runs where --------------------------------------------------------------------

    def prepare(self, networks: int, sequences: int) -> None:
        """See `method.Gradient`."""
        self.kernel(networks, sequences)

    def kernel(self, networks: int, sequences: int) -> GradientKernel:
        """The kernel for so many networks on so many sequences; compiled when first asked for."""
        full = default_lanes(self.network.dtype)
        if networks > 1:
            kind, lanes = "networks", lanes_for(networks, full)
            side_by_side = 4 if sequences > 3 else 2 if sequences > 1 else 1
        elif sequences > 2:
            kind, lanes, side_by_side = "sequences", lanes_for(sequences, full), 1
        else:
            kind, lanes, side_by_side = "units", unit_lanes(self.network), 1
        key = (kind, lanes, side_by_side)
        if key not in self._kernels:
            network = self.network
            self._kernels[key] = GradientKernel(
                self.graph,
                next(iter(network.graph.inputs)),
                weights_of(network),
                kind=kind,
                lanes=lanes,
                sequences=side_by_side,
                truncated=self.method.truncated,
            )
        return self._kernels[key]

    def batch(
        self, kernel: GradientKernel, sequences: Sequence[int] | None, *, equal: bool = False
    ) -> tuple[Marks, list[Group]]:
        """The chosen sequences as the kernel reads them; whole parts are kept for the next call."""
        numbers = range(self.part.sequences) if sequences is None else list(sequences)
        width = kernel.lanes if kernel.kind == "sequences" else kernel.sequences
        key = (kernel.kind, width)
        if sequences is None and not equal and key in self._batches:
            return self._batches[key]
        marks = marks_of(self.part, numbers, self.loss)
        longest = max(len(self.part.inputs[k]) for k in numbers)
        window = self.method.window
        made = groups_of(
            self.part,
            numbers,
            marks,
            self.network.dtype,
            kernel.kind,
            width,
            equal=equal,
            # A window ends where its sequence ends, whatever stands beside it.
            alike=window is not None and window < longest and not equal,
        )
        if sequences is None and not equal:
            self._batches[key] = (marks, made)
        return marks, made

    # --- whole sequences --------------------------------------------------------------------

    def __call__(self, chromosomes: np.ndarray, sequences: Sequence[int] | None = None) -> Found:
        """See `method.Gradient`."""
        genes = checked_genes(self.network, chromosomes)
        count = self.part.sequences if sequences is None else len(sequences)
        kernel = self.kernel(len(genes), count)
        marks, groups = self.batch(kernel, sequences)
        gradient, losses = np.zeros_like(genes), np.zeros(len(genes))
        if kernel.kind == "networks":

            def networks(first: int) -> None:
                here = slice(first, first + kernel.lanes)
                self._run(kernel, genes, first, groups, gradient[here], losses[here])

            self.workers.map(networks, range(0, len(genes), kernel.lanes))
        elif len(groups) == 1 and kernel.kind == "units":
            self._run(kernel, genes, 0, groups, gradient, losses)
        else:
            rows = max(1, kernel.lanes // LANES_TOGETHER) if kernel.kind == "sequences" else 1
            found = np.zeros((len(groups), rows, genes.shape[1]), genes.dtype)
            parts = np.zeros((len(groups), 1))

            def group(k: int) -> None:
                self._run(kernel, genes, 0, [groups[k]], found[k], parts[k])

            self.workers.map(group, range(len(groups)))
            losses[0] = parts.sum()
            for row in found.reshape(-1, genes.shape[1]):  # in the sequences' order
                gradient[0] += row
        gradient /= gradient.dtype.type(marks.total)
        losses /= marks.total
        return losses, gradient

    def _run(
        self,
        kernel: GradientKernel,
        genes: np.ndarray,
        first: int,
        groups: list[Group],
        gradient: np.ndarray,
        losses: np.ndarray,
    ) -> None:
        """Add loss and gradient of one block of lanes to rows of their own."""
        longest = groups[0].length  # they stand in order
        segment = self._segment(kernel, longest)
        capacity = self._capacity(longest, segment)
        space = self._borrow(kernel, capacity)
        kernel.backward.clear(space.backward[1])
        for number, group in enumerate(groups):
            stream = Stream(kernel, space, group, first, capacity)
            if self.method.window is None:
                self._whole(stream, genes, group.length, segment, gradient, number == 0)
            else:
                self._windows(stream, genes, group.length, gradient, number == 0)
            found = stream.losses
            if kernel.kind == "networks":
                if kernel.sequences > 1:
                    found = found.reshape(kernel.sequences, kernel.lanes).sum(axis=0)
                losses += found[: len(losses)]
            else:
                losses[0] += found[0] if len(found) == 1 else found.sum()
        kernel.backward.collect(space.backward[1], gradient, 0)
        self._give_back(kernel, capacity, space)

    def _whole(
        self,
        stream: Stream,
        genes: np.ndarray,
        length: int,
        segment: int,
        gradient: np.ndarray,
        fresh: bool,
    ) -> None:
        """Forwards to the end, then back to the start, in segments that fit the memory."""
        if length <= segment:
            stream.forward(genes, length, fresh_weights=fresh)
            stream.count_losses(length)
            stream.backward(genes, length, length, fresh_weights=fresh)
            stream.collect_initial(gradient)
            return
        saved: list[np.ndarray] = []
        starts = list(range(0, length, segment))
        for start in starts:
            stream.keep(0)
            saved.append(stream.states())
            steps = min(segment, length - start)
            stream.forward(genes, steps, fresh_weights=fresh and start == 0)
            stream.count_losses(steps)
        for start, states in zip(reversed(starts), reversed(saved), strict=True):
            steps = min(segment, length - start)
            last = start == starts[-1]
            if not last:
                stream.resume(states, start)
                stream.forward(genes, steps, fresh_weights=False)
            stream.backward(genes, steps, steps, fresh_weights=fresh and last, fresh_carry=last)
        stream.collect_initial(gradient)

    def _windows(
        self, stream: Stream, genes: np.ndarray, length: int, gradient: np.ndarray, fresh: bool
    ) -> None:
        """BPTT(h; h'): every h' steps back over the last h, with the errors of the last h'."""
        window = self.method.window or length
        every = self.method.every or window
        for start in range(0, length, every):
            steps = min(every, length - start)
            stream.forward(genes, steps, fresh_weights=fresh and start == 0)
            stream.count_losses(steps)
            back = min(window, stream.time)
            stream.backward(genes, back, steps, fresh_weights=fresh and start == 0)
            if back == stream.time:
                stream.collect_initial(gradient)

    # --- memory -----------------------------------------------------------------------------

    def _segment(self, kernel: GradientKernel, length: int) -> int:
        """Steps whose frames are in memory together."""
        if self.method.checkpoint is not None:
            return min(self.method.checkpoint, max(length, 1))
        return length if length * kernel.frame_bytes <= TAPE_BYTES else math.isqrt(length) + 1

    def _capacity(self, length: int, segment: int) -> int:
        if self.method.window is None:
            return segment
        every = self.method.every or self.method.window
        return min(length, 2 * self.method.window) + every

    def _borrow(self, kernel: GradientKernel, capacity: int) -> Workspace:
        key = (kernel.kind, kernel.lanes, kernel.sequences, capacity)
        with self._lock:
            free = self._spaces.setdefault(key, [])
            if free:
                return free.pop()
        return kernel.workspace(capacity)

    def _give_back(self, kernel: GradientKernel, capacity: int, space: Workspace) -> None:
        with self._lock:
            self._spaces[kernel.kind, kernel.lanes, kernel.sequences, capacity].append(space)

    # --- while the sequences pass by --------------------------------------------------------

    def online(self, every: int, sequences: Sequence[int] | None = None) -> OnlineBPTT:
        """Gradients of windows of `every` steps, states carried on; errors flow back `window`."""
        check_count("BPTT", "every", every, 1)
        return OnlineBPTT(self, every, sequences)
