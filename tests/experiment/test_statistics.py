"""Statistics of runs, against recorded answers of other libraries, brute force and known cases."""

import itertools
import json
import math
import pathlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evornn.experiment.comparison import (
    compare,
    critical_difference,
    least_p,
    mean_ranks,
    nemenyi_p,
)
from evornn.experiment.statistics import (
    a12,
    a12_words,
    holm,
    least_wilcoxon_p,
    mann_whitney,
    success_rate,
    summarise,
    wilcoxon,
)

RECORDED = json.loads(
    (pathlib.Path(__file__).parents[1] / "recorded" / "statistics.json").read_text()
)
errors = st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.5, math.inf, math.nan]), min_size=1, max_size=7)


@pytest.mark.parametrize("case", RECORDED["comparisons"], ids=lambda c: f"{len(c['errors'])}")
def test_nemenyi_and_holm_are_those_of_scikit_posthocs_and_statsmodels(case):
    paired = np.array(case["errors"])
    found = nemenyi_p(mean_ranks(paired), paired.shape[1])
    np.testing.assert_allclose(found, case["nemenyi"], atol=1e-9)
    np.testing.assert_allclose(holm(case["p"]), case["holm"], rtol=1e-12)


@pytest.mark.parametrize("case", RECORDED["wilson"], ids=lambda c: f"{c['successes']}-{c['seeds']}")
def test_the_wilson_interval_is_that_of_statsmodels(case):
    k, n = case["successes"], case["seeds"]
    rate = success_rate([0.1] * k + [0.9] * (n - k), target=0.1)
    assert (rate.successes, rate.rate) == (k, k / n)
    np.testing.assert_allclose(rate.interval, case["interval"], atol=1e-12)


def test_the_critical_difference_is_that_of_demsar_s_example():
    # Demsar 2006, section 3.2.2: four classifiers on 14 data sets; q = 2.569 and 2.291.
    assert critical_difference(4, 14, 0.05) == pytest.approx(2.569 * math.sqrt(20 / 84), abs=2e-3)
    assert critical_difference(4, 14, 0.10) == pytest.approx(2.291 * math.sqrt(20 / 84), abs=2e-3)


@given(errors, errors)
def test_a12_counts_the_pairs_that_the_first_wins(first, second):
    a, b = (np.nan_to_num(x, nan=math.inf, posinf=math.inf) for x in (first, second))
    wins = [1.0 if x < y else 0.5 if x == y else 0.0 for x, y in itertools.product(a, b)]
    assert a12(first, second) == pytest.approx(np.mean(wins))


@given(
    st.lists(
        st.tuples(st.sampled_from([1, 2, 4, 9.5, math.inf]), st.integers(1, 9)),
        max_size=7,
        min_size=1,
    )
)
def test_wilcoxon_is_exact_for_tied_ranks_and_failed_runs(pairs):
    a, b = np.array(pairs, dtype=float).T
    unequal = a != b
    if not unequal.any():
        assert wilcoxon(a, b) == 1.0
        return
    difference = (a - b)[unequal]
    size = np.abs(difference)
    ranks = np.array([(size < s).sum() + ((size == s).sum() + 1) / 2 for s in size])
    seen = abs((ranks * np.sign(difference)).sum())
    signs = itertools.product((-1, 1), repeat=len(ranks))
    extreme = [abs((ranks * np.array(s)).sum()) >= seen - 1e-9 for s in signs]
    assert wilcoxon(a, b) == pytest.approx(np.mean(extreme))


def test_mann_whitney_is_exact_for_tied_ranks_and_failed_runs():
    a, b = [1, 1, 2, 3], [2, 3, math.inf, math.nan]
    values = np.array([1, 1, 2, 3, 2, 3, 9, 9])

    def lead(first):
        rest = np.delete(values, first)
        wins = np.sign(rest[None, :] - values[list(first)][:, None]).sum()
        return abs(wins)

    seen = lead((0, 1, 2, 3))
    share = np.mean([lead(c) >= seen for c in itertools.combinations(range(8), 4)])
    assert mann_whitney(a, b) == pytest.approx(share)


