"""The Lorenz system: the best known strange attractor."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from evornn.tasks.build import whole
from evornn.tasks.made import made_by
from evornn.tasks.task import Task

LYAPUNOV_EXPONENT = 0.9056
"""Largest exponent at the usual parameters, per unit of time; Sprott 2003."""
_COLUMNS = "xyz"
_TRANSIENT = 50.0  # units of time, about 45 Lyapunov times
_LONGEST_STEP = 0.005  # of the integrator: a local error of about 1e-9 of the attractor's size


def lorenz(
    horizon: int = 1,
    dt: float = 0.025,
    observed: str = "xyz",
    told: str = "xyz",
    train: int = 2000,
    validation: int = 1000,
    test: int = 2000,
    washout: int = 100,
    normalise: bool = True,
    seed: int = 0,
) -> Task:
    """Predict the Lorenz system from its three coordinates, or from some of them.

    x' = 10 (y - x),  y' = x (28 - z) - y,  z' = x y - 8/3 z

    One step ahead is easy; a network shows what it knows of the attractor when it runs free, over
    Lyapunov times of 1 / 0.9056. With `observed="xy", told="z", horizon=0` it is the task of
    inferring a coordinate that is never seen. The seed sets the start; 50 units of time are
    discarded.

    Args:
        horizon: Samples to look ahead, at least 1 (0 if no coordinate is both observed and told).
        dt: Time from one sample to the next, above 0 and at most 1. Integrated by the classical
            Runge-Kutta method in steps of at most 0.005.
        observed: Letters of the coordinates that the network sees.
        told: Letters of those that it tells.
        train: Samples of the training part (its first `washout` and `horizon` are not scored).
        validation: Samples of the validation part, 0 for none.
        test: Samples of the test part.
        washout: Unscored samples before each part.
        normalise: Give each coordinate mean 0 and standard deviation 1 over the training samples.
        seed: Of the start, at least 0.

    Raises:
        TypeError: A count that is no whole number.
        ValueError: A count below its least, unknown coordinates, another `dt`, or too few samples
            for horizon and washout.

    Source: Lorenz 1963 (Journal of the Atmospheric Sciences 20), eqs. 25-27; sampled as by Gauthier
    et al. 2021 (Nature Communications 12, 5564).
    """
    train, test = whole("train", train, 1), whole("test", test, 1)
    validation = whole("validation", validation, 0)
    cut = train + validation
    rng = np.random.default_rng(np.random.SeedSequence(whole("seed", seed, 0)))
    task = Task.from_series(
        integrate_lorenz(cut + test, dt, rng),
        horizon,
        columns=_indices("observed", observed),
        target=_indices("told", told),
        name="lorenz",
        train=slice(0, train),
        validation=slice(train, cut) if validation else None,
        test=slice(cut, cut + test),
        washout=washout,
        normalise=normalise,
        label=", ".join(told),
    )
    return made_by(
        task,
        "lorenz",
        horizon=horizon,
        dt=dt,
        observed=observed,
        told=told,
        train=train,
        validation=validation,
        test=test,
        washout=washout,
        normalise=normalise,
        seed=seed,
    )


def integrate_lorenz(
    samples: int, dt: float, rng: np.random.Generator, *, transient: float = _TRANSIENT
) -> NDArray[np.float64]:
    """The coordinates themselves, axes (time, coordinate), one sample each `dt`.

    Args:
        samples: Number of samples to return.
        dt: Time between them, above 0 and at most 1.
        rng: Draws the start near (0, 1, 20), each coordinate from a range of +-5.
        transient: Time to discard first.

    Raises:
        ValueError: Another `dt`.
    """
    if not 0 < dt <= 1:
        raise ValueError(f"`dt` needs to be above 0 and at most 1, got {dt}.")
    steps = math.ceil(dt / _LONGEST_STEP - 1e-9)  # integrator's steps for a sample
    # Plain floats: arrays of only three numbers take several times as long.
    state = tuple((np.array([0.0, 1.0, 20.0]) + rng.uniform(-5, 5, size=3)).tolist())
    for _ in range(math.ceil(transient / dt) * steps):
        state = _step(state, dt / steps)
    series = []
    for _ in range(samples):
        series.append(state)
        for _ in range(steps):
            state = _step(state, dt / steps)
    return np.array(series)


State = tuple[float, ...]


def _slope(state: State) -> State:
    x, y, z = state
    return 10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z


def _ahead(state: State, slope: State, time: float) -> State:
    return (
        state[0] + time * slope[0],
        state[1] + time * slope[1],
        state[2] + time * slope[2],
    )


def _step(state: State, dt: float) -> State:
    """One step of the classical Runge-Kutta method."""
    a = _slope(state)
    b = _slope(_ahead(state, a, 0.5 * dt))
    c = _slope(_ahead(state, b, 0.5 * dt))
    d = _slope(_ahead(state, c, dt))
    mean = tuple((p + 2.0 * (q + r) + s) / 6.0 for p, q, r, s in zip(a, b, c, d, strict=True))
    return _ahead(state, mean, dt)


def _indices(what: str, letters: str) -> list[int]:
    if not letters or len(set(letters)) != len(letters) or not set(letters) <= set(_COLUMNS):
        raise ValueError(f"`{what}` needs different letters out of {_COLUMNS!r}, got {letters!r}.")
    return [_COLUMNS.index(letter) for letter in letters]
