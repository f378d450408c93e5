"""How two parents make two children: one-point, two-point, uniform, blend, simulated binary.

Parents mate in pairs, as in DEAP's `varAnd`: children 2k and 2k + 1 have the same two parents in
opposite roles, and both read the same random stream, so that what one child gives away the other
receives: exchanging crossovers lose no gene, and blending ones keep each gene's mean. A crossover
is a few settings; the arithmetic on one row is `cross_row`, or `cross_codes` for coded genes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from evornn.checks import check_range
from evornn.compiled import kernel

from .streams import ALL_BITS, ONE, below, bernoulli_word, probability_digits, uniform

NO_CROSSOVER, ONE_POINT, TWO_POINT, UNIFORM, BLEND, SIMULATED_BINARY = range(6)


class CrossoverPlan(NamedTuple):
    """A crossover as a kernel reads it."""

    kind: int
    rate: float
    amount: float  # alpha of the blend, eta of the simulated binary
    swap_digits: np.uint64  # share of swapped genes, see `probability_digits`


class Crossover(Protocol):
    """What the genetic algorithm asks of a crossover.

    Attributes:
        on_bits: Whether it also makes sense on bit strings.
    """

    on_bits: bool

    def plan(self) -> CrossoverPlan:
        """The settings as a kernel reads them."""
        ...


@dataclass(frozen=True)
class _Exchange:
    """A crossover that takes every gene from one parent or the other.

    Attributes:
        rate: Share of children that are recombined, in [0, 1]; the others copy their parent.
    """

    rate: float = 0.5
    on_bits = True

    def __post_init__(self) -> None:
        """Refuse a rate that is no share."""
        check_range(type(self).__name__, "rate", self.rate, 0.0, 1.0)


@dataclass(frozen=True)
class OnePointCrossover(_Exchange):
    """Genes from one cut to the end are exchanged. Source: Holland 1975."""

    def plan(self) -> CrossoverPlan:
        """The settings as a kernel reads them."""
        return CrossoverPlan(ONE_POINT, float(self.rate), 0.0, np.uint64(0))


@dataclass(frozen=True)
class TwoPointCrossover(_Exchange):
    """Genes between two different cuts are exchanged. Source: De Jong 1975."""

    def plan(self) -> CrossoverPlan:
        """The settings as a kernel reads them."""
        return CrossoverPlan(TWO_POINT, float(self.rate), 0.0, np.uint64(0))


@dataclass(frozen=True)
class UniformCrossover(_Exchange):
    """Each gene is exchanged independently. Source: Syswerda 1989 (ICGA).

    Attributes:
        rate: Share of children that are recombined, in [0, 1].
        swap: Share of genes exchanged in a recombined pair, in [0, 1].
    """

    swap: float = 0.5

    def __post_init__(self) -> None:
        """Refuse shares outside [0, 1]."""
        super().__post_init__()
        check_range("UniformCrossover", "swap", self.swap, 0.0, 1.0)

    def plan(self) -> CrossoverPlan:
        """The settings as a kernel reads them."""
        return CrossoverPlan(UNIFORM, float(self.rate), 0.0, probability_digits(self.swap))


@dataclass(frozen=True)
class BlendCrossover:
    """BLX-alpha: each gene is uniform over the parents' interval, widened by alpha on both sides.

    c = (1 - g) x + g y with g uniform in [-alpha, 1 + alpha]. Source: Eshelman & Schaffer 1993
    (Foundations of Genetic Algorithms 2); the sibling is the mirror image, as in DEAP's `cxBlend`.

    Attributes:
        rate: Share of children that are recombined, in [0, 1].
        alpha: At least 0; 0.366 keeps the population's spread, 0.5 widens it.
    """

    rate: float = 0.5
    alpha: float = 0.5
    on_bits = False

    def __post_init__(self) -> None:
        """Refuse a rate outside [0, 1] or a negative alpha."""
        check_range("BlendCrossover", "rate", self.rate, 0.0, 1.0)
        check_range("BlendCrossover", "alpha", self.alpha, 0.0)

    def plan(self) -> CrossoverPlan:
        """The settings as a kernel reads them."""
        return CrossoverPlan(BLEND, float(self.rate), float(self.alpha), np.uint64(0))


@dataclass(frozen=True)
class SimulatedBinaryCrossover:
    """SBX: children spread about their parents as one-point crossover of bit strings would.

    c = ((1 + b) x + (1 - b) y) / 2, spread factor b with density (eta + 1) b^eta / 2 below 1 and
    (eta + 1) / (2 b^(eta + 2)) above. Source: Deb & Agrawal 1995 (Complex Systems 9), eq. 9-10.

    Attributes:
        rate: Share of children that are recombined, in [0, 1].
        eta: At least 0; larger keeps children nearer to their parents.
    """

    rate: float = 0.5
    eta: float = 15.0
    on_bits = False

    def __post_init__(self) -> None:
        """Refuse a rate outside [0, 1] or a negative eta."""
        check_range("SimulatedBinaryCrossover", "rate", self.rate, 0.0, 1.0)
        check_range("SimulatedBinaryCrossover", "eta", self.eta, 0.0)

    def plan(self) -> CrossoverPlan:
        """The settings as a kernel reads them."""
        return CrossoverPlan(SIMULATED_BINARY, float(self.rate), float(self.eta), np.uint64(0))


@kernel
def draw_segment(stream, kind, length):
    """First and past-the-last place of what a one- or two-point crossover exchanges.

    A chromosome is a ring for two points, so that each pair of cuts is equally likely.
    """
    if length < 2:
        return stream, 0, 0
    if kind == ONE_POINT:
        stream, cut = below(stream, length - 1)
        return stream, cut + 1, length
    stream, first = below(stream, length)
    stream, last = below(stream, length - 1)
    if last >= first:
        last += 1
    return stream, min(first, last), max(first, last)


@kernel
def cross_row(own, other, child, stream, plan):
    """Write one child of a mating pair; the sibling is the same call with the parents exchanged.

    Args:
        own: The parent whose role the child has, axes (gene).
        other: The other parent, axes (gene).
        child: Written, axes (gene).
        stream: State of the pair's stream.
        plan: A `CrossoverPlan` of any kind but `NO_CROSSOVER`.
    """
    genes = own.size
    if plan.kind == UNIFORM:
        for base in range(0, genes, 64):
            stream, swap = bernoulli_word(stream, plan.swap_digits)
            for j in range(base, min(base + 64, genes)):
                child[j] = other[j] if (swap >> np.uint64(j - base)) & ONE else own[j]
    elif plan.kind == BLEND:
        width = 1.0 + 2.0 * plan.amount
        for j in range(genes):
            stream, u = uniform(stream)
            g = u * width - plan.amount
            child[j] = (1.0 - g) * own[j] + g * other[j]
    elif plan.kind == SIMULATED_BINARY:
        power = 1.0 / (plan.amount + 1.0)
        for j in range(genes):
            stream, u = uniform(stream)
            b = (2.0 * u if u <= 0.5 else 1.0 / (2.0 * (1.0 - u))) ** power
            child[j] = 0.5 * ((1.0 + b) * own[j] + (1.0 - b) * other[j])
    else:
        stream, first, last = draw_segment(stream, plan.kind, genes)
        child[:first] = own[:first]
        child[first:last] = other[first:last]
        child[last:] = own[last:]


@kernel
def cross_codes(codes, other, bits, stream, plan):
    """Exchange bits of one child's coded genes with the other parent's, in place.

    The chromosome is one string of bits here, each gene's most significant bit first.

    Args:
        codes: The parent whose role the child has; becomes the child; axes (gene), uint32.
        other: The other parent, axes (gene), uint32.
        bits: Bits of a gene.
        stream: State of the pair's stream.
        plan: Plan of a crossover that works on bits.
    """
    genes = codes.size
    if plan.kind == UNIFORM:
        per_word = 64 // bits
        all_of_gene = ALL_BITS >> np.uint64(64 - bits)
        for base in range(0, genes, per_word):
            stream, swap = bernoulli_word(stream, plan.swap_digits)
            for j in range(base, min(base + per_word, genes)):
                mask = np.uint32((swap >> np.uint64((j - base) * bits)) & all_of_gene)
                codes[j] ^= (codes[j] ^ other[j]) & mask
    else:
        stream, first, last = draw_segment(stream, plan.kind, genes * bits)
        for j in range(first // bits, (last + bits - 1) // bits):
            left, right = max(first - j * bits, 0), min(last - j * bits, bits)
            mask = np.uint32(((ONE << np.uint64(right - left)) - ONE) << np.uint64(bits - right))
            codes[j] ^= (codes[j] ^ other[j]) & mask
