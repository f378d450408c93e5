"""Errors of a forecast, with the denominators spelled out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evornn.checks import check_range
from evornn.measures.arrays import as_columns


def mse(truth: ArrayLike, forecast: ArrayLike) -> float:
    """Mean square error over all times and outputs.

    Args:
        truth: Axes (time, output) or (time).
        forecast: Like `truth`.

    Raises:
        ValueError: Different shapes, or a truth that is not finite.
    """
    true, told = _pair("mse", truth, forecast)
    with np.errstate(over="ignore", invalid="ignore"):  # a diverged forecast has an infinite error
        return float(np.square(told - true).mean())


def nmse(truth: ArrayLike, forecast: ArrayLike, variance: ArrayLike | None = None) -> float:
    """Mean square error over the variance, mean of the outputs: 0 is perfect, 1 is the mean.

    Args:
        truth: Axes (time, output) or (time).
        forecast: Like `truth`.
        variance: To divide by, a number or axes (output); by default that of `truth` (divided by
            the number of times, not by one less).

    Raises:
        ValueError: As for `mse`; an output that never varies.
    """
    true, told = _pair("nmse", truth, forecast)
    scale = np.broadcast_to(
        true.var(axis=0) if variance is None else np.asarray(variance, dtype=np.float64),
        (true.shape[1],),
    )
    least = 1e-24 * np.maximum(1.0, np.square(true.mean(axis=0)))
    if not (scale > least).all():
        raise ValueError(
            "The normalised error needs outputs that vary, got variances "
            f"{np.array2string(scale, precision=3)}; use `mse`."
        )
    with np.errstate(over="ignore", invalid="ignore"):
        return float((np.square(told - true).mean(axis=0) / scale).mean())


def nrmse(truth: ArrayLike, forecast: ArrayLike, variance: ArrayLike | None = None) -> float:
    """Root of `nmse`: the error in standard deviations.

    Libraries differ here (some divide by the variance, the range or the mean), and so do the
    numbers they print.

    Args:
        truth: Axes (time, output) or (time).
        forecast: Like `truth`.
        variance: As for `nmse`.

    Raises:
        ValueError: As for `nmse`.
    """
    return float(np.sqrt(nmse(truth, forecast, variance)))


def valid_prediction_time(
    truth: ArrayLike,
    forecast: ArrayLike,
    *,
    dt: float = 1.0,
    lyapunov: float = 1.0,
    threshold: float = 0.3,
    std: ArrayLike | None = None,
) -> float:
    """How long a forecast of a chaotic system holds, in Lyapunov times.

    The first time at which the root of the mean over outputs of ((forecast - truth) / std)^2
    exceeds the threshold.

    Args:
        truth: Axes (time, output) or (time); the first entry is one step after the start.
        forecast: Like `truth`.
        dt: Time from one entry to the next, above 0.
        lyapunov: Largest exponent, per unit of time, above 0; 1 leaves units of time.
        threshold: Above 0; sources differ: 0.3, 0.4, 0.5.
        std: Of each output, axes (output), over a long run; by default that of `truth`.

    Returns:
        A time; the length of the forecast if it never fails.

    Raises:
        ValueError: As for `nmse`; a number that is not above 0.

    Source: Platt et al. 2022 (Neural Networks 153), with threshold 0.3.
    """
    for name, number in (("dt", dt), ("lyapunov", lyapunov), ("threshold", threshold)):
        check_range("valid_prediction_time", name, number, 0.0, above=True)
    true, told = _pair("valid_prediction_time", truth, forecast)
    scale = true.std(axis=0) if std is None else np.asarray(std, dtype=np.float64)
    if not (scale > 0).all():
        raise ValueError("`valid_prediction_time` needs outputs that vary; give `std`.")
    with np.errstate(over="ignore", invalid="ignore"):
        error = np.sqrt(np.square((told - true) / scale).mean(axis=1))
    failed = np.flatnonzero(~(error <= threshold))  # NaN fails too
    steps = int(failed[0]) if len(failed) else len(true)
    return steps * dt * lyapunov


def _pair(
    owner: str, truth: ArrayLike, forecast: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    true = as_columns(owner, "truth", truth)
    told = np.asarray(forecast, dtype=np.float64)
    told = told[:, None] if told.ndim == 1 else told
    if told.shape != true.shape:
        raise ValueError(
            f"`{owner}` needs a forecast like the truth, axes {true.shape}, got {told.shape}."
        )
    return true, told
