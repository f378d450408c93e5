"""Mutations on whole populations against formulas, moments and DEAP."""

import math

import numpy as np
import pytest
from deap import tools
from scipy import stats

from evornn.evolution import (
    BitFlipMutation,
    CauchyMutation,
    GaussianMutation,
    PolynomialMutation,
    RealGenes,
    UniformMutation,
)
from evornn.evolution.deap_operators import seeded_globals

STEPPED = [GaussianMutation, CauchyMutation, PolynomialMutation]


def polynomial_cdf(eta):
    """Distribution function of Deb and Goyal's deviate, integrated from its density.

    The density is (eta + 1) (1 - |d|)^eta / 2 on [-1, 1].
    """

    def cdf(d):
        tail = 0.5 * (1 - np.minimum(np.abs(d), 1)) ** (eta + 1)
        return np.where(d < 0, tail, 1 - tail)

    return cdf


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rate", [0.3, 0.02, 1.0])
@pytest.mark.parametrize("mutation", [*STEPPED, UniformMutation])
def test_each_gene_changes_at_the_rate(mutation, rate, dtype, bred, rng):
    parents = rng.standard_normal((400, 150)).astype(dtype)
    changed = bred(parents, mutation=mutation(rate=rate)).rows != parents
    spread = np.sqrt(max(rate * (1 - rate), 1e-6))
    # A few deviates are too small to show in float32.
    assert abs(changed.mean() - rate) < 5 * spread / np.sqrt(changed.size) + 1e-3
    assert np.abs(changed.mean(0) - rate).max() < 5 * spread / np.sqrt(400) + 0.01


@pytest.mark.parametrize(
    ("mutation", "distribution"),
    [
        (GaussianMutation(1.0, 0.25, False), stats.norm(scale=0.25).cdf),
        (CauchyMutation(1.0, 0.25, False), stats.cauchy(scale=0.25).cdf),
        (PolynomialMutation(1.0, 1.0, False, eta=20.0), polynomial_cdf(20.0)),
        (PolynomialMutation(1.0, 1.0, False, eta=0.0), polynomial_cdf(0.0)),
        (UniformMutation(1.0, -2.0, 3.0), stats.uniform(-2.0, 5.0).cdf),
    ],
)
def test_deviates_follow_their_distribution(mutation, distribution, bred):
    children = bred(np.zeros((400, 500)), mutation=mutation).rows
    assert stats.kstest(children.ravel(), distribution).pvalue > 1e-4


def test_gaussian_and_polynomial_have_the_variance_they_state(bred):
    parents = np.full((200, 500), 2.0)
    for mutation, variance in (
        (GaussianMutation(1.0, 0.3, False), 0.09),
        (PolynomialMutation(1.0, 0.5, False, eta=4.0), 0.25 * 2 / (6 * 7)),
    ):
        steps = bred(parents, mutation=mutation).rows - parents
        assert steps.mean() == pytest.approx(0, abs=5 * math.sqrt(variance / steps.size))
        assert steps.var() == pytest.approx(variance, rel=0.03)


def test_gaussian_steps_are_distributed_as_deaps(bred, rng):
    with seeded_globals(rng):
        expected = np.array(tools.mutGaussian([0.0] * 20_000, 0.0, 0.7, 0.4)[0])
    found = bred(np.zeros((1, 20_000)), mutation=GaussianMutation(0.4, 0.7, False)).rows[0]
    assert abs((found == 0).mean() - (expected == 0).mean()) < 0.03
    assert stats.ks_2samp(found[found != 0], expected[expected != 0]).pvalue > 1e-4


def test_polynomial_steps_are_distributed_as_deaps_far_from_the_bounds(bred, rng):
    with seeded_globals(rng):
        mutated = tools.mutPolynomialBounded([0.0] * 20_000, 20.0, -1.0, 1.0, 1.0)[0]
    # DEAP's bounded form measures in widths of the range (2) and bends near the bounds (half a
    # width away), by less than 2^-21 for eta = 20.
    ours = PolynomialMutation(1.0, 2.0, False, eta=20.0)
    found = bred(np.zeros((1, 20_000)), mutation=ours).rows[0]
    assert stats.ks_2samp(found, mutated).pvalue > 1e-4


