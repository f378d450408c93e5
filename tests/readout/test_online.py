"""Readouts that learn row by row: against the batch solution and the plain equations."""

import numpy as np
import pytest

from evornn.readout import LMS, RLS, Ridge, force, run_free


@pytest.fixture
def rows(rng):
    X = rng.normal(size=(150, 12))
    return X, X @ rng.normal(size=(12, 2)) + 0.3 + 0.1 * rng.normal(size=(150, 2))


def plain_rls(X, Y, alpha, forgetting):
    """The textbook's equations, and the errors before each row was learned."""
    A = np.concatenate([X, np.ones((len(X), 1))], axis=1)
    P, W = np.eye(A.shape[1]) / alpha, np.zeros((A.shape[1], Y.shape[1]))
    errors = []
    for x, y in zip(A, Y, strict=True):
        k = P @ x / (forgetting + x @ P @ x)
        errors.append(y - x @ W)
        W = W + np.outer(k, errors[-1])
        P = (P - np.outer(k, x @ P)) / forgetting
    return W, P, np.array(errors)


def test_without_forgetting_it_is_the_ridge_solution(rows):
    X, Y = rows
    A = np.concatenate([X, np.ones((150, 1))], axis=1)
    batch = Ridge(0.7, intercept=False).fit(A, Y)
    readout = RLS(0.7).fit(X, Y)
    np.testing.assert_allclose(readout.weights, batch.weights[:-1], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(readout.bias, batch.weights[-1], rtol=1e-9)
    np.testing.assert_allclose(readout.P @ (A.T @ A + 0.7 * np.eye(13)), np.eye(13), atol=1e-9)


@pytest.mark.parametrize("forgetting", [1.0, 0.95])
def test_blocks_and_single_rows_both_are_the_textbooks_equations(rows, forgetting):
    X, Y = rows
    W, P, errors = plain_rls(X, Y, 0.1, forgetting)
    blocks = RLS(0.1, forgetting=forgetting).fit(X, Y)
    single = RLS(0.1, forgetting=forgetting).begin(12, 2)
    outputs = np.array([single.step(x, y) for x, y in zip(X, Y, strict=True)])
    for readout in (blocks, single):
        np.testing.assert_allclose(readout.table.T, W, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(readout.P, P, rtol=1e-8, atol=1e-10)
        np.testing.assert_array_equal(readout.P, readout.P.T)
    np.testing.assert_allclose(outputs, Y - errors, rtol=1e-8, atol=1e-9)


def test_the_errors_of_a_block_are_those_before_each_row_was_learned(rows):
    X, Y = rows
    _, _, errors = plain_rls(X, Y, 0.1, 0.9)
    readout = RLS(0.1, forgetting=0.9).begin(12, 2)
    A = np.concatenate([X, np.ones((150, 1))], axis=1)
    np.testing.assert_allclose(readout._learn(A, Y), errors, rtol=1e-7, atol=1e-9)


def test_blocks_rows_and_pieces_can_be_mixed(rows):
    X, Y = rows
    readout = RLS(0.1).partial_fit(X[:70], Y[:70])
    for x, y in zip(X[70:90], Y[70:90], strict=True):
        readout.step(x, y)
    readout.partial_fit(X[90:], Y[90:])
    np.testing.assert_allclose(readout.table, RLS(0.1).fit(X, Y).table, rtol=1e-9, atol=1e-12)


def test_forgetting_weighs_old_rows_down(rows):
    X, Y = rows
    weights = 0.95 ** np.arange(149, -1, -1)
    ridge = Ridge(0.7 * 0.95**150, intercept=False).fit(X, Y, weights)
    readout = RLS(0.7, forgetting=0.95, intercept=False).fit(X, Y)
    np.testing.assert_allclose(readout.weights, ridge.weights, rtol=1e-8)
    assert (readout.bias == 0).all()


def test_masked_rows_teach_nothing(rows):
    X, Y = rows
    mask = np.arange(150) % 4 != 1
    expected = RLS(0.1).fit(X[mask], Y[mask]).table
    Y[1] = np.nan
    np.testing.assert_array_equal(RLS(0.1).fit(X, Y, mask).table, expected)
    with pytest.raises(ValueError, match=r"`RLS` learns row by row and needs weights of 0 or 1"):
        RLS().fit(X, Y, 0.5 * mask)


@pytest.mark.parametrize("normalised", [True, False])
def test_lms_is_its_equation(rows, normalised):
    X, Y = rows
    W = np.zeros((13, 2))
    for x, y in zip(np.concatenate([X, np.ones((150, 1))], axis=1), Y, strict=True):
        W += 0.02 * np.outer(x, y - x @ W) / (x @ x + 1e-12 if normalised else 1.0)
    readout = LMS(0.02, normalised=normalised).fit(X, Y)
    np.testing.assert_allclose(readout.weights, W[:-1], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(readout.bias, W[-1], rtol=1e-9)


def test_lms_finds_the_weights_of_white_states(rng):
    X, truth = rng.normal(size=(3000, 5)), rng.normal(size=(5, 1))
    readout = LMS(0.5).fit(X, X @ truth + 2.0)
    np.testing.assert_allclose(readout.weights, truth, atol=1e-8)
    np.testing.assert_allclose(readout.bias, 2.0, atol=1e-8)


def test_lms_that_diverges_says_so(rng):
    X = 10 * rng.normal(size=(2000, 5))
    with (
        np.errstate(over="ignore", invalid="ignore"),
        pytest.raises(ValueError, match=r"`LMS` diverged: .* rate 1; lower it"),
    ):
        LMS(1.0, normalised=False).fit(X, X[:, 0])


@pytest.mark.parametrize("every", [1, 3])
def test_force_feeds_back_each_answer_and_teaches_at_its_interval(rows, every):
    X, Y = rows
    states, heard = iter(X), []

    def step(output):
        heard.append(output.copy())
        return next(states)

    readout = RLS(0.1)
    outputs = force(step, readout, Y, every=every)
    np.testing.assert_array_equal(heard[0], [0.0, 0.0])
    np.testing.assert_array_equal(heard[1:], outputs[:-1])
    taught = RLS(0.1).fit(X[::every], Y[::every])
    np.testing.assert_allclose(readout.table, taught.table, rtol=1e-9, atol=1e-12)
    _, _, errors = plain_rls(X[::every], Y[::every], 0.1, 1.0)
    np.testing.assert_allclose(outputs[::every], Y[::every] - errors, rtol=1e-8, atol=1e-9)


class Rotor:
    """A reservoir with feedback: tanh units driven by the readout's output."""

    def __init__(self, rng, units=200):
        self.W = 1.2 * rng.normal(size=(units, units)) / np.sqrt(units)
        self.V = rng.uniform(-1, 1, size=units)
        self.x = 0.5 * rng.normal(size=units)

    def __call__(self, output):
        self.x = 0.7 * self.x + 0.3 * np.tanh(self.W @ self.x + self.V * output[0])
        return self.x


@pytest.mark.parametrize("every", [1, 2])
def test_force_teaches_a_reservoir_to_go_on_alone(rng, every):
    t = np.arange(1800)
    target = np.sin(2 * np.pi * t / 60) + 0.5 * np.sin(4 * np.pi * t / 60)
    reservoir, readout = Rotor(rng), RLS(0.01)
    outputs = force(reservoir, readout, target[:1500], every=every)
    assert np.abs(outputs[1200:, 0] - target[1200:1500]).max() < 0.05  # while being taught
    free = run_free(reservoir, readout, 300, output=outputs[-1])
    assert np.abs(free[:, 0] - target[1500:]).max() < 0.15


def test_free_running_feeds_each_output_back():
    readout = RLS(intercept=False).begin(1, 1)
    readout.table[:] = 0.5
    free = run_free(lambda output: output + 1.0, readout, 3, output=[4.0])
    np.testing.assert_array_equal(free[:, 0], [2.5, 1.75, 1.375])


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: RLS(0.0), r"`RLS` needs a finite `alpha` above 0, got 0\.0\."),
        (lambda: RLS(forgetting=1.5), r"`RLS` needs a finite `forgetting` in \(0, 1\], got 1\.5\."),
        (lambda: LMS(2.0), r"`LMS` needs a `rate` above 0 and below 2, got 2\.0\."),
        (lambda: RLS().predict([[1.0]]), r"`RLS` needs to be fitted first"),
        (lambda: RLS().fit([[1.0]], [[np.nan]]), r"`RLS` needs finite targets, got nan at \[0, 0"),
        (lambda: RLS().begin(2, 1).partial_fit([[1.0]], [[1.0]]), r"2 features, got 1\."),
        (lambda: RLS().begin(1, 2).partial_fit([[1.0]], [[1.0]]), r"2 outputs, got 1\."),
        (lambda: force(abs, RLS(), [1.0], every=0), r"`every` of at least 1, got 0\."),
        (lambda: force(lambda y: y / 0 * 0, RLS(), [1.0]), r"NaN or infinity at step 0\."),
    ],
)
def test_what_cannot_be_learned_is_refused(make, text):
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=text):
        make()
