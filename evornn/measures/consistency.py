"""Does the input alone decide the state? Consistency and the echo-state index."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evornn.checks import check_count
from evornn.measures.arrays import as_columns, begun_from


def consistency(
    system: Any,
    u: ArrayLike,
    starts: ArrayLike,
    *,
    washout: int = 0,
) -> float:
    """Mean correlation of the responses to the same input from different initial states.

    1 if the input alone decides the response (the echo state property, seen in this input), 0 if
    nothing of it does.

    Args:
        system: An `ESN`; or a function (inputs (time, input), initial state (unit)) -> states
            (time, unit).
        u: Inputs, axes (time, input) or (time).
        starts: Initial states, at least 2, axes (start, unit).
        washout: Steps left out, in which the trajectories may still meet.

    Returns:
        Mean over the units and over all pairs of initial states, in [-1, 1]. A unit that is
        constant in one of the runs counts as 1 if both agree, else as 0.

    Raises:
        TypeError: A system of another kind.
        ValueError: Fewer than 2 initial states, too short inputs, or states that do not fit.

    Source: Uchida, McAllister & Roy 2004 (Physical Review Letters 93, 244102): consistency as the
    correlation of repeated responses.
    """
    runs = _runs("consistency", system, u, starts, washout)
    values = []
    for i in range(len(runs)):
        for j in range(i):
            values.append(_correlations(runs[i], runs[j]).mean())
    return float(np.mean(values))


def echo_state_index(
    system: Any,
    u: ArrayLike,
    starts: ArrayLike,
    *,
    washout: int = 0,
    tolerance: float = 1e-6,
) -> int:
    """Number of different responses that an input leaves possible: 1 is the echo state property.

    Trajectories from many initial states are grouped: those that stay within the tolerance of each
    other, in every unit and at all steps after the washout, are one response.

    Args:
        system: An `ESN`; or a function (inputs (time, input), initial state (unit)) -> states
            (time, unit).
        u: Inputs, axes (time, input) or (time).
        starts: Initial states, at least 2, axes (start, unit), spread over all that can be reached.
        washout: Steps after which trajectories should have met.
        tolerance: Largest difference of a unit that counts as the same, above 0.

    Returns:
        1 to the number of initial states. As many as those means that nothing is attracting.

    Raises:
        TypeError: A system of another kind.
        ValueError: Fewer than 2 initial states, too short inputs, a tolerance that is not above 0,
            or states that do not fit.

    Source: Ceni, Ashwin, Livi & Postlethwaite 2020 (Physica D 412): the number of uniformly
    attracting entire solutions, here as far as these starts and this input show it.
    """
    if not tolerance > 0:
        raise ValueError(f"`echo_state_index` needs a `tolerance` above 0, got {tolerance}.")
    responses: list[NDArray[np.float64]] = []
    for states in _runs("echo_state_index", system, u, starts, washout):
        if all(np.abs(states - other).max() > tolerance for other in responses):
            responses.append(states)
    return len(responses)


def _runs(
    owner: str, system: Any, u: ArrayLike, starts: ArrayLike, washout: int
) -> list[NDArray[np.float64]]:
    inputs, initial = as_columns(owner, "inputs", u), np.asarray(starts, dtype=np.float64)
    if initial.ndim != 2 or len(initial) < 2:
        raise ValueError(
            f"`{owner}` needs at least 2 initial states, axes (start, unit), got shape "
            f"{initial.shape}."
        )
    check_count(owner, "washout", washout, 0)
    if len(inputs) - washout < 2:
        raise ValueError(
            f"`{owner}` needs at least 2 steps after the washout of {washout}, got {len(inputs)} "
            "in all."
        )
    run, runs = begun_from(owner, system), []
    for start in initial:
        states = as_columns(owner, "states", run(inputs, start))
        if len(states) != len(inputs):
            raise ValueError(
                f"`{owner}` needs a state for each of {len(inputs)} inputs, got {len(states)}."
            )
        runs.append(states[washout:])
    return runs


def _correlations(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each unit, axes (unit)."""
    same = np.abs(a - b).max(axis=0) <= 1e-12 * np.maximum(1.0, np.abs(a).max(axis=0))
    da, db = a - a.mean(axis=0), b - b.mean(axis=0)
    scale = np.sqrt(np.square(da).sum(axis=0) * np.square(db).sum(axis=0))
    moved = scale > 0
    correlation = (da * db).sum(axis=0) / np.where(moved, scale, 1.0)
    return np.where(same, 1.0, np.where(moved, correlation, 0.0))
