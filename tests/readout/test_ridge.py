"""Ridge regression against plain solves, refits and another way through the data."""

import logging
import re

import numpy as np
import pytest
from scipy.linalg import lstsq

from evornn.readout import Moments, Ridge


@pytest.fixture
def rows(rng):
    """Correlated states with large means, targets with noise, and uneven weights."""
    X = rng.normal(size=(120, 9)) @ rng.normal(size=(9, 9)) + 20 * rng.normal(size=9)
    Y = X @ rng.normal(size=(9, 2)) + rng.normal(size=2) + rng.normal(size=(120, 2))
    return X, Y, rng.uniform(0.2, 3.0, size=120)


def plain(X, Y, ridge, weights=None, intercept=True):
    """Weights and bias as least squares over the rows and a row more for each penalty."""
    root = np.sqrt(np.ones(len(X)) if weights is None else weights)[:, None]
    ones = np.ones((len(X), int(intercept)))
    penalty = np.sqrt(ridge) * np.eye(X.shape[1], X.shape[1] + intercept)
    left = np.concatenate([np.concatenate([X, ones], axis=1) * root, penalty])
    solution = lstsq(left, np.concatenate([Y * root, np.zeros((X.shape[1], Y.shape[1]))]))[0]
    return solution[: X.shape[1]], solution[-1] if intercept else np.zeros(Y.shape[1])


def assert_is(readout, expected, rtol=1e-8):
    np.testing.assert_allclose(readout.weights, expected[0], rtol=rtol, atol=1e-10)
    np.testing.assert_allclose(readout.bias, expected[1], rtol=rtol, atol=1e-8)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("ridge", [0.0, 1e-3, 50.0])
def test_it_is_least_squares_with_a_penalty(rows, ridge, weighted, intercept):
    X, Y, w = rows
    w = w if weighted else None
    readout = Ridge(ridge, intercept=intercept).fit(X, Y, w)
    assert_is(readout, plain(X, Y, ridge, w, intercept))
    np.testing.assert_allclose(readout.predict(X), X @ readout.weights + readout.bias, rtol=1e-12)
    assert readout.solver == "cholesky"
    assert readout.chosen == ridge


def test_a_series_as_target_is_one_output(rows):
    X, Y, _ = rows
    assert Ridge().fit(X, Y[:, 0]).predict(X).shape == (120, 1)


@pytest.mark.parametrize("intercept", [True, False])
def test_rows_streamed_in_pieces_give_what_they_give_at_once(rows, intercept):
    X, Y, w = rows
    readout = Ridge(0.1, intercept=intercept)
    for start, stop in [(0, 1), (1, 50), (50, 53), (53, 120)]:
        readout.partial_fit(X[start:stop], Y[start:stop], w[start:stop])
    assert_is(readout.solve(), plain(X, Y, 0.1, w, intercept))


def test_more_rows_may_follow_a_solution(rows):
    X, Y, _ = rows
    readout = Ridge(0.1).partial_fit(X[:60], Y[:60]).solve()
    assert_is(readout, plain(X[:60], Y[:60], 0.1))
    assert_is(readout.partial_fit(X[60:], Y[60:]).solve(), plain(X, Y, 0.1))


def test_fitting_anew_forgets_what_was_streamed(rows):
    X, Y, _ = rows
    readout = Ridge(0.1).partial_fit(100 + X, -Y).fit(X, Y)
    assert_is(readout, plain(X, Y, 0.1))
    with pytest.raises(ValueError, match=r"`Ridge.solve` needs data first"):
        readout.solve()


def test_a_mask_leaves_rows_out_whatever_they_hold(rows):
    X, Y, _ = rows
    mask = np.arange(120) % 3 != 0
    expected = plain(X[mask], Y[mask], 0.1)
    X[0, 2], Y[3, 1] = np.nan, np.inf
    assert_is(Ridge(0.1).fit(X, Y, mask), expected)


