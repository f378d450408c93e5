"""Draw the sequences of a random task, each part from its own stream of random numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from evornn.tasks.build import whole
from evornn.tasks.task import Task

Draw = Callable[[np.random.Generator], tuple[NDArray[np.float64], NDArray[np.float64]]]


def draw_parts(draw: Draw, counts: dict[str, int], seed: int, *, name: str, label: str) -> Task:
    """A task of many sequences whose only target stands at the last step; nothing is normalised.

    Each part has its own stream, so that more training sequences leave the test sequences as they
    were.

    Args:
        draw: From a generator to one sequence's inputs, axes (time, input), and the target of its
            last step, axes (output).
        counts: Sequences of "train", "validation" (0 for none) and "test".
        seed: At least 0.
        name: The task's name.
        label: What the target is.

    Raises:
        TypeError: A count or seed that is no whole number.
        ValueError: A count below 1 (validation: 0), or a negative seed.
    """
    streams = np.random.SeedSequence(whole("seed", seed, 0)).spawn(len(counts))
    inputs: list[NDArray] = []
    targets: list[NDArray] = []
    mask: list[NDArray] = []
    splits: dict[str, slice | None] = {}
    for (part, count), stream in zip(counts.items(), streams, strict=True):
        rng = np.random.default_rng(stream)
        start = len(inputs)
        for _ in range(whole(part, count, 0 if part == "validation" else 1)):
            x, answer = draw(rng)
            y = np.zeros((len(x), len(answer)))
            y[-1] = answer
            inputs.append(x)
            targets.append(y)
            mask.append(np.arange(len(x)) == len(x) - 1)
        splits[part] = slice(start, len(inputs)) if count else None
    return Task.from_arrays(
        inputs,
        targets,
        name=name,
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        normalise=False,
        mask=mask,
        label=label,
    )
