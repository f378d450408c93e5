"""What a population's run has found so far, and the clock: the state that all such runs share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

CHROMOSOMES = ("best", "chosen")


@dataclass
class Found:
    """The best of a run so far.

    Attributes:
        best: The best chromosome, axes (gene); None before the first generation.
        best_error: The least error that counts for the search.
        best_generation: The generation that reached it.
        failed: Evaluations that gave no finite number.
        elapsed_s: Seconds spent.
    """

    best: np.ndarray | None = None
    best_error: float = np.inf
    best_generation: int = 0
    failed: int = 0
    elapsed_s: float = 0.0

    def state(self) -> dict[str, Any]:
        """Every attribute by name; a chromosome that is not found yet is left out.

        A checkpoint keeps arrays apart from its values, and has no array that is None.
        """
        return {k: v for k, v in vars(self).items() if v is not None or k not in CHROMOSOMES}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over the attributes of a state, which may hold more.

        Raises:
            KeyError: If one other than a chromosome is missing.
        """
        for name in (field.name for field in fields(self)):
            setattr(self, name, state.get(name) if name in CHROMOSOMES else state[name])


@dataclass
class FoundNetwork(Found):
    """The best of a run, and the one that its validation error has chosen.

    Attributes:
        chosen: The chromosome to be used, axes (gene).
        chosen_error: Its validation error, or its training error where there is no validation part.
        validation: Validation error of `best`; NaN where there is no validation part.
        learned: Share of the training targets that `best` meets; None where no rule asks for it.
    """

    chosen: np.ndarray | None = None
    chosen_error: float = np.inf
    validation: float = np.nan
    learned: float | None = None
