"""The spectral radius, against all eigenvalues and against what is known without computing."""

import numpy as np
import pytest
import scipy.sparse

from evornn.reservoir import TOPOLOGIES, spectral_radius, spectrum, with_radius
from evornn.reservoir.operators import Dense, Nothing, Ring, Sparse


@pytest.mark.parametrize("density", [0.05, 1.0])
@pytest.mark.parametrize("units", [2, 50, 210])
def test_the_radius_is_that_of_all_eigenvalues(units, density, rng):
    W = scipy.sparse.random_array((units, units), density=density, rng=rng)
    W.setdiag(0.1)
    W = W.tocsr()
    W.data -= 0.4
    expected = np.abs(np.linalg.eigvals(W.toarray())).max()
    for form in (W, W.toarray(), Dense.of(W.toarray()), Sparse.of(W)):
        assert spectral_radius(form) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    "matrix",
    [
        np.eye(300, k=1),
        np.triu(np.ones((250, 250)), k=1),
        np.kron(np.eye(120), np.array([[1.0, -1.0], [1.0, -1.0]])),  # cycles that cancel
        np.array([[1.0, -1.0], [1.0, -1.0]]),
        np.zeros((5, 5)),
    ],
    ids=["delay line", "triangular", "many cancelling", "cancelling", "zero"],
)
def test_a_nilpotent_matrix_has_radius_zero_and_no_other(matrix):
    assert spectral_radius(matrix) == 0.0
    with pytest.raises(ValueError, match=r"a nilpotent matrix cannot have .* 0\.9: all its"):
        with_radius(Sparse.of(matrix), 0.9)


def test_rounding_is_not_taken_for_an_eigenvalue(monkeypatch):
    matrix = np.kron(np.eye(120), np.array([[1.0, -1.0], [1.0, -1.0]]))
    monkeypatch.setattr(spectrum, "_by_arpack", lambda matrix: 1e-9)
    assert spectral_radius(matrix) == 0.0


def test_an_orthogonal_matrix_needs_no_eigenvalues(rng, monkeypatch):
    q, _ = np.linalg.qr(rng.standard_normal((250, 250)))
    monkeypatch.delattr(spectrum, "_by_arpack")
    monkeypatch.delattr(spectrum, "_all_eigenvalues")
    assert spectral_radius(0.37 * q) == pytest.approx(0.37, rel=1e-12)


def test_a_radius_that_arpack_misses_is_found_by_all_eigenvalues(rng, monkeypatch):
    W = rng.standard_normal((220, 220))
    expected = np.abs(np.linalg.eigvals(W)).max()
    for wrong in (0.9 * expected, None):
        monkeypatch.setattr(spectrum, "_by_arpack", lambda matrix, wrong=wrong: wrong)
        assert spectral_radius(W) == pytest.approx(expected, rel=1e-12)


def test_power_iteration_has_the_last_word_on_a_very_large_matrix(rng, monkeypatch):
    W = rng.random((220, 220))  # positive: one real eigenvalue far above the others
    monkeypatch.setattr(spectrum, "_by_arpack", lambda matrix: None)
    monkeypatch.setattr(spectrum, "LARGE", 210)
    expected = np.abs(np.linalg.eigvals(W)).max()
    assert spectral_radius(W) == pytest.approx(expected, rel=1e-9)


def test_arpack_starts_from_the_same_vector_every_time(rng):
    W = scipy.sparse.random_array((400, 400), density=0.1, rng=rng).tocsr()
    assert spectral_radius(W) == spectral_radius(W)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_long_open_line_has_the_radius_of_its_formula(sign):
    """All eigenvalues of the matrix itself are off by a tenth here, which rounding makes of it."""
    line = TOPOLOGIES["delay-line"](256, weight=0.9, feedback=0.1 * sign)
    formula = 2 * np.sqrt(0.09) * np.cos(np.pi / 257)
    assert spectral_radius(line) == pytest.approx(formula, rel=1e-12)
    assert spectral_radius(with_radius(line, 0.8)) == pytest.approx(0.8, rel=1e-12)
    assert abs(np.abs(np.linalg.eigvals(line.dense())).max() - formula) > 0.05


def test_an_open_line_of_uneven_weights_has_the_radius_of_all_eigenvalues(rng):
    forward, backward = rng.uniform(0.5, 1, 20), rng.uniform(0.5, 1, 20)
    forward[0] = backward[-1] = 0
    for signs in (1, -1, rng.choice([-1, 1], 20)):
        line = Ring(forward, backward * signs)
        expected = np.abs(np.linalg.eigvals(line.dense())).max()
        assert spectral_radius(line) == pytest.approx(expected, rel=1e-9)


def test_arrays_and_scipys_matrices_are_scaled_in_their_own_kind(rng):
    array = rng.standard_normal((30, 30))
    sparse = scipy.sparse.csr_array(array)
    for given in (array, sparse):
        scaled = with_radius(given, 0.7)
        assert type(scaled) is type(given)
        assert spectral_radius(scaled) == pytest.approx(0.7, rel=1e-9)


def test_nothing_has_radius_zero():
    assert spectral_radius(Nothing(3)) == 0.0


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.zeros((2, 3)), r"square matrix, got shape \(2, 3\)"),
        (np.array([[1.0, np.nan], [0, 1]]), "finite weights, got NaN or infinity"),
    ],
)
def test_what_has_no_radius_is_told(matrix, message):
    with pytest.raises(ValueError, match=message):
        spectral_radius(matrix)
