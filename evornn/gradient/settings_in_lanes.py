"""Settings that are one number for all lanes, or one number a lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from evornn.checks import check_range

Setting = float | Sequence[float]


class Range(NamedTuple):
    """Where a setting may lie.

    Attributes:
        low: The least value.
        high: The largest value.
        above: Whether `low` itself is excluded.
        below: Whether `high` itself is excluded.
    """

    low: float
    high: float = float("inf")
    above: bool = False
    below: bool = False


def checked(owner: str, name: str, value: Any, allowed: Range) -> Setting:
    """A setting as a float, or as a tuple of floats with one for each lane.

    Raises:
        TypeError: If it is neither a number nor a sequence of numbers.
        ValueError: If a number lies outside its range, or the sequence is empty.
    """
    if isinstance(value, Real):
        _check(owner, name, value, allowed)
        return float(value)
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, list | tuple):
        raise TypeError(
            f"`{owner}` needs a number, or a sequence with one number for each lane, for `{name}`, "
            f"got {value!r}."
        )
    if not value:
        raise ValueError(f"`{owner}` needs at least one number for `{name}`, got {value!r}.")
    for one in value:
        _check(owner, name, one, allowed)
    return tuple(float(one) for one in value)


def _check(owner: str, name: str, value: Any, allowed: Range) -> None:
    check_range(owner, name, value, allowed.low, allowed.high, above=allowed.above)
    if allowed.below and value == allowed.high:
        raise ValueError(f"`{owner}` needs `{name}` below {allowed.high:g}, got {value}.")


def in_lanes(owner: str, name: str, value: Setting, lanes: int) -> np.ndarray:
    """A checked setting of every lane, axes (lane), float64.

    Raises:
        ValueError: If it is a sequence of another length.
    """
    if isinstance(value, tuple) and len(value) != lanes:
        raise ValueError(
            f"`{owner}` needs one number, or {lanes}, one for each lane of the population, for "
            f"`{name}`, got {len(value)}."
        )
    return np.broadcast_to(np.asarray(value, dtype=np.float64), (lanes,)).copy()


def written(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as JSON has them: tuples become lists."""
    return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}
