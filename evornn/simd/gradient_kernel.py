"""Compiled gradients of one network's weights: buffers, calls, and where each sum belongs."""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evornn.compiled import kernel
from evornn.flow.graph import Graph
from evornn.simd.build import build
from evornn.simd.frames import Frames
from evornn.simd.gradient_source import backward_source, forward_source
from evornn.simd.kernel import FIRST_CACHE_BYTES, block_bytes
from evornn.simd.kernels import products_side_by_side
from evornn.simd.lanes import aligned_zeros, default_lanes
from evornn.simd.layout import lay_out, row_heights, unit_heights
from evornn.simd.step import Form
from evornn.simd.sums import KINDS, Sums, clear, collect, scatter
from evornn.simd.tape import Tape, make_tape

compiling = threading.Lock()  # Numba compiles one function at a time anyway


@dataclass(frozen=True)
class Weights:
    """What a kernel knows of a network's weights.

    Attributes:
        sizes: Size of every axis.
        addresses: For every parameter, the gene of each entry, or -1 - k for the k-th constant.
        constants: Axes (constant); the first is 0.
        dtype: "float32" or "float64".
    """

    sizes: Mapping[str, int]
    addresses: Mapping[str, np.ndarray]
    constants: np.ndarray
    dtype: str

    @property
    def genes(self) -> int:
        """Number of genes."""
        return 1 + max((int(a.max()) for a in self.addresses.values() if a.size), default=-1)


class ForwardRun:
    """The compiled step that fills frames.

    Args:
        frames: The step and what it keeps.
        weights: The network's.
        form: The kernel's literals.
        input_name: Name of the network's input.
        written: Further vectors of the frame, which others write: their axes by name.
    """

    def __init__(
        self,
        frames: Frames,
        weights: Weights,
        form: Form,
        input_name: str,
        written: Mapping[str, str] | None = None,
    ) -> None:
        self.form = form
        self.source, step = forward_source(frames, form, input_name)
        step.frame.update(written or {})
        self.layout = lay_out(
            step, form, weights.sizes, weights.addresses, weights.constants.astype(form.dtype)
        )
        self._run = build(self.source)

    def buffers(self) -> tuple[np.ndarray, np.ndarray]:
        """Packed weights and workspace."""
        layout, dtype = self.layout, self.form.dtype
        return (
            aligned_zeros(layout.gather.size * self.form.width + 64, dtype),
            aligned_zeros(layout.workspace + 64, dtype),
        )

    def frames(self, slots: int) -> np.ndarray:
        """Frames of so many steps, and one for what stands before them."""
        return aligned_zeros((slots + 1) * self.layout.frame_size + 64, self.form.dtype)

    def __call__(
        self,
        buffers: tuple[np.ndarray, np.ndarray],
        frames: np.ndarray,
        genes: np.ndarray,
        network: int,
        data: tuple[np.ndarray, ...],
        first: int,
        slot: int,
        steps: int,
        *,
        fresh_weights: bool,
        fresh_states: bool,
    ) -> None:
        """Run steps `first` to `first + steps` into the frames from `slot` on.

        Args:
            buffers: This thread's memory.
            frames: To be filled; the frame before `slot` holds the states before.
            genes: Axes (network, gene).
            network: The network of the first lane.
            data: Inputs, targets and marks in the kernel's layout, and first row and length of
                each sequence side by side.
            first: The first step's number in its sequence.
            slot: Its frame, from 1.
            steps: How many.
            fresh_weights: The weights have changed since the last call.
            fresh_states: Start from the cell's initial states.
        """
        self._run(
            genes,
            network,
            self.layout.gather,
            self.layout.constants,
            buffers[0],
            frames,
            buffers[1],
            self.layout.dims,
            *data,
            first,
            slot,
            steps,
            fresh_weights,
            fresh_states,
        )

    def warm(self, genes: int) -> None:
        """Compile or load now, so that the first run takes no longer than the others."""
        nothing, none = aligned_zeros(64, self.form.dtype), np.zeros(1, dtype=np.int64)
        data = (nothing, nothing, nothing, none, none)
        with compiling:
            self(
                self.buffers(),
                self.frames(1),
                np.zeros((1, max(genes, 1)), dtype=self.form.dtype),
                0,
                data,
                0,
                1,
                0,
                fresh_weights=False,
                fresh_states=False,
            )

    def losses(self, frames: np.ndarray, slot: int, steps: int, out: np.ndarray) -> None:
        """Add the losses of frames to `out`: one number a lane and sequence side by side."""
        layout = self.layout
        _sum_frames(frames, layout.frame["loss"], layout.frame_size, slot, steps, out.size, out)


