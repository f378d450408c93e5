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


@dataclass(frozen=True)
class Layout:
    """The numbers a kernel needs besides its data.

    Attributes:
        gather: For every packed weight, the gene it holds, or -1 - k for the k-th constant.
        constants: Values of the entries that are no genes; the first is 0.
        dims: The run-time integers of the source, in its order.
        workspace: Numbers in the workspace.
    """

    gather: np.ndarray
    constants: np.ndarray
    dims: np.ndarray
    workspace: int


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


def lay_out(
    step: StepSource,
    form: Form,
    sizes: Mapping[str, int],
    addresses: Mapping[str, np.ndarray],
    constants: np.ndarray,
) -> Layout:
    """The layout of a step for given sizes.

    Args:
        step: The emitted step.
        form: Its literals.
        sizes: Size of every axis.
        addresses: For every parameter, an integer array of its shape: each entry's gene, or
            -1 - k for the k-th constant.
        constants: Axes (constant); the first is 0.
    """
    parts: list[np.ndarray] = []
    starts: list[int] = []
    total = 0
    for axis, pieces in step.segments:
        starts.append(total)
        packed = _segment(axis, pieces, form, sizes, addresses)
        parts.append(packed)
        total += packed.size
    gather = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
    unit = form.lanes * form.sequences
    offsets, end = {}, 0
    for name, axis in step.buffers.items():
        offsets[name] = end
        rows = axis_size(axis, sizes) if axis else 1
        end += -(-max(rows, 1) // PADDED_ROWS) * PADDED_ROWS * unit
    width = 1 if form.shared else form.lanes
    dims = []
    for kind, what in step.dims.values():
        if kind == "size":
            dims.append(axis_size(str(what), sizes))
        elif kind == "buffer":
            dims.append(offsets[str(what)])
        elif kind == "weights":
            dims.append(starts[int(str(what))] * width)
        else:
            number = int(str(what))
            axis = step.segments[number][0]
            blocks = -(-axis_size(axis, sizes) // form.height(axis))
            dims.append(parts[number].size // blocks * width)
    return Layout(
        gather.astype(np.int32), np.asarray(constants), np.array(dims, dtype=np.int64), end
    )


def _segment(
    axis: str,
    pieces: list[Piece],
    form: Form,
    sizes: Mapping[str, int],
    addresses: Mapping[str, np.ndarray],
) -> np.ndarray:
    if not axis:
        return np.concatenate([_entries(node, addresses).ravel() for node in pieces[0].weights])
    height = form.height(axis)
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
