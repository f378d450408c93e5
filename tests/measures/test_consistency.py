"""Whether the input decides the state, in systems where that is known."""

import numpy as np
import pytest
from plain_reservoirs import drive, random

from evornn.measures import consistency, echo_state_index
from evornn.reservoir import ESN


@pytest.fixture
def reservoir(rng):
    W, v = random(30, 1.0, rng)
    return lambda radius, f=np.tanh: lambda u, start: drive(radius * W, v, u, f, start)


def test_a_contracting_reservoir_is_consistent_and_a_chaotic_one_is_not(reservoir, rng):
    u, starts = rng.uniform(-1, 1, size=600), rng.uniform(-1, 1, size=(4, 30))
    assert consistency(reservoir(0.8), u, starts, washout=200) == pytest.approx(1.0, abs=1e-9)
    assert consistency(reservoir(3.0), u, starts, washout=200) < 0.5
    assert echo_state_index(reservoir(0.8), u, starts, washout=200) == 1
    assert echo_state_index(reservoir(3.0), u, starts, washout=200) == 4


def test_a_bistable_unit_has_two_responses(rng):
    # x' = tanh(2 x + small input) keeps the sign it started with.
    def run(u, start):
        return drive(np.array([[2.0]]), np.array([0.1]), u, np.tanh, start)

    starts = np.array([[-0.9], [-0.5], [0.5], [0.7], [0.9]])
    assert echo_state_index(run, rng.uniform(-1, 1, size=100), starts, washout=50) == 2
    # Both responses follow the input alike, so their correlation alone would not show it.
    assert consistency(run, rng.uniform(-1, 1, size=100), starts, washout=50) > 0.9


def test_an_echo_state_network_is_measured_as_it_is(rng):
    u, starts = rng.uniform(-1, 1, size=300), rng.uniform(-1, 1, size=(3, 30))
    for units, radius, responses in ((30, 0.5, 1), ((20, 10), 0.5, 1), (30, 3.0, 3)):
        network = ESN(units, spectral_radius=radius, input_scaling=0.1)
        assert echo_state_index(network, u, starts, washout=200) == responses
    with pytest.raises(TypeError, match=r"`consistency` needs a function of inputs and .* got 3"):
        consistency(3, u, starts)


def test_consistency_is_the_correlation(rng):
    common, noise = rng.normal(size=(2000, 3)), rng.normal(size=(2, 2000, 3))
    runs = iter(common + 0.5 * noise)
    value = consistency(lambda u, start: next(runs), np.zeros(2000), np.zeros((2, 3)))
    assert value == pytest.approx(1 / 1.25, abs=0.02)


def test_constant_units_agree_or_do_not():
    def run(u, start):
        return np.tile(start, (len(u), 1))

    assert consistency(run, np.ones(5), [[1.0, 0.3], [1.0, 0.4]]) == 0.5


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"starts": np.ones((1, 3))}, r"at least 2 initial states"),
        ({"washout": 9}, r"at least 2 steps after the washout of 9, got 10 in all"),
        ({"tolerance": 0.0}, r"a `tolerance` above 0"),
        ({"system": lambda u, start: u[1:]}, r"a state for each of 10 inputs, got 9"),
    ],
)
def test_what_cannot_be_compared_is_refused(arguments, text):
    usual = {"system": lambda u, start: u, "u": np.ones(10), "starts": np.ones((2, 3))}
    with pytest.raises(ValueError, match=text):
        echo_state_index(**(usual | arguments))