def test_a_step_size_takes_lognormal_steps_and_is_used_at_once(bred):
    mutation = GaussianMutation(rate=1.0, scale=0.5, tau=0.2)
    children = bred(np.zeros((4000, 50)), mutation=mutation)
    steps = np.log(children.steps / 0.5) / 0.2
    assert stats.kstest(steps, "norm").pvalue > 1e-4
    standardised = children.rows / children.steps[:, None]
    assert standardised.var() == pytest.approx(1.0, rel=0.02)


def test_the_learning_rate_is_schwefels_unless_given(rng):
    assert GaussianMutation().plan(200).tau == pytest.approx(1 / math.sqrt(400))
    assert GaussianMutation(tau=0.3).plan(200).tau == 0.3
    assert GaussianMutation(self_adaptive=False).plan(200).tau == 0.0


def test_a_step_size_is_inherited_and_mixed_geometrically(bred):
    from evornn.evolution import UniformCrossover

    parents = np.zeros((2, 30))
    parents[1] = 1.0
    fixed = GaussianMutation(0.1, 1.0, self_adaptive=False)
    alone = bred(parents, mutation=fixed, steps=np.array([0.1, 0.9]))
    np.testing.assert_array_equal(alone.steps, [0.1, 0.9])
    mated = bred(
        parents, mutation=fixed, crossover=UniformCrossover(1.0), steps=np.array([0.1, 0.9])
    )
    np.testing.assert_allclose(mated.steps, [0.3, 0.3])


def test_a_step_size_never_falls_below_its_floor(bred):
    mutation = GaussianMutation(scale=0.1, tau=5.0, least_scale=0.05)
    children = bred(np.zeros((500, 5)), mutation=mutation)
    assert children.steps.min() == 0.05


def test_a_child_without_a_changed_gene_is_no_news(bred, rng):
    parents = rng.standard_normal((500, 8))
    children = bred(parents, mutation=GaussianMutation(rate=0.1))
    unchanged = (children.rows == parents).all(1)
    np.testing.assert_array_equal(children.fresh, ~unchanged)
    assert abs(unchanged.mean() - 0.9**8) < 5 * 0.5 / np.sqrt(500)


def test_bounded_genes_stay_in_their_range(bred):
    genes = RealGenes(-1.0, 0.5)
    children = bred(np.zeros((50, 200)), mutation=CauchyMutation(1.0, 2.0), genes=genes).rows
    assert children.min() == -1.0
    assert children.max() == 0.5
    inside = (children > -1.0) & (children < 0.5)
    assert 0.1 < inside.mean() < 0.6


@pytest.mark.parametrize("mutation", [*STEPPED, UniformMutation, BitFlipMutation])
def test_a_rate_that_is_no_chance_is_refused(mutation):
    with pytest.raises(
        ValueError, match=rf"`{mutation.__name__}` needs a finite `rate` in \[0, 1\]"
    ):
        mutation(rate=1.5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GaussianMutation(scale=0.0), "needs a finite `scale` above 0, got 0.0"),
        (lambda: GaussianMutation(tau=-1.0), "needs a finite `tau` above 0, got -1.0"),
        (lambda: CauchyMutation(least_scale=-1.0), "`least_scale` of at least 0, got -1.0"),
        (lambda: CauchyMutation(scale=0.1, least_scale=1.0), "raise the one or lower the other"),
        (lambda: PolynomialMutation(eta=-2.0), "needs a finite `eta` of at least 0, got -2.0"),
        (lambda: UniformMutation(low=2.0, high=1.0), "needs `low` below `high`, got 2 and 1"),
        (lambda: UniformMutation(high=np.inf), "needs a finite `high`"),
    ],
)
def test_other_wrong_settings_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
