"""A network's compiled kernel: layout, buffers and calls for given sizes."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import llvmlite.binding as llvm
import numpy as np

from evornn.flow.graph import Graph
from evornn.simd.build import build
from evornn.simd.kernels import kernel_source, no_data, products_side_by_side
from evornn.simd.lanes import aligned_empty, aligned_zeros, default_lanes
from evornn.simd.layout import lay_out, row_heights, unit_heights
from evornn.simd.step import Form

# Weights of this many bytes hardly leave a first-level cache of 32 KB, as blocks of rows are walked
# to and fro.
FIRST_CACHE_BYTES = 40_000
SECOND_CACHE_BYTES = 900_000
_compiling = threading.Lock()


def block_bytes(addresses: Mapping[str, np.ndarray], dtype: str, lanes: int) -> int:
    """Bytes of the packed weights of a block of lanes."""
    return sum(a.size for a in addresses.values()) * np.dtype(dtype).itemsize * lanes


def suitable_lanes(graph: Graph, addresses: Mapping[str, np.ndarray], dtype: str) -> int:
    """The lane count for a population: full registers, unless a block falls out of a cache.

    Half the lanes make a block half as large. Where that brings it into the first cache it is
    faster on processors that execute a 512-bit instruction as two halves, if nearly all work are
    products (measured on Zen 4: Elman 32 by 1.12, but LSTM 16 by 0.9); where it brings it into the
    second cache it is faster everywhere (Elman 128 by 1.2).
    """
    lanes = default_lanes(dtype)
    full = block_bytes(addresses, dtype, lanes)
    products = max(products_side_by_side(graph).values(), default=0)
    into_first = FIRST_CACHE_BYTES < full <= 2 * FIRST_CACHE_BYTES
    if into_first and products == 1 and llvm.get_host_cpu_name() == "znver4":
        return lanes // 2
    while lanes > 4 and full > SECOND_CACHE_BYTES:
        lanes, full = lanes // 2, full // 2
    return lanes


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
        units: Lanes are rows of one network.
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
        units: bool = False,
    ) -> None:
        products = products_side_by_side(graph)
        lanes = lanes or default_lanes(dtype)
        if units:
            heights = unit_heights(graph, sizes, products, lanes)
        else:
            weights = block_bytes(addresses, dtype, 1 if shared else lanes)
            heights = row_heights(graph, sizes, products, sequences, weights <= FIRST_CACHE_BYTES)
        self.form = Form(dtype, lanes, heights, sequences, shared, units)
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
            size = self.layout.gather.size * self.form.width
            self._local.buffers = (
                aligned_zeros(size, self.form.dtype),
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
        """An aligned array for results; the last axis is the lane (none where lanes are units)."""
        size = int(np.prod(shape)) * (1 if self.form.units else self.form.lanes)
        return aligned_empty(size, self.form.dtype)
