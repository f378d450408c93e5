"""One number for each neuron or synapse, from one for all or an array."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike


def per_item(
    owner: str,
    name: str,
    value: ArrayLike,
    count: int,
    low: float = -math.inf,
    *,
    above: bool = False,
    what: str = "neuron",
) -> np.ndarray:
    """One finite float64 for each item, from a number for all or an array with one each.

    Args:
        owner: Who asks, for the message.
        name: Of the argument.
        value: A number, or axes (item).
        count: Number of items.
        low: Least value.
        above: Whether `low` itself is refused.
        what: What the items are.

    Raises:
        ValueError: If the shape does not fit, or a value is not finite or too small.
    """
    array = np.asarray(value, dtype=np.float64)
    if array.shape not in ((), (count,)):
        raise ValueError(
            f"`{owner}` needs `{name}` as one number or one for each of {count} {what}s, got shape "
            f"{array.shape}."
        )
    wrong = ~np.isfinite(array) | (array <= low if above else array < low)
    if wrong.any():
        bound = "" if math.isinf(low) else f" {'above' if above else 'of at least'} {low:g}"
        raise ValueError(f"`{owner}` needs finite `{name}`{bound}, got {array[wrong].flat[0]}.")
    return np.array(np.broadcast_to(array, count))