class BackwardRun:
    """The compiled transposed step, which reads frames and adds up derivatives.

    Args:
        tape: The step and its transpose.
        weights: The network's.
        form: The kernel's literals.
        forward: Who fills the frames.
        kind: What lanes are; one of `KINDS`.
    """

    def __init__(
        self, tape: Tape, weights: Weights, form: Form, forward: ForwardRun, kind: str
    ) -> None:
        self.form, self.kind = form, kind
        self.source, step = backward_source(tape, form)
        self.layout = lay_out(
            step,
            form,
            weights.sizes,
            weights.addresses,
            weights.constants.astype(form.dtype),
            (forward.layout.frame, forward.layout.frame_size),
        )
        self._tape = tape
        self.place_sums(weights)
        self._run = build(self.source)

    def place_sums(self, weights: Weights) -> None:
        """Say to which genes the sums belong, if to others than the packed weights."""
        self.sums = Sums(self._tape, self.form, self.layout, weights.sizes, weights.addresses)

    def buffers(self) -> tuple[np.ndarray, np.ndarray]:
        """Packed weights, and workspace with sums and records."""
        dtype = self.form.dtype
        return (
            aligned_zeros(self.layout.gather.size * self.form.width + 64, dtype),
            aligned_zeros(self.sums.end + 64, dtype),
        )

    def __call__(
        self,
        buffers: tuple[np.ndarray, np.ndarray],
        frames: np.ndarray,
        genes: np.ndarray,
        network: int,
        slot: int,
        steps: int,
        seeded: int,
        *,
        fresh_weights: bool,
        fresh_carry: bool,
    ) -> None:
        """Run `steps` transposed steps from frame `slot` back, adding to the sums.

        The losses of the first `seeded` of them enter. `fresh_carry`: no error comes from later.
        """
        self._run(
            genes,
            network,
            self.layout.gather,
            self.layout.constants,
            buffers[0],
            frames,
            buffers[1],
            self.layout.dims,
            self.sums.records,
            self.sums.starts,
            slot,
            steps,
            seeded,
            fresh_weights,
            fresh_carry,
        )

    def warm(self, genes: int, frames: np.ndarray) -> None:
        """Compile or load now."""
        none = np.zeros((1, max(genes, 1)), dtype=self.form.dtype)
        with compiling:
            self(self.buffers(), frames, none, 0, 1, 0, 0, fresh_weights=False, fresh_carry=False)

    def clear(self, workspace: np.ndarray) -> None:
        """Set all sums to zero."""
        clear(workspace, self.sums.ranges)

    def collect(self, workspace: np.ndarray, gradient: np.ndarray, row: int) -> None:
        """Add the sums to a gradient.

        Args:
            workspace: Holds the sums.
            gradient: Axes (row, gene). Networks and cotangents: a row for each lane. Sequences: a
                row for each `LANES_TOGETHER` of them, so that the sum over sequences, made later
                in their order, does not depend on the lane count. Units: one row.
            row: The first row; lanes beyond the last are left out.
        """
        form, sums, kind = self.form, self.sums, KINDS.index(self.kind)
        collect(
            gradient, row, workspace, sums.products, sums.vectors, form.sequences, form.lanes, kind
        )

    def collect_initial(self, workspace: np.ndarray, gradient: np.ndarray, row: int) -> None:
        """Add the part of states that start at a parameter; after the first step was reached."""
        part = self.sums.initial
        if part[0].size:
            form, kind = self.form, KINDS.index(self.kind)
            scatter(gradient, row, workspace, *part, form.sequences, form.lanes, kind)


@dataclass
class Workspace:
    """The memory of one thread's gradient."""

    forward: tuple[np.ndarray, np.ndarray]
    backward: tuple[np.ndarray, np.ndarray]
    frames: np.ndarray


class GradientKernel:
    """Runs a network forwards through frames and its transposed step backwards over them.

    Args:
        graph: One step with its loss as the only output, reading also `target` and `scored`.
        input_name: Name of the network's input.
        weights: The network's.
        kind: "networks": each lane has its own weights and reads the same sequences;
            "sequences": lanes are sequences of one network; "units": lanes are rows of one network.
        lanes: Lane count; None: what fills this machine's registers.
        sequences: Sequences of each network side by side, for kind "networks".
        truncated: No error flows back through `truncate_here` marks.
    """

    def __init__(
        self,
        graph: Graph,
        input_name: str,
        weights: Weights,
        *,
        kind: str,
        lanes: int | None = None,
        sequences: int = 1,
        truncated: bool = False,
    ) -> None:
        tape = make_tape(graph, truncated=truncated)
        self.kind, self.sequences = kind, sequences
        self.lanes = lanes or default_lanes(weights.dtype)
        form = form_of(tape.frames.forward, weights, kind, self.lanes, sequences)
        self.forward = ForwardRun(tape.frames, weights, form, input_name)
        form = form_of(tape.backward, weights, kind, self.lanes, sequences)
        self.backward = BackwardRun(tape, weights, form, self.forward, kind)
        self.forward.warm(weights.genes)
        self.backward.warm(weights.genes, self.forward.frames(1))

    @property
    def frame_size(self) -> int:
        """Numbers of a frame."""
        return self.forward.layout.frame_size

    @functools.cached_property
    def frame_bytes(self) -> int:
        """Bytes of a frame."""
        return self.frame_size * np.dtype(self.forward.form.dtype).itemsize

    def workspace(self, slots: int) -> Workspace:
        """Memory for frames of `slots` steps, and one more for what stands before them."""
        return Workspace(
            self.forward.buffers(), self.backward.buffers(), self.forward.frames(slots)
        )


def form_of(graph: Graph, weights: Weights, kind: str, lanes: int, sequences: int = 1) -> Form:
    """The literals of a kernel of a graph whose lanes are of a kind."""
    products = products_side_by_side(graph)
    if kind == "units":
        heights = unit_heights(graph, weights.sizes, products, lanes)
        return Form(weights.dtype, lanes, heights, units=True, partial=True)
    shared = kind != "networks"
    size = block_bytes(weights.addresses, weights.dtype, 1 if shared else lanes)
    heights = row_heights(graph, weights.sizes, products, sequences, size <= FIRST_CACHE_BYTES)
    one_frame = kind == "cotangents"
    return Form(weights.dtype, lanes, heights, sequences, shared, one_frame=one_frame)


@kernel
def _sum_frames(f, offset, frame_size, slot, steps, width, out):
    for t in range(slot, slot + steps):
        at = t * frame_size + offset
        for k in range(width):
            out[k] += f[at + k]
