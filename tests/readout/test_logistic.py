"""Logistic regression against its optimality condition, a known solution, and bad labels."""

import numpy as np
import pytest
from scipy.special import expit, logit, softmax

from evornn.readout import Logistic


@pytest.fixture
def rows(rng):
    X = rng.normal(size=(400, 3)) * [1.0, 5.0, 0.1] + [0.0, 100.0, 0.0]
    scores = (X - [0, 100, 0]) @ np.array([[1.0, -1.0, 0.0], [0.3, 0.0, -0.3], [0.0, 9.0, -9.0]])
    return X, np.array([rng.choice(3, p=p) for p in softmax(2 * scores, axis=1)])


@pytest.mark.parametrize("penalty", [0.0, 3.0])
def test_the_gradient_vanishes_at_the_weights_found(rows, rng, penalty):
    X, labels = rows
    w = rng.uniform(0, 2, size=400)
    readout = Logistic(penalty).fit(X, labels, w)
    mean = w @ X / w.sum()
    std = np.sqrt(w @ (X - mean) ** 2 / w.sum())
    excess = w[:, None] * (softmax(X @ readout.weights + readout.bias, axis=1) - np.eye(3)[labels])
    slope = ((X - mean) / std).T @ excess + penalty * std[:, None] * readout.weights
    assert np.abs(slope).max() < 1e-4
    assert np.abs(excess.sum(axis=0)).max() < 1e-4
    assert readout.converged


def test_two_groups_have_the_solution_that_counting_gives():
    X = np.repeat([0.0, 1.0], [10, 20])[:, None]
    labels = np.r_[np.arange(10) < 3, np.arange(20) < 15]
    readout = Logistic(0.0).fit(X, labels)
    step = readout.weights[0, 1] - readout.weights[0, 0]
    assert step == pytest.approx(logit(0.75) - logit(0.3), abs=1e-4)
    np.testing.assert_allclose(readout.probabilities([[0.0], [1.0]])[:, 1], [0.3, 0.75], atol=1e-5)
    assert readout.bias[1] - readout.bias[0] == pytest.approx(logit(0.3), abs=1e-4)
    assert expit(step + readout.bias[1] - readout.bias[0]) == pytest.approx(0.75, abs=1e-5)


def test_shares_of_classes_are_labels_in_part(rows):
    X, labels = rows
    from_labels = Logistic().fit(X, labels)
    from_shares = Logistic().fit(X, np.eye(3)[labels])
    np.testing.assert_allclose(from_shares.weights, from_labels.weights, atol=1e-6)


def test_labels_come_out_as_they_went_in(rows):
    X, labels = rows
    names = np.array(["sine", "square", "saw"])[labels]
    readout = Logistic().fit(X, names[:, None])
    assert list(readout.classes) == ["saw", "sine", "square"]
    assert set(readout.predict(X)) <= set(names)
    assert (readout.predict(X) == names).mean() > 0.85
    np.testing.assert_array_equal(
        readout.predict(X), readout.classes[readout.scores(X).argmax(axis=1)]
    )


def test_rows_of_weight_0_are_not_seen(rows):
    X, labels = rows
    mask = np.arange(400) < 200
    expected = Logistic().fit(X[mask], labels[mask])
    X[300] = np.nan
    np.testing.assert_allclose(Logistic().fit(X, labels, mask).weights, expected.weights, atol=1e-6)


def test_a_constant_feature_gets_no_weight(rows):
    X, labels = rows
    X[:, 1] = 0.1
    assert (Logistic().fit(X, labels).weights[1] == 0).all()


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (["a"] * 5, r"`Logistic` needs at least 2 classes to tell apart, got only a\."),
        ([0, 1, 0, 1], r"as many targets as states, got 5 states and 4 targets"),
        ([0, 1, np.nan, 0, 1], r"finite labels, got nan at \[2, 0\]"),
        (np.full((5, 2), 0.7), r"shares of the classes that are at least 0 and 1 in all"),
        (np.zeros((5, 2, 2)), r"labels with axes \(time\), got shape \(5, 2, 2\)"),
    ],
)
def test_labels_that_are_none_are_refused(labels, text):
    with pytest.raises(ValueError, match=text):
        Logistic().fit(np.arange(5.0)[:, None], labels)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"penalty": -1.0}, r"`penalty` of at least 0"),
        ({"iterations": 0}, r"`iterations` of at least 1"),
    ],
)
def test_settings_out_of_range_are_refused(arguments, text):
    with pytest.raises(ValueError, match=text):
        Logistic(**arguments)
