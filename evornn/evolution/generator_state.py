"""A NumPy generator's state as JSON text, so that checkpoints need no pickle."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

BIT_GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")


def generator_to_json(rng: np.random.Generator) -> str:
    """The exact state of a generator."""
    return json.dumps(rng.bit_generator.state, default=lambda array: array.tolist())


def generator_from_json(text: str) -> np.random.Generator:
    """The generator that `generator_to_json` described.

    Raises:
        ValueError: If the text names no bit generator of NumPy.
    """
    state: dict[str, Any] = json.loads(text)
    name = state.get("bit_generator")
    if name not in BIT_GENERATORS:
        raise ValueError(
            f"A generator's state needs one of {', '.join(BIT_GENERATORS)}, got {name!r}."
        )
    bit_generator = getattr(np.random, name)()
    bit_generator.state = state
    return np.random.Generator(bit_generator)
