"""The Lorenz series against SciPy's integrator and its known statistics."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from evornn.tasks import lorenz
from evornn.tasks.lorenz import integrate_lorenz


def slope(t, state):
    x, y, z = state
    return [10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z]


@pytest.mark.parametrize("dt", [0.003, 0.025, 0.1])
def test_the_series_is_the_equations_solution(dt):
    series = integrate_lorenz(40, dt, np.random.default_rng(1))
    times = dt * np.arange(40)
    exact = solve_ivp(slope, (0, times[-1]), series[0], t_eval=times, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(series, exact.y.T, rtol=1e-4, atol=1e-3)  # chaos: errors grow


def test_the_transient_is_left_out():
    whole = integrate_lorenz(30, 0.1, np.random.default_rng(2), transient=0.0)
    settled = integrate_lorenz(10, 0.1, np.random.default_rng(2), transient=2.0)
    np.testing.assert_array_equal(settled, whole[20:])
    assert np.abs(whole[0] - [0.0, 1.0, 20.0]).max() < 5  # where it starts


def test_the_attractor_has_its_known_moments():
    series = integrate_lorenz(12_000, 0.05, np.random.default_rng(0))
    assert np.abs(series[:, :2].mean(axis=0)).max() < 1.0
    assert series[:, 2].mean() == pytest.approx(23.55, abs=0.2)
    np.testing.assert_allclose(series.std(axis=0), [7.92, 9.01, 8.62], rtol=0.02)


def test_coordinates_are_chosen_by_letter():
    series = integrate_lorenz(5000, 0.025, np.random.default_rng(np.random.SeedSequence(3)))
    task = lorenz(horizon=0, observed="yx", told="z", seed=3, train=2000)
    assert (task.inputs, task.outputs, task.label) == (2, 1, "z")
    seen = task.input_scale.restore(task.train.inputs[0])
    np.testing.assert_allclose(seen, series[:2000, [1, 0]], rtol=1e-12, atol=1e-10)
    told = task.target_scale.restore(task.train.targets[0])
    np.testing.assert_allclose(told, series[:2000, [2]], rtol=1e-12)


def test_a_step_ahead_is_easy_and_a_lyapunov_time_is_not():
    near, far = lorenz().controls(), lorenz(horizon=44).controls()
    assert near["linear AR(16)"] < 1e-3
    assert near["persistence"] < 0.1
    assert far["linear AR(16)"] > 0.3


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"dt": 0.0}, r"`dt` needs to be above 0 and at most 1, got 0\.0\."),
        ({"observed": "xw"}, r"`observed` needs different letters out of 'xyz', got 'xw'\."),
        ({"told": ""}, r"`told` needs different letters out of 'xyz', got ''\."),
        ({"horizon": 0}, r"`horizon` needs to be at least 1, got 0\."),
    ],
)
def test_arguments_out_of_range_are_refused(arguments, text):
    with pytest.raises(ValueError, match=text):
        lorenz(**arguments)
