"""How a child's genes change: Gaussian, Cauchy, polynomial, uniform; bit flips for coded genes.

A mutation is a few settings; the arithmetic on one row is `mutate_row`. The first three add a
deviate times a step size, and the step size may be the individual's own and evolve with it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from evornn.checks import check_range
from evornn.compiled import kernel

from .normal import fill_normal
from .streams import draw_places, probability_digits, skip, to_unit, word_at

GAUSSIAN, CAUCHY, POLYNOMIAL, UNIFORM_RESET, BIT_FLIP = range(5)


class MutationPlan(NamedTuple):
    """A mutation as a kernel reads it."""

    kind: int
    rate_digits: np.uint64  # chance of a gene or bit, see `probability_digits`
    step: float  # first step size
    tau: float  # learning rate of the step size; 0: fixed
    least_step: float
    eta: float  # of the polynomial
    low: float  # the reset's range
    high: float


class Mutation(Protocol):
    """What the genetic algorithm asks of a mutation.

    Attributes:
        on_bits: Whether it acts on bits (True) or on real genes (False).
    """

    on_bits: bool

    def plan(self, genes: int) -> MutationPlan:
        """The settings as a kernel reads them, for chromosomes of so many genes."""
        ...


@dataclass(frozen=True)
class _StepMutation:
    """A mutation that adds step size times a deviate to some of the genes.

    Attributes:
        rate: Chance of each gene to change, in [0, 1].
        scale: Step size, in the genes' unit; the first one where it adapts.
        self_adaptive: Whether each individual carries its own step size. A child inherits its
            parent's (the geometric mean of both parents' if recombined), multiplies it by
            exp(tau N(0, 1)), and then mutates with it: step sizes that make good children spread.
            Source: Schwefel 1981; Baeck 1996, Evolutionary Algorithms in Theory and Practice,
            section 2.1.
        tau: Learning rate of the step size, above 0; None: 1 / sqrt(2 genes), the source's
            recommendation for one step size.
        least_scale: The step size never falls below this.
    """

    rate: float = 0.3
    scale: float = 0.1
    self_adaptive: bool = True
    tau: float | None = None
    least_scale: float = 1e-4
    on_bits = False

    def __post_init__(self) -> None:
        """Refuse settings outside their ranges."""
        name = type(self).__name__
        check_range(name, "rate", self.rate, 0.0, 1.0)
        check_range(name, "scale", self.scale, 0.0, above=True)
        check_range(name, "least_scale", self.least_scale, 0.0)
        if self.tau is not None:
            check_range(name, "tau", self.tau, 0.0, above=True)
        if self.self_adaptive and self.least_scale > self.scale:
            raise ValueError(
                f"`{name}` needs `scale` of at least `least_scale`, got {self.scale:g} and "
                f"{self.least_scale:g}; raise the one or lower the other."
            )

    def _plan(self, kind: int, genes: int, eta: float = 0.0) -> MutationPlan:
        tau = self.tau if self.tau is not None else 1.0 / math.sqrt(2.0 * genes)
        return MutationPlan(
            kind,
            probability_digits(self.rate),
            float(self.scale),
            float(tau) if self.self_adaptive else 0.0,
            float(self.least_scale),
            float(eta),
            0.0,
            0.0,
        )


@dataclass(frozen=True)
class GaussianMutation(_StepMutation):
    """Adds normal numbers; the step size is their standard deviation."""

    def plan(self, genes: int) -> MutationPlan:
        """The settings as a kernel reads them."""
        return self._plan(GAUSSIAN, genes)


@dataclass(frozen=True)
class CauchyMutation(_StepMutation):
    """Adds Cauchy numbers: mostly small steps, now and then a very long one.

    The step size is half the interquartile range. Source: Yao, Liu & Lin 1999, Evolutionary
    programming made faster (IEEE Trans. Evol. Comp. 3); Gomez, Schmidhuber & Miikkulainen 2008 for
    recurrent networks (JMLR 9).
    """

    def plan(self, genes: int) -> MutationPlan:
        """The settings as a kernel reads them."""
        return self._plan(CAUCHY, genes)


@dataclass(frozen=True)
class PolynomialMutation(_StepMutation):
    """Adds numbers in [-1, 1] times the step size, the denser at 0 the larger eta.

    d = (2 u)^(1 / (eta + 1)) - 1 for u < 1/2, else 1 - (2 (1 - u))^(1 / (eta + 1)).
    Source: Deb & Goyal 1996, A combined genetic adaptive search (Comp. Sci. and Informatics 26).

    Attributes:
        eta: At least 0; the variance is 2 / ((eta + 2) (eta + 3)) squared step sizes.
    """

    scale: float = 1.0
    eta: float = 20.0

    def __post_init__(self) -> None:
        """Refuse settings outside their ranges."""
        super().__post_init__()
        check_range("PolynomialMutation", "eta", self.eta, 0.0)

    def plan(self, genes: int) -> MutationPlan:
        """The settings as a kernel reads them."""
        return self._plan(POLYNOMIAL, genes, self.eta)


@dataclass(frozen=True)
class UniformMutation:
    """Replaces a gene by a number drawn uniformly from a range.

    Attributes:
        rate: Chance of each gene to be replaced, in [0, 1].
        low: Least value drawn.
        high: Largest value drawn, above `low`.
    """

    rate: float = 0.01
    low: float = -1.0
    high: float = 1.0
    on_bits = False

    def __post_init__(self) -> None:
        """Refuse a rate that is no chance and an empty range."""
        check_range("UniformMutation", "rate", self.rate, 0.0, 1.0)
        check_range("UniformMutation", "low", self.low, -math.inf)
        check_range("UniformMutation", "high", self.high, -math.inf)
        if not self.low < self.high:
            raise ValueError(
                f"`UniformMutation` needs `low` below `high`, got {self.low:g} and {self.high:g}."
            )

    def plan(self, genes: int) -> MutationPlan:
        """The settings as a kernel reads them."""
        digits = probability_digits(self.rate)
        return MutationPlan(
            UNIFORM_RESET, digits, 0.0, 0.0, 0.0, 0.0, float(self.low), float(self.high)
        )


@dataclass(frozen=True)
class BitFlipMutation:
    """Inverts single bits of coded genes.

    Attributes:
        rate: Chance of each bit, in [0, 1]; None: one bit a chromosome on average.
    """

    rate: float | None = None
    on_bits = True

    def __post_init__(self) -> None:
        """Refuse a rate that is no chance."""
        if self.rate is not None:
            check_range("BitFlipMutation", "rate", self.rate, 0.0, 1.0)

    def plan(self, genes: int) -> MutationPlan:
        """The settings as a kernel reads them; `genes` counts bits here."""
        digits = probability_digits(1.0 / genes if self.rate is None else self.rate)
        return MutationPlan(BIT_FLIP, digits, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@kernel
def fill_deviates(out, stream, plan):
    """Fill an array with deviates for step size 1, or with new genes; the stream's next state."""
    if plan.kind == GAUSSIAN:
        return fill_normal(out, stream)
    for k in range(out.size):
        out[k] = to_unit(word_at(stream, k))
    if plan.kind == CAUCHY:
        for k in range(out.size):
            out[k] = math.tan(math.pi * (out[k] - 0.5))
    elif plan.kind == POLYNOMIAL:
        power = 1.0 / (plan.eta + 1.0)
        for k in range(out.size):
            u = out[k]
            out[k] = (2.0 * u) ** power - 1.0 if u < 0.5 else 1.0 - (2.0 * (1.0 - u)) ** power
    else:
        for k in range(out.size):
            out[k] = plan.low + (plan.high - plan.low) * out[k]
    return skip(stream, out.size)


@kernel
def mutate_row(child, step, stream, plan, places, deviates):
    """Change some genes of one child in place.

    Args:
        child: Axes (gene).
        step: The child's step size.
        stream: State of the child's stream.
        plan: A `MutationPlan` for real genes.
        places: Working memory, axes (gene), int64.
        deviates: Working memory, axes (gene), float64.

    Returns:
        Whether any gene was chosen.
    """
    stream, count = draw_places(places, child.size, plan.rate_digits, stream)
    fill_deviates(deviates[:count], stream, plan)
    if plan.kind == UNIFORM_RESET:
        for k in range(count):
            child[places[k]] = deviates[k]
    else:
        for k in range(count):
            child[places[k]] += step * deviates[k]
    return count > 0
