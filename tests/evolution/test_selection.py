"""Selections against their exact probabilities."""

import random

import numpy as np
import pytest
from deap import tools
from scipy import stats

from evornn.evolution import Rank, Roulette, StochasticUniversal, Tournament
from evornn.evolution.deap_operators import seeded_globals
from evornn.evolution.individuals import individual_class

DRAWS = 200_000


def chi_square_p(parents, probability):
    """p-value of drawn rows against exact probabilities."""
    counts = np.bincount(parents, minlength=len(probability))
    possible = probability > 0
    assert counts[~possible].sum() == 0
    return stats.chisquare(counts[possible], probability[possible] * len(parents)).pvalue


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_tournament_wins_follow_the_formula(size, rng):
    individuals = 10
    fitness = rng.permutation(individuals).astype(float)
    rank = individuals - fitness  # 1 is best
    probability = (
        (individuals - rank + 1) ** size - (individuals - rank) ** size
    ) / individuals**size
    parents = Tournament(size).draw(fitness, DRAWS, rng)
    assert chi_square_p(parents, probability) > 1e-4


def test_tournament_agrees_with_deaps(rng):
    fitness = rng.permutation(12).astype(float)
    individuals = [individual_class()([i]) for i in range(12)]
    for individual, value in zip(individuals, fitness, strict=True):
        individual.fitness.values = (value,)
    with seeded_globals(rng):
        theirs = [int(one[0]) for one in tools.selTournament(individuals, 20_000, tournsize=4)]
    ours = Tournament(4).draw(fitness, 20_000, rng)
    table = np.array([np.bincount(drawn, minlength=12) for drawn in (theirs, ours)])
    assert stats.chi2_contingency(table[:, table.sum(0) > 5]).pvalue > 1e-4
    assert random.getstate()  # DEAP's generator is Python's


def test_roulette_is_proportional_to_fitness(rng):
    fitness = np.array([0.0, 1.0, 2.0, 5.0, -np.inf, 0.5])
    usable = np.where(fitness > 0, fitness, 0)
    parents = Roulette().draw(fitness, DRAWS, rng)
    assert chi_square_p(parents, usable / usable.sum()) > 1e-4


def test_roulette_without_any_fitness_is_even(rng):
    parents = Roulette().draw(np.zeros(5), DRAWS, rng)
    assert chi_square_p(parents, np.full(5, 0.2)) > 1e-4


def test_roulette_survives_the_largest_numbers(rng):
    parents = Roulette().draw(np.full(4, 1.7e308), DRAWS, rng)
    assert chi_square_p(parents, np.full(4, 0.25)) > 1e-4


@pytest.mark.parametrize("selection", [Roulette(), StochasticUniversal()])
def test_proportional_selection_refuses_negative_fitness(selection, rng):
    with pytest.raises(
        ValueError, match=r"needs fitness values of at least 0, got -2; use a recip"
    ):
        selection.draw(np.array([1.0, -2.0]), 2, rng)


@pytest.mark.parametrize("pressure", [1.0, 1.5, 2.0])
def test_rank_follows_bakers_line_whatever_the_scale(pressure, rng):
    fitness = np.array([3.0, -np.inf, 1e9, 2.0, 1.0])
    rank = np.array([3, 0, 4, 2, 1])
    probability = (2 - pressure + 2 * (pressure - 1) * rank / 4) / 5
    parents = Rank(pressure).draw(fitness, DRAWS, rng)
    assert chi_square_p(parents, probability) > 1e-4


def test_equals_share_their_ranks(rng):
    parents = Rank(2.0).draw(np.array([1.0, 1.0, 1.0, 9.0]), DRAWS, rng)
    assert chi_square_p(parents, np.array([1, 1, 1, 3]) / 6) > 1e-4


@pytest.mark.parametrize("pressure", [None, 1.8])
def test_stochastic_universal_gives_each_its_due_up_to_rounding(pressure, rng):
    for _ in range(50):
        fitness = rng.exponential(size=9)
        shares = fitness / fitness.sum()
        if pressure is not None:
            rank = stats.rankdata(fitness) - 1
            shares = (2 - pressure + 2 * (pressure - 1) * rank / 8) / 9
        counts = np.bincount(StochasticUniversal(pressure).draw(fitness, 40, rng), minlength=9)
        assert (counts >= np.floor(shares * 40 - 1e-9)).all()
        assert (counts <= np.ceil(shares * 40 + 1e-9)).all()


def test_stochastic_universal_is_unbiased_and_shuffled(rng):
    fitness = np.array([1.0, 2.0, 3.0, 4.0])
    drawn = np.array([StochasticUniversal().draw(fitness, 5, rng) for _ in range(20_000)])
    share = fitness / fitness.sum()
    for place in range(5):  # each place alone has the right chances, so the order means nothing
        observed = np.bincount(drawn[:, place], minlength=4) / len(drawn)
        assert np.abs(observed - share).max() < 5 * np.sqrt(0.25 / len(drawn))


@pytest.mark.parametrize(
    "selection",
    [Tournament(3), Roulette(), Rank(), StochasticUniversal(), StochasticUniversal(1.5)],
)
def test_every_selection_survives_a_population_of_failures(selection, rng):
    parents = selection.draw(np.full(6, -np.inf), 50, rng)
    assert parents.shape == (50,)
    assert parents.min() >= 0
    assert parents.max() < 6


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Tournament(0), "`Tournament` needs `size` of at least 1, got 0."),
        (lambda: Rank(2.5), "`Rank` needs a finite `pressure` in [1, 2], got 2.5."),
        (lambda: StochasticUniversal(0.5), "a finite `pressure` in [1, 2], got 0.5."),
    ],
)
def test_wrong_settings_are_refused(make, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011 (the whole text is compared)
        make()
    assert message in str(error.value)


def test_a_tournament_of_a_fraction_is_refused():
    with pytest.raises(TypeError, match=r"needs a whole number for `size`, got 2.5"):
        Tournament(2.5)
