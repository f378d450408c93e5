"""The adding problem: remember two marked numbers and add them at the end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evornn.tasks.build import whole
from evornn.tasks.draw import draw_parts
from evornn.tasks.made import made_by
from evornn.tasks.task import Task

Sequence = tuple[NDArray[np.float64], NDArray[np.float64]]


def adding(
    length: int = 100,
    form: str = "lstm97",
    train: int = 200,
    validation: int = 100,
    test: int = 200,
    seed: int = 0,
) -> Task:
    """Add the two marked numbers of a long sequence; only the last step is scored.

    Each step shows a number and a marker. Two forms are in use:

    "lstm97": numbers ~ U(-1, 1), `length` to 1.1 `length` steps; the first mark is among the first
    ten steps, the second among the first `length` / 2 - 1 still unmarked ones; markers are 1 there,
    -1 at the first and last step, else 0; the target is 0.5 + (X1 + X2) / 4. If the first step is
    marked, its marker stays -1 and its number counts as 0. A sequence is solved if the error is
    below 0.04.

    "indrnn": numbers ~ U(0, 1), exactly `length` steps, one mark in each half, markers 0 or 1, the
    target is the sum. Always answering 1 has a mean square error of 1/6.

    Nothing is normalised: the criteria are in these units.

    Args:
        length: Least number of steps, at least 22 for "lstm97" and 2 for "indrnn".
        form: "lstm97" or "indrnn".
        train: Sequences of the training part.
        validation: Sequences of the validation part, 0 for none.
        test: Sequences of the test part.
        seed: At least 0.

    Raises:
        TypeError: A count that is no whole number.
        ValueError: A count below its least, or an unknown form.

    Source: Hochreiter & Schmidhuber 1997 (Neural Computation 9), experiment 4; Li et al. 2018
    (CVPR), the adding problem.
    """
    forms = {"lstm97": (_draw_lstm97, 22), "indrnn": (_draw_indrnn, 2)}
    if form not in forms:
        raise ValueError(f"`form` needs to be one of {', '.join(forms)}, got {form!r}.")
    draw, least = forms[form]
    length = whole("length", length, least)
    task = draw_parts(
        lambda rng: draw(length, rng),
        {"train": train, "validation": validation, "test": test},
        seed,
        name="adding",
        label="sum" if form == "indrnn" else "0.5 + sum / 4",
    )
    return made_by(
        task,
        "adding",
        length=length,
        form=form,
        train=train,
        validation=validation,
        test=test,
        seed=seed,
    )


def _draw_lstm97(length: int, rng: np.random.Generator) -> Sequence:
    steps = int(rng.integers(length, length + length // 10, endpoint=True))
    numbers = rng.uniform(-1.0, 1.0, size=steps)
    first = int(rng.integers(10))
    second = int(rng.integers(length // 2 - 1))
    second += second >= first  # among the still unmarked
    markers = np.zeros(steps)
    markers[[first, second]] = 1.0
    markers[[0, -1]] = -1.0
    total = sum(float(numbers[at]) for at in (first, second) if at > 0)
    return np.column_stack([numbers, markers]), np.array([0.5 + total / 4.0])


def _draw_indrnn(length: int, rng: np.random.Generator) -> Sequence:
    numbers = rng.uniform(0.0, 1.0, size=length)
    marked = [int(rng.integers(length // 2)), int(rng.integers(length // 2, length))]
    markers = np.zeros(length)
    markers[marked] = 1.0
    return np.column_stack([numbers, markers]), np.array([numbers[marked].sum()])
