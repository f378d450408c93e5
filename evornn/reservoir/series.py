"""What users give: series as arrays or lists, checked once, with errors that name the cure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Series = np.ndarray | Sequence[np.ndarray]


def as_series(name: str, given: Any, width: int | None = None) -> tuple[list[np.ndarray], bool]:
    """Sequences as float64 arrays, axes (time, feature), and whether it was a single one.

    Args:
        name: What they are called in errors: "inputs", "targets".
        given: Axes (time, feature), (time) for one feature, as an array or a data frame; a list of
            such arrays, or one array with axes (sequence, time, feature).
        width: Number of features, if it is known.

    Raises:
        ValueError: If there is none, one has other axes or no step, widths differ, or a number is
            not finite.
    """
    given = given.to_numpy() if hasattr(given, "to_numpy") else given
    single = isinstance(given, np.ndarray) and given.dtype != object and given.ndim <= 2
    single = single or (not isinstance(given, np.ndarray) and _is_flat(given))
    parts = [given] if single else list(given)
    if not parts:
        raise ValueError(f"{name} need at least one sequence, got none")
    sequences = []
    for number, part in enumerate(parts):
        array = np.asarray(part, dtype=np.float64)
        array = array[:, None] if array.ndim == 1 else array
        where = "" if single else f" in sequence {number}"
        if array.ndim != 2 or len(array) == 0 or array.shape[1] != (width or array.shape[1]):
            raise ValueError(
                f"{name} need axes (time, {width or 'feature'}) and at least one step, got shape "
                f"{np.shape(part)}{where}"
            )
        if not np.isfinite(array).all():
            step, feature = np.argwhere(~np.isfinite(array))[0]
            raise ValueError(
                f"{name} need finite numbers, got {array[step, feature]} at step {step}, feature "
                f"{feature}{where}; fill the gap or cut the series there"
            )
        width = array.shape[1]
        sequences.append(array)
    return sequences, single


def as_inputs(
    inputs: Any, outputs: Any, feedback: bool, width: int | None = None
) -> tuple[list[np.ndarray], bool]:
    """Checked inputs; of a network without any, as many empty steps as there are outputs to hear.

    Args:
        inputs: As for `as_series`, or None.
        outputs: Targets or a teacher, as for `as_series`, or None.
        feedback: Whether the network hears them.
        width: Number of inputs, if it is known.

    Raises:
        ValueError: As for `as_series`; or there is nothing at all to hear.
    """
    if inputs is not None:
        return as_series("inputs", inputs, width)
    if outputs is None or not feedback:
        raise ValueError(
            "a network without inputs needs feedback=True, and targets or a teacher to hear; "
            "generate(steps) needs neither"
        )
    ys, single = as_series("targets", outputs)
    return [np.zeros((len(y), 0)) for y in ys], single


def _is_flat(given: Any) -> bool:
    return len(given) > 0 and np.ndim(given[0]) == 0


def check_lengths(inputs: Sequence[np.ndarray], targets: Sequence[np.ndarray]) -> None:
    """Raise if there are not as many targets as inputs, or one is longer than the other."""
    if len(inputs) != len(targets):
        raise ValueError(
            f"fit needs a target for each of {len(inputs)} sequences, got {len(targets)}"
        )
    for number, (u, y) in enumerate(zip(inputs, targets, strict=True)):
        if len(u) != len(y):
            raise ValueError(
                f"fit needs a target for every step: sequence {number} has {len(u)} inputs and "
                f"{len(y)} targets"
            )


def check_washout(washout: int, inputs: Sequence[np.ndarray]) -> None:
    """Raise if a sequence is over before it counts."""
    for number, u in enumerate(inputs):
        if len(u) <= washout:
            raise ValueError(
                f"a washout of {washout} steps leaves nothing of sequence {number}, which has "
                f"{len(u)}; lower the washout, or leave that sequence out"
            )


def delayed(y: np.ndarray, first: np.ndarray | None = None) -> np.ndarray:
    """What is fed back at each step: the output of the step before, axes (time, output).

    Args:
        y: Axes (time, output).
        first: The output before the first step, axes (output); None: zero.
    """
    fed = np.empty_like(y)
    fed[0] = 0.0 if first is None else first
    fed[1:] = y[:-1]
    return fed
