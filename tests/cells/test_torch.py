"""LSTM, GRU and Elman against recorded answers of torch (see recorded/record_torch.py)."""

import pathlib

import numpy as np
import pytest
from oracle import interpreted

from evornn.cells import elman, gru_reset_after, lstm
from evornn.network import Network

RECORDED = pathlib.Path(__file__).parents[1] / "recorded" / "torch_cells.npz"


@pytest.fixture(scope="module")
def recorded():
    with np.load(RECORDED, allow_pickle=False) as data:
        return dict(data)


def with_torch_weights(cell, gates, recorded, name):
    """The cell with the recorded weights, its outputs passed through; torch stacks the gates."""
    n, m = recorded[f"{name}_weight_hh"].shape[1], recorded["x"].shape[1]
    weights = {"V": np.eye(n), "c": np.zeros(n)}
    for k, gate in enumerate(gates):
        rows = slice(k * n, (k + 1) * n)
        weights[f"W{gate}"] = recorded[f"{name}_weight_ih"][rows]
        weights[f"U{gate}"] = recorded[f"{name}_weight_hh"][rows]
        biases = recorded[f"{name}_bias_ih"][rows], recorded[f"{name}_bias_hh"][rows]
        if name == "gru" and gate == "_n":
            weights["b_n"], weights["d_n"] = biases
        else:
            weights[f"b{gate}"] = sum(biases)
    network = Network(cell, inputs=m, outputs=n, hidden=n, dtype="float64")
    return network.with_chromosome(network.pack(weights))


@pytest.mark.parametrize(
    ("cell", "gates", "name"),
    [
        (elman, ("",), "rnn"),
        (lstm, ("_i", "_f", "_g", "_o"), "lstm"),
        (gru_reset_after, ("_r", "_z", "_n"), "gru"),
    ],
    ids=["elman", "lstm", "gru"],
)
def test_a_cell_computes_what_torch_computes(cell, gates, name, recorded):
    network = with_torch_weights(cell, gates, recorded, name)
    outputs, history = interpreted(network, network.chromosome, recorded["x"])
    np.testing.assert_allclose(outputs, recorded[f"{name}_outputs"], rtol=0, atol=1e-14)
    if name == "lstm":
        np.testing.assert_allclose(history["c"][-1], recorded["lstm_last_cell"], atol=1e-14)
