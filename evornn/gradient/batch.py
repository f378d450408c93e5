"""Sequences in the form that gradient kernels read, by what the lanes are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evornn.gradient.loss import Loss
from evornn.simd.lanes import aligned_zeros
from evornn.tasks.part import Part


@dataclass(frozen=True)
class Marks:
    """Which targets of the chosen sequences count.

    Attributes:
        marks: For each sequence, axes (time, output), 1 where an entry enters the loss.
        counted: For each sequence, axes (time): what the step adds to the loss' denominator.
    """

    marks: list[np.ndarray]
    counted: list[np.ndarray]

    @cached_property
    def total(self) -> int:
        """The loss' denominator, at least 1."""
        return max(1, int(sum(c.sum() for c in self.counted)))


def marks_of(part: Part, numbers: Sequence[int], loss: Loss) -> Marks:
    """What a loss counts of a part's sequences."""
    marks, counted = [], []
    for k in numbers:
        mask: np.ndarray = np.asarray(part.mask[k], dtype=bool)
        steps: np.ndarray = np.asarray(mask.any(axis=1))
        if loss.last:
            last = np.flatnonzero(steps)[-1:]
            steps = np.isin(np.arange(len(steps)), last)
            mask = mask & steps[:, None]
        if loss.per_step:
            mask = np.repeat(steps[:, None], mask.shape[1], axis=1)
        marks.append(mask)
        counted.append(np.asarray(steps if loss.per_step else mask.sum(axis=1), dtype=np.int64))
    return Marks(marks, counted)


@dataclass(frozen=True)
class Group:
    """Sequences that run side by side in one call.

    Attributes:
        data: What `GradientKernel.run_forward` reads: inputs, targets, marks, first rows, lengths.
        length: Steps of the longest.
        numbers: The sequences, as positions among those chosen.
    """

    data: tuple[np.ndarray, ...]
    length: int
    numbers: tuple[int, ...]


def groups_of(
    part: Part,
    numbers: Sequence[int],
    marks: Marks,
    dtype: str,
    kind: str,
    width: int,
    *,
    equal: bool = False,
    alike: bool = False,
) -> list[Group]:
    """The chosen sequences in groups: those of similar length together, longest first.

    Args:
        part: Where they come from.
        numbers: Their numbers in it.
        marks: What counts.
        dtype: The kernel's.
        kind: "sequences": `width` lanes, each a sequence; otherwise `width` sequences one after
            the other in memory.
        width: Sequences in a group.
        equal: All groups get the length of the longest sequence; nothing is scored beyond a
            sequence's end.
        alike: Only sequences of one length stand in a group.
    """
    lengths = np.array([len(part.inputs[k]) for k in numbers])
    order = np.argsort(-lengths, kind="stable")
    longest = int(lengths.max()) if equal else 0
    groups = []
    for chosen in _chunks(order, lengths, width, alike):
        if kind == "sequences":
            groups.append(_in_lanes(part, numbers, marks, dtype, chosen, width, longest))
        else:
            groups.append(_in_rows(part, numbers, marks, dtype, chosen, width, longest))
    return groups


def _chunks(
    order: np.ndarray, lengths: np.ndarray, width: int, alike: bool
) -> list[tuple[int, ...]]:
    """At most `width` sequences at a time, in order."""
    chunks: list[list[int]] = []
    for k in order:
        begins = not chunks or len(chunks[-1]) == width
        if begins or (alike and lengths[k] != lengths[chunks[-1][0]]):
            chunks.append([])
        chunks[-1].append(int(k))
    return [tuple(chunk) for chunk in chunks]


def _in_lanes(
    part: Part,
    numbers: Sequence[int],
    marks: Marks,
    dtype: str,
    chosen: tuple[int, ...],
    width: int,
    least: int,
) -> Group:
    length = max(least, *(len(part.inputs[numbers[k]]) for k in chosen))
    columns = (part.inputs[0].shape[1], part.targets[0].shape[1], part.targets[0].shape[1])
    arrays = [aligned_zeros(max(1, length * n * width), dtype) for n in columns]
    x, y, m = (a.reshape(length, n, width) for a, n in zip(arrays, columns, strict=True))
    for lane, k in enumerate(chosen):
        here = slice(0, len(part.inputs[numbers[k]]))
        x[here, :, lane] = part.inputs[numbers[k]]
        y[here, :, lane] = np.where(marks.marks[k], part.targets[numbers[k]], 0.0)
        m[here, :, lane] = marks.marks[k]
    data = (*arrays, np.zeros(1, dtype=np.int64), np.array([length]))
    return Group(data, length, chosen)


def _in_rows(
    part: Part,
    numbers: Sequence[int],
    marks: Marks,
    dtype: str,
    chosen: tuple[int, ...],
    width: int,
    least: int,
) -> Group:
    found: tuple[list[np.ndarray], ...] = ([], [], [])
    for k in chosen:
        found[0].append(part.inputs[numbers[k]])
        found[1].append(np.where(marks.marks[k], part.targets[numbers[k]], 0.0))
        found[2].append(marks.marks[k])
    lengths = np.zeros(width, dtype=np.int64)
    lengths[: len(chosen)] = [len(rows) for rows in found[0]]
    # Rows beyond the last sequence's end are zeros, of which nothing is scored.
    beyond = max(0, least - int(lengths[len(chosen) - 1]))
    arrays = []
    for rows in found:
        joined = np.concatenate([*rows, np.zeros((beyond, rows[0].shape[1]))])
        array = aligned_zeros(max(1, joined.size), dtype)
        array[: joined.size] = joined.ravel()
        arrays.append(array)
    begin = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    begin[len(chosen) :] = 0
    return Group((*arrays, begin, lengths), max(least, int(lengths.max())), chosen)
