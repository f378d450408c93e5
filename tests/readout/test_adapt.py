"""scikit-learn's estimators as readouts: by its protocol alone, and the real ones if installed."""

import numpy as np
import pytest

from evornn.readout import LMS, RLS, Adapted, Logistic, Readout, Ridge, as_readout


class OneOutput:
    """Least squares in scikit-learn's manner for targets with axes (time) alone."""

    def fit(self, X, y, sample_weight=None):
        if np.ndim(y) != 1:
            raise ValueError("y should be a 1d array")
        root = np.sqrt(np.ones(len(X)) if sample_weight is None else sample_weight)
        A = np.concatenate([X, np.ones((len(X), 1))], axis=1)
        solution = np.linalg.lstsq(A * root[:, None], y * root, rcond=None)[0]
        self.coef_, self.intercept_ = solution[:-1], solution[-1]
        return self

    def predict(self, X):
        return X @ self.coef_ + self.intercept_


class Nearest:
    """A classifier: the label of the nearest row."""

    def fit(self, X, y):
        assert np.ndim(y) == 1
        self.X, self.y = X, y
        return self

    def predict(self, X):
        return self.y[np.square(X[:, None] - self.X).sum(axis=2).argmin(axis=1)]

    def predict_proba(self, X):
        raise NotImplementedError


@pytest.fixture
def rows(rng):
    X = rng.normal(size=(80, 4))
    return X, X @ rng.normal(size=(4, 2)) + 1.0 + 0.1 * rng.normal(size=(80, 2))


def test_an_estimator_for_one_output_is_fitted_to_each(rows):
    X, Y = rows
    own = OneOutput()
    readout = Adapted(own, each=True).fit(X, Y)
    least_squares = Ridge(0.0).fit(X, Y)
    np.testing.assert_allclose(readout.weights, least_squares.weights, rtol=1e-9)
    np.testing.assert_allclose(readout.bias, least_squares.bias, rtol=1e-9)
    np.testing.assert_allclose(readout.predict(X), least_squares.predict(X), rtol=1e-9)
    assert not hasattr(own, "coef_")  # the user's own object stays as it was


def test_one_output_has_axes_time_and_output(rows):
    X, Y = rows
    readout = Adapted(OneOutput()).fit(X, Y[:, :1])
    assert readout.predict(X).shape == (80, 1)
    assert readout.weights.shape == (4, 1)


def test_masks_and_weights_are_handed_on(rows, rng):
    X, Y = rows
    w = rng.uniform(0.5, 2.0, size=80) * (np.arange(80) > 5)
    Y[3] = np.nan
    readout = Adapted(OneOutput(), each=True).fit(X, Y, w)
    np.testing.assert_allclose(readout.weights, Ridge(0.0).fit(X, Y, w).weights, rtol=1e-9)
    labels = (X[:, 0] > 0).astype(int)
    assert len(Adapted(Nearest()).fit(X, labels, w > 0).fitted[0].X) == 74
    with pytest.raises(ValueError, match=r"`Nearest` takes no weights of rows; give a mask"):
        Adapted(Nearest()).fit(X, labels, w)


def test_labels_of_a_classifier_stay_labels(rows):
    X, _ = rows
    names = np.where(X[:, 0] > 0, "up", "down")
    readout = Adapted(Nearest()).fit(X, names)
    np.testing.assert_array_equal(readout.predict(X), names)


def test_own_readouts_stay_themselves_and_others_are_adapted():
    for own in (Ridge(), RLS(), LMS(), Logistic(), Adapted(OneOutput())):
        assert as_readout(own) is own
        assert isinstance(own, Readout)
    assert isinstance(as_readout(OneOutput()), Adapted)
    with pytest.raises(TypeError, match=r"A readout needs a method `fit`, 3 has none\."):
        as_readout(3)


def test_what_is_not_fitted_says_so(rows):
    with pytest.raises(ValueError, match=r"`Adapted` needs to be fitted first"):
        Adapted(OneOutput()).predict(rows[0])
    with pytest.raises(AttributeError, match=r"no weights before `fit`"):
        _ = Adapted(OneOutput()).weights


def test_the_real_ones_are_adapted_alike(rows):
    linear = pytest.importorskip("sklearn.linear_model")
    X, Y = rows
    readout = as_readout(linear.Ridge(alpha=0.5)).fit(X, Y)
    ours = Ridge(0.5).fit(X, Y)
    np.testing.assert_allclose(readout.weights, ours.weights, rtol=1e-9)
    np.testing.assert_allclose(readout.bias, ours.bias, rtol=1e-9)
    names = np.where(X[:, 0] > 0, "up", "down")
    assert (as_readout(linear.LogisticRegression()).fit(X, names).predict(X) == names).mean() > 0.95


def test_real_estimators_for_one_output_are_fitted_to_each_unasked(rows):
    linear = pytest.importorskip("sklearn.linear_model")
    X, Y = rows
    readout = as_readout(linear.HuberRegressor()).fit(X, Y)
    apart = [linear.HuberRegressor().fit(X, Y[:, k]) for k in range(2)]
    told = np.column_stack([one.predict(X) for one in apart])
    np.testing.assert_array_equal(readout.predict(X), told)
    assert len(as_readout(linear.Ridge()).fit(X, Y).fitted) == 1


def test_real_classifiers_without_probabilities_tell_labels(rows):
    linear = pytest.importorskip("sklearn.linear_model")
    names = np.where(rows[0][:, 0] > 0, "up", "down")
    told = as_readout(linear.RidgeClassifier()).fit(rows[0], names).predict(rows[0])
    assert told.shape == (80,)
    assert (told == names).mean() > 0.95


def test_coefficients_behind_a_link_function_are_no_weights(rows):
    linear = pytest.importorskip("sklearn.linear_model")
    X, Y = rows
    readout = as_readout(linear.GammaRegressor()).fit(X, np.exp(Y[:, :1]))
    assert not hasattr(readout, "weights")
    assert hasattr(as_readout(linear.Ridge()).fit(X, Y[:, :1]), "weights")
