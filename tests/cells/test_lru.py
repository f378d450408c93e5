"""The linear recurrent unit against complex filters."""

import numpy as np
import pytest
from oracle import interpreted
from scipy.signal import lfilter

from evornn.cells import lru
from evornn.network import Network


def network_of(hidden=6, inputs=3, outputs=2):
    return Network(
        lru, inputs=inputs, outputs=outputs, hidden=hidden, dtype="float64", readout=None
    )


def test_every_mode_is_a_complex_filter_of_its_input(rng):
    network = network_of()
    genes = network.initial(rng, 1)[0]
    w = network.unpack(genes)
    x = rng.standard_normal((60, 3))
    outputs, history = interpreted(network, genes, x)
    h = np.empty((60, 6), dtype=complex)
    for k, (nu, theta) in enumerate(zip(w["nu"], w["theta"], strict=True)):
        pole = np.exp(-np.exp(nu) + 1j * theta)
        gain = np.sqrt(1 - np.abs(pole) ** 2)
        h[:, k] = lfilter([gain], [1, -pole], x @ (w["B_re"] + 1j * w["B_im"])[k])
    np.testing.assert_allclose(history["re"] + 1j * history["im"], h, rtol=0, atol=1e-13)
    y = (h @ (w["C_re"] + 1j * w["C_im"]).T).real + x @ w["D"].T
    np.testing.assert_allclose(outputs, y, rtol=0, atol=1e-13)


@pytest.mark.parametrize("nu", [-30.0, -5.0, 0.0, 1.0, 30.0])
def test_no_weight_makes_a_mode_grow(nu):
    network = network_of(hidden=1, inputs=1, outputs=1)
    weights = {name: np.zeros_like(v) for name, v in network.unpack(np.zeros(7)).items()}
    weights |= {"nu": np.array([nu]), "theta": np.array([0.7]), "B_re": np.ones((1, 1))}
    x = np.zeros((400, 1))
    x[0] = 1
    _, history = interpreted(network, network.pack(weights), x)
    size = np.hypot(history["re"], history["im"])[:, 0]
    assert np.all(np.diff(size) <= 1e-14 * size[:-1])


@pytest.mark.parametrize("nu", [-4.0, -2.0, 0.0])
def test_states_have_the_variance_of_white_input_however_long_they_last(nu):
    # The variance of a filtered white noise is the sum of the squared impulse response.
    network = network_of(hidden=1, inputs=1, outputs=1)
    weights = {name: np.zeros_like(v) for name, v in network.unpack(np.zeros(7)).items()}
    weights |= {"nu": np.array([nu]), "theta": np.array([2.1]), "B_re": np.ones((1, 1))}
    x = np.zeros((800, 1))
    x[0] = 1
    _, history = interpreted(network, network.pack(weights), x)
    assert np.sum(history["re"] ** 2 + history["im"] ** 2) == pytest.approx(1, rel=1e-12)


def test_initial_modes_last_between_one_and_seventy_steps(rng):
    network = network_of(hidden=50)
    nu = network.unpack(network.initial(rng, 200))["nu"]
    half_lives = np.log(2) / np.exp(nu)
    assert half_lives.min() == pytest.approx(1.125, abs=0.05)
    assert half_lives.max() == pytest.approx(69, abs=1)
