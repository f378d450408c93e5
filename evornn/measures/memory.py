"""Linear memory capacity: how many past inputs a reservoir's states still hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evornn.checks import check_count
from evornn.measures.arrays import as_columns, states_under
from evornn.readout import Ridge


@dataclass(frozen=True)
class MemoryCapacity:
    """Squared correlations of past inputs with what a linear readout says they were.

    Attributes:
        total: Their sum.
        by_delay: Axes (delay), each in [0, 1], for delays of 1, 2, ... steps.
    """

    total: float
    by_delay: NDArray[np.float64]


def memory_capacity(
    system: Any,
    *,
    max_delay: int,
    steps: int = 6000,
    washout: int | None = None,
    test_share: float = 0.5,
    ridge: float | str = 1e-7,
    amplitude: float = 0.8,
    rng: np.random.Generator,
) -> MemoryCapacity:
    """Drive a system with independent random inputs and measure `memory_capacity_of` its states.

    Args:
        system: A function of inputs (time, 1) that returns states (time, unit), or an object with
            `run` or `states`; see `evornn.measures.arrays.states_under`.
        max_delay: Longest delay in steps, at least 1; twice the number of units is ample.
        steps: Of input that count, at least 2; the delays and the washout come before them.
        washout: Steps before those, `max_delay` if not given.
        test_share: As for `memory_capacity_of`.
        ridge: As for `memory_capacity_of`.
        amplitude: Inputs are drawn from U(-amplitude, amplitude).
        rng: Draws them.

    Raises:
        TypeError: A system of another kind.
        ValueError: A setting out of range, or states that do not fit.
    """
    check_count("memory_capacity", "max_delay", max_delay, 1)
    check_count("memory_capacity", "steps", steps, 2)
    lead = max_delay if washout is None else washout
    u = rng.uniform(-amplitude, amplitude, size=(max(lead, max_delay) + steps, 1))
    states = states_under("memory_capacity", system, u)
    return memory_capacity_of(
        u,
        states,
        max_delay=max_delay,
        washout=max(lead, max_delay),
        test_share=test_share,
        ridge=ridge,
    )


def memory_capacity_of(
    u: ArrayLike,
    states: ArrayLike,
    *,
    max_delay: int,
    washout: int = 0,
    test_share: float = 0.5,
    ridge: float | str = 1e-7,
) -> MemoryCapacity:
    """Linear memory capacity of states that a series of independent inputs has driven.

    MC = sum_{k=1..max_delay} corr^2(u[t-k], y_k[t]), where y_k is the linear readout trained to
    tell u[t-k]. Trained on the first part of the steps, correlated on the rest: in the sample, a
    readout finds correlations that are not there, and the sum may exceed the number of units, which
    bounds it. Outside, chance still adds about max_delay / (number of test steps).

    Args:
        u: Inputs, axes (time) or (time, 1), independent and equally distributed.
        states: Axes (time, unit), after each input.
        max_delay: Longest delay in steps, at least 1.
        washout: Steps at the start that are left out, besides the first `max_delay`.
        test_share: Share of the steps that are not trained on, in (0, 1).
        ridge: As for `Ridge`.

    Raises:
        ValueError: Different lengths, several inputs, or too few steps.

    Source: Jaeger 2002 (GMD report 152), Short term memory in echo state networks: the definition
    of MC, and the bound MC <= N.
    """
    owner = "memory_capacity_of"
    check_count(owner, "max_delay", max_delay, 1)
    inputs, x = as_columns(owner, "inputs", u), as_columns(owner, "states", states)
    if inputs.shape != (len(x), 1):
        raise ValueError(
            f"`{owner}` needs one input for each of {len(x)} states, got axes {inputs.shape}."
        )
    if not 0 < test_share < 1:
        raise ValueError(f"`{owner}` needs a `test_share` in (0, 1), got {test_share}.")
    first = max(washout, max_delay)
    split = len(x) - round(test_share * (len(x) - first))
    if split - first < 2 or len(x) - split < 3:
        raise ValueError(
            f"`{owner}` needs steps to train and to test on, got {len(x)} with the first {first} "
            "left out; give a longer series."
        )
    windows = np.lib.stride_tricks.sliding_window_view(inputs[:, 0], max_delay + 1)[:, ::-1]
    past = windows[:, 1:]  # axes (time - max_delay, delay)
    readout = Ridge(ridge).fit(x[first:split], past[first - max_delay : split - max_delay])
    told, truth = readout.predict(x[split:]), past[split - max_delay :]
    by_delay = _squared_correlation(told, truth)
    return MemoryCapacity(float(by_delay.sum()), by_delay)


def _squared_correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the columns of two arrays, axes (column); 0 where one is constant."""
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    scale = np.square(a).sum(axis=0) * np.square(b).sum(axis=0)
    return np.square((a * b).sum(axis=0)) / np.where(scale > 0, scale, 1.0)
