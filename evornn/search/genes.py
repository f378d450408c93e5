"""Genes of hyper-parameters: how a number in [0, 1] becomes a setting."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from evornn.checks import check_count, check_range


@dataclass(frozen=True)
class Real:
    """A real number, spread evenly over its range.

    Attributes:
        low: Least value.
        high: Largest value, above `low`.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        """Refuse an empty range."""
        _check_bounds(self, self.low, self.high, -math.inf)

    def value(self, unit: float) -> float:
        """The number at a place in [0, 1]."""
        return float(self.low + _clipped(unit) * (self.high - self.low))


@dataclass(frozen=True)
class Log:
    """A positive real number whose logarithm is spread evenly over its range.

    Attributes:
        low: Least value, above 0.
        high: Largest value, above `low`.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        """Refuse an empty range, and one that reaches zero."""
        check_range("Log", "low", self.low, 0.0, above=True)
        _check_bounds(self, self.low, self.high, 0.0)

    def value(self, unit: float) -> float:
        """The number at a place in [0, 1]."""
        share = _clipped(unit)
        found = math.exp((1 - share) * math.log(self.low) + share * math.log(self.high))
        return float(min(max(found, self.low), self.high))


@dataclass(frozen=True)
class Whole:
    """A whole number, each as likely as the others.

    Attributes:
        low: Least value.
        high: Largest value, above `low`, which may occur too.
    """

    low: int
    high: int

    def __post_init__(self) -> None:
        """Refuse what is no whole number, and an empty range."""
        for name in ("low", "high"):
            if not isinstance(getattr(self, name), int) or isinstance(getattr(self, name), bool):
                raise TypeError(
                    f"`Whole` needs a whole number for `{name}`, got {getattr(self, name)!r}."
                )
        _check_bounds(self, self.low, self.high, -math.inf)

    def value(self, unit: float) -> int:
        """The number at a place in [0, 1]."""
        return self.low + _place(unit, self.high - self.low + 1)


@dataclass(frozen=True, init=False)
class Choice:
    """One of several options, each as likely as the others.

    Attributes:
        options: At least two: numbers, texts, None, or functions.
    """

    options: tuple[Any, ...]

    def __init__(self, *options: Any) -> None:
        """See the class; the options stand side by side: `Choice("cycle", "random")`."""
        check_count("Choice", "options", len(options), 2)
        object.__setattr__(self, "options", options)

    def value(self, unit: float) -> Any:
        """The option at a place in [0, 1]."""
        return self.options[_place(unit, len(self.options))]


Gene = Real | Log | Whole | Choice
Genes = Mapping[str, Gene]


def check_genes(owner: str, genes: Any) -> None:
    """Refuse what is no mapping from names to genes.

    Raises:
        TypeError: If it is none.
        ValueError: If it is empty.
    """
    if not isinstance(genes, Mapping):
        raise TypeError(f"`{owner}` needs genes by name, such as {{'leak': Real(0.1, 1)}}.")
    for name, gene in genes.items():
        if not isinstance(gene, Gene):
            raise TypeError(
                f"`{owner}` needs Real, Log, Whole or Choice for the gene {name!r}, got {gene!r}."
            )


def gene_settings(gene: Gene, describe: Any) -> dict[str, Any]:
    """A gene as JSON-able values."""
    return {"gene": type(gene).__name__, **{k: describe(v) for k, v in asdict(gene).items()}}


def _check_bounds(gene: Any, low: float, high: float, least: float) -> None:
    name = type(gene).__name__
    check_range(name, "low", low, least)
    check_range(name, "high", high, least)
    if not low < high:
        raise ValueError(f"`{name}` needs `low` below `high`, got {low:g} and {high:g}.")


def _clipped(unit: float) -> float:
    return min(max(float(unit), 0.0), 1.0)


def _place(unit: float, count: int) -> int:
    return min(int(_clipped(unit) * count), count - 1)