def test_long_series_are_summed_in_blocks_without_losing_digits(rng):
    X, Y = 1e6 + rng.normal(size=(20_000, 3)), rng.normal(size=(20_000, 1))
    moments = Moments.zero(3, 1)
    moments.add(X, Y)
    centred = (X - 1e6) - (X - 1e6).mean(axis=0)
    np.testing.assert_allclose(moments.xx, centred.T @ centred, rtol=1e-9, atol=1e-5)
    np.testing.assert_allclose(moments.xy, centred.T @ Y, atol=1e-5)


# --- which solver, and why ------------------------------------------------------------------


def test_ill_conditioned_states_go_to_the_singular_values_and_say_so(rng, caplog):
    X = rng.normal(size=(200, 12))
    X[:, 1] = X[:, 0] + 1e-7 * X[:, 1]  # the Gram matrix has a condition number of about 1e14
    truth = rng.normal(size=(12, 1))
    with caplog.at_level(logging.INFO, logger="evornn.readout.ridge"):
        readout = Ridge(0.0, intercept=False).fit(X, X @ truth)
    assert readout.solver == "svd"
    assert re.search(r"condition number of about 1?[0-9.]+e\+1[3-6]", readout.reason)
    assert f"readout solved by svd: {readout.reason}" in caplog.messages
    np.testing.assert_allclose(readout.weights, truth, atol=1e-7)


def test_a_singular_readout_gets_the_solution_of_least_norm(rng):
    X = rng.normal(size=(60, 4))
    X = np.concatenate([X, X[:, :1]], axis=1)
    Y = rng.normal(size=(60, 1))
    readout = Ridge(0.0, intercept=False).fit(X, Y)
    np.testing.assert_allclose(readout.weights, np.linalg.pinv(X) @ Y, rtol=1e-9)
    assert readout.reason.endswith("rank 4 of 5 features")
    streamed = Ridge(0.0, intercept=False).partial_fit(X[:30], Y[:30]).partial_fit(X[30:], Y[30:])
    np.testing.assert_allclose(streamed.solve().weights, readout.weights, rtol=1e-9)
    assert streamed.solver == "eigenvalues"
    assert streamed.reason.endswith("the rows are gone")


def test_fewer_rows_than_features_are_no_obstacle(rng):
    X, Y = rng.normal(size=(8, 30)), rng.normal(size=(8, 2))
    readout = Ridge(0.3).fit(X, Y)
    assert_is(readout, plain(X, Y, 0.3))
    assert readout.reason.startswith("8 rows do not outnumber 30 features")


def test_a_constant_feature_takes_no_part(rng):
    X = rng.normal(size=(50, 3))
    X[:, 1] = 7.0
    assert Ridge(1e-6).fit(X, X[:, :1]).weights[1, 0] == 0.0


# --- the choice of a ridge ------------------------------------------------------------------


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_leaving_one_out_is_what_refitting_without_each_row_gives(rows, weighted, intercept):
    X, Y, w = rows[0][:25], rows[1][:25], rows[2][:25]
    ridges = [1e-3, 1.0, 100.0]
    readout = Ridge("loo", ridges=ridges, intercept=intercept)
    readout.fit(X, Y, w if weighted else None)
    w = w if weighted else np.ones(25)
    expected = []
    for ridge in ridges:
        square = np.zeros(2)
        for i in range(25):
            rest = np.arange(25) != i
            weights, bias = plain(X[rest], Y[rest], ridge, w[rest], intercept)
            square += w[i] * (Y[i] - X[i] @ weights - bias) ** 2
        centre = w @ Y / w.sum() if intercept else 0.0
        variance = w @ (Y - centre) ** 2
        expected.append((square / variance).mean())
    np.testing.assert_allclose(readout.errors, expected, rtol=1e-8)
    assert readout.chosen == ridges[int(np.argmin(expected))]
    assert_is(readout, plain(X, Y, readout.chosen, w, intercept))


