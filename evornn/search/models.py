"""Models without memory of their own, as contenders beside networks: windows and persistence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from evornn.checks import check_count
from evornn.readout import Ridge
from evornn.search.fitting import scored_steps

Arrays = Sequence[np.ndarray]


class Windows:
    """Linear regression from the last inputs, "linear AR" on a series that tells its next value.

    Where a sequence is younger than the window, the missing inputs count as 0, the mean of
    normalised data; such steps are not learned, as long as others remain.

    Args:
        order: Inputs that are seen, the newest included, at least 1.
        ridge: Penalty on the squares of the weights; a number, "loo" or "cv".

    Attributes:
        readout: The fitted `Ridge`; the newest inputs' weights come first.

    Raises:
        TypeError: If the order is no whole number.
        ValueError: If it is below 1, or the ridge is none.
    """

    def __init__(self, order: int = 16, ridge: float | str = 0.0) -> None:
        check_count("Windows", "order", order, 1)
        self.order, self.ridge = int(order), ridge
        self.readout = Ridge(ridge)

    def fit(self, inputs: Arrays, targets: Arrays, mask: Arrays) -> Self:
        """Fit to the scored steps.

        Args:
            inputs: Sequences, axes (time, input) each.
            targets: Axes (time, output) each.
            mask: Which targets count, axes (time, output) each.
        """
        rows = [scored_steps(each) for each in mask]
        full = [row & (np.arange(len(row)) >= self.order - 1) for row in rows]
        used = full if any(row.any() for row in full) else rows
        seen = [self._windows(x)[row] for x, row in zip(inputs, used, strict=True)]
        wanted = [y[row] for y, row in zip(targets, used, strict=True)]
        self.readout.fit(np.concatenate(seen), np.concatenate(wanted))
        return self

    def predict(self, inputs: Arrays) -> list[np.ndarray]:
        """Outputs for every sequence, axes (time, output) each."""
        return [self.readout.predict(self._windows(x)) for x in inputs]

    def _windows(self, inputs: np.ndarray) -> np.ndarray:
        """The last inputs at each step, axes (time, order * input)."""
        padded = np.pad(inputs, ((self.order - 1, 0), (0, 0)))
        newest = [padded[self.order - 1 - age : len(padded) - age] for age in range(self.order)]
        return np.concatenate(newest, axis=1)


class Persistence:
    """The input is the answer: for a task that tells a series' later value, its last known one.

    Args:
        columns: Which inputs answer, one for each output; None: all of them.
    """

    def __init__(self, columns: Sequence[int] | None = None) -> None:
        self.columns = None if columns is None else list(columns)

    def fit(self, inputs: Arrays, targets: Arrays, mask: Arrays) -> Self:
        """Learn nothing, but see whether there is an input for each output.

        Raises:
            ValueError: If there is not.
        """
        width, outputs = inputs[0].shape[1], targets[0].shape[1]
        columns = list(range(width)) if self.columns is None else self.columns
        if len(columns) != outputs or not all(0 <= column < width for column in columns):
            raise ValueError(
                f"`Persistence` needs an input for each of {outputs} outputs, got columns {columns}"
                f" of {width} inputs; it is for tasks that tell the later value of an input."
            )
        return self

    def predict(self, inputs: Arrays) -> list[np.ndarray]:
        """The inputs themselves, axes (time, output) each."""
        return [x.copy() if self.columns is None else x[:, self.columns] for x in inputs]
