"""Controls against loops that do the same one number at a time."""

import numpy as np
import pytest

from evornn.tasks import Task


def test_persistence_repeats_the_last_known_value():
    series = np.random.default_rng(1).normal(size=300).cumsum()
    for horizon in (1, 5):
        task = Task.from_series(series, horizon, test=slice(200, 300), train=slice(0, 150),
                                validation=None, washout=20)  # fmt: skip
        truth = series[200:300]
        error = np.mean([(series[t - horizon] - series[t]) ** 2 for t in range(200, 300)])
        assert task.controls()["persistence"] == pytest.approx(error / truth.var(), rel=1e-10)


def test_linear_regression_agrees_with_the_normal_equations_in_raw_units():
    rng = np.random.default_rng(2)
    series = 40.0 + 3.0 * np.convolve(rng.normal(size=800), rng.normal(size=9), "valid")
    task = Task.from_series(series, 2, train=slice(0, 400), validation=None,
                            test=slice(500, 700), washout=30)  # fmt: skip

    def rows(targets):
        return np.array([[1.0, *(series[t - 2 - lag] for lag in range(16))] for t in targets])

    fitted, scored = range(32, 400), range(500, 700)
    a = rows(fitted)
    weights = np.linalg.solve(a.T @ a, a.T @ series[32:400])
    error = np.mean((rows(scored) @ weights - series[500:700]) ** 2)
    expected = error / series[500:700].var()
    assert task.controls()["linear AR(16)"] == pytest.approx(expected, rel=1e-8)


def test_a_linear_series_is_told_exactly_by_the_linear_control():
    t = np.arange(400)
    task = Task.from_series(np.sin(0.3 * t) + np.cos(0.7 * t) + 2.0, washout=20)
    assert task.controls()["linear AR(16)"] < 1e-20


def test_the_linear_control_works_without_any_washout():
    rng = np.random.default_rng(3)
    u = rng.normal(size=500)
    y = 0.5 * u + 0.25 * np.r_[0.0, u[:-1]] + 1.0
    controls = Task.from_arrays(u, y, washout=0).controls()
    # Only the first test step lacks its past.
    assert controls["linear AR(16)"] < 0.01


def test_the_linear_control_is_fitted_where_its_whole_past_is_known():
    rng = np.random.default_rng(5)
    u = rng.normal(size=300)
    y = sum(0.9**k * np.r_[np.zeros(k), u[: 300 - k]] for k in range(16))
    y[:15] += 100.0  # what the first inputs cannot explain
    known = np.arange(300) % 150 >= 15
    known[:15] = True
    task = Task.from_arrays(
        u,
        y,
        train=slice(0, 150),
        validation=None,
        test=slice(150, 300),
        mask=known,
        normalise=False,
    )
    assert task.controls()["linear AR(16)"] < 1e-20


def test_the_memoryless_control_is_a_table_for_one_hot_symbols():
    rng = np.random.default_rng(4)
    symbols = [rng.integers(3, size=50) for _ in range(20)]
    meaning = np.array([0.3, -1.0, 5.0])
    task = Task.from_arrays(
        [np.eye(3)[s] for s in symbols], [meaning[s] for s in symbols], normalise=False
    )
    controls = task.controls()
    assert controls["memoryless"] < 1e-20
    assert controls["mean"] == pytest.approx(1.0, abs=0.1)


def test_the_mean_control_uses_the_training_mean():
    ys = [np.array([1.0, 3.0]), np.array([5.0, 9.0])]
    task = Task.from_arrays(ys, ys, train=0.5, validation=None, test=0.5)
    assert task.controls()["mean"] == pytest.approx(((5 - 2) ** 2 + (9 - 2) ** 2) / 2 / 4)
