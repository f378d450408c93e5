"""Narendra and Parthasarathy's second plant: the classic of system identification with NARX."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evornn.tasks.build import whole
from evornn.tasks.made import made_by
from evornn.tasks.task import Task

PERIOD = 25  # of the test input, in steps


def narendra_plant(
    train: int = 2000,
    validation: int = 500,
    test: int = 500,
    washout: int = 50,
    seed: int = 0,
) -> Task:
    """Identify a second-order nonlinear plant: tell y[t+1] from the inputs up to u[t].

    y[t+1] = y[t] y[t-1] (y[t] + 2.5) / (1 + y[t]^2 + y[t-1]^2) + u[t]

    It is driven by u ~ U(-2, 2) for training and validation, and tested on another kind of input,
    u[t] = sin(2 pi t / 25). The network sees the input alone; `series_parallel` adds the plant's
    last output.

    Args:
        train: Scored training steps.
        validation: Scored validation steps, 0 for none.
        test: Scored test steps.
        washout: Unscored steps before each part, at least 0; before the test's they have the
            test's input.
        seed: Of the random input, at least 0.

    Raises:
        TypeError: An argument that is no whole number.
        ValueError: An argument below its least.

    Source: Narendra & Parthasarathy 1990 (IEEE Trans. Neural Networks 1:4), example 2.
    """
    train, test = whole("train", train, 1), whole("test", test, 1)
    validation, washout = whole("validation", validation, 0), whole("washout", washout, 0)
    rng = np.random.default_rng(np.random.SeedSequence(whole("seed", seed, 0)))
    fitted = washout + train
    cut = fitted + validation
    sine = np.sin(2 * np.pi * np.arange(washout + test) / PERIOD)
    u = np.concatenate([rng.uniform(-2.0, 2.0, size=cut), sine])
    task = Task.from_arrays(
        u,
        run_narendra_plant(u),
        name="narendra_plant",
        train=slice(washout, fitted),
        validation=slice(fitted, cut) if validation else None,
        test=slice(cut + washout, cut + washout + test),
        washout=washout,
        label="y",
    )
    return made_by(
        task,
        "narendra_plant",
        train=train,
        validation=validation,
        test=test,
        washout=washout,
        seed=seed,
    )


def run_narendra_plant(u: NDArray[np.float64]) -> NDArray[np.float64]:
    """The plant's output y[t+1] for the input u[t], from rest; axes (time)."""
    y = [0.0, 0.0]
    for now in u.tolist():
        last, before = y[-1], y[-2]
        y.append(last * before * (last + 2.5) / (1 + last * last + before * before) + now)
    return np.array(y[2:])
