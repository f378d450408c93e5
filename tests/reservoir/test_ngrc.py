"""NG-RC: its features one by one, its readout, and the published Lorenz result."""

import numpy as np
import pytest
from numpy.polynomial.chebyshev import chebval
from scipy.integrate import solve_ivp

from evornn.reservoir.ngrc import NGRC
from evornn.tasks.lorenz import integrate_lorenz


@pytest.fixture
def series(rng):
    return integrate_lorenz(500, 0.025, rng)


def test_the_features_are_a_constant_the_delayed_values_and_their_products(rng):
    X = rng.normal(size=(30, 3))
    model = NGRC(delays=2, skip=3, degree=2).fit(X)
    features = model._features(X)
    assert features.shape == (27, 28)  # 1 + 6 + 21
    v = np.concatenate([X[3:], X[:-3]], axis=1)
    squares = [v[:, i] * v[:, j] for i in range(6) for j in range(i, 6)]
    expected = np.stack([np.ones(27), *v.T, *squares], axis=1)
    np.testing.assert_allclose(features, expected, rtol=1e-12)
    names = model.feature_names
    assert names[:8] == ["1", "x0[t]", "x1[t]", "x2[t]", "x0[t-3]", "x1[t-3]", "x2[t-3]", "x0[t]^2"]
    assert names[8] == "x0[t] x1[t]"
    assert len(names) == 28


def test_chebyshev_features_are_products_of_the_polynomials(rng):
    X = 3 + rng.normal(size=(40, 2))
    model = NGRC(delays=1, degree=4, basis="chebyshev").fit(X)
    features = model._features(X)
    low, high = X.min(axis=0), X.max(axis=0)
    v = (2 * X - low - high) / (high - low)
    for name, column in zip(model.feature_names, features.T, strict=True):
        expected = np.ones(40)
        for part in name.split():
            if part != "1":
                degree, which = int(part[1]), int(part[4])
                expected = expected * chebval(v[:, which], np.eye(degree + 1)[degree])
        np.testing.assert_allclose(column, expected, atol=1e-12)
    assert len(set(model.feature_names)) == 15  # all of degree 4 in 2 values
    assert "T2(x0[t]) T1(x1[t])" in model.feature_names


def test_a_polynomial_map_is_found_exactly(rng):
    henon = np.zeros((200, 2))
    for t in range(199):
        x, y = henon[t]
        henon[t + 1] = 1 - 1.4 * x**2 + y, 0.3 * x
    model = NGRC(delays=1, degree=2, ridge=1e-12).fit(henon)
    weights = dict(zip(model.feature_names, model.readout.weights, strict=True))
    # Of the change x[t+1] - x[t]; every weight but these is 0.
    expected = dict.fromkeys(weights, (0.0, 0.0)) | {
        "1": (1.0, 0.0),
        "x0[t]": (-1.0, 0.3),
        "x1[t]": (1.0, -1.0),
        "x0[t]^2": (-1.4, 0.0),
    }
    for name, weight in weights.items():
        np.testing.assert_allclose(weight, expected[name], atol=1e-6, err_msg=name)


@pytest.mark.parametrize("basis", ["monomial", "chebyshev"])
def test_free_running_is_predicting_step_by_step(series, basis):
    model = NGRC(delays=3, skip=2, degree=2, ridge=0.1, basis=basis).fit(series[:400])
    path = series[:400]
    for _ in range(20):
        path = np.concatenate([path, model.predict(path[-5:])])
    np.testing.assert_allclose(model.forecast(series[:400], 20), path[400:], rtol=1e-7)
    assert model.warmup == 4


def test_both_bases_span_the_same_functions(series):
    told = [
        NGRC(degree=3, ridge=0.0, basis=basis).fit(series).predict(series)
        for basis in ("monomial", "chebyshev")
    ]
    np.testing.assert_allclose(told[0], told[1], rtol=1e-5, atol=1e-5)


def test_chebyshev_features_are_less_alike(series):
    conditions = []
    for basis in ("monomial", "chebyshev"):
        model = NGRC(delays=1, degree=5, basis=basis).fit(series)
        conditions.append(np.linalg.cond(model._features(series)))
    assert conditions[1] < 1e-4 * conditions[0]


def coarse_lorenz():
    """Ten pieces of 445 samples, integrated like the published ones: RK23, tolerance 1e-3."""

    def slope(t, state):
        x, y, z = state
        return [10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z]

    start, end = integrate_lorenz(1, 0.025, np.random.default_rng(3))[0], 5.0 + 10 * 11.125
    times = np.arange(0, end, 0.025)
    series = solve_ivp(slope, (0, end), start, t_eval=times, method="RK23").y.T
    return series[200:].reshape(-1, 445, 3)[:10]


def lyapunov_time_error(piece, **settings):
    told = NGRC(**settings).fit(piece[:401]).forecast(piece[:401], 44)
    return np.sqrt(np.square(told - piece[401:]).mean() / piece.var())


