"""Topologies: their spectrum, their degrees, and what they are named for."""

import numpy as np
import pytest

from evornn.reservoir import TOPOLOGIES
from evornn.reservoir.operators import Dense, LaneBlocked, Ring, Sparse
from evornn.reservoir.spectrum import as_matrix
from evornn.reservoir.structures import cycle, cycle_with_jumps, delay_line, hadamard
from evornn.reservoir.topologies import (
    block,
    lane_blocked,
    orthogonal,
    random_sparse,
    scale_free,
    small_world,
)

WITH_RADIUS = [name for name in TOPOLOGIES if name != "delay-line"]


def radius_of(matrix):
    return np.abs(np.linalg.eigvals(matrix)).max()


@pytest.mark.parametrize("units", [16, 128])
@pytest.mark.parametrize("name", WITH_RADIUS)
def test_a_topology_has_the_spectral_radius_asked_for(name, units, rng):
    W = TOPOLOGIES[name](units, rng, spectral_radius=0.73)
    assert W.units == units
    assert radius_of(W.dense()) == pytest.approx(0.73, rel=1e-9)


@pytest.mark.parametrize("name", TOPOLOGIES)
def test_the_same_seed_gives_the_same_matrix_and_another_one_another(name):
    first, again, other = (
        TOPOLOGIES[name](64, np.random.default_rng(s)).dense() for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    fixed = name in ("cycle", "cycle-jumps", "delay-line")
    assert np.array_equal(first, other) == fixed


@pytest.mark.parametrize("name", TOPOLOGIES)
def test_the_sparse_matrix_of_a_form_is_the_form(name, rng):
    W = TOPOLOGIES[name](64, rng)
    matrix = as_matrix(W)
    written = matrix.toarray() if hasattr(matrix, "toarray") else matrix
    np.testing.assert_array_equal(written, W.dense())


@pytest.mark.parametrize(("density", "degree"), [(0.1, 20), (7, 7), (1, 1), (0.5, 100), (1.0, 200)])
def test_every_unit_of_a_random_reservoir_hears_the_same_number_of_others(density, degree, rng):
    W = random_sparse(200, rng, density=density)
    assert isinstance(W, Dense if degree > 50 else Sparse)
    assert (np.count_nonzero(W.dense(), axis=1) == degree).all()


def test_random_connections_prefer_no_unit(rng):
    heard = np.zeros(40)
    for _ in range(200):
        heard += np.count_nonzero(random_sparse(40, rng, density=4).dense(), axis=0)
    # 200 x 40 x 4 connections over 40 units: 800 each, standard deviation 27.
    assert np.abs(heard - 800).max() < 130


def test_eight_neighbours_of_a_lane_blocked_reservoir_hear_the_same_units(rng):
    W = lane_blocked(100, rng, density=0.1)
    assert isinstance(W, LaneBlocked)
    heard = W.dense() != 0
    assert (heard.sum(axis=1) == 10).all()
    for first in range(0, 100, 8):
        assert (heard[first : first + 8] == heard[first]).all()
    assert len(np.unique(heard, axis=0)) == 13


@pytest.mark.parametrize(("units", "density"), [(100, 0.1), (64, 5), (40, 0.9), (16, 1.0), (9, 1)])
def test_all_units_of_a_lane_blocked_reservoir_are_heard_equally_often(units, density, rng):
    W = lane_blocked(units, rng, density=density)
    hands = W.columns.reshape(-1, W.degree)
    assert all(len(set(hand)) == W.degree for hand in hands)
    heard = np.bincount(W.columns, minlength=units)
    assert heard.max() - heard.min() <= 1


def test_a_cycle_has_all_eigenvalues_on_a_circle():
    W = cycle(12, spectral_radius=0.8)
    assert isinstance(W, Ring)
    np.testing.assert_allclose(np.abs(np.linalg.eigvals(W.dense())), 0.8, rtol=1e-12)
    np.testing.assert_array_equal(W.dense(), 0.8 * np.roll(np.eye(12), 1, axis=0))


def test_a_delay_line_hands_on_and_forgets():
    W = delay_line(6, weight=0.5).dense()
    np.testing.assert_array_equal(W, 0.5 * np.eye(6, k=-1))
    assert not np.linalg.matrix_power(W, 6).any()


@pytest.mark.parametrize("feedback", [0.2, -0.2])
def test_a_delay_line_with_feedback_has_two_diagonals_and_a_radius(feedback):
    W = delay_line(9, weight=0.7, feedback=feedback).dense()
    np.testing.assert_array_equal(W, 0.7 * np.eye(9, k=-1) + feedback * np.eye(9, k=1))
    scaled = delay_line(9, weight=0.7, feedback=feedback, spectral_radius=0.9).dense()
    assert radius_of(scaled) == pytest.approx(0.9, rel=1e-9)


def test_a_delay_line_without_feedback_cannot_have_a_radius():
    with pytest.raises(ValueError, match="a nilpotent matrix cannot have the spectral radius"):
        delay_line(9, spectral_radius=0.9)


@pytest.mark.parametrize(("units", "jump"), [(20, 5), (21, 5), (12, 2), (13, 6), (10, 5)])
def test_jumps_connect_every_nth_unit_both_ways(units, jump):
    W = cycle_with_jumps(units, jump=jump, share=0.5, spectral_radius=0.9).dense()
    weight = W[1, 0]
    expected = np.roll(np.eye(units), 1, axis=0)
    stops = list(range(0, units - units % jump, jump))
    for here, there in zip(stops, [*stops[1:], stops[-1] + jump], strict=True):
        if there < units or units % jump == 0:
            expected[here, there % units] += 0.5
            expected[there % units, here] += 0.5
    np.testing.assert_allclose(W / weight, expected, rtol=1e-12)
    assert radius_of(W) == pytest.approx(0.9, rel=1e-9)


def test_an_orthogonal_reservoir_keeps_every_length(rng):
    W = orthogonal(30, rng, spectral_radius=0.7).dense() / 0.7
    np.testing.assert_allclose(W @ W.T, np.eye(30), atol=1e-13)


def test_orthogonal_matrices_are_drawn_without_preference():
    # Uniform over all: the trace has mean 0 and variance 1; QR without signs would have -1.1.
    traces = [np.trace(orthogonal(10, np.random.default_rng(k)).dense()) / 0.9 for k in range(400)]
    assert abs(np.mean(traces)) < 0.2
    assert np.var(traces) == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize("transforms", [1, 2, 3])
def test_a_hadamard_reservoir_is_orthogonal(transforms, rng):
    W = hadamard(32, rng, spectral_radius=1.0, transforms=transforms).dense()
    np.testing.assert_allclose(W @ W.T, np.eye(32), atol=1e-14)


def test_a_small_world_keeps_its_degree_and_most_of_its_ring(rng):
    ring = small_world(50, rng, neighbours=4, rewired=0.0).dense() != 0
    distance = np.abs(np.subtract.outer(np.arange(50), np.arange(50)))
    near = (np.minimum(distance, 50 - distance) <= 2) & (distance > 0)
    np.testing.assert_array_equal(ring, near)
    rewired = small_world(50, rng, neighbours=4, rewired=0.2).dense() != 0
    assert (rewired.sum(axis=1) == 4).all()
    assert not rewired.diagonal().any()
    assert 0.08 < (rewired & ~near).sum() / 200 < 0.32


def test_few_units_of_a_scale_free_reservoir_have_many_links(rng):
    linked = scale_free(400, rng, links=2).dense() != 0
    assert (linked == linked.T).all()
    degrees = np.sort(linked.sum(axis=0))
    assert degrees.min() >= 2 or degrees[2] >= 1
    assert degrees[-1] > 6 * np.median(degrees)  # a random graph of this density: about 2.5


def test_blocks_are_dense_inside_and_sparse_between(rng):
    connected = block(90, rng, blocks=3, density=0.8, between=0.02).dense() != 0
    group = np.arange(90) // 30
    inside = group[:, None] == group
    assert connected[inside].mean() == pytest.approx(0.8, abs=0.05)
    assert connected[~inside].mean() == pytest.approx(0.02, abs=0.01)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda g: random_sparse(10, g, density=0.0), "density needs a share in .* got 0.0"),
        (lambda g: random_sparse(10, g, density=11), "connections from 1 to 10, got 11"),
        (lambda g: lane_blocked(10, g, density=1.5), "density needs a share"),
        (lambda g: random_sparse(10, g, weights="cauchy"), "weights are one of normal, uniform"),
        (lambda g: random_sparse(10, g, spectral_radius=-1), "finite and at least 0, got -1"),
        (lambda g: hadamard(100, g), "power of two of units, at least 8, got 100; take 128"),
        (lambda g: hadamard(8, g, transforms=0), "transforms need to be at least 1, got 0"),
        (lambda g: small_world(10, g, neighbours=3), "even number of neighbours from 2 to 9"),
        (lambda g: scale_free(10, g, links=10), "links need to be from 1 to 9, got 10"),
        (lambda g: block(10, g, blocks=11), "block needs 1 to 10 blocks"),
        (lambda g: cycle_with_jumps(10, jump=6), "jump needs to be from 2 to 5, got 6"),
    ],
)
def test_a_wrong_setting_is_told(make, message, rng):
    with pytest.raises(ValueError, match=message):
        make(rng)
