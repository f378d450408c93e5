"""Temporal XOR: predict the next bit of a stream in which every third one can be known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evornn.tasks.build import whole
from evornn.tasks.made import made_by
from evornn.tasks.task import Task


def temporal_xor(
    train: int = 1000,
    validation: int = 0,
    test: int = 1000,
    only_xor: bool = False,
    seed: int = 0,
) -> Task:
    """Predict the next bit of the stream a, b, a xor b, a', b', a' xor b', ...

    Two bits of three are fair coins, so that the best possible mean square error is 1/6 (1/4, 1/4,
    0 over the places), an NMSE of about 2/3. Without memory nothing beats 1/4 anywhere: the NMSE
    stays at 1. Bits stay 0 and 1.

    Args:
        train: Triples of the training stream; 1000, 3000 bits, as published.
        validation: Triples of the validation stream, 0 for none.
        test: Triples of the test stream.
        only_xor: Score only the third bit of each triple, where the error can become 0.
        seed: At least 0.

    Raises:
        TypeError: A count that is no whole number.
        ValueError: Fewer than 2 triples (validation: 1), or a negative seed.

    Source: Elman 1990 (Cognitive Science 14), "Exclusive-OR".
    """
    counts = {"train": train, "validation": validation, "test": test}
    streams = np.random.SeedSequence(whole("seed", seed, 0)).spawn(len(counts))
    inputs: list[NDArray] = []
    targets: list[NDArray] = []
    mask: list[NDArray] = []
    splits: dict[str, slice | None] = {}
    for (part, count), stream in zip(counts.items(), streams, strict=True):
        splits[part] = None
        if whole(part, count, 0 if part == "validation" else 2):
            splits[part] = slice(len(inputs), len(inputs) + 1)
            bits = draw_stream(count, np.random.default_rng(stream))
            inputs.append(bits[:-1, None])
            targets.append(bits[1:, None])
            # Step i tells bit i + 1, and bits 2, 5, 8, ... are the known ones.
            known = np.arange(len(bits) - 1) % 3 == 1
            mask.append(known if only_xor else np.ones_like(known))
    task = Task.from_arrays(
        inputs,
        targets,
        name="temporal_xor",
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        normalise=False,
        mask=mask,
        label="next bit",
    )
    return made_by(
        task,
        "temporal_xor",
        train=train,
        validation=validation,
        test=test,
        only_xor=only_xor,
        seed=seed,
    )


def draw_stream(triples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Bits a, b, a xor b of independent fair a and b, axes (time), 3 for each triple."""
    a, b = rng.integers(2, size=(2, triples))
    return np.column_stack([a, b, a ^ b]).astype(np.float64).ravel()