def test_lorenz_is_forecast_over_a_lyapunov_time_as_published():
    # Published: 2.1e-3 +- 0.4e-3, the mean of 10 trainings on 400 points, 28 features.
    pieces = coarse_lorenz()
    settings = {"delays": 2, "skip": 1, "degree": 2, "ridge": 2.5e-6}
    errors = [lyapunov_time_error(piece, **settings) for piece in pieces]
    assert len(errors) == 10
    assert 5e-4 < np.median(errors) < 2.5e-3


def test_exact_data_want_one_delay_and_a_higher_degree(rng):
    settings = {"delays": 1, "degree": 5, "ridge": "loo", "basis": "chebyshev"}
    errors = [lyapunov_time_error(integrate_lorenz(445, 0.025, rng), **settings) for _ in range(6)]
    assert np.median(errors) < 5e-5


def test_an_unseen_coordinate_is_inferred(series):
    model = NGRC(delays=4, skip=5, degree=2, ridge=0.05).fit(series[:400, :2], series[:400, 2])
    told = model.predict(series[385:, :2])
    error = np.sqrt(np.square(told[:, 0] - series[400:, 2]).mean()) / series[:, 2].std()
    assert told.shape == (100, 1)
    assert error < 0.05


def test_several_series_are_learned_without_delays_from_one_to_the_next(series, rng):
    pieces = [series[:60], series[200:300], series[400:475]]
    model = NGRC(delays=3, skip=2, degree=2, ridge=0.1)
    steps = [rng.random(len(piece)) < 0.7 for piece in pieces]
    model.fit(pieces, [piece[:, 0] * piece[:, 1] for piece in pieces], steps)
    rows, told = [], []
    for piece, step in zip(pieces, steps, strict=True):
        for t in range(4, len(piece)):
            if step[t]:
                v = np.r_[piece[t], piece[t - 2], piece[t - 4]]
                rows.append(np.r_[1.0, v, [v[i] * v[j] for i in range(9) for j in range(i, 9)]])
                told.append(piece[t, 0] * piece[t, 1])
    x, y = np.array(rows), np.array(told)
    expected = np.linalg.solve(x.T @ x + 0.1 * np.eye(x.shape[1]), x.T @ y)
    np.testing.assert_allclose(model.readout.weights[:, 0], expected, rtol=1e-5, atol=1e-8)
    forecaster = NGRC(delays=2).fit([series[:50], series[300:350]])
    joined = NGRC(delays=2).fit(np.concatenate([series[:50], series[300:350]]))
    assert np.isfinite(forecaster.forecast(series[:50], 5)).all()
    assert not np.allclose(forecaster.readout.weights, joined.readout.weights, rtol=1e-3)


def test_a_forecast_that_diverges_says_so_by_its_values(rng):
    series = np.array([0.1, 0.3, 0.7, 2.0, 9.0])
    with np.errstate(all="raise"):
        told = NGRC(delays=1, degree=2).fit(series).forecast([1e10], 20)
    assert not np.isfinite(told[-1]).any()


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda x: NGRC(delays=0), ValueError, r"`NGRC` needs `delays` of at least 1, got 0\."),
        (lambda x: NGRC(skip=1.5), TypeError, r"a whole number for `skip`, got 1\.5"),
        (lambda x: NGRC(basis="hermite"), ValueError, r"a `basis` out of monomial, chebyshev"),
        (lambda x: NGRC(ridge=-1.0), ValueError, r"finite `ridge` of at least 0"),
        (lambda x: NGRC().predict(x), ValueError, r"`NGRC` needs to be fitted first"),
        (lambda x: NGRC(3, 2).fit(x[:5]), ValueError, r"more than 5 steps to fit .*, got 5\."),
        (lambda x: NGRC(3, 2).fit(x).predict(x[:4]), ValueError, r"more than 4 steps, got 4\."),
        (lambda x: NGRC().fit(x).predict(x[:, :2]), ValueError, r"fitted to 3 inputs, got 2\."),
        (
            lambda x: NGRC().fit(np.full(9, np.nan)),
            ValueError,
            r"finite numbers, got nan at step 0",
        ),
        (lambda x: NGRC().fit(x, x, [x[:, 0] > np.inf]), ValueError, r"a step to learn .* 1, got"),
        (lambda x: NGRC().fit(x, x, [x[1:, 0] > 0]), ValueError, r"a mask of axes \(time\) for"),
        (lambda x: NGRC().fit(x, x).forecast(x, 5), ValueError, r"a fit to a series alone"),
        (lambda x: NGRC().fit(x, x[:-1]), ValueError, r"a target for every step"),
    ],
)
def test_what_cannot_be_done_is_refused(series, make, error, text):
    with pytest.raises(error, match=text):
        make(series)
