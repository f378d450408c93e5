"""Which individuals become parents: tournament, roulette, rank, stochastic universal sampling.

A selection is a few settings and `draw`, which works on the whole population's fitness at once and
returns row numbers. Fitness is maximised; `-inf` marks an individual that failed, and only the
selections that compare (tournament, rank) can ever draw it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from evornn.checks import check_count, check_range


class Selection(Protocol):
    """What the genetic algorithm asks of a selection."""

    def draw(self, fitness: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
        """Row numbers of `count` parents, axes (parent), in an order without meaning.

        Args:
            fitness: Axes (individual), larger is better, never NaN or +inf.
            count: How many parents are wanted; a row may be drawn repeatedly.
            rng: The run's generator.
        """
        ...


@dataclass(frozen=True)
class Tournament:
    """The best of a few individuals drawn at random, with replacement.

    The individual of rank r (1 is best) of P wins with probability
    ((P - r + 1)^size - (P - r)^size) / P^size.

    Attributes:
        size: Individuals in a tournament, at least 1; larger means stronger pressure.
    """

    size: int = 3

    def __post_init__(self) -> None:
        """Refuse a tournament of nobody."""
        check_count("Tournament", "size", self.size, 1)

    def draw(self, fitness: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
        """Winners of `count` tournaments; see `Selection.draw`."""
        winners = rng.integers(len(fitness), size=count)
        for _ in range(self.size - 1):
            rivals = rng.integers(len(fitness), size=count)
            winners = np.where(fitness[rivals] > fitness[winners], rivals, winners)
        return winners


@dataclass(frozen=True)
class Roulette:
    """Each individual's chance is proportional to its fitness, which must not be negative."""

    def draw(self, fitness: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
        """Independent spins of the wheel; see `Selection.draw`."""
        return _spin(_shares(fitness, "Roulette"), rng.random(count))


@dataclass(frozen=True)
class Rank:
    """Each individual's chance falls linearly with its rank; the fitness's scale does not matter.

    The best expects `pressure` children, the median one, the worst 2 - `pressure`; equals share
    their ranks. Source: Baker 1985, Adaptive selection methods for genetic algorithms (ICGA).

    Attributes:
        pressure: In [1, 2]; 1 is no selection at all.
    """

    pressure: float = 1.7

    def __post_init__(self) -> None:
        """Refuse a pressure outside [1, 2]."""
        check_range("Rank", "pressure", self.pressure, 1.0, 2.0)

    def draw(self, fitness: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
        """Independent spins of a wheel of ranks; see `Selection.draw`."""
        return _spin(rank_shares(fitness, self.pressure), rng.random(count))


@dataclass(frozen=True)
class StochasticUniversal:
    """One spin of a wheel with equally spaced pointers: everyone gets its due, up to rounding.

    Of `count` parents an individual with share s supplies floor(s count) or ceil(s count).
    Source: Baker 1987, Reducing bias and inefficiency in the selection algorithm (ICGA).

    Attributes:
        pressure: None: shares proportional to fitness, which must not be negative. A number in
            [1, 2]: shares by linear rank, as in `Rank`.
    """

    pressure: float | None = None

    def __post_init__(self) -> None:
        """Refuse a pressure outside [1, 2]."""
        if self.pressure is not None:
            check_range("StochasticUniversal", "pressure", self.pressure, 1.0, 2.0)

    def draw(self, fitness: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
        """Pointers of one spin, shuffled so that neighbours may mate; see `Selection.draw`."""
        if self.pressure is None:
            shares = _shares(fitness, "StochasticUniversal")
        else:
            shares = rank_shares(fitness, self.pressure)
        parents = _spin(shares, (np.arange(count) + rng.random()) / count)
        rng.shuffle(parents)
        return parents


def rank_shares(fitness: np.ndarray, pressure: float) -> np.ndarray:
    """Shares of linear ranking, axes (individual), summing to 1; equals get their mean rank."""
    _, group, size = np.unique(fitness, return_inverse=True, return_counts=True)
    rank = (np.cumsum(size) - 0.5 * (size + 1))[group]  # 0 is worst
    last = max(len(fitness) - 1, 1)
    return (2.0 - pressure + 2.0 * (pressure - 1.0) * rank / last) / len(fitness)


def _shares(fitness: np.ndarray, name: str) -> np.ndarray:
    """Shares proportional to fitness; all equal when every fitness is zero."""
    shares = np.where(np.isneginf(fitness), 0.0, fitness).astype(np.float64)
    if shares.min() < 0.0:
        raise ValueError(
            f"`{name}` needs fitness values of at least 0, got {shares.min():g}; use a reciprocal "
            "error as fitness, or `Tournament` or `Rank`, which only compare."
        )
    shares /= max(shares.max(), np.finfo(np.float64).tiny)  # the sum cannot overflow
    total = shares.sum()
    return shares / total if total > 0.0 else np.full(len(shares), 1.0 / len(shares))


def _spin(shares: np.ndarray, pointers: np.ndarray) -> np.ndarray:
    """Owners of pointers in [0, 1) on a wheel divided by shares; a share of 0 owns nothing."""
    edges = np.cumsum(shares)
    return np.searchsorted(edges, pointers * edges[-1], side="right").clip(max=len(shares) - 1)
