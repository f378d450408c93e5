"""Reservoirs in lanes, against each of them run alone: the same bits."""

import numpy as np
import pytest

from evornn.reservoir import LayerPlan
from evornn.reservoir.layer import Layer
from evornn.reservoir.operators import Sparse
from evornn.reservoir.together import MOST_BYTES, Together, shape_of

RANDOM = {"topology": "random", "density": 0.2}
PLANS = {
    "sparse": RANDOM,
    "dense": {"topology": "random", "density": 0.9},
    "lane-blocked": {"topology": "lane-blocked", "density": 0.3},
    "cycle": {"topology": "cycle"},
    "leak before": {**RANDOM, "equation": "external"},
    **{name: {**RANDOM, "activation": name} for name in ("linear", "sigmoid", "relu")},
}


def drawn(rng, count, units, inputs=1, **settings):
    """Layers of one shape: the same seed, other radii, leaks, scalings and biases."""
    layers = []
    for _ in range(count):
        plan = LayerPlan(
            units,
            spectral_radius=rng.uniform(0.3, 1.4),
            leak=rng.uniform(0.2, 1.0),
            input_scaling=rng.uniform(0.1, 2.0),
            bias_scaling=rng.uniform(0.0, 0.5),
            **settings,
        )
        layer = plan.draw(inputs, 0, np.random.default_rng(3))
        layers.append(layer.replaced(gain=rng.uniform(0.8, 1.2, units), shift=0.1))
    return layers


@pytest.mark.parametrize("units", [5, 16, 27])
@pytest.mark.parametrize("settings", PLANS.values(), ids=list(PLANS))
def test_states_are_those_of_each_reservoir_alone_to_the_last_bit(settings, units, rng):
    layers = drawn(rng, 6, units, inputs=2, **settings)
    assert len({shape_of(layer) for layer in layers}) == 1
    u = rng.uniform(-1, 1, (50, 2))
    states = Together(layers).run(u)
    assert states.shape == (6, 50, units)
    for layer, found in zip(layers, states, strict=True):
        np.testing.assert_array_equal(found, layer.run(u))
    assert np.ptp(states[:, -1, 0]) > 1e-3  # the lanes are different reservoirs


def test_a_reservoirs_states_do_not_depend_on_its_neighbours(rng):
    layers = drawn(rng, 8, 12, topology="random", activation="linear")
    wild = layers[3].replaced(leak=1.0, bias=1e300)
    wild.W = wild.W.scaled(1e300)
    u = rng.uniform(-1, 1, (20, 1))
    with np.errstate(all="ignore"):
        mixed = Together([*layers[:3], wild, *layers[4:]]).run(u)
    assert not np.isfinite(mixed[3]).all()
    for k in (0, 1, 2, 4, 5, 6, 7):
        np.testing.assert_array_equal(mixed[k], Together([layers[k]]).run(u)[0])


def test_only_reservoirs_whose_units_hear_the_same_others_run_together(rng):
    plan = LayerPlan(12, density=0.2)
    one, other = (plan.draw(1, 0, np.random.default_rng(seed)) for seed in (1, 2))
    assert shape_of(one) != shape_of(other)
    assert shape_of(one) == shape_of(
        LayerPlan(12, density=0.2).draw(1, 0, np.random.default_rng(1))
    )
    assert shape_of(plan.draw(2, 0, np.random.default_rng(1))) != shape_of(one)


@pytest.mark.parametrize(
    "settings",
    [{"equation": "es2n"}, {"topology": "hadamard"}, {"units": 400, "density": 0.5}],
    ids=["es2n", "hadamard", "large"],
)
def test_what_does_not_fit_lanes_has_no_shape(settings, rng):
    plan = LayerPlan(**{"units": 16, **settings})
    assert shape_of(plan.draw(1, 0, rng)) is None
    assert shape_of(LayerPlan(16).draw(9, 0, rng)) is None
    assert shape_of(LayerPlan(16).draw(1, 1, rng)) is None


def test_a_reservoir_is_too_large_where_eight_outgrow_the_cache(rng):
    most = MOST_BYTES // 64
    rows = np.ones(most + 1)
    starts = np.array([0, most], dtype=np.uint64)
    fits = Sparse(starts, np.zeros(most, dtype=np.uint32), rows[:-1], 1)
    assert shape_of(Layer(fits, np.ones((1, 1)))) is not None
    more = Sparse(
        starts + np.array([0, 1], dtype=np.uint64), np.zeros(most + 1, np.uint32), rows, 1
    )
    assert shape_of(Layer(more, np.ones((1, 1)))) is None
