"""NARX networks, against a linear filter, Jordan's network and each other."""

import numpy as np
import pytest
from oracle import interpreted
from scipy.signal import lfilter

from evornn.cells import jordan, narx
from evornn.network import Network
from evornn.population import Evaluator


def network_of(cell, inputs=1, outputs=1, **sizes):
    return Network(cell, inputs=inputs, outputs=outputs, readout=None, dtype="float64", **sizes)


def test_a_linear_narx_network_is_a_recursive_filter(rng):
    network = network_of(narx(2, 3, activation="linear"), hidden=1)
    b, a = rng.standard_normal(3), np.array([0.5, -0.3, 0.1])
    one, zero = np.ones((1, 1)), np.zeros(1)
    genes = network.pack({"W": b[None], "U": a[None], "b": zero, "V": one, "c": zero})
    u = rng.standard_normal(50)
    outputs, _ = interpreted(network, genes, u[:, None])
    np.testing.assert_allclose(outputs[:, 0], lfilter(b, np.r_[1, -a], u), rtol=0, atol=1e-12)


def test_one_lag_of_the_output_is_jordans_network_without_decay(rng):
    mine = network_of(narx(0, 1), inputs=2, outputs=3, hidden=4)
    theirs = network_of(jordan.with_fixed(memory=0.0), inputs=2, outputs=3, hidden=4)
    genes = mine.initial(rng, 1)[0]
    x = rng.standard_normal((20, 2))
    wanted, _ = interpreted(theirs, theirs.pack({**mine.unpack(genes), "memory": 0.0}), x)
    np.testing.assert_array_equal(interpreted(mine, genes, x)[0], wanted)


def test_the_lines_hold_the_last_inputs_and_outputs_newest_first(rng):
    network = network_of(narx(2, 2), inputs=2, hidden=3)
    x = rng.standard_normal((6, 2))
    y, states = interpreted(network, network.initial(rng, 1)[0], x)
    for t in range(1, 6):
        np.testing.assert_array_equal(states["inputs_line"][t], np.r_[x[t], x[t - 1]])
        np.testing.assert_array_equal(states["outputs_line"][t], np.r_[y[t], y[t - 1]])


@pytest.mark.parametrize("lags", [(3, 2), (0, 1), (1, 4)])
def test_fed_with_its_own_outputs_the_series_parallel_form_is_the_parallel_one(lags, rng):
    parallel = network_of(narx(*lags), inputs=2, hidden=4)
    series = network_of(narx(*lags, feedback="series-parallel"), inputs=3, input=2, hidden=4)
    assert series.map.names == parallel.map.names
    genes = parallel.initial(rng, 1)[0]
    u = rng.standard_normal((30, 2))
    y, _ = interpreted(parallel, genes, u)
    x = np.hstack([np.r_[np.zeros((1, 1)), y[:-1]], u])
    np.testing.assert_array_equal(interpreted(series, genes, x)[0], y)


def test_a_kernel_closes_the_loop_of_the_series_parallel_form(rng):
    parallel = network_of(narx(2, 2), inputs=2, hidden=4)
    series = network_of(narx(2, 2, feedback="series-parallel"), inputs=3, input=2, hidden=4)
    genes = parallel.initial(rng, 5)
    u, target = rng.standard_normal((30, 2)), rng.standard_normal((30, 1))
    x = np.hstack([np.r_[np.zeros((1, 1)), target[:-1]], u])
    wanted = Evaluator(parallel, [u], [target]).mse(genes)
    forced = Evaluator(series, [x], [target]).mse(genes)
    free = Evaluator(series, [x], [target], teacher_forced=[1]).mse(genes)
    np.testing.assert_allclose(free, wanted, rtol=1e-12)
    assert (np.abs(forced - wanted) > 1e-6).all()


def test_teacher_forcing_makes_it_feed_forward(rng):
    series = network_of(narx(1, 2, feedback="series-parallel"), inputs=2, input=1, hidden=3)
    genes = series.initial(rng, 1)[0]
    x = rng.standard_normal((12, 2))
    other = x.copy()
    other[5] += 1.0  # what a step sees is forgotten after two more
    changed = interpreted(series, genes, x)[0] != interpreted(series, genes, other)[0]
    assert np.flatnonzero(changed[:, 0]).tolist() == [5, 6]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"input_lags": -1}, "`narx` needs `input_lags` of at least 0, got -1"),
        ({"output_lags": 0}, "`narx` needs `output_lags` of at least 1, got 0"),
        ({"feedback": "serial"}, "narx needs a feedback of parallel or series-parallel, got 'ser"),
        ({"activation": "step"}, "narx needs an activation of tanh, sigmoid, relu, linear, got"),
    ],
)
def test_impossible_networks_are_refused(arguments, text):
    with pytest.raises(ValueError, match=text):
        narx(**arguments)
