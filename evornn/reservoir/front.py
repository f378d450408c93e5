"""Everything before the readout: a reservoir, and how its states become features."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from evornn.reservoir.cell_reservoir import CellReservoir
from evornn.reservoir.features import Transform, transformed
from evornn.reservoir.series import delayed
from evornn.reservoir.stack import Stack
from evornn.reservoir.update import Memory


@dataclass(frozen=True)
class Front:
    """A reservoir, the inputs beside its states if wanted, and a transformation of both.

    Attributes:
        reservoir: Layers, or cells.
        with_inputs: Whether features hold the inputs too.
        transform: See `transformed`.
    """

    reservoir: Stack | CellReservoir
    with_inputs: bool
    transform: Transform

    @property
    def stack(self) -> Stack:
        """The reservoir's layers.

        Raises:
            ValueError: If it has none, but cells.
        """
        if isinstance(self.reservoir, CellReservoir):
            raise ValueError("this needs a reservoir of layers, got one of cells")
        return self.reservoir

    @property
    def at_once(self) -> bool:
        """Whether a sequence cannot be run piece by piece."""
        return isinstance(self.reservoir, CellReservoir) or bool(self.reservoir.backward)

    def states(self, us: list[np.ndarray]) -> list[np.ndarray]:
        """States after every step of every sequence, axes (time, unit) each, without noise."""
        if isinstance(self.reservoir, CellReservoir):  # all at once, one sequence a lane
            return self.reservoir.states(us)
        return [self.reservoir.states(u) for u in us]

    def features(self, states: np.ndarray, u: np.ndarray) -> np.ndarray:
        """What the readout sees, axes (time, feature)."""
        seen = np.concatenate([states, u], axis=1) if self.with_inputs else states
        return transformed(seen, self.transform)

    def whole(self, us: list[np.ndarray]) -> list[np.ndarray]:
        """Features of whole sequences, each from a clean state, without noise."""
        return [self.features(s, u) for s, u in zip(self.states(us), us, strict=True)]

    def width(self, inputs: int) -> int:
        """About how many features there are."""
        seen = self.reservoir.units + inputs * self.with_inputs
        return seen * (1 if self.transform is None else 2)

    def pieces(
        self,
        u: np.ndarray,
        steps: int,
        memories: list[Memory] | None = None,
        outputs: np.ndarray | None = None,
        rng: np.random.Generator | None = None,
    ) -> Iterator[tuple[int, np.ndarray]]:
        """A sequence's features a piece at a time: where the piece begins, and its features.

        Args:
            u: Axes (time, input).
            steps: Steps of a piece.
            memories: Where the layers begin; left as they are in the end. None: a clean state.
            outputs: What is fed back: the outputs of the steps themselves, axes (time, output).
            rng: Where the noise comes from; None: no noise.
        """
        if isinstance(self.reservoir, CellReservoir):
            yield 0, self.whole([u])[0]
            return
        memories = self.reservoir.clean() if memories is None else memories
        fed = None if outputs is None else delayed(outputs)
        for begin in range(0, len(u), len(u) if self.at_once else steps):
            part = slice(begin, len(u) if self.at_once else begin + steps)
            heard = None if fed is None else fed[part]
            yield (
                begin,
                self.features(self.reservoir.states(u[part], memories, heard, rng), u[part]),
            )
