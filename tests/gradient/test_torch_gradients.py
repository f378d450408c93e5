"""Elman, LSTM and GRU gradients against torch's (see recorded/record_torch_gradients.py)."""

import pathlib

import numpy as np
import pytest
from gradient_probe import started
from interpreted_gradient import ByInterpreter, assert_gradients_agree

from evornn.cells import elman, gru_reset_after, lstm
from evornn.gradient import BPTT
from evornn.network import Network
from evornn.tasks.part import Part

RECORDED = pathlib.Path(__file__).parents[1] / "recorded" / "torch_gradients.npz"
CASES = {
    "rnn": (elman, ("",)),
    "lstm": (lstm, ("_i", "_f", "_g", "_o")),
    "gru": (gru_reset_after, ("_r", "_z", "_n")),
}


@pytest.fixture(scope="module")
def recorded():
    with np.load(RECORDED, allow_pickle=False) as data:
        return dict(data)


def renamed(recorded, name, gates, prefix=""):
    """Weights, or with a prefix their derivatives, by our names; torch stacks the gates.

    Torch has two biases where we have their sum; each has the derivative of the sum.
    """

    def rows_of(weight):
        stacked = recorded[f"{name}_{prefix}{weight}"]
        return dict(zip(gates, np.split(stacked, len(gates)), strict=True))

    taken = {weight: recorded[f"{name}_{prefix}{weight}"] for weight in ("V", "c")}
    inputs, hidden = rows_of("weight_ih"), rows_of("weight_hh")
    biases, others = rows_of("bias_ih"), rows_of("bias_hh")
    for gate in gates:
        taken[f"W{gate}"], taken[f"U{gate}"] = inputs[gate], hidden[gate]
        if name == "gru" and gate == "_n":
            taken["b_n"], taken["d_n"] = biases[gate], others[gate]
        else:
            taken[f"b{gate}"] = biases[gate] if prefix else biases[gate] + others[gate]
    return taken


def case(recorded, name):
    cell, gates = CASES[name]
    part = Part(*(tuple(recorded[f"{letter}_{k}"] for k in range(2)) for letter in "xym"))
    network = Network(cell, inputs=3, outputs=2, hidden=4, dtype="float64")
    genes = network.pack(renamed(recorded, name, gates))
    return network, part, genes, network.pack(renamed(recorded, name, gates, "grad_"))


@pytest.mark.parametrize("name", CASES)
def test_the_transposed_graph_gives_torchs_gradient(name, recorded):
    network, part, genes, wanted = case(recorded, name)
    by_hand = ByInterpreter(network, part)
    assert by_hand.value(genes) == pytest.approx(float(recorded[f"{name}_loss"]), rel=1e-14)
    assert_gradients_agree(by_hand.gradient(genes), wanted, 1e-14)


@pytest.mark.parametrize("name", CASES)
def test_bptt_gives_torchs_gradient(name, recorded):
    network, part, genes, wanted = case(recorded, name)
    losses, found = started(BPTT(), network, part)(np.stack([genes] * 3))
    np.testing.assert_allclose(losses, recorded[f"{name}_loss"], rtol=1e-13)
    for row in found:
        assert_gradients_agree(row, wanted, 1e-13)
