"""Crossovers on whole populations against formulas, moments and DEAP."""

import numpy as np
import pytest
from deap import tools
from scipy import stats

from evornn.evolution import (
    BlendCrossover,
    OnePointCrossover,
    SimulatedBinaryCrossover,
    TwoPointCrossover,
    UniformCrossover,
)
from evornn.evolution.deap_operators import seeded_globals

EXCHANGES = [OnePointCrossover, TwoPointCrossover, UniformCrossover]
ALL = [*EXCHANGES, BlendCrossover, SimulatedBinaryCrossover]


def zeros_and_ones(pairs, genes):
    """Mates of all zeros and all ones, so that a child shows where each gene came from."""
    return np.tile([[0.0], [1.0]], (pairs, genes))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("crossover", EXCHANGES)
def test_an_exchange_loses_no_gene(crossover, dtype, bred, rng):
    population = rng.standard_normal((40, 131)).astype(dtype)
    children = bred(population, crossover=crossover(rate=1.0)).rows
    assert not np.array_equal(children, population)
    pairs, offspring = population.reshape(20, 2, 131), children.reshape(20, 2, 131)
    np.testing.assert_array_equal(np.sort(pairs, axis=1), np.sort(offspring, axis=1))


@pytest.mark.parametrize("crossover", [BlendCrossover, SimulatedBinaryCrossover])
def test_a_blend_keeps_each_pairs_mean(crossover, bred, rng):
    population = rng.standard_normal((40, 131))
    children = bred(population, crossover=crossover(rate=1.0)).rows
    pairs, offspring = population.reshape(20, 2, 131), children.reshape(20, 2, 131)
    np.testing.assert_allclose(offspring.sum(1), pairs.sum(1), atol=1e-12)


@pytest.mark.parametrize("crossover", ALL)
def test_the_rate_is_the_share_of_recombined_children(crossover, bred, rng):
    population = rng.standard_normal((4000, 7))
    children = bred(population, crossover=crossover(rate=0.35))
    np.testing.assert_array_equal(children.fresh[0::2], children.fresh[1::2])
    assert abs(children.fresh[0::2].mean() - 0.35) < 5 * np.sqrt(0.35 * 0.65 / 2000)
    copies = ~children.fresh
    np.testing.assert_array_equal(children.rows[copies], population[copies])


@pytest.mark.parametrize("crossover", ALL)
def test_mating_with_oneself_changes_nothing(crossover, bred, rng):
    population = rng.standard_normal((1, 20))
    children = bred(population, crossover=crossover(rate=1.0), parents=[0, 0, 0, 0])
    np.testing.assert_array_equal(children.rows, np.tile(population, (4, 1)))
    assert not children.fresh.any()


@pytest.mark.parametrize("crossover", ALL)
def test_chromosomes_of_one_gene_are_fine(crossover, bred, rng):
    children = bred(rng.standard_normal((6, 1)), crossover=crossover(rate=1.0))
    assert np.isfinite(children.rows).all()


def test_one_point_cuts_everywhere_with_the_same_chance(bred):
    genes = 6
    children = bred(zeros_and_ones(20_000, genes), crossover=OnePointCrossover(rate=1.0)).rows
    first = children[0::2]
    assert (np.diff(first, axis=1) >= 0).all()  # zeros, then ones
    cuts = np.bincount((first == 0).sum(1).astype(int), minlength=genes + 1)
    assert cuts[0] == cuts[genes] == 0  # a cut always leaves something on both sides
    assert stats.chisquare(cuts[1:genes]).pvalue > 1e-4


def test_two_points_cut_each_pair_of_places_with_the_same_chance(bred):
    genes = 5
    children = bred(zeros_and_ones(20_000, genes), crossover=TwoPointCrossover(rate=1.0)).rows
    patterns, counts = np.unique(children[0::2], axis=0, return_counts=True)
    ring = np.column_stack([patterns, patterns[:, :1]])
    assert (np.abs(np.diff(ring, axis=1)).sum(1) == 2).all()  # one exchanged stretch of the ring
    assert len(patterns) == genes * (genes - 1) // 2
    assert stats.chisquare(counts).pvalue > 1e-4


