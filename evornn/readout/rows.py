"""Rows of states and targets as readouts take them, checked."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Columns = NDArray[np.float64]


def as_rows(owner: str, name: str, values: ArrayLike) -> Columns:
    """Finite numbers with axes (time, column); a plain series (time) becomes one column.

    Args:
        owner: Who asks, for the error.
        name: What the numbers are, for the error.
        values: Axes (time, column) or (time).

    Raises:
        ValueError: No numbers, other axes, nothing in them, or NaN or infinity.
    """
    rows = _numbers(owner, name, values)
    check_finite(owner, name, rows)
    return rows


def as_pair(
    owner: str, X: ArrayLike, Y: ArrayLike, sample_weight: ArrayLike | None = None
) -> tuple[Columns, Columns, NDArray[np.float64] | None]:
    """States, targets and weights of the rows that count; rows of weight 0 may hold anything.

    Args:
        owner: Who asks, for the errors.
        X: States, axes (time, feature).
        Y: Targets, axes (time, output) or (time).
        sample_weight: Weight of each row, axes (time), at least 0; a mask of bools is one. None
            weighs all rows 1.

    Returns:
        States, targets, and the weights of their rows or None.

    Raises:
        ValueError: Different lengths, wrong axes, NaN or infinity, negative weights, or no row
            that counts.
    """
    x, y = _numbers(owner, "states", X), _numbers(owner, "targets", Y)
    if len(x) != len(y):
        raise ValueError(
            f"`{owner}` needs as many targets as states, got {len(x)} states and {len(y)} targets; "
            "cut both to the same steps."
        )
    weights = None
    if sample_weight is not None:
        weights = _numbers(owner, "weights", sample_weight)
        if weights.shape != (len(x), 1):
            raise ValueError(
                f"`{owner}` needs one weight for each of {len(x)} rows, axes (time), got shape "
                f"{np.shape(sample_weight)}; fit outputs with masks of their own apart."
            )
        weights = weights[:, 0]
        check_finite(owner, "weights", weights)
        if weights.min() < 0:
            raise ValueError(f"`{owner}` needs weights of at least 0, got {weights.min():g}.")
        counts = weights > 0
        if not counts.any():
            raise ValueError(f"`{owner}` needs a row that counts, got {len(x)} of weight 0.")
        if not counts.all():
            x, y, weights = x[counts], y[counts], weights[counts]
    check_finite(owner, "states", x)
    check_finite(owner, "targets", y)
    return x, y, weights


def check_finite(owner: str, name: str, values: NDArray[np.float64]) -> None:
    """Refuse NaN and infinity, and say where the first one stands.

    Raises:
        ValueError: One of the numbers is not finite.
    """
    # A finite sum needs finite terms: one pass without a temporary array settles the usual case.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum()):
            return
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        place = ", ".join(map(str, wrong[0]))
        raise ValueError(
            f"`{owner}` needs finite {name}, got {values[tuple(wrong[0])]} at [{place}] and "
            f"{len(wrong)} such numbers in all; give those rows weight 0 or leave them out."
        )


def _numbers(owner: str, name: str, values: ArrayLike) -> Columns:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"`{owner}` needs {name} that are numbers: {error}.") from error
    rows = array[:, None] if array.ndim == 1 else array
    if rows.ndim != 2 or not rows.size:
        raise ValueError(
            f"`{owner}` needs {name} with axes (time, column), got shape {array.shape}."
        )
    return rows
