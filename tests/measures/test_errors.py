"""Errors by hand."""

import numpy as np
import pytest

from evornn.measures import mse, nmse, nrmse, valid_prediction_time

TRUTH = np.array([[0.0, 10.0], [2.0, 30.0], [4.0, 20.0], [2.0, 20.0]])  # variances 2 and 50
TOLD = TRUTH + np.array(
    [[1.0, 0.0], [0.0, 10.0], [-1.0, 0.0], [0.0, 0.0]]
)  # square errors .5 and 25


def test_errors_are_what_their_definitions_say():
    assert mse(TRUTH, TOLD) == pytest.approx((0.5 + 25) / 2)
    assert nmse(TRUTH, TOLD) == pytest.approx((0.25 + 0.5) / 2)
    assert nrmse(TRUTH, TOLD) == pytest.approx(np.sqrt(0.375))
    assert nmse(TRUTH, TOLD, variance=[1.0, 100.0]) == pytest.approx((0.5 + 0.25) / 2)
    assert nmse(TRUTH[:, 0], TOLD[:, 0]) == pytest.approx(0.25)


def test_the_mean_scores_one_and_the_truth_zero(rng):
    truth = rng.normal(size=(50, 3)) * [1.0, 1e-3, 1e3] + 5
    assert nmse(truth, np.tile(truth.mean(axis=0), (50, 1))) == pytest.approx(1.0)
    assert nrmse(truth, truth) == 0.0


def test_a_diverged_forecast_scores_infinity_or_nan():
    assert nmse([0.0, 1.0], [0.0, np.inf]) == np.inf
    assert np.isnan(mse([0.0, 1.0], [0.0, np.nan]))
    assert mse([0.0, 1.0], [0.0, 1e200]) == np.inf


def test_a_forecast_is_valid_until_its_error_exceeds_the_threshold():
    error = np.array([0.0, 0.1, 0.29, 0.31, 0.0, 0.5])
    truth = np.array([1.0, -1.0] * 3)  # standard deviation 1
    assert valid_prediction_time(truth, truth + error, dt=0.5, lyapunov=2.0) == 3.0
    assert valid_prediction_time(truth, truth + error, threshold=0.4) == 5.0
    assert valid_prediction_time(truth, truth + error, std=[0.5]) == 2.0
    assert valid_prediction_time(truth, truth, dt=0.1) == pytest.approx(0.6)
    assert valid_prediction_time(truth, np.r_[truth[:2], np.full(4, np.nan)]) == 2.0


def test_several_outputs_share_the_threshold():
    truth = np.tile([[1.0, 10.0], [-1.0, -10.0]], (2, 1))
    told = truth + np.array(
        [[0, 0], [0.4, 0.0], [0.4, 2.0], [0, 0]]
    )  # .28, then .32 of a deviation
    assert valid_prediction_time(truth, told) == 2.0


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: mse([1.0, 2.0], [1.0]), r"a forecast like the truth, axes \(2, 1\), got \(1, 1\)"),
        (lambda: mse([1.0, np.nan], [1.0, 1.0]), r"`mse` needs finite truth"),
        (lambda: nrmse([3.0, 3.0], [1.0, 1.0]), r"needs outputs that vary, got variances \[0\.\]"),
        (lambda: valid_prediction_time([3.0, 3.0], [1.0, 1.0]), r"outputs that vary; give `std`"),
        (
            lambda: valid_prediction_time([1, 2], [1, 2], dt=0.0),
            r"a finite `dt` above 0, got 0\.0\.",
        ),
    ],
)
def test_what_has_no_error_is_refused(call, text):
    with pytest.raises(ValueError, match=text):
        call()
