"""Where everything stands: the order of packed weights, and the workspace of a kernel.

Weights are packed as the step reads them. For a loop over row blocks of height R and lanes L:
[row block][bias][row in block][lane], then for each vector that products read
[row block][column][matrix][row in block][lane], and so on, padded with zeros to whole blocks. So
the weights stream through the cache in order, and each is one fma's memory operand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evornn.flow.axes import axis_size
from evornn.flow.graph import Graph, Node
from evornn.simd.step import Form, Piece, StepSource

PADDED_ROWS = 8  # buffers are padded to a multiple of the largest row-block height
MOST_LANES = 16


@dataclass(frozen=True)
class Layout:
    """The numbers a kernel needs besides its data.

    Attributes:
        gather: For every packed weight, the gene it holds, or -1 - k for the k-th constant.
        constants: Values of the entries that are no genes; the first is 0.
        dims: The run-time integers of the source, in its order.
        workspace: Numbers in the workspace.
        buffers: Offset of every vector of the workspace.
        frame: Offset of every vector in a frame.
        frame_size: Numbers of a frame.
        record: Offset of every vector in a record.
        record_size: Numbers of a record.
    """

    gather: np.ndarray
    constants: np.ndarray
    dims: np.ndarray
    workspace: int
    buffers: dict[str, int]
    frame: dict[str, int]
    frame_size: int
    record: dict[str, int]
    record_size: int


def row_heights(
    graph: Graph,
    sizes: Mapping[str, int],
    products: Mapping[str, int],
    sequences: int,
    resident: bool,
) -> tuple[tuple[str, int], ...]:
    """The row-block height of every axis that needs the fewest instructions.

    A block of R rows with G products side by side costs, per column, R G fused multiply-adds and
    one load, and at least the four cycles that a chain of dependent fma takes. How many
    accumulators are best was measured: 16 when several sequences share each weight; 8 when one
    sequence reads every weight once from the first cache; 4 when it waits for the second (8 for
    two products).

    Args:
        graph: The step.
        sizes: Size of every axis.
        products: Most products side by side in one loop over the axis.
        sequences: Sequences that share each weight load.
        resident: Whether a block's weights stay in the first cache.
    """
    heights = []
    axes = {n.axes[0] for n in graph.nodes() if len(n.axes) == 1}
    for axis in sorted(axes):
        n, g = axis_size(axis, sizes), max(1, products.get(axis, 1))
        most = 16 if sequences > 1 else 8 if resident or g == 2 else 4
        best, best_cost = 1, float("inf")
        for height in (1, 2, 4, 8):
            accumulators = height * g * sequences
            if accumulators > most and height > 1:
                continue
            cost = -(-n // height) * max(4.0, accumulators + sequences + (height * g) / 4)
            if cost < best_cost:
                best, best_cost = height, cost
        heights.append((axis, best))
    return tuple(heights)


def unit_heights(
    graph: Graph, sizes: Mapping[str, int], products: Mapping[str, int], lanes: int
) -> tuple[tuple[str, int], ...]:
    """The registers of a row block, per axis, where lanes are the rows of one network.

    As many as the axis fills, while the accumulators of products side by side fit the registers.
    """
    heights = []
    for axis in sorted({n.axes[0] for n in graph.nodes() if len(n.axes) == 1}):
        registers = -(-axis_size(axis, sizes) // lanes)
        most = max(1, 16 // max(1, products.get(axis, 1)))
        turns = -(-registers // min(most, 8))
        heights.append((axis, -(-registers // turns)))
    return tuple(heights)


def lay_out(
    step: StepSource,
    form: Form,
    sizes: Mapping[str, int],
    addresses: Mapping[str, np.ndarray],
    constants: np.ndarray,
    frame: tuple[dict[str, int], int] | None = None,
) -> Layout:
    """The layout of a step for given sizes.

    Args:
        step: The emitted step.
        form: Its literals.
        sizes: Size of every axis.
        addresses: For every parameter, an integer array of its shape: each entry's gene, or
            -1 - k for the k-th constant.
        constants: Axes (constant); the first is 0.
        frame: The layout of the frames that another kernel wrote, if the step reads those.
    """
    parts: list[np.ndarray] = []
    starts: list[int] = []
    total = 0
    for axis, pieces in step.segments:
        starts.append(total)
        packed = _segment(axis, pieces, form, sizes, addresses)
        if form.units and not axis:  # what follows is loaded in whole registers
            packed = np.pad(packed, (0, -packed.size % form.lanes), constant_values=-1)
        parts.append(packed)
        total += packed.size
    gather = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
    offsets, end = place_buffers(step.buffers, form, sizes)
    places, frame_size = frame or place_buffers(step.frame, form, sizes)
    record, record_size = place_buffers(step.record, form, sizes)
    width = form.width
    sized = {"frame_size": frame_size, "record_size": record_size}
    dims = []
    for kind, what in step.dims.values():
        if kind == "size":
            dims.append(axis_size(str(what), sizes))
        elif kind == "buffer":
            dims.append(offsets[str(what)])
        elif kind == "frame":
            dims.append(places[str(what)])
        elif kind == "record":
            dims.append(record[str(what)])
        elif kind == "total":
            dims.append(sized[str(what)])
        elif kind == "weights":
            dims.append(starts[int(str(what))] * width)
        else:
            number = int(str(what))
            axis = step.segments[number][0]
            blocks = -(-axis_size(axis, sizes) // form.block(axis))
            dims.append(parts[number].size // blocks * width)
    return Layout(
        gather.astype(np.int32),
        np.asarray(constants),
        np.array(dims, dtype=np.int64),
        end,
        offsets,
        places,
        frame_size,
        record,
        record_size,
    )


def place_buffers(
    buffers: Mapping[str, str], form: Form, sizes: Mapping[str, int]
) -> tuple[dict[str, int], int]:
    """Offsets of vectors that stand one after the other, and the numbers they take together.

    Args:
        buffers: Axis of each vector by name; "" for a single row.
        form: The kernel's literals.
        sizes: Size of every axis.
    """
    offsets, end = {}, 0
    for name, axis in buffers.items():
        offsets[name] = end
        rows = max(axis_size(axis, sizes) if axis else 1, 1)
        padded = max(MOST_LANES, form.block(axis)) if form.units else PADDED_ROWS
        end += -(-rows // padded) * padded * form.unit
    return offsets, end


def _segment(
    axis: str,
    pieces: list[Piece],
    form: Form,
    sizes: Mapping[str, int],
    addresses: Mapping[str, np.ndarray],
) -> np.ndarray:
    if not axis:
        return np.concatenate([_entries(node, addresses).ravel() for node in pieces[0].weights])
    height = form.block(axis)
    blocks = -(-axis_size(axis, sizes) // height)
    columns = []
    for piece in pieces:
        # Each weight as (block, column, row in block); matrices of one piece alternate.
        blocked = [_blocked(_entries(node, addresses), blocks, height) for node in piece.weights]
        columns.append(np.stack(blocked, axis=2).reshape(blocks, -1))
    return np.concatenate(columns, axis=1).ravel() if columns else np.zeros(0, dtype=np.int64)


def _blocked(entries: np.ndarray, blocks: int, height: int) -> np.ndarray:
    rows = entries.reshape(entries.shape[0], -1)
    padded = np.full((blocks * height, rows.shape[1]), -1)
    padded[: rows.shape[0]] = rows
    return padded.reshape(blocks, height, -1).transpose(0, 2, 1)


def _entries(node: Node, addresses: Mapping[str, np.ndarray]) -> np.ndarray:
    if node.op == "transpose":
        return np.transpose(_entries(node.args[0], addresses), node.meta)
    return addresses[node.meta]
