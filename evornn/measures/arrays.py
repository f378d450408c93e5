"""What measures take: arrays, or anything that turns inputs into states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def as_columns(owner: str, name: str, values: ArrayLike) -> NDArray[np.float64]:
    """Finite numbers with axes (time, column); a plain series (time) becomes one column.

    Raises:
        ValueError: Other axes, nothing in them, or NaN or infinity.
    """
    array = np.asarray(values, dtype=np.float64)
    columns = array[:, None] if array.ndim == 1 else array
    if columns.ndim != 2 or not columns.size:
        raise ValueError(
            f"`{owner}` needs {name} with axes (time, column), got shape {array.shape}."
        )
    if not np.isfinite(columns).all():
        raise ValueError(f"`{owner}` needs finite {name}, got NaN or infinity.")
    return columns


def begun_from(owner: str, system: Any) -> Callable[..., ArrayLike]:
    """A system as a function of inputs (time, input) and an initial state (unit).

    Args:
        owner: Who asks, for the errors.
        system: Such a function, which returns states (time, unit); or an object whose method
            `states` takes a `start`, such as an `ESN`.

    Raises:
        TypeError: Neither.
    """
    if callable(system):
        function: Callable[..., ArrayLike] = system
        return function
    if callable(getattr(system, "states", None)):
        return lambda u, start: system.states(u, start=start)
    raise TypeError(
        f"`{owner}` needs a function of inputs and an initial state, or an `ESN`, got {system!r}."
    )


def states_under(owner: str, system: Any, u: NDArray[np.float64]) -> NDArray[np.float64]:
    """States of a system under inputs, each call from a clean state.

    Args:
        owner: Who asks, for the errors.
        system: A function of inputs (time, input) that returns states (time, unit); or an object
            with such a method `run` (evornn's reservoirs, reservoirpy's nodes and models, which are
            reset first) or `states` (networks; their states stand side by side).
        u: Inputs, axes (time, input).

    Returns:
        Axes (time, unit).

    Raises:
        TypeError: None of these.
        ValueError: States of another length, or NaN or infinity in them.
    """
    if callable(getattr(system, "reset", None)) and getattr(system, "initialized", True):
        system.reset()
    if callable(getattr(system, "run", None)):
        answer = system.run(u)
    elif callable(getattr(system, "states", None)):
        answer = system.states(u)
    elif callable(system):
        answer = system(u)
    else:
        raise TypeError(
            f"`{owner}` needs a function of inputs, or an object with `run` or `states`, got "
            f"{system!r}."
        )
    if isinstance(answer, dict):
        answer = np.concatenate([np.reshape(s, (len(u), -1)) for s in answer.values()], axis=1)
    states = as_columns(owner, "states", answer)
    if len(states) != len(u):
        raise ValueError(
            f"`{owner}` needs a state for each of {len(u)} inputs, got {len(states)} states."
        )
    return states
