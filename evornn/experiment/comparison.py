"""All contenders against each other: Friedman, Nemenyi, and Holm-corrected signed ranks."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evornn.experiment.statistics import (
    a12,
    as_errors,
    holm,
    least_wilcoxon_p,
    mann_whitney,
    wilcoxon,
)


@dataclass(frozen=True)
class Pair:
    """Two contenders compared.

    Attributes:
        first: Name.
        second: Name.
        a12: Probability that a run of the first has the lower error, in [0, 1].
        wilcoxon: p of the signed-rank test over paired seeds, uncorrected.
        holm: The same, corrected for the number of pairs; this one decides.
        mann_whitney: p of the U test, which ignores the pairing and uses all seeds; uncorrected.
        nemenyi: p of the Nemenyi test; NaN for two contenders.
    """

    first: str
    second: str
    a12: float
    wilcoxon: float
    holm: float
    mann_whitney: float
    nemenyi: float


@dataclass(frozen=True)
class Comparison:
    """Contenders compared on paired seeds.

    Attributes:
        names: The contenders, in the order given.
        seeds: Paired seeds: those that every contender has.
        alpha: Level of significance.
        ranks: Mean rank of each contender over the seeds; 1 is best.
        friedman: p of the Friedman test; NaN for less than three contenders.
        critical_difference: Of mean ranks, by Nemenyi; NaN for less than three contenders.
        pairs: Every two contenders.
        least_p: The least p that the deciding test can answer with so many seeds.
        seeds_needed: Paired seeds from which `least_p` is at most alpha.
    """

    names: tuple[str, ...]
    seeds: int
    alpha: float
    ranks: dict[str, float]
    friedman: float
    critical_difference: float
    pairs: tuple[Pair, ...]
    least_p: float
    seeds_needed: int

    @property
    def enough_seeds(self) -> bool:
        """Whether the tests could find a difference at all."""
        return self.least_p <= self.alpha

    def pair(self, first: str, second: str) -> Pair:
        """The comparison of two contenders, whichever comes first.

        Raises:
            KeyError: If they were not compared.
        """
        for pair in self.pairs:
            if {pair.first, pair.second} == {first, second}:
                return pair
        raise KeyError(f"{first!r} and {second!r} were not compared")

    def differ(self, first: str, second: str) -> bool:
        """Whether two contenders are told apart at the level alpha.

        With three or more, the Friedman test has to find a difference among all of them first
        (Demsar 2006, section 3.2); a difference then counts if its Holm-corrected p does.
        """
        among_all = len(self.names) < 3 or self.friedman <= self.alpha
        return among_all and self.pair(first, second).holm <= self.alpha


def compare(samples: Mapping[str, ArrayLike], alpha: float = 0.05) -> Comparison:
    """Compare contenders by the errors of their runs.

    Run k of every contender shares seed and data. If some have more runs than others, paired tests
    use the first ones that all have. Failed runs (NaN, infinity) are worst; equal errors share
    their rank; identical samples give p = 1.

    Args:
        samples: Errors by contender, axes (seed).
        alpha: Level of significance, in (0, 1).

    Raises:
        ValueError: If there are no contenders, a sample is empty, or alpha is no probability.

    Source: Demsar 2006 (J. Mach. Learn. Res. 7); Benavoli, Corani & Mangili 2016 (the same, 17) for
    signed ranks instead of mean ranks after Friedman.
    """
    if not samples:
        raise ValueError("`compare` needs at least one contender, got none")
    if not 0 < alpha < 1:
        raise ValueError(f"`compare` needs alpha between 0 and 1, got {alpha}")
    errors = {name: as_errors(sample, f"contender {name!r}") for name, sample in samples.items()}
    names = tuple(errors)
    seeds = min(len(sample) for sample in errors.values())
    paired = np.array([errors[name][:seeds] for name in names])
    ranks = mean_ranks(paired)
    two = list(itertools.combinations(range(len(names)), 2))
    signed = [wilcoxon(paired[i], paired[j]) for i, j in two]
    corrected = holm(signed)
    nemenyi = nemenyi_p(ranks, seeds) if len(names) > 2 else np.full((len(names),) * 2, np.nan)
    pairs = tuple(
        Pair(
            names[i],
            names[j],
            a12(errors[names[i]], errors[names[j]]),
            signed[k],
            float(corrected[k]),
            mann_whitney(errors[names[i]], errors[names[j]]),
            float(nemenyi[i, j]),
        )
        for k, (i, j) in enumerate(two)
    )
    return Comparison(
        names,
        seeds,
        alpha,
        dict(zip(names, ranks.tolist(), strict=True)),
        friedman_p(paired) if len(names) > 2 else math.nan,
        critical_difference(len(names), seeds, alpha) if len(names) > 2 else math.nan,
        pairs,
        least_p(len(names), seeds),
        next(n for n in itertools.count(1) if least_p(len(names), n) <= alpha),
    )


def least_p(contenders: int, seeds: int) -> float:
    """The least p that the deciding tests can answer, whatever the errors are.

    For two contenders that of the signed-rank test, 2 / 2^n; for more, the larger of that times
    the number of pairs (Holm's first step) and the Friedman test's if all seeds agree.
    """
    from scipy import stats

    pairs = contenders * (contenders - 1) // 2
    corrected = min(1.0, pairs * least_wilcoxon_p(seeds)) if pairs else 0.0
    if contenders < 3:
        return corrected
    freedom = contenders - 1
    return max(corrected, float(stats.chi2.sf(seeds * freedom, freedom)))


def mean_ranks(paired: np.ndarray) -> np.ndarray:
    """Mean rank of each contender over seeds, 1 for the least error.

    Args:
        paired: Errors, axes (contender, seed).
    """
    from scipy import stats

    ranks: np.ndarray = stats.rankdata(paired, axis=0).mean(axis=1)
    return ranks


def friedman_p(paired: np.ndarray) -> float:
    """P of the Friedman test by chi-square, which is rough below 10 seeds; 1 if all are equal.

    Args:
        paired: Errors, axes (contender, seed), of at least three contenders.
    """
    from scipy import stats

    ranks = stats.rankdata(paired, axis=0)
    if np.ptp(ranks) == 0:
        return 1.0
    return float(stats.friedmanchisquare(*ranks).pvalue)


def nemenyi_p(ranks: np.ndarray, seeds: int) -> np.ndarray:
    """P of the Nemenyi test for every two contenders, axes (contender, contender).

    Args:
        ranks: Mean ranks, axes (contender).
        seeds: Over how many seeds.

    Source: Demsar 2006, section 3.2.2.
    """
    from scipy import stats

    k = len(ranks)
    q = np.abs(ranks[:, None] - ranks) / math.sqrt(k * (k + 1) / (6 * seeds))
    p = np.ones((k, k))
    upper = np.triu_indices(k, 1)
    p[upper] = stats.studentized_range.sf(q[upper] * math.sqrt(2), k, np.inf)
    p[upper[::-1]] = p[upper]
    return np.clip(p, 0.0, 1.0)


def critical_difference(contenders: int, seeds: int, alpha: float) -> float:
    """The least difference of mean ranks that the Nemenyi test calls significant.

    Source: Demsar 2006, section 3.2.2.
    """
    from scipy import stats

    q = stats.studentized_range.ppf(1 - alpha, contenders, np.inf) / math.sqrt(2)
    return float(q * math.sqrt(contenders * (contenders + 1) / (6 * seeds)))
