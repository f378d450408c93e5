"""Long time lags: the last symbol of a sequence repeats its first, far back."""

from __future__ import annotations

import numpy as np

from evornn.tasks.build import whole
from evornn.tasks.draw import Labelled, draw_parts
from evornn.tasks.made import made_by
from evornn.tasks.task import Task

ENDS = 0.1
"""Chance of a sequence with distractors to end at each step beyond its least length."""


def long_lag(lag: int = 100) -> Task:
    """Predict the next symbol of two sequences that differ in their first and last one only.

    With p = `lag` there are p + 1 symbols, one hot: a_1 ... a_(p-1), x and y. The sequences are
    x a_1 ... a_(p-1) x and y a_1 ... a_(p-1) y. All steps but the last can be told from the symbol
    before; the last needs the first one, p steps back. In training every step is scored, p in all;
    in the test only the last. There being just two sequences, both parts hold both. Nothing is
    normalised; a sequence counts as solved if all outputs of the last step are within 0.25.

    Args:
        lag: p, at least 2.

    Raises:
        TypeError: A lag that is no whole number.
        ValueError: A lag below 2.

    Source: Hochreiter & Schmidhuber 1997 (Neural Computation 9), experiment 2a.
    """
    lag = whole("lag", lag, 2)
    symbols = np.eye(lag + 1)
    between = np.arange(lag - 1)
    inputs, targets, mask = [], [], []
    for last_only in (False, True):
        for end in (lag - 1, lag):
            sequence = symbols[np.r_[end, between, end]]
            inputs.append(sequence[:-1])
            targets.append(sequence[1:])
            mask.append((np.arange(lag) == lag - 1) | (not last_only))
    task = Task.from_arrays(
        inputs,
        targets,
        name="long_lag",
        train=slice(0, 2),
        validation=None,
        test=slice(2, 4),
        normalise=False,
        mask=mask,
        label="next symbol",
    )
    return made_by(task, "long_lag", lag=lag)


def long_lag_distractors(
    lag: int = 100,
    distractors: int = 100,
    train: int = 200,
    validation: int = 100,
    test: int = 200,
    seed: int = 0,
) -> Task:
    """Tell at the end of a random sequence whether its second symbol was x or y.

    There are `distractors` + 4 symbols, one hot: a_1, a_2, ..., b, e, x and y. A sequence is b,
    then x or y, then at least `lag` random a's, after each further of which it ends with chance
    1/10, then e. The target of that step is (1, 0) after x and (0, 1) after y; nothing else is
    scored. Unlike in `long_lag`, nothing between can be predicted, and the lag varies. Nothing is
    normalised; a sequence counts as solved if both outputs are within 0.25.

    Args:
        lag: q, the least number of distractors in a sequence, at least 1.
        distractors: p, the number of different ones, at least 1.
        train: Sequences of the training part.
        validation: Sequences of the validation part, 0 for none.
        test: Sequences of the test part.
        seed: At least 0.

    Raises:
        TypeError: A count that is no whole number.
        ValueError: A count below its least.

    Source: Hochreiter & Schmidhuber 1997 (Neural Computation 9), experiment 2c.
    """
    lag, distractors = whole("lag", lag, 1), whole("distractors", distractors, 1)
    task = draw_parts(
        lambda rng: _draw(lag, distractors, rng),
        {"train": train, "validation": validation, "test": test},
        seed,
        name="long_lag_distractors",
        label="class",
    )
    return made_by(
        task,
        "long_lag_distractors",
        lag=lag,
        distractors=distractors,
        train=train,
        validation=validation,
        test=test,
        seed=seed,
    )


def _draw(lag: int, distractors: int, rng: np.random.Generator) -> Labelled:
    steps = lag + int(rng.geometric(ENDS)) - 1
    which = int(rng.integers(2))
    begin, end, first = distractors, distractors + 1, distractors + 2 + which
    symbols = np.r_[begin, first, rng.integers(distractors, size=steps), end]
    return np.eye(distractors + 4)[symbols], np.eye(2)[which]
