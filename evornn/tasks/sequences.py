"""The forms in which a user may give data, brought into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Columns = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Sequences:
    """Inputs, targets and mask in their own units, before any split; axes as in `Part`.

    Targets that the mask leaves out may be NaN.
    """

    inputs: list[Columns]
    targets: list[Columns]
    mask: list[Mask]

    def of_time(self, steps: slice) -> Sequences:
        """Some steps of a single sequence."""
        return Sequences([self.inputs[0][steps]], [self.targets[0][steps]], [self.mask[0][steps]])

    def of_sequences(self, chosen: slice) -> Sequences:
        """Some of the sequences, whole."""
        return Sequences(self.inputs[chosen], self.targets[chosen], self.mask[chosen])


def as_sequences(
    inputs: object, targets: object, mask: object, name: str
) -> tuple[Sequences, bool]:
    """Bring the arrays that a user may give into one form.

    Args:
        inputs: One series, axes (time) or (time, input); or a list of such sequences, or an array
            (sequence, time, input).
        targets: The same form with the same lengths; (time, output).
        mask: None, or the same form: (time) or (time, output), False where nothing is scored.
            Targets may be NaN there.
        name: The task's, for messages.

    Returns:
        The sequences, and whether the user gave a single series.

    Raises:
        TypeError: A mask that is not boolean.
        ValueError: Different counts or lengths, no data, NaN or infinity.
    """
    xs, single = _columns(inputs, "inputs", name)
    ys, single_targets = _columns(targets, "targets", name)
    if single != single_targets or len(xs) != len(ys):
        raise ValueError(
            f"Task {name!r} needs one sequence of targets for each sequence of inputs, got "
            f"{len(xs)} of inputs and {len(ys)} of targets."
        )
    masks = [np.ones(y.shape, dtype=bool) for y in ys]
    if mask is not None:
        masks = _masks(mask, ys, single, name)
    for i, (x, y, m) in enumerate(zip(xs, ys, masks, strict=True)):
        if len(x) != len(y):
            raise ValueError(
                f"Task {name!r} needs inputs and targets of the same length, got {len(x)} and "
                f"{len(y)} steps in sequence {i}."
            )
        where = "" if single else f" of sequence {i}"
        _check_finite(x, np.ones(x.shape, dtype=bool), "inputs", where, name)
        _check_finite(y, m, "targets", where, name)
    return Sequences(xs, ys, masks), single


def _columns(values: object, what: str, name: str) -> tuple[list[Columns], bool]:
    if isinstance(values, np.ndarray):
        listed: Sequence[object] = list(values) if values.ndim == 3 else [values]
        single = values.ndim < 3
    elif isinstance(values, (list, tuple)) and all(_is_sequence(item) for item in values):
        listed, single = values, False
    else:
        listed, single = [values], True
    if not listed:
        raise ValueError(f"Task {name!r} needs at least 1 sequence of {what}, got an empty list.")
    columns = []
    for i, item in enumerate(listed):
        try:
            array = np.array(item, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"Task {name!r} needs numbers as {what}, axes (time) or (time, column), got "
                f"{type(item).__name__} in sequence {i} that NumPy cannot read: {error}."
            ) from error
        array = array[:, None] if array.ndim == 1 else array
        if array.ndim != 2 or not array.size:
            raise ValueError(
                f"Task {name!r} needs {what} with axes (time) or (time, column) and at least 1 "
                f"step, got shape {array.shape} in sequence {i}."
            )
        columns.append(array)
    if len({array.shape[1] for array in columns}) != 1:
        raise ValueError(
            f"Task {name!r} needs {what} with the same columns in all sequences, got "
            f"{sorted({array.shape[1] for array in columns})} columns."
        )
    return columns, single


def _is_sequence(item: object) -> bool:
    return isinstance(item, (list, tuple)) or (isinstance(item, np.ndarray) and item.ndim > 0)


def _masks(mask: object, targets: list[Columns], single: bool, name: str) -> list[Mask]:
    listed: list[object] = [mask] if single else list(mask)  # type: ignore[call-overload]
    if len(listed) != len(targets):
        raise ValueError(
            f"The mask of task {name!r} needs {len(targets)} sequences like the targets, got "
            f"{len(listed)}."
        )
    masks = []
    for i, (item, target) in enumerate(zip(listed, targets, strict=True)):
        array = np.asarray(item)
        if array.dtype != np.bool_:
            raise TypeError(f"The mask of task {name!r} needs booleans, got {array.dtype}.")
        array = array[:, None] if array.ndim == 1 else array
        fits = array.ndim == 2 and len(array) == len(target)
        if not fits or array.shape[1] not in (1, target.shape[1]):
            raise ValueError(
                f"The mask of task {name!r} needs shape {target.shape} like the targets, got "
                f"{array.shape} in sequence {i}."
            )
        masks.append(np.array(np.broadcast_to(array, target.shape)))
    return masks


def _check_finite(values: Columns, needed: Mask, what: str, where: str, name: str) -> None:
    bad = np.argwhere(~np.isfinite(values) & needed)
    if len(bad):
        step, column = bad[0]
        raise ValueError(
            f"Task {name!r} needs finite {what}, got {values[step, column]} at step {step}"
            f"{where}, column {column}; remove or mend it ({len(bad)} in all)."
        )
