"""Temporal order: classify a sequence by the order of a few widely separated symbols."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evornn.tasks.build import whole
from evornn.tasks.draw import draw_parts
from evornn.tasks.made import made_by
from evornn.tasks.task import Task

SYMBOLS = ("a", "b", "c", "d", "E", "B", "X", "Y")
"""The input's columns, one hot."""

WINDOWS = {"6a": ((0.1, 0.2), (0.5, 0.6)), "6b": ((0.1, 0.2), (0.33, 0.43), (0.66, 0.76))}
"""For each experiment, where its relevant symbols stand, as shares of `length`, ends included."""


def temporal_order(
    experiment: str = "6a",
    length: int = 100,
    train: int = 200,
    validation: int = 100,
    test: int = 200,
    seed: int = 0,
) -> Task:
    """Tell at the end of a sequence in which order X and Y came; only the last step is scored.

    A sequence starts with E, ends with B, and holds random symbols a, b, c, d but for two places
    (experiment 6a) or three (6b), which hold X or Y. With `length` 100, as published, a sequence
    has 100 to 110 steps and the places are drawn from 10 to 20 and 50 to 60 (6a), or 10 to 20, 33
    to 43 and 66 to 76 (6b); other lengths scale all of these. The class is the word of X and Y: 4
    or 8 one-hot targets in the order XX, XY, YX, YY. Nothing is normalised; a sequence is solved
    if all outputs are within 0.3.

    Args:
        experiment: "6a" or "6b".
        length: Least number of steps, at least 10.
        train: Sequences of the training part.
        validation: Sequences of the validation part, 0 for none.
        test: Sequences of the test part.
        seed: At least 0.

    Raises:
        TypeError: A count that is no whole number.
        ValueError: A count below its least, or an unknown experiment.

    Source: Hochreiter & Schmidhuber 1997 (Neural Computation 9), experiments 6a and 6b.
    """
    if experiment not in WINDOWS:
        raise ValueError(
            f"`experiment` needs to be one of {', '.join(WINDOWS)}, got {experiment!r}."
        )
    length = whole("length", length, 10)
    task = draw_parts(
        lambda rng: _draw(experiment, length, rng),
        {"train": train, "validation": validation, "test": test},
        seed,
        name="temporal_order",
        label="class",
    )
    return made_by(
        task,
        "temporal_order",
        experiment=experiment,
        length=length,
        train=train,
        validation=validation,
        test=test,
        seed=seed,
    )


def _draw(
    experiment: str, length: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    windows = WINDOWS[experiment]
    steps = int(rng.integers(length, length + length // 10, endpoint=True))
    symbols = rng.integers(4, size=steps)
    symbols[0], symbols[-1] = SYMBOLS.index("E"), SYMBOLS.index("B")
    word = rng.integers(2, size=len(windows))
    for letter, (low, high) in zip(word, windows, strict=True):
        at = int(rng.integers(round(low * length), round(high * length), endpoint=True))
        symbols[at] = SYMBOLS.index("X") + letter
    answer = np.zeros(2 ** len(windows))
    answer[int("".join(map(str, word)), 2)] = 1.0
    return np.eye(len(SYMBOLS))[symbols], answer
