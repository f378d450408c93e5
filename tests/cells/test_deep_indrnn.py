"""Deep independently recurrent networks: residual connections and bounded initial weights."""

import re

import numpy as np
import pytest
from oracle import interpreted

from evornn.cells import deep_indrnn, recurrent_bounds
from evornn.network import Network


@pytest.mark.parametrize("residual", [True, False])
def test_layers_are_added_to_their_input(residual, rng):
    cell = deep_indrnn(4, steps=20, residual=residual)
    network = Network(cell, inputs=2, outputs=1, hidden=5, dtype="float64")
    genes = network.initial(rng, 1)[0]
    w = network.unpack(genes)
    x, h, wanted = rng.standard_normal((20, 2)), np.zeros((4, 5)), []
    for row in x:
        below = row
        for k in range(4):
            name = f"layer{k + 1}_"
            recurrent = w[f"{name}u"] * h[k] + w[f"{name}b"]
            h[k] = np.maximum(w[f"{name}W"] @ below + recurrent, 0)
            below = h[k] + below if residual and k else h[k]
        wanted.append(w["V"] @ below + w["c"])
    np.testing.assert_allclose(interpreted(network, genes, x)[0], wanted, rtol=1e-12)


def test_only_the_last_layer_starts_with_weights_that_keep_everything(rng):
    network = Network(deep_indrnn(3, steps=10), inputs=1, outputs=1, hidden=40, dtype="float64")
    w = network.unpack(network.initial(rng, 50))
    low, high = 0.5 ** (1 / 10), 2 ** (1 / 10)
    for layer, least in ((1, 0.0), (2, 0.0), (3, low)):
        u = w[f"layer{layer}_u"]
        assert least <= u.min() < least + 0.01
        assert high - 0.01 < u.max() <= high


def test_input_weights_start_as_small_as_asked(rng):
    cell = deep_indrnn(2, steps=10, weight_std=0.001)
    network = Network(cell, inputs=2, outputs=1, hidden=50)
    w = network.unpack(network.initial(rng, 50))
    assert w["layer2_W"].std() == pytest.approx(0.001, rel=0.02)


@pytest.mark.parametrize(("steps", "magnitude"), [(1, 2.0), (100, 2.0), (5000, 10.0)])
def test_between_the_bounds_a_past_neither_vanishes_nor_explodes(steps, magnitude):
    low, high = recurrent_bounds(steps, magnitude)
    assert low**steps == pytest.approx(1 / magnitude, rel=1e-11)
    assert high**steps == pytest.approx(magnitude, rel=1e-11)


def test_a_change_of_the_first_input_arrives_scaled_by_the_weights_power(rng):
    # Units that stay active are linear: d h_T / d x_1 = u^(T - 1) W.
    network = Network(deep_indrnn(1, steps=50), inputs=1, outputs=1, hidden=3, dtype="float64")
    w = network.unpack(network.initial(rng, 1)[0])
    w["layer1_W"], w["layer1_b"] = np.ones((3, 1)), np.full(3, 2.0)
    genes = network.pack(w)
    x = rng.uniform(-1, 1, (50, 1))
    moved = x.copy()
    moved[0] += 0.5
    ends = [interpreted(network, genes, one)[1]["layer1_h"][-1] for one in (x, moved)]
    wanted = 0.5 * w["layer1_u"] ** 49
    np.testing.assert_allclose(ends[1] - ends[0], wanted, rtol=1e-10)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"layers": 0, "steps": 9}, ValueError, "`deep_indrnn` needs `layers` of at least 1, got"),
        ({"layers": 2.0, "steps": 9}, TypeError, "needs a whole number for `layers`, got 2.0"),
        ({"layers": 2, "steps": 0}, ValueError, "`recurrent_bounds` needs `steps` of at least 1"),
        (
            {"layers": 2, "steps": 9, "magnitude": 1.0},
            ValueError,
            "`recurrent_bounds` needs a finite `magnitude` above 1, got 1.0",
        ),
    ],
)
def test_a_depth_that_cannot_be_says_why(settings, error, message):
    with pytest.raises(error, match=re.escape(message)):
        deep_indrnn(settings.pop("layers"), **settings)
