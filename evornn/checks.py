"""Checks of settings that say what was needed, what came, and where."""

from __future__ import annotations

import math
from numbers import Integral, Real


def check_count(owner: str, name: str, value: object, least: int) -> None:
    """Refuse a value that is not a whole number of at least `least`.

    Raises:
        TypeError: If the value is not a whole number.
        ValueError: If it is too small.
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"`{owner}` needs a whole number for `{name}`, got {value!r}.")
    if int(value) < least:
        raise ValueError(f"`{owner}` needs `{name}` of at least {least}, got {value}.")


def check_range(
    owner: str, name: str, value: object, low: float, high: float = math.inf, *, above: bool = False
) -> None:
    """Refuse a value that is not a finite number in [low, high], or (low, high] with `above`.

    Raises:
        TypeError: If the value is not a number.
        ValueError: If it lies outside.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"`{owner}` needs a number for `{name}`, got {value!r}.")
    number = float(value)
    if math.isfinite(number) and number <= high and (number > low if above else number >= low):
        return
    if math.isinf(high):
        needed = f"above {low:g}" if above else f"of at least {low:g}"
    else:
        needed = f"in {'(' if above else '['}{low:g}, {high:g}]"
    raise ValueError(f"`{owner}` needs a finite `{name}` {needed}, got {value}.")
