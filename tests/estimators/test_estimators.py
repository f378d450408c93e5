"""Estimators on series and sequences: against the networks that they stand for."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge as LinearRidge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import evornn as en
from evornn.estimators import (
    ESNClassifier,
    ESNRegressor,
    EvolvedClassifier,
    EvolvedRegressor,
    GradientClassifier,
    GradientRegressor,
)

REGRESSORS = [
    ESNRegressor(units=30, random_state=1),
    EvolvedRegressor(hidden=4, population=64, generations=60, random_state=1),
    GradientRegressor(hidden=6, updates=300, learning_rate=0.02, random_state=1),
]
CLASSIFIERS = [
    ESNClassifier(units=30, pooling="mean", random_state=1),
    EvolvedClassifier(hidden=4, population=128, generations=60, pooling="last", random_state=1),
    GradientClassifier(hidden=6, updates=300, learning_rate=0.03, pooling="last", random_state=1),
]
named = {"ids": lambda estimator: type(estimator).__name__}


def remembered(rng, steps=240):
    """A series, and its value two steps before: no model without memory can tell it."""
    x = rng.uniform(-1, 1, (steps, 1))
    y = np.zeros(steps)
    y[2:] = 3 * x[:-2, 0] + 5
    return x, y


def rising_or_falling(rng, count=60):
    """Noisy sequences of different lengths and their direction as a text."""
    labels = np.array(["fall", "rise"])[rng.integers(0, 2, count)]
    slopes = np.where(labels == "rise", 1.0, -1.0)
    lengths = rng.integers(6, 12, count)
    noise = [rng.normal(0, 0.2, n) for n in lengths]
    ways = zip(slopes, lengths, noise, strict=True)
    return [(s * np.linspace(-1, 1, n) + e)[:, None] for s, n, e in ways], labels


@pytest.mark.parametrize("estimator", REGRESSORS, **named)
def test_a_regressor_remembers_what_a_regression_on_rows_cannot(estimator, rng):
    x, y = remembered(rng)
    model = clone(estimator).fit(x[:180], y[:180])
    assert model.score(x[180:], y[180:]) > 0.4
    assert LinearRidge().fit(x[:180], y[:180]).score(x[180:], y[180:]) < 0.2


@pytest.mark.parametrize("estimator", REGRESSORS, **named)
def test_many_sequences_are_read_each_from_a_clean_state(estimator, rng):
    series = [rng.uniform(-1, 1, (n, 2)) for n in (30, 41, 25)]
    targets = [np.cumsum(x, axis=0) / 5 for x in series]
    model = clone(estimator).fit(series, targets)
    together = model.predict(series)
    assert [y.shape for y in together] == [y.shape for y in targets]
    for x, y in zip(series, together, strict=True):
        assert np.allclose(model.predict(x), y, atol=1e-5)
    everything = np.concatenate(together)
    wanted = np.concatenate(targets)
    residual = np.square(everything - wanted).sum(axis=0)
    share = 1 - residual / np.square(wanted - wanted.mean(axis=0)).sum(axis=0)
    assert model.score(series, targets) == pytest.approx(share.mean())


@pytest.mark.parametrize("estimator", CLASSIFIERS, **named)
def test_a_classifier_tells_sequences_of_different_lengths_apart(estimator, rng):
    sequences, labels = rising_or_falling(rng)
    model = clone(estimator).fit(sequences[:40], labels[:40])
    found = model.predict(sequences[40:])
    assert found.shape == (20,)
    assert set(found) <= {"fall", "rise"}
    assert model.score(sequences[40:], labels[40:]) == np.mean(found == labels[40:]) >= 0.8
    lead = model.decision_function(sequences[40:])
    assert np.array_equal(found == "rise", lead > 0)


def test_probabilities_are_those_of_the_network(rng):
    sequences, labels = rising_or_falling(rng)
    model = clone(CLASSIFIERS[2]).fit(sequences, labels)
    shares = model.predict_proba(sequences)
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-12)
    normalised = [model.input_scale_.normalise(x) for x in sequences]
    last = [y[-1] for y in model.network_.predict(normalised)]
    assert np.allclose(shares, last, atol=1e-6)


def test_the_regressor_is_the_echo_state_network_with_the_same_settings(rng):
    x, y = remembered(rng)
    model = ESNRegressor(units=25, leak=0.7, ridge=1e-4, washout=12, random_state=3).fit(x, y)
    seed = np.random.RandomState(3).randint(2**31 - 1)
    plain = en.ESN(25, leak=0.7, readout=en.readout.Ridge(1e-4), washout=12, seed=seed)
    u = (x - x.mean(axis=0)) / x.std(axis=0)
    plain.fit(u, (y - y.mean()) / y.std())
    assert np.allclose(model.predict(x), plain.predict(u)[:, 0] * y.std() + y.mean(), atol=1e-10)


def test_learning_in_pieces_is_learning_at_once(rng):
    x, y = remembered(rng)
    settings = {"units": 15, "readout": "rls", "ridge": 1e-3, "washout": 0, "random_state": 5}
    pieces = ESNRegressor(**settings)
    for begin in range(0, 240, 60):
        pieces.partial_fit(x[begin : begin + 60], y[begin : begin + 60])
    # The scale of the first piece stays, so the whole is learned in that scale.
    network = pieces.network_
    u, v = pieces.input_scale_.normalise(x), pieces.target_scale_.normalise(y[:, None])
    whole = en.ESN(
        15, readout=en.readout.RLS(1e-3), washout=0, seed=network.seed, inputs_to_readout=True
    ).fit(u, v)
    assert np.allclose(network.readout.weights, whole.readout.weights, rtol=1e-6, atol=1e-8)


def test_learning_in_pieces_leaves_the_washout_out_once(rng):
    x, y = remembered(rng)
    settings = {"units": 15, "readout": "rls", "ridge": 1e-3, "random_state": 5}
    late = ESNRegressor(**settings, washout=70)
    for begin in range(0, 240, 60):
        late.partial_fit(x[begin : begin + 60], y[begin : begin + 60])
    u, v = late.input_scale_.normalise(x), late.target_scale_.normalise(y[:, None])
    whole = en.ESN(15, readout=en.readout.RLS(1e-3), washout=70, seed=late.network_.seed).fit(u, v)
    assert np.allclose(late.network_.readout.weights, whole.readout.weights, rtol=1e-6, atol=1e-8)
    usual = ESNRegressor(**settings).partial_fit(x[:60], y[:60])
    assert usual.network_.washout == 6
    early = ESNRegressor(**settings, washout=70).partial_fit(x[:60], y[:60])
    assert np.allclose(early.predict(x), y[:60].mean())  # nothing is learned yet


def test_a_series_is_read_from_both_ends(rng):
    x, _ = remembered(rng)
    later = np.roll(x[:, 0], -2)
    scores = [
        ESNRegressor(units=20, bidirectional=both, random_state=0).fit(x, later).score(x, later)
        for both in (False, True)
    ]
    assert scores[0] < 0.3
    assert scores[1] > 0.9


def test_a_classifier_learns_in_pieces_when_it_is_told_all_classes(rng):
    x = rng.uniform(-1, 1, (300, 1))
    y = np.where(np.roll(x[:, 0], 1) > 0, "up", "down")
    model = ESNClassifier(units=20, readout="rls", random_state=0)
    with pytest.raises(ValueError, match="needs all `classes` in the first call"):
        model.partial_fit(x, y)
    for begin in range(0, 240, 80):
        part = slice(begin, begin + 80)
        model.partial_fit(x[part], y[part], classes=["down", "up"])
    assert model.score(x[240:], y[240:]) > 0.85
    with pytest.raises(ValueError, match=r"labels among \['down', 'up'\], got \['left'\]"):
        model.partial_fit(x[:2], ["left", "up"])


def test_only_a_readout_that_learns_online_can_learn_in_pieces():
    assert not hasattr(ESNRegressor(), "partial_fit")
    assert hasattr(ESNRegressor(readout="rls"), "partial_fit")


def test_settings_are_searched_over_splits_of_time(rng):
    x, y = remembered(rng, 200)
    pipeline = make_pipeline(StandardScaler(), ESNRegressor(units=15, random_state=0))
    grid = {"esnregressor__ridge": [1e-6, 1e4]}
    search = GridSearchCV(pipeline, grid, cv=TimeSeriesSplit(3)).fit(x, y)
    assert search.best_params_ == {"esnregressor__ridge": 1e-6}
    assert search.best_score_ > 0.6


def test_sequences_with_three_axes_go_through_cross_validation(rng):
    x = rng.uniform(-1, 1, (120, 9, 2))
    y = x[:, -2, 0]
    model = ESNRegressor(units=20, pooling="last", ridge=0.1, random_state=0)
    scores = cross_val_score(model, x, y, cv=3)
    assert scores.shape == (3,)
    assert (scores > 0.5).all()


def test_names_of_features_are_kept_and_compared(rng):
    pandas = pytest.importorskip("pandas")
    x, y = remembered(rng)
    frame = pandas.DataFrame({"rain_mm": x[:, 0], "flow": x[:, 0] ** 2})
    model = ESNRegressor(units=10, random_state=0).fit(frame, y)
    assert model.feature_names_in_.tolist() == ["rain_mm", "flow"]
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame.rename(columns={"flow": "level"}))


def test_names_of_features_are_compared_in_every_sequence(rng):
    pandas = pytest.importorskip("pandas")
    x, y = remembered(rng)
    frame = pandas.DataFrame({"rain_mm": x[:, 0], "flow": x[:, 0] ** 2})
    model = ESNRegressor(units=10, random_state=0).fit([frame, frame[:50]], [y, y[:50]])
    assert model.feature_names_in_.tolist() == ["rain_mm", "flow"]
    turned = frame[["flow", "rain_mm"]]
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict([frame, turned])
    with pytest.raises(ValueError, match="feature names should match"):
        model.fit([frame, turned], [y, y])


def test_what_was_held_back_chooses_among_the_networks(rng):
    x, y = remembered(rng)
    model = clone(REGRESSORS[1]).fit(x, y)
    assert np.isfinite(model.history_["validation_mse"]).all()
    assert model.reason_.startswith("generations: 60 of 60")
    alone = clone(REGRESSORS[1]).set_params(validation_fraction=0.0).fit(x, y)
    assert np.isnan(alone.history_["validation_mse"]).all()


@pytest.mark.parametrize(
    ("estimator", "X", "y", "words"),
    [
        (ESNRegressor(pooling="max"), [np.ones((3, 1))] * 2, [0, 1], "needs `pooling` None or one"),
        (ESNRegressor(pooling="last"), np.ones((5, 1)), np.ones(5), "needs many sequences"),
        (ESNRegressor(), [np.ones((3, 1))] * 2, [[0, 1, 2], [0, 1]], "target for every step"),
        (ESNRegressor(), [np.ones((3, 1)), np.ones((3, 2))], [[0] * 3] * 2, "2 features in seq"),
        (ESNRegressor(), [np.full((3, 1), np.nan)], [[0] * 3], "NaN or inf in sequence 0"),
        (ESNRegressor(), [np.ones((3, 1))], [[0, np.inf, 0]], "finite targets"),
        (ESNRegressor(readout="lms"), np.ones((9, 1)), np.arange(9), "'ridge' or 'rls'"),
        (ESNRegressor(pooling="last"), [np.ones((3, 1))] * 2, [1.0], "each of 2 sequences"),
        (ESNClassifier(), np.ones((9, 1)), ["a"] * 9, "at least 2 classes"),
        (EvolvedRegressor("elmann"), np.ones((9, 1)), np.arange(9), "name of one in evornn.cells"),
        (
            GradientRegressor(validation_fraction=1.0),
            np.ones((9, 1)),
            np.arange(9),
            r"in \[0, 1\), got 1.0",
        ),
    ],
)
def test_wrong_data_and_settings_are_refused_in_a_sentence(estimator, X, y, words):
    with pytest.raises(ValueError, match=words):
        estimator.fit(X, y)
