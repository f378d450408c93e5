"""The Mackey-Glass series: a chaotic delay equation from physiology."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evornn.tasks.build import whole
from evornn.tasks.made import made_by
from evornn.tasks.task import Task

_STEPS_PER_SAMPLE = 10  # Euler steps of 0.1
_TRANSIENT = 1000  # samples


def mackey_glass(
    tau: int = 17,
    horizon: int = 84,
    train: int = 2000,
    validation: int = 1000,
    test: int = 2000,
    washout: int = 100,
    squash: bool = True,
    normalise: bool = True,
    seed: int = 0,
) -> Task:
    """Predict the Mackey-Glass series, 84 samples ahead at once unless told otherwise.

    dy/dt = 0.2 y(t - tau) / (1 + y(t - tau)^10) - 0.1 y(t)

    Integrated as in Jaeger's echo-state report: Euler steps of 0.1, every 10th kept, so that one
    sample is one unit of time; then y -> tanh(y - 1) with `squash`. With `horizon=1` it is the task
    for free running (Jaeger's NRMSE84 is taken after 84 steps of it, in the units before `squash`).
    The seed sets the random history before the start; 1000 samples are discarded.

    Args:
        tau: Delay in units of time; 17 is mildly chaotic, 30 strongly.
        horizon: Samples to look ahead, at least 1.
        train: Samples of the training part (its first `washout` and `horizon` are not scored).
        validation: Samples of the validation part, 0 for none.
        test: Samples of the test part.
        washout: Unscored samples before each part.
        squash: Keep tanh(y - 1), in about (-0.6, 0.4), instead of y.
        normalise: Give the series mean 0 and standard deviation 1 over the training samples.
        seed: Of the random history, at least 0.

    Raises:
        TypeError: A count that is no whole number.
        ValueError: A count below its least, or too few samples for horizon and washout.

    Source: Mackey & Glass 1977 (Science 197); Jaeger 2001 (GMD report 148), section 6.4.
    """
    train, test = whole("train", train, 1), whole("test", test, 1)
    validation = whole("validation", validation, 0)
    cut = train + validation
    rng = np.random.default_rng(np.random.SeedSequence(whole("seed", seed, 0)))
    series = integrate_mackey_glass(whole("tau", tau, 1), cut + test, rng)
    task = Task.from_series(
        np.tanh(series - 1.0) if squash else series,
        horizon,
        name="mackey_glass",
        train=slice(0, train),
        validation=slice(train, cut) if validation else None,
        test=slice(cut, cut + test),
        washout=washout,
        normalise=normalise,
        label="tanh(y - 1)" if squash else "y",
    )
    return made_by(
        task,
        "mackey_glass",
        tau=tau,
        horizon=horizon,
        train=train,
        validation=validation,
        test=test,
        washout=washout,
        squash=squash,
        normalise=normalise,
        seed=seed,
    )


def integrate_mackey_glass(
    tau: int, samples: int, rng: np.random.Generator, *, transient: int = _TRANSIENT
) -> NDArray[np.float64]:
    """The series itself, axes (time), one sample each unit of time.

    Args:
        tau: Delay in units of time.
        samples: Number of samples to return.
        rng: Draws the history before the start from U(1.1, 1.3).
        transient: Samples to discard first.
    """
    delay = tau * _STEPS_PER_SAMPLE
    step = 1.0 / _STEPS_PER_SAMPLE
    steps = (transient + samples) * _STEPS_PER_SAMPLE
    # A list of Python floats: indexing single entries of an array takes about three times as long.
    y = [*rng.uniform(1.1, 1.3, size=delay + 1).tolist(), *([0.0] * steps)]
    for n in range(delay, delay + steps):
        past = y[n - delay]
        y[n + 1] = y[n] + step * (0.2 * past / (1.0 + past**10) - 0.1 * y[n])
    return np.array(y[delay + 1 :])[_STEPS_PER_SAMPLE - 1 :: _STEPS_PER_SAMPLE][transient:]
