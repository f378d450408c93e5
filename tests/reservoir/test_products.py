"""Products of every form of a recurrent matrix, against the matrix written out."""

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse
from numba import njit

from evornn.reservoir.operators import Dense, Hadamard, LaneBlocked, Nothing, Ring, Sparse
from evornn.reservoir.products import add_product, hadamard_transform
from evornn.reservoir.topologies import TOPOLOGIES
from evornn.reservoir.vectors import LANES, aligned, padded, padded_size


@njit
def multiply(W, x, acc, spare):
    add_product(W, x, acc, spare)


def signs(rng, transforms, units):
    return rng.choice(np.array([-1, 1], dtype=np.int8), (transforms, units))


def lane_blocked(rng, units):
    degree = max(1, units // 3)
    blocks = padded_size(units) // LANES
    columns = np.concatenate([rng.permutation(units)[:degree] for _ in range(blocks)])
    weights = rng.standard_normal((blocks, degree, LANES))
    weights[-1, :, units - (blocks - 1) * LANES :] = 0
    return LaneBlocked(
        columns.astype(np.uint32), padded(weights.ravel(), weights.size), units, degree
    )


FORMS = {
    "dense": lambda rng, n: Dense.of(rng.standard_normal((n, n))),
    "sparse": lambda rng, n: Sparse.of(scipy.sparse.random_array((n, n), density=0.4, rng=rng)),
    "ring": lambda rng, n: Ring(rng.standard_normal(n), rng.standard_normal(n)),
    "lane-blocked": lane_blocked,
    "hadamard": lambda rng, n: Hadamard(signs(rng, 2, max(8, 1 << (n - 1).bit_length())), 0.3),
    "nothing": lambda rng, n: Nothing(n),
}


@pytest.mark.parametrize("units", [1, 2, 7, 8, 9, 64, 131])
@pytest.mark.parametrize("make", FORMS.values(), ids=list(FORMS))
def test_a_form_multiplies_as_the_matrix_written_out(make, units, rng):
    W = make(rng, units)
    units = W.units
    x, start = rng.standard_normal(units), rng.standard_normal(units)
    acc = padded(start, units)
    multiply(W, padded(x, units), acc, padded(0.0, units))
    np.testing.assert_allclose(acc[:units], start + W.dense() @ x, rtol=0, atol=1e-12)
    assert (acc[units:] == 0).all()


@pytest.mark.parametrize("make", FORMS.values(), ids=list(FORMS))
def test_a_scaled_form_is_the_scaled_matrix(make, rng):
    W = make(rng, 21)
    np.testing.assert_allclose(W.scaled(-1.5).dense(), -1.5 * W.dense(), rtol=1e-15)


def test_a_matrix_survives_its_forms(rng):
    matrix = rng.standard_normal((11, 5))
    np.testing.assert_array_equal(Dense.of(matrix).dense(), matrix)
    thin = np.where(rng.random((11, 5)) < 0.3, matrix, 0)
    np.testing.assert_array_equal(Sparse.of(thin).dense(), thin)


@pytest.mark.parametrize("units", [8, 16, 32, 256, 1024])
def test_the_fast_transform_is_the_hadamard_matrix(units, rng):
    x = rng.standard_normal(units)
    fast = aligned(x)
    hadamard_transform(fast)
    np.testing.assert_allclose(fast, scipy.linalg.hadamard(units) @ x, rtol=0, atol=1e-11)


@pytest.mark.parametrize("units", [4096, 8192, 16384, 1 << 17])
def test_a_long_transform_twice_is_the_vector_times_its_length(units, rng):
    # Several blocks of the cache, in which no matrix is there to compare with.
    x = rng.standard_normal(units)
    twice = aligned(x)
    hadamard_transform(twice)
    energy = np.vdot(twice, twice)
    hadamard_transform(twice)
    np.testing.assert_allclose(twice / units, x, rtol=0, atol=1e-12)
    assert energy == pytest.approx(units * np.vdot(x, x), rel=1e-12)


def test_a_long_transform_has_sylvesters_rows():
    # Row k of H has the sign (-1)^(bits that k and the column share).
    units, k = 1 << 14, 0b10_1101_0011_0101
    row = aligned(np.eye(1, units, k)[0])
    hadamard_transform(row)
    shared = np.array([(k & j).bit_count() for j in range(units)])
    np.testing.assert_array_equal(row, 1.0 - 2.0 * (shared % 2))


@pytest.mark.parametrize("name", TOPOLOGIES)
def test_a_topology_multiplies_as_the_matrix_written_out(name, rng):
    W = TOPOLOGIES[name](64, rng)
    x = rng.standard_normal(64)
    acc = padded(0.0, 64)
    multiply(W, padded(x, 64), acc, padded(0.0, 64))
    np.testing.assert_allclose(acc, W.dense() @ x, rtol=0, atol=1e-13)


def test_unaligned_arrays_are_multiplied_too(rng):
    W = Dense.of(rng.standard_normal((16, 16)))
    raw = np.empty(W.weights.size + 1)
    raw[1:] = W.weights
    moved = W._replace(weights=raw[1:])
    x, a, b = padded(rng.standard_normal(16), 16), padded(0.0, 16), padded(0.0, 16)
    multiply(W, x, a, padded(0.0, 16))
    multiply(moved, x, b, padded(0.0, 16))
    np.testing.assert_array_equal(a, b)