@pytest.mark.parametrize("intercept", [True, False])
def test_cross_validation_is_what_fitting_without_each_fold_gives(rows, intercept):
    X, Y, w = rows
    ridges = [1e-3, 1.0, 100.0]
    readout = Ridge("cv", ridges=ridges, folds=4, intercept=intercept).fit(X, Y, w)
    centre = w @ Y / w.sum()
    variance = w @ (Y - centre) ** 2
    expected = []
    for ridge in ridges:
        square = np.zeros(2)
        for k in range(4):
            out = np.arange(120) // 30 == k
            weights, bias = plain(X[~out], Y[~out], ridge, w[~out], intercept)
            square += w[out] @ (Y[out] - X[out] @ weights - bias) ** 2
        expected.append((square / variance).mean())
    np.testing.assert_allclose(readout.errors, expected, rtol=1e-7)
    assert_is(readout, plain(X, Y, ridges[int(np.argmin(expected))], w, intercept))


def test_streamed_pieces_are_the_folds(rows):
    X, Y, _ = rows
    whole = Ridge("cv", folds=4).fit(X, Y)
    streamed = Ridge("cv", folds=4)
    for k in range(4):
        streamed.partial_fit(X[30 * k : 30 * k + 30], Y[30 * k : 30 * k + 30])
    np.testing.assert_allclose(streamed.solve().errors, whole.errors, rtol=1e-9)
    assert streamed.chosen == pytest.approx(whole.chosen)


@pytest.mark.parametrize("how", ["loo", "cv"])
def test_a_chosen_ridge_predicts_new_rows_better_than_too_little_and_too_much(rng, how):
    truth = rng.normal(size=(40, 1))
    X, fresh = rng.normal(size=(100, 40)), rng.normal(size=(2000, 40))
    Y = X @ truth + 6 * rng.normal(size=(100, 1))

    def error(readout):
        return float(np.square(readout.fit(X, Y).predict(fresh) - fresh @ truth).mean())

    chosen = error(Ridge(how))
    assert chosen < 0.8 * min(error(Ridge(1e-9)), error(Ridge(1e9)))


def test_leaving_one_out_goes_to_the_singular_values_where_small_ridges_are_best(rng):
    X = rng.normal(size=(200, 10)) @ np.diag(10.0 ** -np.arange(10))
    X = X @ np.linalg.qr(rng.normal(size=(10, 10)))[0]
    truth = rng.normal(size=(10, 1))
    noisy = Ridge("loo").fit(X, X @ truth + 0.1 * rng.normal(size=(200, 1)))
    exact = Ridge("loo").fit(X, X @ truth)
    assert (noisy.solver, exact.solver) == ("eigenvalues", "svd")
    assert exact.chosen < 1e-12 * exact.path.max() < noisy.chosen
    np.testing.assert_allclose(exact.weights, truth, atol=1e-4)
    # Both routes tell the same errors of the ridges that both try.
    both = Ridge("loo", ridges=[*noisy.path, 1e-3 * noisy.path.min()])
    both.fit(X, X @ truth + 0.0)
    large = Ridge("loo", ridges=noisy.path).fit(X, X @ truth)
    np.testing.assert_allclose(large.errors, both.errors[:-1], rtol=1e-2)


def test_leverages_are_summed_over_blocks_of_rows(rng, monkeypatch):
    X, Y = rng.normal(size=(60, 5)), rng.normal(size=(60, 2))
    whole = Ridge("loo").fit(X, Y)
    monkeypatch.setattr("evornn.readout.factor._BLOCK", 7)
    np.testing.assert_allclose(Ridge("loo").fit(X, Y).errors, whole.errors, rtol=1e-12)


