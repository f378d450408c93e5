"""BPTT while the sequences pass by: windows of steps, with states carried from one to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from evornn.gradient.method import Found
from evornn.gradient.of_network import checked_genes
from evornn.gradient.stream import Stream
from evornn.simd.sums import LANES_TOGETHER

if TYPE_CHECKING:
    from evornn.gradient.bptt import BPTTGradient


class OnlineBPTT:
    """BPTT on sequences that pass by; see `method.Online`.

    All sequences share one clock: a window ends for all of them at once, also for those that ended
    within it.
    """

    def __init__(self, owner: BPTTGradient, every: int, sequences: Sequence[int] | None) -> None:
        self.owner, self.every, self.sequences = owner, every, sequences
        self.done = False
        self._streams: list[Stream] | None = None

    def __call__(self, chromosomes: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
        """The next window."""
        owner = self.owner
        genes = checked_genes(owner.network, chromosomes)
        streams = self._streams or self._begin(genes)
        window = max(owner.method.window or self.every, self.every)
        now = streams[0].time
        end = min(now + self.every, self._length)

        def work(stream: Stream) -> Found:
            kernel, space = stream.kernel, stream.space
            networks = kernel.kind == "networks"
            rows = kernel.lanes if networks else max(1, kernel.lanes // LANES_TOGETHER)
            gradient = np.zeros((rows, genes.shape[1]), genes.dtype)
            kernel.backward.clear(space.backward[1])
            stream.losses[:] = 0
            stream.forward(genes, end - now, fresh_weights=True)
            stream.count_losses(end - now)
            back = min(window, stream.time)
            stream.backward(genes, back, end - now, fresh_weights=True)
            if back == stream.time:
                stream.collect_initial(gradient)
            kernel.backward.collect(space.backward[1], gradient, 0)
            return stream.losses, gradient

        results = owner.workers.map(work, streams)
        gradient, losses = np.zeros_like(genes), np.zeros(len(genes))
        for stream, (loss, found) in zip(streams, results, strict=True):
            if stream.kernel.kind == "networks":
                first, lanes = stream.network, stream.kernel.lanes
                size = len(gradient[first : first + lanes])
                gradient[first : first + lanes] += found[:size]
                losses[first : first + lanes] += loss.reshape(-1, lanes).sum(axis=0)[:size]
            else:
                losses[0] += loss.sum()
                for row in found:
                    gradient[0] += row
        counted = int(sum(c[now:end].sum() for c in self._marks.counted))
        self.done = end >= self._length
        scale = max(1, counted)
        return losses / scale, gradient / gradient.dtype.type(scale), counted

    def _begin(self, genes: np.ndarray) -> list[Stream]:
        owner = self.owner
        count = owner.part.sequences if self.sequences is None else len(self.sequences)
        kernel = owner.kernel(len(genes), count)
        self._marks, groups = owner.batch(kernel, self.sequences, equal=True)
        self._length = max(group.length for group in groups)
        window = max(owner.method.window or self.every, self.every)
        capacity = min(self._length, 2 * window) + self.every
        firsts = range(0, len(genes), kernel.lanes) if kernel.kind == "networks" else (0,)
        self._streams = [
            Stream(kernel, kernel.workspace(capacity), group, first, capacity)
            for first in firsts
            for group in groups
        ]
        return self._streams
