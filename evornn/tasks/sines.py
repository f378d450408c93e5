"""Superimposed sines: slow and fast oscillations in one signal."""

from __future__ import annotations

import numpy as np

from evornn.tasks.build import whole
from evornn.tasks.made import made_by
from evornn.tasks.task import Task

FREQUENCIES = (0.2, 0.311, 0.42, 0.51, 0.63)
"""Angular frequencies, radians per step; Wierstra, Gomez & Schmidhuber 2005."""


def superimposed_sines(
    sines: int = 3,
    washout: int = 100,
    train: int = 400,
    validation: int = 0,
    test: int = 300,
) -> Task:
    """Continue a sum of two to five sines of incommensurate frequencies.

    sin(0.2 t) + sin(0.311 t) + sin(0.42 t) + sin(0.51 t) + sin(0.63 t), the first `sines` of them.

    The published protocol: 100 steps of washout, 400 of training, then 300 steps of *free running*
    on the network's own outputs. The score of this task is one step ahead, which is easy (linear in
    the last 2 `sines` values: AR(16) is exact); judge a network by what it generates over the test
    part.

    Args:
        sines: How many, 1 to 5.
        washout: Unscored steps at the start and before each part.
        train: Scored training steps.
        validation: Scored validation steps, 0 for none.
        test: Scored test steps.

    Raises:
        TypeError: An argument that is no whole number.
        ValueError: An argument outside its range.

    Source: Wierstra, Gomez & Schmidhuber 2005 (GECCO); Schmidhuber, Wierstra, Gagliolo & Gomez 2007
    (Neural Computation 19).
    """
    if not 1 <= whole("sines", sines, 1) <= len(FREQUENCIES):
        raise ValueError(f"`sines` needs 1 to {len(FREQUENCIES)}, got {sines}.")
    train, test = whole("train", train, 1), whole("test", test, 1)
    validation, washout = whole("validation", validation, 0), whole("washout", washout, 0)
    # Sample 0 is never a target, so `train` steps are scored up to sample washout + train.
    fitted = 1 + washout + train
    cut = fitted + validation
    t = np.arange(cut + test)
    series = sum((np.sin(w * t) for w in FREQUENCIES[:sines]), start=np.zeros(len(t)))
    task = Task.from_series(
        series,
        1,
        name="superimposed_sines",
        train=slice(0, fitted),
        validation=slice(fitted, cut) if validation else None,
        test=slice(cut, cut + test),
        washout=washout,
        label="sum of sines",
    )
    return made_by(
        task,
        "superimposed_sines",
        sines=sines,
        washout=washout,
        train=train,
        validation=validation,
        test=test,
    )