def test_a_row_that_alone_determines_a_weight_cannot_be_left_out(rng, monkeypatch):
    monkeypatch.setattr("evornn.readout.factor._BLOCK", 7)
    X, Y = rng.normal(size=(30, 3)), rng.normal(size=(30, 1))
    X[:, 1] = np.arange(30) == 2  # known from row 2 alone, which is in the first block
    readout = Ridge("loo", ridges=[1e-13, 1.0], intercept=False).fit(X, Y)
    assert list(np.isinf(readout.errors)) == [True, False]
    assert readout.chosen == 1.0
    with pytest.raises(ValueError, match=r"cannot choose a ridge: rows determine weights alone"):
        Ridge("loo", ridges=[1e-13], intercept=False).fit(X, Y)


def test_the_ridges_tried_follow_the_scale_of_the_states(rows):
    X, Y, _ = rows
    small, large = Ridge("loo").fit(X, Y), Ridge("loo").fit(1e3 * X, Y)
    np.testing.assert_allclose(large.path, 1e6 * small.path, rtol=1e-6)
    np.testing.assert_allclose(large.weights, small.weights / 1e3, rtol=1e-5)


# --- what is refused ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"ridge": -1.0}, ValueError, r"`Ridge` needs a finite `ridge` of at least 0, got -1\.0\."),
        ({"ridge": "best"}, ValueError, r'needs a number, "loo" or "cv" for `ridge`, got \'best\''),
        ({"ridge": None}, TypeError, r'needs a number, "loo" or "cv" for `ridge`, got None'),
        ({"ridges": [0.0, 1.0]}, ValueError, r"needs `ridges` above 0"),
        ({"folds": 1}, ValueError, r"needs `folds` of at least 2, got 1\."),
        ({"folds": 2.5}, TypeError, r"needs a whole number for `folds`, got 2\.5\."),
    ],
)
def test_settings_out_of_range_are_refused(arguments, error, text):
    with pytest.raises(error, match=text):
        Ridge(**arguments)


def spoiled(X, place, value):
    X = X.copy()
    X[place] = value
    return X


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda X, Y: (X[:-1], Y, None), r"as many targets as states, got 119 states and 120 "),
        (lambda X, Y: (spoiled(X, (4, 2), np.nan), Y, None), r"finite states, got nan at \[4, 2\]"),
        (lambda X, Y: (X, spoiled(Y, (7, 1), np.inf), None), r"finite targets, got inf at \[7, 1"),
        (lambda X, Y: (X[:, :, None], Y, None), r"states with axes \(time, column\), got shape"),
        (lambda X, Y: (X, Y, -np.ones(120)), r"weights of at least 0, got -1\."),
        (lambda X, Y: (X, Y, np.zeros(120)), r"a row that counts, got 120 of weight 0\."),
        (lambda X, Y: (X, Y, np.ones((120, 2))), r"one weight for each of 120 rows"),
        (lambda X, Y: (X, np.full(120, "a"), None), r"targets that are numbers"),
        (lambda X, Y: (X[:0], Y[:0], None), r"got shape \(0, 9\)"),
    ],
)
def test_rows_that_do_not_fit_are_refused(rows, change, text):
    X, Y, _ = rows
    with pytest.raises(ValueError, match=text):
        Ridge().fit(*change(X, Y))


def test_calls_out_of_order_are_refused(rows):
    X, Y, _ = rows
    with pytest.raises(ValueError, match=r"`Ridge` needs to be fitted first"):
        Ridge().predict(X)
    with pytest.raises(ValueError, match=r"was fitted to 9 features, got 4\."):
        Ridge().fit(X, Y).predict(X[:, :4])
    with pytest.raises(ValueError, match=r"features and outputs as before, \(9, 2\), got \(9, 1\)"):
        Ridge().partial_fit(X, Y).partial_fit(X, Y[:, 0])
    with pytest.raises(ValueError, match=r'`Ridge\(ridge="loo"\)` needs all rows at once'):
        Ridge("loo").partial_fit(X, Y)
    with pytest.raises(ValueError, match=r"at least 2 calls of `partial_fit`"):
        Ridge("cv").partial_fit(X, Y).solve()
    with pytest.raises(ValueError, match=r"a row for each of 5 folds, got 3\."):
        Ridge("cv").fit(X[:3], Y[:3])