def test_identical_samples_give_p_1_and_no_effect():
    same = [0.3, 0.3, 0.5, math.nan]
    assert mann_whitney(same, same) == 1.0
    assert wilcoxon(same, same) == 1.0
    assert a12(same, same) == 0.5
    assert mann_whitney([2, 2], [2, 2, 2]) == 1.0
    found = compare({"a": same, "b": same, "c": same})
    assert found.friedman == 1.0
    assert all(pair.holm == pair.nemenyi == 1.0 for pair in found.pairs)


@pytest.mark.parametrize("seeds", [1, 2, 5, 6, 10])
def test_the_least_p_of_paired_seeds_is_what_the_test_answers_if_all_agree(seeds):
    worse = np.arange(1.0, seeds + 1)
    assert wilcoxon(np.zeros(seeds), worse) == pytest.approx(least_wilcoxon_p(seeds))


@pytest.mark.parametrize(("contenders", "seeds"), [(2, 6), (3, 7), (4, 8), (12, 12)])
def test_it_says_how_many_seeds_are_needed(contenders, seeds):
    def clear(n):
        return {str(k): 10.0 * k + np.arange(1.0, n + 1) * (k + 1) for k in range(contenders)}

    few, enough = compare(clear(seeds - 1)), compare(clear(seeds))
    assert few.seeds_needed == enough.seeds_needed == seeds
    assert not few.enough_seeds
    assert enough.enough_seeds
    assert not any(few.differ(p.first, p.second) for p in few.pairs)
    assert all(enough.differ(p.first, p.second) for p in enough.pairs)
    assert min(p.holm for p in enough.pairs) <= least_p(contenders, seeds) <= 0.05


def test_median_and_quartiles_of_a_sample_with_failed_runs():
    found = summarise([1, 2, 3, 4, 5, math.nan])
    assert (found.median, found.quartiles, found.failed) == (3.5, (2.25, 4.75), 1)
    assert found.method == "percentile"
    assert found.interval[1] == math.inf
    assert summarise([1, 2, math.inf, math.nan]).median == math.inf
    assert summarise([math.nan] * 3).interval == (math.inf, math.inf)


def test_the_interval_covers_the_median_about_as_often_as_it_says(rng):
    samples = rng.lognormal(size=(60, 25))
    covered = [low <= 1 <= high for low, high in (summarise(s).interval for s in samples)]
    assert 0.85 <= np.mean(covered) <= 1.0
    assert summarise(samples[0]) == summarise(samples[0])  # the bootstrap is seeded
    assert summarise(samples[0]).method == "BCa"


def test_a_single_run_and_equal_runs_have_documented_intervals():
    assert summarise([0.5]).method == "none"
    assert np.isnan(summarise([0.5]).interval).all()
    assert summarise([0.5] * 4).interval == (0.5, 0.5)


def test_a_failed_run_never_succeeds():
    assert success_rate([0.1, math.nan, math.inf], math.inf).successes == 0
    assert success_rate([0.1, math.nan, math.inf], 0.1).successes == 1


@pytest.mark.parametrize(
    ("effect", "word"),
    [(0.5, "negligible"), (0.56, "small"), (0.36, "medium"), (0.71, "large"), (0.0, "large")],
)
def test_effects_have_the_words_of_vargha_and_delaney(effect, word):
    assert a12_words(effect) == word


def test_contenders_with_more_seeds_are_paired_on_the_first_ones():
    found = compare({"a": [1, 2, 3], "b": [2, 3, 4, 0, 0]})
    assert found.seeds == 3
    assert found.pair("b", "a").wilcoxon == wilcoxon([1, 2, 3], [2, 3, 4])
    assert found.pair("a", "b").a12 == a12([1, 2, 3], [2, 3, 4, 0, 0])


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: compare({}), "needs at least one contender, got none"),
        (lambda: compare({"a": []}), "contender 'a' needs one error a seed"),
        (lambda: compare({"a": [1]}, alpha=5), "needs alpha between 0 and 1, got 5"),
        (lambda: summarise([1, -math.inf]), "needs errors above -inf"),
        (lambda: wilcoxon([1, 2], [1]), "samples of one length, got 2 and 1"),
    ],
)
def test_wrong_samples_are_refused(call, text):
    with pytest.raises(ValueError, match=text):
        call()
