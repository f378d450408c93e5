"""Going through the training data: features and targets a piece at a time, and where it ended."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evornn.reservoir.closed_loop import Start
from evornn.reservoir.front import Front
from evornn.reservoir.stack import Stack

WHOLE_BYTES = 512e6  # features that are held at once; beyond, they are summed up piece by piece
PIECE_BYTES = 32e6


class Training:
    """One pass over sequences with a target for every step.

    Args:
        front: Reservoir and features.
        washout: First steps of each sequence to leave out; with backward layers also the last.
        feedback: Whether the first layer hears the targets of the step before.
        rng: Where the noise comes from.
        streams: Whether the readout can take the data in pieces.

    Attributes:
        start: Where the last sequence ended, after the pass.
        in_pieces: Whether the features are too many to be held at once.
    """

    def __init__(
        self, front: Front, washout: int, feedback: bool, rng: np.random.Generator, streams: bool
    ) -> None:
        self.front, self.washout, self.feedback, self.rng = front, washout, feedback, rng
        self.streams = streams and not front.at_once
        self.in_pieces = False
        self.start: Start | None = None

    def pieces(
        self, us: list[np.ndarray], ys: list[np.ndarray]
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Features and targets, axes (time, feature) and (time, output), without the washout.

        Args:
            us: Inputs, axes (time, input) each.
            ys: Targets, axes (time, output) each.
        """
        width = 8 * self.front.width(us[0].shape[1])
        self.in_pieces = self.streams and sum(map(len, us)) * width > WHOLE_BYTES
        steps = max(1, int(PIECE_BYTES / width)) if self.in_pieces else max(map(len, us))
        return self._pieces(us, ys, steps)

    def _pieces(
        self, us: list[np.ndarray], ys: list[np.ndarray], steps: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        stack = self.front.reservoir if isinstance(self.front.reservoir, Stack) else None
        for u, y in zip(us, ys, strict=True):
            memories = stack.clean() if stack else []
            end = len(u) - (self.washout if stack and stack.backward else 0)
            fed = y if self.feedback else None
            for begin, features in self.front.pieces(u, steps, memories, fed, self.rng):
                a, b = max(self.washout, begin), min(end, begin + len(features))
                if a < b:
                    yield features[a - begin : b - begin], y[a:b]
            if stack and any(stack.noise):  # a forecast begins without noise
                memories = stack.clean()
                for _ in self.front.pieces(u, steps, memories, fed):
                    pass
            self.start = Start(memories, u, y[-1])
