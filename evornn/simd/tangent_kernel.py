"""Compiled tangents: which weight each lane is, and the memory of every block of lanes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evornn.flow.axes import axis_size
from evornn.simd.build import build
from evornn.simd.gradient_kernel import ForwardRun, Weights, compiling, form_of
from evornn.simd.lanes import ALIGNMENT, aligned_zeros, default_lanes
from evornn.simd.layout import lay_out
from evornn.simd.tangent import DIAGONAL, Tangent
from evornn.simd.tangent_source import MIXED, NONE, tangent_source


@dataclass(frozen=True)
class Lane:
    """What one lane stands for: a parameter, its row (None: all rows) and its columns."""

    parameter: str
    row: int | None
    columns: tuple[int, ...]


class TangentRun:
    """The compiled tangent step for one network's sizes.

    Args:
        tangent: The step and its tangent step.
        weights: The network's.
        forward: Who fills the frames; a kernel whose lanes are rows.
        free: So many lanes whose tangents start from any state and to which no weight adds; by
            default lanes are weights.

    Attributes:
        lanes: What every lane stands for, axes (block, lane); None where it is empty.
        blocks: Blocks of lanes.
    """

    def __init__(
        self, tangent: Tangent, weights: Weights, forward: ForwardRun, *, free: int = 0
    ) -> None:
        self.tangent, self.weights = tangent, weights
        self.local = tangent.local
        addresses = dict(weights.addresses)
        for name in tangent.graph.parameters:
            if name.startswith(DIAGONAL):
                addresses[name] = np.diagonal(addresses[name.removeprefix(DIAGONAL)]).copy()
        lanes: Sequence[Lane | None] = [None] * free
        if not free:
            lanes = self._local_lanes() if self.local else self._all_lanes()
        full = default_lanes(weights.dtype)
        # Two registers of directions share each load of a weight, where there are enough of them.
        side_by_side = 2 if len(lanes) >= 4 * full else 1
        self.form = form_of(tangent.graph, weights, "cotangents", full, side_by_side)
        count = self.form.unit
        self.source, step = tangent_source(tangent, self.form)
        constants = weights.constants.astype(weights.dtype)
        self.layout = lay_out(
            step,
            self.form,
            weights.sizes,
            addresses,
            constants,
            (forward.layout.frame, forward.layout.frame_size),
        )
        padded: list[Lane | None] = [*lanes, *[None] * (-len(lanes) % count)]
        self.lanes = [padded[k : k + count] for k in range(0, len(padded), count)]
        self.blocks = len(self.lanes)
        self._run = build(self.source)
        self.columns = self._columns()
        self._fresh = self._fresh_memory()

    def _all_lanes(self) -> list[Lane]:
        """A lane for every gene that a state depends on, in the chromosome's order."""
        found: dict[int, Lane] = {}
        for name, addresses in self.weights.addresses.items():
            if name in self.tangent.direct:
                continue
            for index, gene in np.ndenumerate(addresses):
                if gene >= 0:
                    row = index[0] if index else None
                    found[int(gene)] = Lane(name, row, tuple(index[1:]))
        self._genes = np.array(sorted(found), dtype=np.int64)
        return [found[gene] for gene in sorted(found)]

    def _local_lanes(self) -> list[Lane]:
        """A lane for every column of a matrix, and one for every vector and scalar."""
        lanes = []
        for name, addresses in self.weights.addresses.items():
            if name in self.tangent.direct:
                continue
            for columns in np.ndindex(addresses.shape[1:]):
                entries = addresses[(..., *columns)]
                if np.any(entries >= 0):
                    lanes.append(Lane(name, None, tuple(columns)))
        return lanes

    def _columns(self) -> np.ndarray:
        """For every block, factor and lane: the entry of the factor that the lane multiplies by.

        -1 where it has none. Behind the lanes stands for each register where its entries begin, if
        they are neighbours, or NONE or MIXED.
        """
        factors = [
            (push.parameter, k) for push in self.tangent.pushes for k in range(len(push.factors))
        ]
        lanes, registers = self.form.unit, self.form.sequences
        shape = (self.blocks, max(1, len(factors)), lanes + registers)
        columns = np.full(shape, NONE, dtype=np.int32)
        for b, block in enumerate(self.lanes):
            for number, (parameter, k) in enumerate(factors):
                for place, lane in enumerate(block):
                    if lane is not None and lane.parameter == parameter:
                        columns[b, number, place] = lane.columns[k]
        entries = columns[:, :, :lanes].reshape(*shape[:2], registers, -1)
        alike = (np.diff(entries, axis=3) == 1).all(axis=3) & (entries[..., 0] >= 0)
        some = (entries >= 0).any(axis=3)
        columns[:, :, lanes:] = np.where(alike, entries[..., 0], np.where(some, MIXED, NONE))
        return columns

    def memory(self) -> np.ndarray:
        """Tangents and sums before the first step, and constants, axes (block, number)."""
        memory = aligned_zeros(self._fresh.size, self.weights.dtype).reshape(self._fresh.shape)
        memory[:] = self._fresh
        return memory

    def _fresh_memory(self) -> np.ndarray:
        row = -(-(self.layout.workspace + 16) // ALIGNMENT) * ALIGNMENT
        memory = aligned_zeros(self.blocks * row, self.weights.dtype).reshape(self.blocks, row)
        for b, block in enumerate(self.lanes):
            for place, lane in enumerate(block):
                if lane is not None:
                    self._set_constants(memory[b], place, lane)
        self._start(memory)
        return memory

    def _set_constants(self, row: np.ndarray, place: int, lane: Lane) -> None:
        for number, push in enumerate(self.tangent.pushes):
            if push.parameter == lane.parameter and not push.factors:
                row[self.layout.buffers[f"push_{number}"] + place] = 1
        if lane.row is not None:
            axis = self.tangent.graph.parameters[lane.parameter].axes[0]
            if axis in self.tangent.row_axes:
                start = self.layout.buffers[f"own_{axis}"]
                row[start + lane.row * self.form.unit + place] = 1

    def _start(self, memory: np.ndarray) -> None:
        """Before the first step only initial states move with weights."""
        for state in self.tangent.frames.forward.states:
            initial = state.declaration.initial
            if isinstance(initial, str):
                part = self._part(memory, f"dot_{state.name}")
                for b, block in enumerate(self.lanes):
                    for place, lane in enumerate(block):
                        if lane is not None and lane.parameter == initial:
                            rows = slice(None) if lane.row is None else lane.row
                            part[b, rows, place] = 1

    def clear_sums(self, memory: np.ndarray) -> None:
        """Set all sums to zero."""
        for slot in self.tangent.graph.states:
            if slot.name.startswith("sum_"):
                self._part(memory, slot.name)[:] = 0

    def tangents(self, memory: np.ndarray) -> dict[str, np.ndarray]:
        """The tangent of every state, axes (block, row, lane), by the state's name."""
        return {
            slot.name.removeprefix("dot_"): self._part(memory, slot.name)
            for slot in self.tangent.graph.states
            if slot.name.startswith("dot_")
        }

    def _part(self, memory: np.ndarray, name: str) -> np.ndarray:
        """A vector of every block, axes (block, row, lane); a view."""
        slot = next(s for s in self.tangent.graph.states if s.name == name)
        size = axis_size(slot.leaf.axes[0], self.weights.sizes) if slot.leaf.axes else 1
        start, lanes = self.layout.buffers[f"{name}_a"], self.form.unit
        return memory[:, start : start + size * lanes].reshape(self.blocks, size, lanes)

    def packed(self) -> np.ndarray:
        """Memory for one thread's packed weights."""
        return aligned_zeros(self.layout.gather.size + 64, self.weights.dtype)

    def __call__(
        self,
        packed: np.ndarray,
        frames: np.ndarray,
        genes: np.ndarray,
        memory: np.ndarray,
        slot: int,
        steps: int,
        blocks: tuple[int, int],
    ) -> None:
        """Let the tangents of some blocks follow `steps` frames from `slot` on.

        Args:
            packed: This thread's.
            frames: Filled by `forward`.
            genes: Axes (1, gene).
            memory: Of all blocks.
            slot: The first frame.
            steps: How many.
            blocks: The first block and the one after the last.
        """
        self._run(
            genes,
            self.layout.gather,
            self.layout.constants,
            packed,
            frames,
            memory,
            self.layout.dims,
            self.columns,
            slot,
            steps,
            *blocks,
        )

    def warm(self, frames: np.ndarray) -> None:
        """Compile or load now, so that the first run takes no longer than the others."""
        genes = np.zeros((1, max(self.weights.genes, 1)), dtype=self.weights.dtype)
        with compiling:
            self(self.packed(), frames, genes, self.memory(), 1, 0, (0, 0))

    def collect(self, memory: np.ndarray, gradient: np.ndarray) -> None:
        """Add the sums to a gradient, axes (gene)."""
        if not self.local:
            gradient[self._genes] += self._part(memory, "sum_loss").ravel()[: self._genes.size]
            return
        for axis in self.tangent.axes_of_sums:
            sums = self._part(memory, f"sum_{axis}")
            for b, block in enumerate(self.lanes):
                for place, lane in enumerate(block):
                    if lane is not None:
                        self._collect_lane(sums[b, :, place], axis, lane, gradient)

    def _collect_lane(self, sums: np.ndarray, axis: str, lane: Lane, gradient: np.ndarray) -> None:
        addresses = self.weights.addresses[lane.parameter]
        axes = self.tangent.graph.parameters[lane.parameter].axes
        if not axes:
            if addresses >= 0:
                gradient[int(addresses)] += sums.sum()
        elif axes[0] == axis:
            index: Any = (..., *lane.columns)
            genes = addresses[index]
            free = genes >= 0
            np.add.at(gradient, genes[free], sums[free])
