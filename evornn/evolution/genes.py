"""What a gene is: a real number, or a Gray-coded bit string that stands for one.

The population that a learner hands out is real either way; Gray-coded genes are read into bits
while a child is made and written back, and every number handed out is one that the bits can spell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evornn.checks import check_count, check_range
from evornn.compiled import kernel


class GrayPlan(NamedTuple):
    """A Gray code as a kernel reads it."""

    bits: int
    low: float
    step: float  # distance of neighbouring numbers
    last: float  # the largest code, 2**bits - 1


@dataclass(frozen=True)
class RealGenes:
    """Genes are real numbers, free or held in a range.

    Attributes:
        low: Mutated genes are clipped to at least this; None: free.
        high: Mutated genes are clipped to at most this; None: free.
    """

    low: float | None = None
    high: float | None = None
    on_bits = False

    def __post_init__(self) -> None:
        """Refuse an empty range."""
        for name, bound in (("low", self.low), ("high", self.high)):
            if bound is not None:
                check_range("RealGenes", name, bound, -math.inf)
        low, high = self.range
        if not low < high:
            raise ValueError(f"`RealGenes` needs `low` below `high`, got {low:g} and {high:g}.")

    @property
    def range(self) -> tuple[float, float]:
        """Least and largest value of a gene, infinite where free."""
        low = -math.inf if self.low is None else float(self.low)
        return low, math.inf if self.high is None else float(self.high)

    def represent(self, chromosomes: np.ndarray) -> np.ndarray:
        """The nearest chromosomes that these genes can express, axes (individual, gene)."""
        return np.clip(chromosomes, *self.range).astype(chromosomes.dtype)


@dataclass(frozen=True)
class GrayGenes:
    """Genes are integers in binary reflected Gray code, spread evenly over a range of reals.

    Neighbouring numbers differ in one bit, so a flipped bit can always make the smallest step.
    Source: Gray 1953 (US patent 2632058); Caruana & Schaffer 1988, Representation and hidden bias:
    Gray vs. binary coding for genetic algorithms (ICML).

    Attributes:
        bits: Bits of a gene, 1 to 32.
        low: Value of code 0.
        high: Value of the largest code, above `low`.
    """

    bits: int = 16
    low: float = -4.0
    high: float = 4.0
    on_bits = True

    def __post_init__(self) -> None:
        """Refuse an empty range and a number of bits that no word holds."""
        check_count("GrayGenes", "bits", self.bits, 1)
        if self.bits > 32:
            raise ValueError(f"`GrayGenes` needs `bits` of at most 32, got {self.bits}.")
        check_range("GrayGenes", "low", self.low, -math.inf)
        check_range("GrayGenes", "high", self.high, -math.inf)
        if not self.low < self.high:
            raise ValueError(
                f"`GrayGenes` needs `low` below `high`, got {self.low:g} and {self.high:g}."
            )

    def plan(self) -> GrayPlan:
        """The code as a kernel reads it."""
        last = float(2**self.bits - 1)
        step = (float(self.high) - float(self.low)) / last
        return GrayPlan(int(self.bits), float(self.low), step, last)

    def represent(self, chromosomes: np.ndarray) -> np.ndarray:
        """The nearest chromosomes that these genes can express, axes (individual, gene).

        Raises:
            ValueError: If the numbers of the code lie too close together for the array's type.
        """
        dtype = chromosomes.dtype
        spacing = np.spacing(np.asarray(max(abs(self.low), abs(self.high)), dtype))
        if self.plan().step < 4.0 * spacing:
            raise ValueError(
                f"`GrayGenes` with {self.bits} bits over [{self.low:g}, {self.high:g}] has steps "
                f"of {self.plan().step:.2g}, too fine for {dtype}; use fewer bits or float64."
            )
        return self.decode(self.encode(chromosomes), dtype)

    def encode(self, chromosomes: np.ndarray) -> np.ndarray:
        """Gray codes of real genes, rounded to the nearest code: uint32, the same axes."""
        codes = np.empty(chromosomes.shape, np.uint32)
        encode_row(chromosomes.ravel(), codes.ravel(), self.plan())
        return codes

    def decode(self, codes: np.ndarray, dtype: np.typing.DTypeLike = np.float64) -> np.ndarray:
        """Real genes of Gray codes, the same axes."""
        chromosomes = np.empty(codes.shape, dtype)
        decode_row(codes.ravel(), chromosomes.ravel(), self.plan())
        return chromosomes


@kernel
def encode_row(chromosome, codes, plan):
    """Write the Gray codes of real genes, axes (gene)."""
    for j in range(chromosome.size):
        number = np.rint((chromosome[j] - plan.low) / plan.step)
        number = 0.0 if number < 0.0 else number
        code = np.uint32(np.int64(plan.last if number > plan.last else number))
        codes[j] = code ^ (code >> np.uint32(1))


@kernel
def decode_row(codes, chromosome, plan):
    """Write the real genes of Gray codes, axes (gene)."""
    for j in range(codes.size):
        number = codes[j]
        number ^= number >> np.uint32(16)
        number ^= number >> np.uint32(8)
        number ^= number >> np.uint32(4)
        number ^= number >> np.uint32(2)
        number ^= number >> np.uint32(1)
        chromosome[j] = plan.low + plan.step * np.float64(number)
