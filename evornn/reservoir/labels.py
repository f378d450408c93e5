"""Labels as targets of a regression: one output for each class, the largest answer wins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evornn.readout import Logistic
from evornn.readout.adapt import tells_classes


@dataclass(frozen=True)
class Labels:
    """The classes of a problem.

    Attributes:
        names: Axes (class), sorted.
    """

    names: np.ndarray

    @classmethod
    def of(cls, labels: np.ndarray) -> Labels:
        """The classes that occur.

        Raises:
            ValueError: If there is one only, or one is NaN.
        """
        if (labels != labels).any():  # NaN alone differs from itself, in any array
            raise ValueError("classification needs a label for every target, got NaN among them")
        names = np.unique(labels)
        if len(names) < 2:
            raise ValueError(
                f"classification needs at least two classes, got only {names.tolist()}; add "
                "sequences of another class"
            )
        return cls(names)

    def one_hot(self, labels: np.ndarray) -> np.ndarray:
        """1 for the label's class, else 0, axes (label, class)."""
        return (labels[:, None] == self.names).astype(np.float64)


def takes_labels(readout: Any) -> bool:
    """Whether a readout is fitted to labels and answers with labels."""
    estimator = getattr(readout, "estimator", readout)
    return isinstance(readout, Logistic) or tells_classes(estimator)
