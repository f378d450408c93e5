"""Intrinsic plasticity: gains and shifts as reservoirpy learns them, and what they are for."""

import numpy as np
import pytest
from reservoirpy import nodes

from evornn.reservoir import Layer, intrinsic_plasticity


@pytest.mark.parametrize(
    ("activation", "mu", "sigma"), [("tanh", 0.0, 0.3), ("tanh", 0.1, 0.5), ("sigmoid", 0.2, 1.0)]
)
def test_gains_and_shifts_are_reservoirpys(activation, mu, sigma, rng):
    u = rng.uniform(-1, 1, (200, 1))
    node = nodes.IPReservoir(
        30, sr=0.9, lr=0.7, mu=mu, sigma=sigma, learning_rate=1e-3, activation=activation,
        input_connectivity=1.0, seed=5,
    )  # fmt: skip
    node.fit(u)
    layer = Layer(
        node.W, node.Win, bias=np.ravel(node.bias), leak=0.7, equation="external",
        activation=activation,
    )  # fmt: skip
    learned = intrinsic_plasticity(layer, u, mu=mu, sigma=sigma, rate=1e-3)
    np.testing.assert_allclose(learned.gain[:30], node.a, rtol=0, atol=1e-12)
    np.testing.assert_allclose(learned.shift[:30], node.b, rtol=0, atol=1e-12)
    assert (layer.gain[:30] == 1).all()


def test_units_come_to_the_spread_they_were_asked_for(rng):
    W = rng.standard_normal((40, 40))
    W *= 0.5 / np.abs(np.linalg.eigvals(W)).max()
    layer = Layer(W, rng.uniform(-3, 3, (40, 1)), equation="external")
    u = rng.uniform(-1, 1, (2000, 1))
    learned = intrinsic_plasticity(layer, u, sigma=0.2, rate=1e-3, epochs=5, washout=20)
    before, after = (np.median(one.run(u)[100:].std(axis=0)) for one in (layer, learned))
    assert before > 0.5
    assert 0.15 < after < 0.3


@pytest.mark.parametrize(
    ("layer", "settings", "message"),
    [
        ({"equation": "internal"}, {}, 'needs equation="external" and tanh or sigmoid units'),
        ({"activation": "relu"}, {}, "got external and relu"),
        ({"W_fb": np.ones((3, 1))}, {}, "does not hear its outputs"),
        ({}, {"sigma": 0.0}, "sigma above 0"),
        ({"activation": "sigmoid"}, {"mu": 0.0}, r"mu in \(0, 1\) for sigmoid"),
        ({}, {"washout": 50}, "a washout of 50 steps leaves nothing of sequence 0, which has 50"),
    ],
)
def test_what_cannot_be_learned_is_told(layer, settings, message, rng):
    made = Layer(np.eye(3) / 2, np.ones((3, 1)), **{"equation": "external", **layer})
    with pytest.raises(ValueError, match=message):
        intrinsic_plasticity(made, rng.uniform(-1, 1, (50, 1)), **settings)


def test_learning_that_diverges_is_told():
    layer = Layer(np.eye(3) / 2, np.ones((3, 1)), equation="external")
    with pytest.raises(ValueError, match="intrinsic plasticity diverged at rate"):
        intrinsic_plasticity(layer, np.full((50, 1), 1e3), rate=0.5)
