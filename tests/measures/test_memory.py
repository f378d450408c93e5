"""Linear memory capacity where it is known."""

import numpy as np
import pytest
from plain_reservoirs import cycle, delay_line, drive, random

from evornn.measures import memory_capacity, memory_capacity_of


def test_a_delay_line_remembers_its_length(rng):
    W, v = delay_line(12)
    capacity = memory_capacity(lambda u: drive(W, v, u), max_delay=24, steps=4000, rng=rng)
    # Unit k holds the input of k steps ago, k = 0..11; the delays measured begin with 1.
    np.testing.assert_allclose(capacity.by_delay[:11], 1.0, atol=1e-9)
    assert capacity.by_delay[11:].max() < 0.02
    assert capacity.total == pytest.approx(11.0, abs=0.05)
    assert capacity.total == capacity.by_delay.sum()


def test_a_cycle_of_linear_units_remembers_almost_as_many_inputs_as_it_has_units(rng):
    # The known figure for 100 units is 95.6, of at most 100.
    W, v = cycle(100, 0.95, rng)
    capacity = memory_capacity(
        lambda u: drive(W, v, u), max_delay=200, test_share=0.2, ridge=1e-7, rng=rng
    )
    assert 93.0 < capacity.total < 98.5


def test_no_reservoir_remembers_more_inputs_than_it_has_units(rng):
    for f in (np.tanh, lambda x: x):
        W, v = random(20, 0.95, rng)
        capacity = memory_capacity(
            lambda u, f=f, W=W, v=v: drive(W, v, u, f), max_delay=60, rng=rng
        )
        assert 5.0 < capacity.total < 20.0


def test_in_the_sample_the_bound_would_be_broken(rng):
    # States that hold nothing: a fit finds units / steps in the sample for each delay.
    u, states = rng.uniform(-1, 1, size=1200), rng.normal(size=(1200, 40))
    outside = memory_capacity_of(u, states, max_delay=200).total
    assert outside == pytest.approx(200 / 500, rel=0.3)


def test_objects_with_run_or_states_are_driven_too(rng):
    W, v = delay_line(5)

    class Node:
        resets = 0
        initialized = True

        def reset(self):
            self.resets += 1

        def run(self, u):
            return drive(W, v, u)

    class Net:
        def states(self, u):
            return {"a": drive(W, v, u)[:, :2], "b": drive(W, v, u)[:, 2:]}

    node = Node()
    seeds = [np.random.default_rng(3) for _ in range(2)]
    first = memory_capacity(node, max_delay=8, steps=500, rng=seeds[0])
    second = memory_capacity(Net(), max_delay=8, steps=500, rng=seeds[1])
    np.testing.assert_allclose(first.by_delay, second.by_delay)
    assert node.resets == 1
    with pytest.raises(TypeError, match=r"a function of inputs, or an object with `run`"):
        memory_capacity(7, max_delay=8, rng=rng)


def test_reservoirpys_nodes_are_measured_as_they_are(rng):
    nodes = pytest.importorskip("reservoirpy.nodes")
    W, v = random(30, 0.9, rng)
    node = nodes.Reservoir(W=W, Win=v[:, None], bias=np.zeros(30))
    twice = [
        memory_capacity(node, max_delay=40, steps=1000, rng=np.random.default_rng(5)).total
        for _ in range(2)
    ]
    own = memory_capacity(
        lambda u: drive(W, v, u, np.tanh), max_delay=40, steps=1000, rng=np.random.default_rng(5)
    )
    assert twice == [pytest.approx(own.total, rel=1e-6)] * 2


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"max_delay": 0}, r"`max_delay` of at least 1, got 0\."),
        ({"max_delay": 5, "test_share": 1.0}, r"`test_share` in \(0, 1\), got 1\.0\."),
        ({"max_delay": 48}, r"steps to train and to test on, got 50 with the first 48 left out"),
    ],
)
def test_settings_out_of_range_are_refused(arguments, text, rng):
    with pytest.raises(ValueError, match=text):
        memory_capacity_of(np.ones(50), rng.normal(size=(50, 3)), **arguments)


def test_states_that_do_not_fit_are_refused(rng):
    with pytest.raises(ValueError, match=r"one input for each of 50 states, got axes \(49, 1\)"):
        memory_capacity_of(np.ones(49), rng.normal(size=(50, 3)), max_delay=2)
    with pytest.raises(ValueError, match=r"a state for each of 102 inputs, got 50 states"):
        memory_capacity(lambda u: u[:50], max_delay=2, steps=100, rng=rng)
    with pytest.raises(ValueError, match=r"`memory_capacity` needs finite states"):
        memory_capacity(lambda u: u * np.nan, max_delay=2, steps=100, rng=rng)
