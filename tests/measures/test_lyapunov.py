"""Largest Lyapunov exponents that are known."""

import numpy as np
import pytest
from numba import njit
from plain_reservoirs import random

from evornn.measures import lyapunov_exponent, runge_kutta
from evornn.reservoir import ESN


def logistic(x):
    return 4 * x * (1 - x)


def test_the_logistic_map_doubles_distances(rng):
    exact = lyapunov_exponent(logistic, 0.3, steps=20_000, jacobian=lambda x: 4 - 8 * x, rng=rng)
    apart = lyapunov_exponent(logistic, 0.3, steps=20_000, rng=rng)
    assert exact == pytest.approx(np.log(2), abs=0.005)
    assert apart == pytest.approx(np.log(2), abs=0.005)


def test_the_henon_map_has_its_published_exponent(rng):
    def henon(x):
        return np.array([1 - 1.4 * x[0] ** 2 + x[1], 0.3 * x[0]])

    def jacobian(x):
        return np.array([[-2.8 * x[0], 1.0], [0.3, 0.0]])

    value = lyapunov_exponent(henon, [0.1, 0.1], steps=20_000, jacobian=jacobian, rng=rng)
    assert value == pytest.approx(0.419, abs=0.006)


def test_the_lorenz_system_has_its_published_exponent(rng):
    def lorenz(x):
        return np.array([10 * (x[1] - x[0]), x[0] * (28 - x[2]) - x[1], x[0] * x[1] - 8 / 3 * x[2]])

    step = njit(runge_kutta(njit(lorenz), 0.02))  # compiled, or it would take seconds
    value = lyapunov_exponent(
        step, [1.0, 1.0, 20.0], steps=60_000, transient=1000, dt=0.02, every=5, rng=rng
    )
    assert value == pytest.approx(0.9056, rel=0.02)


def test_a_linear_system_has_the_logarithm_of_its_spectral_radius(rng):
    W, v = random(30, 0.8, rng)
    u = rng.uniform(-1, 1, size=(900, 1))
    value = lyapunov_exponent(
        lambda x, now: W @ x + v * now, np.zeros(30), u=u, transient=300, rng=rng
    )
    assert value == pytest.approx(np.log(0.8), abs=0.01)


def test_a_driven_reservoirs_exponent_is_the_same_by_tangent_and_by_a_second_trajectory(rng):
    W, v = random(40, 3.0, rng)
    u = rng.uniform(-1, 1, size=800)

    def step(x, now):
        return np.tanh(W @ x + v * now)

    def jacobian(x, now):
        return (1 - step(x, now) ** 2)[:, None] * W

    first = rng.normal(size=40)
    settings = {"u": u, "transient": 200}
    tangent = lyapunov_exponent(step, first, jacobian=jacobian, rng=rng, **settings)
    second = lyapunov_exponent(step, first, rng=rng, **settings)
    assert second == pytest.approx(tangent, abs=0.02)
    assert tangent > 0.05  # chaotic
    quiet = lyapunov_exponent(step, first, u=20 * u, transient=200, rng=rng)
    assert quiet < tangent  # a strong input saturates the units and tames the chaos


def test_the_shortening_interval_changes_nothing(rng):
    values = [
        lyapunov_exponent(
            logistic, 0.3, steps=501, every=every, jacobian=lambda x: 4 - 8 * x, rng=rng
        )
        for every in (1, 7)
    ]
    assert values[0] == pytest.approx(values[1], rel=1e-9)


def test_time_between_states_divides_the_exponent(rng):
    step = runge_kutta(lambda x: np.array([0.5, -2.0]) * x, 0.1)
    value = lyapunov_exponent(step, [0.0, 0.0], steps=50, dt=0.1, transient=200, rng=rng)
    assert value == pytest.approx(0.5, rel=1e-6)


def test_the_runge_kutta_step_is_of_fourth_order():
    errors = [abs(runge_kutta(lambda x: -x, dt)(np.ones(1))[0] - np.exp(-dt)) for dt in (0.2, 0.1)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(5.0, abs=0.1)  # local error dt^5


def test_an_echo_state_networks_exponent_is_that_of_its_equation(rng):
    network = ESN(20, spectral_radius=1.2, leak=0.5)
    layer = network.draw(1, 1).stack.layers[0]
    W, W_in, u = layer.W.dense(), layer.W_in, rng.uniform(-1, 1, size=400)

    def step(x, v):
        return 0.5 * x + 0.5 * np.tanh(W @ x + W_in @ v)

    def slopes(x, v):
        inner = 1 - np.tanh(W @ x + W_in @ v) ** 2
        return 0.5 * np.eye(20) + 0.5 * inner[:, None] * W

    exact = lyapunov_exponent(step, np.zeros(20), u=u, jacobian=slopes, rng=rng)
    found = lyapunov_exponent(network, np.zeros(20), u=u, rng=rng)
    assert found == pytest.approx(exact, abs=2e-3)
    with pytest.raises(ValueError, match="of a driven system needs inputs `u`, got none"):
        lyapunov_exponent(network, np.zeros(20), steps=9, rng=rng)


def test_trajectories_that_meet_have_minus_infinity(rng):
    assert lyapunov_exponent(lambda x: 0 * x, 1.0, steps=5, rng=rng) == -np.inf


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, r"either `steps` or inputs `u`"),
        ({"steps": 5, "u": [1.0]}, r"either `steps` or inputs `u`"),
        ({"u": np.ones(100)}, r"steps beyond the transient of 100, got 100 in all"),
        ({"steps": 5, "dt": 0.0}, r"`dt` and `distance` above 0, got 0\.0 and 1e-08"),
        ({"steps": 5, "every": 0}, r"`every` of at least 1, got 0"),
    ],
)
def test_settings_out_of_range_are_refused(arguments, text, rng):
    with pytest.raises(ValueError, match=text):
        lyapunov_exponent(logistic, 0.3, rng=rng, **arguments)


def test_a_system_that_explodes_says_when(rng):
    with np.errstate(over="ignore"), pytest.raises(ValueError, match=r"infinity at step 9\."):
        lyapunov_exponent(lambda x: x * 1e31, 1.0, steps=20, jacobian=lambda x: 1.0, rng=rng)


def test_a_distance_that_rounding_swallows_is_refused(rng):
    with pytest.raises(ValueError, match=r"larger `distance`: 1e-08 is lost in rounding .* step 0"):
        lyapunov_exponent(lambda x: x, 1e9, steps=20, rng=rng)
