"""The Santa Fe laser: chaotic intensity pulses of a far-infrared laser."""

from __future__ import annotations

import warnings

import numpy as np

from evornn.tasks.made import made_by
from evornn.tasks.task import Task


def santa_fe_laser(horizon: int = 1, washout: int = 50) -> Task:
    """Predict the intensity of a chaotic NH3 laser, data set A of the Santa Fe competition.

    Training on samples 0 to 1999, validation on 2000 to 2999, test on 5000 to 7999 of the 10093
    measured ones (integers 0 to 255); 3000 to 4999 and the rest stay unused. These are targets:
    each is predicted from the samples up to `horizon` before it. One step ahead, the controls score
    a test NMSE of 0.180 (linear AR(16)) and 0.926 (persistence); cycle reservoirs of 50 to 200
    units reach 0.032 to 0.037.

    Args:
        horizon: Samples to look ahead, at least 1.
        washout: Unscored samples before each part (for training: the first ones).

    Raises:
        TypeError: An argument that is no whole number.
        ValueError: A horizon or washout that leaves nothing to score.

    Source: Huebner, Abraham & Weiss 1989 (Phys. Rev. A 40); Weigend & Gershenfeld 1993, Time Series
    Prediction. The samples come with reservoirpy.
    """
    from reservoirpy.datasets import santafe_laser

    with warnings.catch_warnings():
        # reservoirpy 0.4.2 leaves its file to be closed by the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        samples = np.asarray(santafe_laser(), dtype=np.float64)
    task = Task.from_series(
        samples,
        horizon,
        name="santa_fe_laser",
        train=slice(0, 2000),
        validation=slice(2000, 3000),
        test=slice(5000, 8000),
        washout=washout,
        label="intensity",
    )
    return made_by(task, "santa_fe_laser", horizon=horizon, washout=washout)
