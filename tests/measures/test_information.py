"""Information processing capacity of states that are known functions of the input."""

import numpy as np
import pytest
from plain_reservoirs import cycle, drive, random

from evornn.measures import information_capacity, information_capacity_of


def past(u, delay):
    return np.r_[np.zeros(delay), u[: len(u) - delay]]


def p2(u):
    return (3 * u**2 - 1) / 2


def test_known_functions_of_the_past_are_found_one_by_one(rng):
    u = rng.uniform(-1, 1, size=5000)
    states = np.stack([past(u, 3), p2(past(u, 1)), u * past(u, 2) * 7 + 1], axis=1)
    found = information_capacity_of(u, states, {1: 6, 2: 4, 3: 2})
    assert {c.term for c in found.capacities} == {((3, 1),), ((1, 2),), ((0, 1), (2, 1))}
    assert found.total == pytest.approx(3.0, abs=1e-4)
    assert found.by_degree == {1: pytest.approx(1, abs=1e-4), 2: pytest.approx(2, abs=1e-4), 3: 0}
    np.testing.assert_allclose(found.by_delay, [0, 1, 1, 1, 0, 0, 0], atol=1e-4)
    assert found.rank == 3
    assert found.tried == 7 + 15 + 10


def test_a_mixed_state_shares_its_capacity_by_variance(rng):
    u = rng.uniform(-1, 1, size=40_000)
    state = 2 * np.sqrt(3) * past(u, 1) + np.sqrt(5) * p2(u)  # variances 4 and 1
    found = information_capacity_of(u, state, {1: 3, 2: 3})
    assert found.by_degree[1] == pytest.approx(0.8, abs=0.01)
    assert found.by_degree[2] == pytest.approx(0.2, abs=0.01)
    assert found.capacities[0].term == ((1, 1),)


def test_linear_units_hold_linear_memory_alone_and_all_of_it(rng):
    W, v = cycle(10, 0.6, rng)[0], np.eye(10)[0]
    found = information_capacity(lambda u: drive(W, v, u), {1: 60, 2: 10}, steps=6000, rng=rng)
    assert found.by_degree[1] == pytest.approx(10.0, abs=0.1)
    assert found.by_degree[2] < 0.05


def test_the_capacities_of_a_forgetting_reservoir_sum_to_its_rank(rng):
    W, v = random(4, 0.5, rng)
    found = information_capacity(
        lambda u: drive(W, v, u, np.tanh),
        {1: 30, 2: 10, 3: 12, 4: 4, 5: 5},
        steps=20_000,
        amplitude=1.5,
        rng=rng,
    )
    assert found.rank == 4
    assert found.total == pytest.approx(4.0, abs=0.1)
    assert found.by_degree[3] > 0.1  # tanh is odd: what is not linear is of odd degree
    assert found.by_degree[2] < 0.02


def test_unrelated_states_have_no_capacity_but_by_the_stated_chance(rng):
    u, states = rng.uniform(-1, 1, size=1000), rng.normal(size=(1000, 20))
    found = information_capacity_of(u, states, {1: 500, 2: 60}, chance=0.01)
    assert found.tried == 501 + 61 * 62 / 2
    share = len(found.capacities) / found.tried
    assert 0.005 < share < 0.016
    assert found.threshold > 20 / 1000
    assert information_capacity_of(u, states, {1: 500}, chance=1e-6).total == 0.0


def test_dependent_and_constant_states_add_nothing(rng):
    u = rng.uniform(-1, 1, size=2000)
    x = np.stack([u, past(u, 1), u + past(u, 1), np.full(2000, 3.7)], axis=1)
    found = information_capacity_of(u, x, {1: 4})
    assert found.rank == 2
    assert found.total == pytest.approx(2.0, abs=1e-9)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"u": np.full(50, 1.5)}, r"inputs from U\(-1, 1\), got 1\.5; scale them"),
        ({"u": np.ones(49)}, r"one input for each of 50 states"),
        ({"delays": {0: 3}}, r"`delays` of degrees from 1 to delays from 0, got {0: 3}"),
        ({"delays": {}}, r"`delays` of degrees from 1"),
        ({"chance": 0.0}, r"a `chance` in \(0, 1\), got 0\.0"),
        ({"delays": {1: 50}}, r"more steps than the longest delay of 50, got 50\."),
        (
            {"delays": {1: 46}},
            r"more steps than states, got 4 after the washout for states of rank",
        ),
        ({"states": np.ones((50, 2))}, r"needs states that vary"),
    ],
)
def test_what_cannot_be_measured_is_refused(change, text, rng):
    usual = {"u": np.zeros(50), "states": rng.normal(size=(50, 3)), "delays": {1: 3}}
    with pytest.raises(ValueError, match=text):
        information_capacity_of(**(usual | change))