@pytest.mark.parametrize("swap", [0.5, 0.2, 0.0, 1.0])
def test_uniform_swaps_its_share_independently(swap, bred):
    children = bred(
        zeros_and_ones(2000, 150), crossover=UniformCrossover(rate=1.0, swap=swap)
    ).rows[0::2]
    spread = max(np.sqrt(swap * (1 - swap)), 1e-9)
    assert abs(children.mean() - swap) < 5 * spread / np.sqrt(children.size)
    assert np.abs(children.mean(0) - swap).max() < 5 * spread / np.sqrt(2000)
    centred = (children - swap) / spread
    assert abs((centred[:, 1:] * centred[:, :-1]).mean()) < 5 / np.sqrt(children.size)


@pytest.mark.parametrize("alpha", [0.0, 0.366, 0.5])
def test_blx_is_uniform_over_the_widened_interval(alpha, bred):
    children = bred(zeros_and_ones(500, 100), crossover=BlendCrossover(rate=1.0, alpha=alpha)).rows[
        0::2
    ]
    assert children.min() >= -alpha
    assert children.max() <= 1 + alpha
    uniform = stats.uniform(-alpha, 1 + 2 * alpha)
    assert stats.kstest(children.ravel(), uniform.cdf).pvalue > 1e-4


@pytest.mark.parametrize("eta", [0.0, 2.0, 15.0])
def test_sbx_spreads_as_deb_and_agrawal_say(eta, bred):
    children = bred(
        zeros_and_ones(500, 100), crossover=SimulatedBinaryCrossover(rate=1.0, eta=eta)
    ).rows
    spread = (children[1::2] - children[0::2]).ravel()  # the parents are 1 apart

    def distribution(b):
        b = np.maximum(b, 1e-300)
        return np.where(b <= 1, 0.5 * b ** (eta + 1), 1 - 0.5 * b ** -(eta + 1))

    assert stats.kstest(spread, distribution).pvalue > 1e-4


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (BlendCrossover(rate=1.0, alpha=0.3), lambda a, b: tools.cxBlend(a, b, 0.3)),
        (
            SimulatedBinaryCrossover(rate=1.0, eta=5.0),
            lambda a, b: tools.cxSimulatedBinary(a, b, 5.0),
        ),
        (UniformCrossover(rate=1.0, swap=0.3), lambda a, b: tools.cxUniform(a, b, 0.3)),
    ],
)
def test_children_are_distributed_as_deaps(ours, theirs, bred, rng):
    mothers = [[0.0] * 20_000, [1.0] * 20_000]
    with seeded_globals(rng):
        expected = np.array(theirs(*mothers)[0])
    found = bred(zeros_and_ones(1, 20_000), crossover=ours).rows[0]
    assert stats.ks_2samp(found, expected).pvalue > 1e-4


@pytest.mark.parametrize("crossover", ALL)
@pytest.mark.parametrize("rate", [-0.1, 1.1, np.nan])
def test_a_rate_that_is_no_share_is_refused(crossover, rate):
    with pytest.raises(
        ValueError, match=rf"`{crossover.__name__}` needs a finite `rate` in \[0, 1\]"
    ):
        crossover(rate=rate)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: UniformCrossover(swap=2.0), r"needs a finite `swap` in \[0, 1\], got 2.0"),
        (lambda: BlendCrossover(alpha=-1.0), r"needs a finite `alpha` of at least 0, got -1.0"),
        (lambda: SimulatedBinaryCrossover(eta=-1.0), r"needs a finite `eta` of at least 0, got -1"),
    ],
)
def test_other_wrong_settings_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
