"""Back and Tsoi's plant: a narrow low-pass filter, then a sine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evornn.tasks.build import whole
from evornn.tasks.made import made_by
from evornn.tasks.task import Task


def back_tsoi(
    train: int = 1000,
    validation: int = 500,
    test: int = 1000,
    washout: int = 50,
    seed: int = 0,
) -> Task:
    """Identify a recursive filter behind a nonlinearity: tell y[t] from the inputs up to u[t].

    z[t] = 1.99 z[t-1] - 1.572 z[t-2] + 0.4583 z[t-3]
           + 0.0154 u[t] + 0.0462 u[t-1] + 0.0462 u[t-2] + 0.0154 u[t-3]
    y[t] = sin(pi z[t]),  u ~ U(-1, 1)

    The slowest poles have modulus 0.83: the answer to one input lasts some 40 steps.

    Args:
        train: Scored training steps.
        validation: Scored validation steps, 0 for none.
        test: Scored test steps.
        washout: Unscored steps before each part, at least 0.
        seed: Of the input, at least 0.

    Raises:
        TypeError: An argument that is no whole number.
        ValueError: An argument below its least.

    Source: Back & Tsoi 1991 (Neural Computation 3:375), as used by Campolucci, Uncini, Piazza &
    Rao 1999 (IEEE Trans. Neural Networks 10:253); the coefficients are quoted from memory of it.
    """
    train, test = whole("train", train, 1), whole("test", test, 1)
    validation, washout = whole("validation", validation, 0), whole("washout", washout, 0)
    rng = np.random.default_rng(np.random.SeedSequence(whole("seed", seed, 0)))
    fitted = washout + train
    cut = fitted + validation
    u = rng.uniform(-1.0, 1.0, size=cut + test)
    task = Task.from_arrays(
        u,
        run_back_tsoi(u),
        name="back_tsoi",
        train=slice(washout, fitted),
        validation=slice(fitted, cut) if validation else None,
        test=slice(cut, cut + test),
        washout=washout,
        label="y",
    )
    return made_by(
        task,
        "back_tsoi",
        train=train,
        validation=validation,
        test=test,
        washout=washout,
        seed=seed,
    )


def run_back_tsoi(u: NDArray[np.float64]) -> NDArray[np.float64]:
    """The plant's output y[t] for the input u[t], from rest; axes (time)."""
    inputs, z = [0.0, 0.0, 0.0, *u.tolist()], [0.0, 0.0, 0.0]
    for t in range(3, len(inputs)):
        recursive = 1.99 * z[t - 1] - 1.572 * z[t - 2] + 0.4583 * z[t - 3]
        direct = 0.0154 * (inputs[t] + inputs[t - 3]) + 0.0462 * (inputs[t - 1] + inputs[t - 2])
        z.append(recursive + direct)
    return np.sin(np.pi * np.array(z[3:]))
