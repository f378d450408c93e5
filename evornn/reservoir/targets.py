"""What a reservoir's readout is to answer, as arrays: numbers or labels, by step or by sequence."""

from __future__ import annotations

from typing import Any

import numpy as np

from evornn.reservoir.labels import Labels
from evornn.reservoir.series import as_series, check_lengths


def step_targets(
    given: Any, inputs: list[np.ndarray], single: bool, classify: bool
) -> tuple[list[np.ndarray], Labels | None]:
    """A target for every step, axes (time, output) each, and the classes if they are labels.

    Args:
        given: Axes (time, output) or (time), or a list of such arrays; labels: axes (time).
        inputs: The sequences, axes (time, input) each.
        single: Whether there is one sequence, not a list.
        classify: Whether targets are labels.

    Raises:
        ValueError: If there are more or fewer than steps, a number is not finite, or there is one
            class only.
    """
    if not classify:
        ys, _ = as_series("targets", given)
        check_lengths(inputs, ys)
        return ys, None
    parts = [np.asarray(given).reshape(-1)] if single else [np.ravel(part) for part in given]
    check_lengths(inputs, parts)
    labels = Labels.of(np.concatenate(parts))
    return [labels.one_hot(part) for part in parts], labels


def row_targets(
    given: Any, inputs: list[np.ndarray], single: bool, classify: bool
) -> tuple[list[np.ndarray], Labels | None]:
    """A target for every sequence: one array, axes (sequence, output), and the classes.

    Args:
        given: Axes (sequence, output) or (sequence); of a single sequence also (output).
        inputs: The sequences.
        single: Whether there is one sequence, not a list.
        classify: Whether targets are labels.

    Raises:
        ValueError: As for `step_targets`.
    """
    rows = np.asarray(given)
    rows = rows.reshape(1, -1) if single else rows
    if rows.ndim == 0 or len(rows) != len(inputs):
        raise ValueError(
            f"fit needs a target for each of {len(inputs)} sequences, got "
            f"{len(rows) if rows.ndim else 'one number'}"
        )
    if classify:
        labels = Labels.of(rows.reshape(-1))
        return [labels.one_hot(rows.reshape(-1))], labels
    return as_series("targets", rows.reshape(len(rows), -1))[0], None
