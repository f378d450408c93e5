"""Fitness from errors."""

import numpy as np
import pytest

from evornn.evolution import reciprocal_mse


def test_fitness_times_error_is_one():
    mse = np.array([1e-3, 0.5, 20.0])
    np.testing.assert_allclose(reciprocal_mse(mse) * mse, 1.0, rtol=1e-8)


def test_a_perfect_network_has_a_finite_fitness():
    assert reciprocal_mse(0.0) == pytest.approx(1e12)
    assert reciprocal_mse(0.0, eps=0.5) == 2.0


@pytest.mark.parametrize("mse", [np.nan, np.inf, -np.inf])
def test_an_error_that_is_not_finite_is_worth_nothing(mse):
    assert reciprocal_mse(np.array([mse, 1.0], np.float32)).tolist() == [0.0, pytest.approx(1.0)]


def test_less_error_is_more_fitness():
    mse = np.geomspace(1e-9, 1e9, 50)
    assert (np.diff(reciprocal_mse(mse)) < 0).all()
