"""A network's compiled kernel: layout, buffers and calls for given sizes."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import numpy as np

from evornn.flow.graph import Graph
from evornn.simd.build import build
from evornn.simd.emit import Form
from evornn.simd.kernels import kernel_source, no_data, products_side_by_side
from evornn.simd.lanes import aligned_empty, aligned_zeros, default_lanes
from evornn.simd.layout import lay_out, row_heights

_compiling = threading.Lock()


class Kernel:
    """Runs populations of one network over sequences.

    Args:
        graph: One step, with one input and one output.
        sizes: Size of every axis.
        addresses: For every parameter, the gene of each entry, or -1 - k for the k-th constant.
        constants: Axes (constant); the first is 0.
        dtype: "float32" or "float64".
        lanes: Lane count; None: what fills this machine's registers.
        sequences: Sequences of a network that share each weight load.
        shared: Lanes are sequences of one network.
    """

    def __init__(
        self,
        graph: Graph,
        sizes: Mapping[str, int],
        addresses: Mapping[str, np.ndarray],
        constants: np.ndarray,
        *,
        dtype: str,
        lanes: int | None = None,
        sequences: int = 1,
        shared: bool = False,
    ) -> None:
        products = products_side_by_side(graph)
        heights = row_heights(graph, sizes, products, sequences)
        self.form = Form(dtype, lanes or default_lanes(dtype), heights, sequences, shared)
        source, step = kernel_source(graph, self.form)
        self.source = source
        self.layout = lay_out(step, self.form, sizes, addresses, constants.astype(dtype))
        self._run = build(source)
        self._local = threading.local()
        self._compile()

    def _compile(self) -> None:
        """Compile or load now, so that the first run takes no longer than the others."""
        nothing = np.zeros(1, dtype=self.form.dtype)
        scored = nothing if self.form.shared else np.zeros(1, dtype=bool)
        none = np.zeros(1, dtype=np.int64)
        data = (nothing, nothing, scored, none, none, none)
        with _compiling:  # Numba compiles one function at a time anyway
            self.run(np.zeros((1, 1), dtype=self.form.dtype), (0, 0), data, nothing)

    def _buffers(self) -> tuple[np.ndarray, np.ndarray]:
        """This thread's packed weights and workspace."""
        if not hasattr(self._local, "buffers"):
            width = 1 if self.form.shared else self.form.lanes
            self._local.buffers = (
                aligned_zeros(self.layout.gather.size * width, self.form.dtype),
                aligned_zeros(self.layout.workspace, self.form.dtype),
            )
        buffers: tuple[np.ndarray, np.ndarray] = self._local.buffers
        return buffers

    def run(
        self,
        genes: np.ndarray,
        blocks: tuple[int, int],
        data: tuple[np.ndarray, ...],
        loss: np.ndarray,
        outputs: np.ndarray | None = None,
        history: np.ndarray | None = None,
    ) -> None:
        """Run blocks of lanes over all sequences.

        Args:
            genes: Axes (individual, gene), of the kernel's dtype, C-contiguous.
            blocks: First block of lanes and the one after the last.
            data: Inputs, targets, which targets are scored, and every sequence's first row,
                length and number of teacher-forced steps, as `kernels.py` reads them.
            loss: Filled with sums of squared errors, axes (block, sequence, lane).
            outputs: Filled with the outputs, axes (block, row, output, lane).
            history: Filled with the states, axes (block, row, state entry, lane).
        """
        if not genes.flags.writeable:
            genes = genes.copy()  # Numba would compile anew for a read-only array
        w, s = self._buffers()
        layout = self.layout
        nothing = no_data(self.form.dtype)
        self._run(
            genes,
            layout.gather,
            layout.constants,
            *blocks,
            w,
            s,
            layout.dims,
            *data,
            loss,
            nothing if outputs is None else outputs,
            nothing if history is None else history,
            outputs is not None,
            history is not None,
        )

    def empty(self, *shape: int) -> np.ndarray:
        """An aligned array for results; the last axis is the lane."""
        size = int(np.prod(shape)) * self.form.lanes
        return aligned_empty(size, self.form.dtype)
