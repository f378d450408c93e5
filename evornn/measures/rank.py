"""Kernel rank and generalisation rank: what a reservoir tells apart, and what it overlooks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evornn.checks import check_count
from evornn.measures.arrays import as_columns, states_under


def rank_of(states: ArrayLike, *, tolerance: float | None = None) -> int:
    """Number of linearly independent states.

    Args:
        states: Axes (stream, unit): the last state after each of several input streams.
        tolerance: Singular values count that exceed this share of the largest, in (0, 1); by
            default rounding, the larger axis times 2.2e-16. States of tanh units are never exactly
            dependent: 0.01 to 1e-6 makes the rank tell more.

    Raises:
        ValueError: Wrong axes, NaN or infinity, or a tolerance out of range.
    """
    x = as_columns("rank_of", "states", states)
    if tolerance is None:
        tolerance = max(x.shape) * float(np.finfo(float).eps)
    if not 0 < tolerance < 1:
        raise ValueError(f"`rank_of` needs a `tolerance` in (0, 1), got {tolerance}.")
    values = np.linalg.svd(x, compute_uv=False)
    return int((values > tolerance * values[0]).sum())


def kernel_rank(
    system: Any,
    *,
    streams: int,
    length: int = 100,
    inputs: int = 1,
    tolerance: float | None = None,
    amplitude: float = 1.0,
    rng: np.random.Generator,
) -> int:
    """Rank of the last states after different random streams: how much can be told apart.

    Args:
        system: A function of inputs (time, input) that returns states (time, unit), each call from
            a clean state, or an object with `run` or `states`.
        streams: Number of streams, at least 1; no rank exceeds it, so at least the number of units.
        length: Of each, in steps, at least 1.
        inputs: Number of inputs.
        tolerance: As for `rank_of`.
        amplitude: Inputs are drawn from U(-amplitude, amplitude).
        rng: Draws them.

    Raises:
        ValueError: A setting out of range, or states that do not fit.

    Source: Legenstein & Maass 2007 (Neural Networks 20).
    """
    return _rank_after("kernel_rank", system, streams, length, 0, inputs, tolerance, amplitude, rng)


def generalisation_rank(
    system: Any,
    *,
    streams: int,
    length: int = 100,
    shared: int = 10,
    inputs: int = 1,
    tolerance: float | None = None,
    amplitude: float = 1.0,
    rng: np.random.Generator,
) -> int:
    """Rank of the last states after streams with the same end: how much of the old past remains.

    Low is good: streams that differ only long ago, or by noise, are treated alike. The kernel rank
    less this one predicts how well a reservoir computes.

    Args:
        system: As for `kernel_rank`.
        streams: As for `kernel_rank`.
        length: As for `kernel_rank`.
        shared: Steps at the end that all streams share, 0 to `length`.
        inputs: As for `kernel_rank`.
        tolerance: As for `kernel_rank`.
        amplitude: As for `kernel_rank`.
        rng: As for `kernel_rank`.

    Raises:
        ValueError: A setting out of range, or states that do not fit.

    Source: Legenstein & Maass 2007 (Neural Networks 20); Buesing, Schrauwen & Legenstein 2010
    (Neural Computation 22), for streams that share their last inputs.
    """
    if not 0 <= shared <= length:
        raise ValueError(
            f"`generalisation_rank` needs `shared` of 0 to the length {length}, got {shared}."
        )
    return _rank_after(
        "generalisation_rank", system, streams, length, shared, inputs, tolerance, amplitude, rng
    )


def _rank_after(
    owner: str,
    system: Any,
    streams: int,
    length: int,
    shared: int,
    inputs: int,
    tolerance: float | None,
    amplitude: float,
    rng: np.random.Generator,
) -> int:
    for name, count in (("streams", streams), ("length", length), ("inputs", inputs)):
        check_count(owner, name, count, 1)
    end = rng.uniform(-amplitude, amplitude, size=(shared, inputs))
    last: list[NDArray[np.float64]] = []
    for _ in range(streams):
        start = rng.uniform(-amplitude, amplitude, size=(length - shared, inputs))
        last.append(states_under(owner, system, np.concatenate([start, end]))[-1])
    return rank_of(np.array(last), tolerance=tolerance)
