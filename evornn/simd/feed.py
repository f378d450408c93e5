"""Sequences in the form that kernels read: one array after the other, in the kernel's dtype."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evornn.simd.lanes import aligned_empty


@dataclass(frozen=True)
class Feed:
    """Data of one kernel call.

    Attributes:
        arrays: What `Kernel.run` passes on: inputs, targets, scored, and every sequence's (or
            block of sequences') first row, length and number of teacher-forced steps.
        order: Sequence numbers in the order of the kernel's sequences; -1 for padding.
        rows: Rows of the inputs.
    """

    arrays: tuple[np.ndarray, ...]
    order: np.ndarray
    rows: int


def feed_networks(
    inputs: Sequence[np.ndarray],
    targets: Sequence[np.ndarray],
    masks: Sequence[np.ndarray],
    forced: Sequence[int],
    dtype: str,
    group: int,
) -> Feed:
    """Data that all lanes share, for kernels whose lanes are networks.

    Sequences that run side by side, `group` at a time, have similar lengths; the last group is
    padded with empty ones.

    Args:
        inputs: Each with axes (time, input).
        targets: Each with axes (time, output).
        masks: Each with axes (time, output): which targets are scored.
        forced: Teacher-forced steps of each sequence.
        dtype: The kernel's.
        group: Sequences that run side by side.
    """
    lengths = np.array([len(x) for x in inputs])
    order = np.argsort(-lengths, kind="stable")
    first = np.concatenate([[0], np.cumsum(lengths)[:-1]])  # rows stay in the user's order
    padding = -len(order) % group
    padded = np.concatenate([order, np.full(padding, -1)])
    real = padded >= 0
    arrays = (
        _flat(np.concatenate(inputs), dtype),
        _flat(np.concatenate(targets), dtype),
        _flat(np.concatenate(masks), "bool"),
        np.where(real, first[padded], 0),
        np.where(real, lengths[padded], 0),
        np.where(real, np.asarray(forced)[padded], 0),
    )
    return Feed(arrays, padded, int(lengths.sum()))


def feed_sequences(
    inputs: Sequence[np.ndarray],
    targets: Sequence[np.ndarray],
    masks: Sequence[np.ndarray],
    forced: Sequence[int],
    dtype: str,
    lanes: int,
) -> Feed:
    """Data of one network's sequences, one per lane, for kernels whose lanes are sequences.

    A block holds sequences with the same number of teacher-forced steps; `order` has one entry
    for each lane of each block.
    """
    lengths = np.array([len(x) for x in inputs])
    blocks: list[list[int]] = []
    for k in np.lexsort((-lengths, np.asarray(forced))):
        if blocks and len(blocks[-1]) < lanes and forced[blocks[-1][0]] == forced[k]:
            blocks[-1].append(int(k))
        else:
            blocks.append([int(k)])
    longest = np.array([max(int(lengths[k]) for k in block) for block in blocks])
    first = np.concatenate([[0], np.cumsum(longest)[:-1]])
    rows = int(longest.sum())
    x = np.zeros((rows, inputs[0].shape[1], lanes), dtype=dtype)
    y = np.zeros((rows, targets[0].shape[1], lanes), dtype=dtype)
    scored = np.zeros_like(y)
    order = np.full((len(blocks), lanes), -1)
    for row, block, numbers in zip(first, blocks, order, strict=True):
        for lane, k in enumerate(block):
            here = slice(row, row + lengths[k])
            x[here, :, lane], y[here, :, lane] = inputs[k], targets[k]
            scored[here, :, lane] = masks[k]
            numbers[lane] = k
    # A target that is not scored may be NaN: it must not reach the sum.
    y[scored == 0] = 0
    arrays = (
        _flat(x, dtype),
        _flat(y, dtype),
        _flat(scored, dtype),
        first,
        longest,
        np.array([forced[block[0]] for block in blocks]),
    )
    return Feed(arrays, order.ravel(), rows)


def _flat(array: np.ndarray, dtype: str) -> np.ndarray:
    """The array flattened into aligned memory of the kernel's dtype."""
    if dtype == "bool":
        return np.ascontiguousarray(array, dtype=bool).ravel()
    flat = aligned_empty(array.size, dtype)
    flat[:] = array.ravel()
    return flat
