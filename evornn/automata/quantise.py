"""Ways to cut a network's state space into cells, each of which becomes an automaton's state."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from evornn.automata.behaviour import Floats

Cells = NDArray[np.int64]


class Quantiser(Protocol):
    """How state vectors become cells."""

    def fit(self, points: Floats) -> Cut:
        """The cut of a space in which these states were visited, axes (point, unit)."""
        ...


class Cut(Protocol):
    """A fitted quantiser."""

    def cells(self, points: Floats) -> Cells:
        """The cell of every point, axes (point, coordinate): equal rows are one cell."""
        ...


@dataclass(frozen=True)
class Intervals:
    """Equal intervals for every unit: a grid with `count` to the power of units cells.

    Attributes:
        count: Intervals of a unit, at least 2; its range is cut into as many equal parts.
        low: Lower end of a unit's range; what lies below belongs to the first interval.
        high: Upper end; what lies above belongs to the last.

    Source: Giles et al. 1992, Neural Computation 4:393, section 5.
    """

    count: int = 2
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a grid that cuts nothing."""
        if self.count < 2 or not self.low < self.high:
            raise ValueError(
                f"`Intervals` needs at least 2 intervals and low < high, got {self.count} between "
                f"{self.low} and {self.high}."
            )

    def fit(self, _points: Floats) -> Intervals:
        """Itself: the grid does not depend on the states."""
        return self

    def cells(self, points: Floats) -> Cells:
        """See `Cut.cells`."""
        place = np.floor((points - self.low) / (self.high - self.low) * self.count)
        return np.clip(place, 0, self.count - 1).astype(np.int64)


@dataclass(frozen=True)
class Clusters:
    """The nearest of so many centres, found by k-means among the visited states.

    For states without natural bounds, such as an LSTM's memory.

    Attributes:
        count: Number of centres, at least 1.
        seed: Of the centres' first places, at least 0.

    Source: Zeng, Goodman & Smyth 1993, Neural Computation 5:976, for clusters in place of a grid.
    """

    count: int
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse a cut without cells."""
        if self.count < 1 or self.seed < 0:
            raise ValueError(
                f"`Clusters` needs at least 1 centre and a seed of at least 0, got {self.count} "
                f"and {self.seed}."
            )

    def fit(self, points: Floats) -> Centres:
        """The centres.

        Raises:
            ValueError: If there are fewer different states than centres.
        """
        from scipy.cluster.vq import kmeans2

        different = np.unique(points, axis=0)
        if len(different) < self.count:
            raise ValueError(
                f"`Clusters` needs at least {self.count} different states, got {len(different)}; "
                "give more words, or ask for fewer centres."
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a centre that no state is nearest to
            centres, _ = kmeans2(different, self.count, minit="++", rng=self.seed)
        return Centres(centres)


@dataclass(frozen=True, eq=False)
class Centres:
    """What `Clusters` found: axes (centre, unit)."""

    places: Floats

    def cells(self, points: Floats) -> Cells:
        """See `Cut.cells`; of equally near centres, the first."""
        distances = np.square(points[:, None] - self.places).sum(axis=2)
        return distances.argmin(axis=1)[:, None].astype(np.int64)
