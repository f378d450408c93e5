"""Ranks of a shift register, where they can be counted."""

import numpy as np
import pytest
from plain_reservoirs import delay_line, drive, random

from evornn.measures import generalisation_rank, kernel_rank, rank_of


@pytest.fixture
def register():
    W, v = delay_line(20)
    return lambda u: drive(W, v, u)


def test_a_shift_register_tells_as_many_streams_apart_as_it_has_units(register, rng):
    assert kernel_rank(register, streams=15, length=40, rng=rng) == 15
    assert kernel_rank(register, streams=40, length=40, rng=rng) == 20
    assert kernel_rank(register, streams=40, length=8, rng=rng) == 8


@pytest.mark.parametrize(("shared", "rank"), [(0, 20), (5, 16), (19, 2), (20, 1), (25, 1)])
def test_shared_ends_leave_the_rank_of_what_came_before(register, rng, shared, rank):
    # 20 - shared inputs still differ, and the shared ones are one direction more.
    assert generalisation_rank(register, streams=40, length=40, shared=shared, rng=rng) == rank


def test_a_reservoir_that_forgets_generalises(rng):
    W, v = random(20, 0.5, rng)
    rank = {
        shared: generalisation_rank(
            lambda u: drive(W, v, u, np.tanh),
            streams=40,
            length=40,
            shared=shared,
            tolerance=1e-4,
            rng=rng,
        )
        for shared in (0, 15)
    }
    assert rank[15] < 6 < rank[0]


def test_several_inputs_are_drawn(rng):
    assert kernel_rank(lambda u: u, streams=9, length=3, inputs=4, rng=rng) == 4


def test_the_tolerance_is_a_share_of_the_largest_singular_value():
    states = np.diag([1.0, 0.1, 1e-3, 0.0])
    assert [rank_of(states), rank_of(states, tolerance=0.01)] == [3, 2]


def test_settings_out_of_range_are_refused(rng):
    with pytest.raises(ValueError, match=r"`kernel_rank` needs `streams` of at least 1, got 0\."):
        kernel_rank(lambda u: u, streams=0, rng=rng)
    with pytest.raises(ValueError, match=r"`shared` of 0 to the length 5, got 6\."):
        generalisation_rank(lambda u: u, streams=3, length=5, shared=6, rng=rng)
    with pytest.raises(ValueError, match=r"a `tolerance` in \(0, 1\), got 2\."):
        rank_of(np.eye(2), tolerance=2.0)
