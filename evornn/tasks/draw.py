"""Draw the sequences of a random task, each part from its own stream of random numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from evornn.tasks.build import whole
from evornn.tasks.task import Task

Labelled = tuple[NDArray[np.float64], NDArray[np.float64]]
"""A sequence's inputs, axes (time, input), and the target of its last step, axes (output)."""

Draw = Callable[[np.random.Generator], Labelled]


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
    parts: dict[str, list[Labelled]] = {}
    for (part, count), stream in zip(counts.items(), streams, strict=True):
        rng = np.random.default_rng(stream)
        wanted = whole(part, count, 0 if part == "validation" else 1)
        parts[part] = [draw(rng) for _ in range(wanted)]
    return labelled_task(parts, name=name, label=label)


def labelled_task(parts: Mapping[str, Sequence[Labelled]], *, name: str, label: str) -> Task:
    """A task of many sequences whose only target stands at the last step; nothing is normalised.

    Args:
        parts: The sequences of "train", "validation" (none, or left out) and "test".
        name: The task's name.
        label: What the target is.
    """
    inputs: list[NDArray] = []
    targets: list[NDArray] = []
    mask: list[NDArray] = []
    splits: dict[str, slice | None] = dict.fromkeys(("train", "validation", "test"))
    for part, sequences in parts.items():
        start = len(inputs)
        for x, answer in sequences:
            y = np.zeros((len(x), len(answer)))
            y[-1] = answer
            inputs.append(x)
            targets.append(y)
            mask.append(np.arange(len(x)) == len(x) - 1)
        splits[part] = slice(start, len(inputs)) if sequences else None
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
