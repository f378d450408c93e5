"""The sums of a backward run: where they stand in memory, and to which gene each entry belongs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from evornn.compiled import kernel
from evornn.flow.axes import axis_size
from evornn.simd.gradient_source import CHUNK
from evornn.simd.layout import Layout
from evornn.simd.step import Form
from evornn.simd.tape import Tape

KINDS = ("networks", "sequences", "units", "cotangents")
TILE = 256  # entries whose sums fit the first cache, for all lanes of a register
LANES_TOGETHER = 2  # the fewest lanes of a register, float64 on a processor without AVX


class Sums:
    """Where the sums of a backward run stand, and to which gene each entry belongs.

    Attributes:
        starts: The first number of every product's sum.
        records: The first number of the records.
        end: Numbers of the whole workspace.
        ranges: What must be zero before the first step, axes (range, start and end).
        products: Offset and gene of every entry of the products.
        vectors: The same for vectors and scalars.
        initial: The same for cotangents of states that start at a parameter.
    """

    def __init__(
        self,
        tape: Tape,
        form: Form,
        layout: Layout,
        sizes: Mapping[str, int],
        addresses: Mapping[str, np.ndarray],
    ) -> None:
        end = layout.workspace
        starts, products = [], []
        scale = 1 if form.units else form.lanes
        for product in tape.products:
            rows = axis_size(product.left.axis, sizes)
            columns = [axis_size(place.axis, sizes) for place in product.right]
            index, size = _product_index(form, rows, columns)
            starts.append(end)
            genes = np.transpose(addresses[product.parameter], np.argsort(product.order))
            products.append((end + index.ravel() * scale, genes.ravel()))
            end += -(-size * scale // 64) * 64
        self.starts = np.array(starts or [0], dtype=np.int64)
        self.records = end
        sums_end = end
        self.end = end + CHUNK * layout.record_size
        self.products = _entries(products)
        vectors, initial, ranges = [], [], [(layout.workspace, sums_end)]
        for slot in tape.backward.states:
            kind, name = slot.name.split("_", 1)
            start = layout.buffers[f"{slot.name}_a"]
            size = axis_size(slot.leaf.axes[0], sizes) if slot.leaf.axes else 1
            offsets = start + np.arange(size) * form.unit
            if kind == "sum":
                vectors.append((offsets, np.ravel(addresses[name])))
                ranges.append((start, start + size * form.unit))
            else:
                source = next(s for s in tape.frames.forward.states if s.name == name)
                if isinstance(source.declaration.initial, str):
                    genes = np.ravel(addresses[source.declaration.initial])
                    initial.append((offsets, genes))
        self.ranges = np.array(ranges, dtype=np.int64)
        self.vectors = _entries(vectors)
        self.initial = _entries(initial)


def _product_index(form: Form, rows: int, columns: list[int]) -> tuple[np.ndarray, int]:
    """The place of every entry of a product's sum, and how many there are."""
    i = np.arange(rows).reshape(-1, *(1 for _ in columns))
    j = np.arange(int(np.prod(columns))).reshape(1, *columns)
    width = int(np.prod(columns))
    if form.units:
        if len(columns) == 1 and turned(rows, width, form.lanes):
            rows, width, i, j = width, rows, j, i
        padded = -(-rows // form.lanes) * form.lanes
        return j * padded + i, width * padded
    if len(columns) > 1:
        return i * width + j, rows * width
    padded = -(-rows // 4) * 4
    return i // 4 * 4 * width + j * 4 + i % 4, padded * width


def _entries(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    if not parts:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    offsets = np.concatenate([p[0] for p in parts]).astype(np.int64)
    genes = np.concatenate([p[1] for p in parts]).astype(np.int64)
    free = genes >= 0
    return offsets[free], genes[free]


def turned(rows: int, columns: int, lanes: int) -> bool:
    """Whether an outer product fills fewer registers with its columns in the lanes.

    Kernels of units decide by the same inequality (`gradient_source`).
    """
    return -(-columns // lanes) * rows < -(-rows // lanes) * columns


@kernel
def clear(s, ranges):
    """Set ranges of a workspace, axes (range, start and end), to zero."""
    for k in range(len(ranges)):
        s[ranges[k, 0] : ranges[k, 1]] = 0


@kernel
def scatter(gradient, first, s, offsets, genes, slots, lanes, kind):
    """Add entries, each at an offset of the workspace, to their genes' columns."""
    if kind == 0 or kind == 3:
        # Entries in tiles, lane by lane: a lane's row of the gradient is written in one go, and
        # the sums it is read from are still in the first cache for the next lane.
        count = min(lanes, len(gradient) - first)
        for tile in range(0, offsets.size, TILE):
            end = min(tile + TILE, offsets.size)
            for lane in range(count):
                for e in range(tile, end):
                    total = gradient[first + lane, genes[e]]
                    for slot in range(slots):
                        total += s[offsets[e] + slot * lanes + lane]
                    gradient[first + lane, genes[e]] = total
    elif kind == 1:
        for e in range(offsets.size):
            for lane in range(0, lanes, LANES_TOGETHER):
                total = s[offsets[e] + lane]
                for k in range(1, LANES_TOGETHER):
                    total += s[offsets[e] + lane + k]
                gradient[first + lane // LANES_TOGETHER, genes[e]] += total
    else:
        for e in range(offsets.size):
            gradient[first, genes[e]] += s[offsets[e]]


@kernel
def collect(gradient, first, s, products, vectors, slots, lanes, kind):
    """Add sums to the rows of a gradient from `first` on, as `BackwardRun.collect` describes.

    Products have one sum, vectors one for each of the `slots` sequences side by side.
    """
    scatter(gradient, first, s, products[0], products[1], 1, lanes, kind)
    scatter(gradient, first, s, vectors[0], vectors[1], slots, lanes, kind)
