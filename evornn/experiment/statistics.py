"""Statistics of repeated runs: how large, how sure, and what two samples can tell apart.

The numbers are errors of runs, one a seed: smaller is better. A run that failed (NaN or infinity)
counts as worse than every run that did not. scipy computes all tests; this module decides which
form of a test holds for a sample, and what the answer is where a formula has none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

RESAMPLES = 9999
SEED = 20060101  # of the bootstrap and of nothing else: the same sample gives the same interval
EXACT_SIGN_FLIPS = 13  # pairs up to which all 2^n signs are tried where ranks are tied
EXACT_SPLITS = 20_000  # splits of two samples that are tried where ranks are tied


@dataclass(frozen=True)
class Summary:
    """One sample in numbers.

    Attributes:
        seeds: Runs in the sample.
        failed: Runs of them that failed.
        median: Infinity if half of the runs failed.
        quartiles: Lower and upper quartile.
        interval: Bootstrap confidence interval of the median; NaN for a single run.
        confidence: Of the interval, in (0, 1).
        method: How the interval was found: "BCa", "percentile", or "none" for a single run.
    """

    seeds: int
    failed: int
    median: float
    quartiles: tuple[float, float]
    interval: tuple[float, float]
    confidence: float
    method: str


@dataclass(frozen=True)
class Rate:
    """A share of runs, with its Wilson interval.

    Attributes:
        successes: Runs that succeeded.
        seeds: Runs in all.
        rate: Their share, in [0, 1].
        interval: Wilson score interval, in [0, 1].
        confidence: Of the interval, in (0, 1).
    """

    successes: int
    seeds: int
    rate: float
    interval: tuple[float, float]
    confidence: float


def as_errors(errors: ArrayLike, who: str = "a sample") -> np.ndarray:
    """Errors as float64, axes (seed), with infinity for a run that failed.

    Raises:
        ValueError: If there is no run, more than one axis, or an error of minus infinity.
    """
    values = np.array(errors, dtype=np.float64)
    if values.ndim != 1 or len(values) == 0:
        raise ValueError(f"{who} needs one error a seed, got an array of shape {values.shape}")
    if np.isneginf(values).any():
        raise ValueError(f"{who} needs errors above -inf, got {values.tolist()}")
    values[np.isnan(values)] = np.inf
    return values


def summarise(errors: ArrayLike, confidence: float = 0.95) -> Summary:
    """Median, quartiles and a bootstrap confidence interval of the median.

    The interval is the bias-corrected and accelerated one (Efron 1987) where it exists, that is if
    no run failed and the acceleration is a number; else the percentile interval. Identical runs
    give the interval [x, x].

    Args:
        errors: Axes (seed); NaN and infinity are failed runs.
        confidence: In (0, 1).

    Raises:
        ValueError: As for `as_errors`.
    """
    values = as_errors(errors)
    finite = values[np.isfinite(values)]
    worst = float(finite.max()) if len(finite) else -math.inf
    # Interpolating with infinity is NaN. A finite stand-in for it keeps the order, and an answer
    # above all finite errors is one in which a failed run took part.
    stand_in = worst + max(1.0, abs(worst)) if len(finite) else 0.0
    shown = np.where(np.isfinite(values), values, stand_in)

    def back(number: float) -> float:
        return math.inf if len(finite) < len(values) and number > worst else float(number)

    low, median, high = np.quantile(shown, (0.25, 0.5, 0.75))
    ends, method = _median_interval(shown, confidence, accelerate=len(finite) == len(values))
    return Summary(
        len(values),
        len(values) - len(finite),
        back(median),
        (back(low), back(high)),
        ends if method == "none" else (back(ends[0]), back(ends[1])),
        confidence,
        method,
    )


def _median_interval(
    values: np.ndarray, confidence: float, accelerate: bool
) -> tuple[tuple[float, float], str]:
    import warnings

    from scipy import stats

    if len(values) < 2:
        return (math.nan, math.nan), "none"
    if np.ptp(values) == 0:
        return (float(values[0]), float(values[0])), "percentile"
    for method in ("BCa", "percentile") if accelerate else ("percentile",):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a degenerate BCa answers NaN and is not taken
            found = stats.bootstrap(
                (values,),
                np.median,
                n_resamples=RESAMPLES,
                confidence_level=confidence,
                method=method,
                random_state=np.random.default_rng(SEED),
            ).confidence_interval
        if np.isfinite(found).all():
            break
    return (float(found.low), float(found.high)), method


def success_rate(errors: ArrayLike, target: float, confidence: float = 0.95) -> Rate:
    """Share of runs with an error of at most `target`; a failed run never succeeds.

    Source: Wilson 1927 (J. Am. Stat. Assoc. 22), through `scipy.stats.binomtest`.
    """
    from scipy import stats

    values = as_errors(errors)
    successes = int((values <= target).sum()) if math.isfinite(target) else 0
    found = stats.binomtest(successes, len(values)).proportion_ci(confidence, method="wilson")
    interval = (float(found.low), float(found.high))
    return Rate(successes, len(values), successes / len(values), interval, confidence)


def a12(first: ArrayLike, second: ArrayLike) -> float:
    """Probability that a run of the first sample has a lower error than a run of the second.

    Equal errors count half, so that 0.5 means no difference and 1 that the first always wins.
    Source: Vargha & Delaney 2000 (J. Educ. Behav. Stat. 25), eq. 14, from the U statistic.
    """
    from scipy import stats

    a, b = as_errors(first), as_errors(second)
    ranks = stats.rankdata(np.concatenate([a, b]))  # infinities tie with each other
    u = ranks[: len(a)].sum() - len(a) * (len(a) + 1) / 2  # pairs in which the first is larger
    return float(1 - u / (len(a) * len(b)))


def a12_words(effect: float) -> str:
    """The size of an effect in words: negligible, small, medium or large.

    The bounds 0.56, 0.64 and 0.71 are those of Vargha & Delaney 2000, the same on either side of
    0.5.
    """
    distance = max(effect, 1 - effect)
    bounds = ((0.71, "large"), (0.64, "medium"), (0.56, "small"))
    return next((word for bound, word in bounds if distance >= bound - 1e-12), "negligible")


def mann_whitney(first: ArrayLike, second: ArrayLike) -> float:
    """Two-sided p of the Mann-Whitney U test: independent samples, seeds not paired.

    Exact without ties up to 50 runs a sample, exact over all splits of tied ranks where these are
    at most `EXACT_SPLITS`, else by the normal approximation with tie correction. If all errors are
    equal, p is 1.
    """
    from scipy import stats

    a, b = as_errors(first), as_errors(second)
    ranks = stats.rankdata(np.concatenate([a, b]))
    if np.ptp(ranks) == 0:
        return 1.0
    method: Any = "asymptotic"
    if len(np.unique(ranks)) == len(ranks) and max(len(a), len(b)) <= 50:
        method = "exact"
    elif math.comb(len(ranks), len(a)) <= EXACT_SPLITS:
        method = stats.PermutationMethod(n_resamples=math.comb(len(ranks), len(a)))
    found = stats.mannwhitneyu(ranks[: len(a)], ranks[len(a) :], method=method)
    return min(1.0, float(found.pvalue))


def wilcoxon(first: ArrayLike, second: ArrayLike) -> float:
    """Two-sided p of the Wilcoxon signed-rank test: paired seeds.

    Pairs with equal errors, two failed runs among them, are left out (Wilcoxon's own rule); if
    none remains, p is 1. A pair with one failed run has the largest difference. Exact up to 50
    pairs without ties and up to `EXACT_SIGN_FLIPS` with, else the normal approximation.

    Args:
        first: Axes (seed).
        second: Of the same length; run k of both shares its seed.

    Raises:
        ValueError: If the samples are not equally long.
    """
    from scipy import stats

    a, b = as_errors(first), as_errors(second)
    if len(a) != len(b):
        raise ValueError(f"paired seeds need samples of one length, got {len(a)} and {len(b)}")
    unequal = a != b
    difference = a[unequal] - b[unequal]
    if len(difference) == 0:
        return 1.0
    # Signed ranks instead of differences: the same test, and infinity is a number then.
    signed = np.sign(difference) * stats.rankdata(np.abs(difference))
    method: Any = "asymptotic"
    if len(np.unique(np.abs(signed))) == len(signed) <= 50:
        method = "exact"
    elif len(signed) <= EXACT_SIGN_FLIPS:
        method = stats.PermutationMethod(n_resamples=2 ** len(signed))
    return min(1.0, float(stats.wilcoxon(signed, method=method).pvalue))


def least_wilcoxon_p(seeds: int) -> float:
    """The least p that the signed-rank test can answer for so many paired seeds: 2 / 2^n."""
    return min(1.0, 2.0 ** (1 - seeds))


def holm(p_values: ArrayLike) -> np.ndarray:
    """Adjusted p of several tests, so that all together err with probability alpha at most.

    Source: Holm 1979 (Scand. J. Stat. 6), the step-down rule.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1.0, steps)
    return adjusted
