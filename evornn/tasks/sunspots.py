"""Yearly sunspot numbers, the oldest benchmark of time series prediction."""

from __future__ import annotations

from importlib.resources import as_file, files

import numpy as np

from evornn.tasks.made import made_by
from evornn.tasks.table import Table
from evornn.tasks.task import Task


def sunspots(
    horizon: int = 1,
    washout: int = 15,
    validation_years: int = 0,
    test_years: tuple[int, int] = (1921, 1955),
) -> Task:
    """Predict the yearly mean sunspot number.

    The classic split: training 1700 to 1920, test 1921 to 1955. It has no validation years; those
    who need some can cut the last `validation_years` off the training years. The other classic test
    is `test_years=(1956, 1979)`, which holds the strongest cycle on record.

    The NMSE here divides by the variance of the scored test years. Much of the literature divides
    by 1535 instead, reported as the variance of the whole record to 1979 (1496 in this version of
    the data); that figure is `task.mse(part, outputs) * task.target_scale.std[0] ** 2 / 1535`.

    In that convention linear AR(12), trained from 1712 on, scores 0.126 and AR(16) 0.122; Tong and
    Lim's threshold model and Weigend's network are reported with 0.097 and 0.086.

    Args:
        horizon: Years to look ahead, at least 1.
        washout: Unscored years before each part; 15 lets the AR(16) control see 16 years everywhere
            and makes 1716 the first scored year.
        validation_years: Years 1920 and before that validate instead of train, 0 for none.
        test_years: First and last test year, both included, within 1921 to 2008.

    Raises:
        TypeError: An argument that is no whole number.
        ValueError: Years outside the data or a part with nothing to score.

    Source: Weigend, Huberman & Rumelhart 1990 (Int. J. Neural Systems 1); data from the National
    Geophysical Data Center, in the public domain (version 1 of the sunspot numbers).
    """
    with as_file(files("evornn.tasks") / "data" / "sunspots.csv") as path:
        table = Table(path)
    years, numbers = table.numbers(table.indices(["YEAR", "SUNACTIVITY"])).T
    first = int(years[0])
    start, stop = _check_years(test_years, first + len(years) - 1)
    train = 1921 - first
    if not 0 <= validation_years < train:
        raise ValueError(
            f"`validation_years` needs 0 to {train - 1} of the years 1700 to 1920, got "
            f"{validation_years}."
        )
    fitted = train - validation_years
    task = Task.from_series(
        np.asarray(numbers),
        horizon,
        name="sunspots",
        train=slice(0, fitted),
        validation=slice(fitted, train) if validation_years else None,
        test=slice(start - first, stop - first + 1),
        washout=washout,
        label="sunspot number",
    )
    return made_by(
        task,
        "sunspots",
        horizon=horizon,
        washout=washout,
        validation_years=validation_years,
        test_years=[start, stop],
    )


def _check_years(years: tuple[int, int], last: int) -> tuple[int, int]:
    if len(years) != 2 or not 1921 <= years[0] <= years[1] <= last:
        raise ValueError(
            f"`test_years` needs a first and a last year within 1921 to {last}, got {years}."
        )
    return int(years[0]), int(years[1])
