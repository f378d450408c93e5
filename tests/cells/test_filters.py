"""Layers of FIR and IIR synapses, against scipy's filters."""

import numpy as np
import pytest
from oracle import interpreted
from scipy.signal import lfilter

from evornn.cells import elman, fir, iir, stack
from evornn.network import Network


def drawn(cell, rng, inputs=1, outputs=1, **settings):
    network = Network(cell, inputs=inputs, outputs=outputs, dtype="float64", **settings)
    return network.with_chromosome(network.initial(rng, 1)[0])


def filtered(x, w, v, b, function):
    """A layer by scipy: w (unit, input, tap), v (unit, input, lag), b (unit); x (time, input)."""
    s = [
        sum(lfilter(w[k, m], np.r_[1, -v[k, m]], x[:, m]) for m in range(x.shape[1])) + b[k]
        for k in range(len(b))
    ]
    return function(np.array(s).T)


def iir_weights(named, prefix, units, inputs):
    """w and v of a layer, picked entry by entry as the docstring of `iir` says."""
    matrix = named[f"{prefix}W"]
    lags = sum(name.startswith(f"{prefix}v") for name in named)
    w = np.array([[matrix[m * units + k, m::inputs] for m in range(inputs)] for k in range(units)])
    v = np.array(
        [
            [
                [named[f"{prefix}v{p + 1}"][m * units + k] for p in range(lags)]
                for m in range(inputs)
            ]
            for k in range(units)
        ]
    )
    return w, v, named[f"{prefix}b"]


def test_a_stack_of_iir_layers_is_scipys_filters_and_a_nonlinearity(rng):
    cell = stack(iir(3, 2, inputs=2), iir(2, 3, inputs=3, activation="linear", units="output"))
    network = drawn(cell, rng, 2, 2, hidden=3, readout=None)
    named = network.unpack()
    x = rng.standard_normal((60, 2))
    hidden = filtered(x, *iir_weights(named, "layer1_", 3, 2), np.tanh)
    wanted = filtered(hidden, *iir_weights(named, "layer2_", 2, 3), lambda s: s)
    np.testing.assert_allclose(network.predict(x), wanted, rtol=0, atol=1e-12)


def test_a_stack_of_fir_layers_is_scipys_filters_and_a_nonlinearity(rng):
    network = drawn(stack(fir(4), fir(1, activation="sigmoid")), rng, 2, 1, hidden=(3, 2))
    named = network.unpack()
    x = rng.standard_normal((40, 2))
    taps = named["layer1_W"].reshape(3, 4, 2).transpose(0, 2, 1)
    none = np.zeros((3, 2, 0))
    hidden = filtered(x, taps, none, named["layer1_b"], np.tanh)
    above = 1 / (1 + np.exp(-(hidden @ named["layer2_W"].T + named["layer2_b"])))
    wanted = above @ named["V"].T + named["c"]
    np.testing.assert_allclose(interpreted(network, network.chromosome, x)[0], wanted, atol=1e-12)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "linear"])
def test_an_activation_acts_on_the_sum_of_a_units_synapses(activation, rng):
    function = {
        "tanh": np.tanh,
        "sigmoid": lambda s: 1 / (1 + np.exp(-s)),
        "relu": lambda s: np.maximum(s, 0),
        "linear": lambda s: s,
    }[activation]
    network = drawn(
        iir(2, 1, inputs=2, activation=activation, units="output"), rng, 2, 3, readout=None
    )
    x = rng.standard_normal((25, 2))
    wanted = filtered(x, *iir_weights(network.unpack(), "", 3, 2), function)
    np.testing.assert_allclose(interpreted(network, network.chromosome, x)[0], wanted, atol=1e-12)


def test_a_finite_impulse_response_ends_and_an_infinite_one_does_not(rng):
    impulse = np.zeros((31, 1))
    impulse[0] = 1
    network = drawn(stack(fir(4), fir(3)), rng, hidden=2)
    rest, _ = interpreted(network, network.chromosome, 0 * impulse)
    moved, _ = interpreted(network, network.chromosome, impulse)
    assert np.flatnonzero(np.abs(moved - rest)[:, 0]).tolist() == list(range(4 + 3 - 1))
    pole = Network(
        iir(1, 1, activation="linear", units="output"),
        inputs=1,
        outputs=1,
        readout=None,
        dtype="float64",
    )
    genes = pole.pack({"W": np.ones((1, 1)), "v1": np.full(1, 0.9), "b": np.zeros(1)})
    tail, _ = interpreted(pole, genes, impulse)
    assert tail[-1, 0] == pytest.approx(0.9**30)


def test_one_tap_is_a_layer_without_memory():
    assert fir(1).graph.states == ()
    assert [slot.name for slot in fir(2).graph.states] == ["line"]
    assert [slot.name for slot in iir(1, 2).graph.states] == ["y1", "y2"]


def test_a_synapse_has_one_gene_for_each_tap_and_its_genes_lie_together():
    network = Network(iir(3, 2, inputs=2), inputs=2, outputs=1, hidden=4)
    assert network.genes == 4 * 2 * (3 + 2) + 4 + 4 + 1
    assert network.map.names[25:30] == ["W[5,1]", "W[5,3]", "W[5,5]", "v1[5]", "v2[5]"]


def test_initial_synapses_are_stable(rng):
    network = Network(iir(2, 3, inputs=2), inputs=2, outputs=1, hidden=3)
    named = network.unpack(network.initial(rng, 500))
    sums = sum(np.abs(named[f"v{p}"]) for p in (1, 2, 3))
    assert 0.4 < sums.max() <= 0.5


@pytest.mark.parametrize(
    ("cell", "inputs", "hidden", "text"),
    [
        (iir(2, 1, inputs=2), 3, 4, r"iir\(inputs=2\) needs 2 inputs, got 3; pass inputs=3"),
        (stack(elman, iir(2, 1, inputs=3)), 1, 4, r"iir\(inputs=3\) needs 3 inputs, got 4"),
    ],
)
def test_an_iir_layer_says_when_its_inputs_are_not_as_many_as_promised(cell, inputs, hidden, text):
    with pytest.raises(ValueError, match=text):
        _ = Network(cell, inputs=inputs, outputs=1, hidden=hidden).genes


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: fir(0), ValueError, "`fir` needs `taps` of at least 1, got 0"),
        (lambda: fir(2.5), TypeError, r"`fir` needs a whole number for `taps`, got 2\.5"),
        (lambda: iir(1, 0), ValueError, "`iir` needs `ar` of at least 1, got 0"),
        (lambda: iir(0, 1), ValueError, "`iir` needs `ma` of at least 1, got 0"),
        (lambda: fir(2, activation="exp"), ValueError, "fir needs an activation of tanh, .*'exp'"),
    ],
)
def test_impossible_layers_are_refused(make, error, text):
    with pytest.raises(error, match=text):
        make()
