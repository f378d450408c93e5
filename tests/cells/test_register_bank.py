"""Registers under the control of another network: latch, shift register, and their equations."""

import numpy as np
import pytest
from oracle import interpreted, readout_of

from evornn.cells import ZOO, lstm, register_bank, registers_under
from evornn.network import Network
from evornn.population import Evaluator

SHUT, WIDE = -800.0, 800.0  # sigmoid gives exactly 0 and 1


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def nothing(network):
    return {name: np.zeros_like(v) for name, v in network.unpack(np.zeros(network.genes)).items()}


def test_a_bank_computes_its_equations(rng):
    network = Network(register_bank, inputs=3, outputs=2, hidden=5, dtype="float64")
    genes = 2 * network.initial(rng, 1)[0]
    w = network.unpack(genes)
    x = rng.standard_normal((15, 3))
    outputs, history = interpreted(network, genes, x)
    h, bank, read, wanted = np.zeros(5), np.zeros(4), np.zeros(4), []
    for row in x:
        seen = np.concatenate([row, read])
        h = np.tanh(w["controller_W"] @ seen + w["controller_U"] @ h + w["controller_b"])
        gates = {k: sigmoid(w[f"G_{k}"] @ h + w[f"a_{k}"]) for k in ("write", "erase", "look")}
        value = w["A"] @ row + w["B"] @ h + w["M"] @ bank + w["b"]
        bank = (1 - gates["erase"]) * bank + gates["write"] * value
        read = gates["look"] * bank
        wanted.append(w["V"] @ np.concatenate([h, read]) + w["c"])
    np.testing.assert_allclose(outputs, wanted, rtol=0, atol=1e-13)
    np.testing.assert_allclose(history["bank"][-1], bank, rtol=0, atol=1e-13)


def test_a_register_holds_a_number_bit_for_bit_until_it_is_overwritten(rng):
    # The first input tells the controller to write; with all gates shut nothing changes.
    network = Network(register_bank, inputs=3, outputs=2, hidden=7, dtype="float64")
    w = nothing(network)
    w["controller_W"][0, 0] = 100.0  # h_0 = 1 in steps that write, else 0
    for gate in ("write", "erase"):
        w[f"G_{gate}"][:, 0], w[f"a_{gate}"][:] = WIDE - SHUT, SHUT
    w["a_look"][:] = WIDE
    w["A"][0, 1] = w["A"][1, 2] = 1.0
    w["V"][0, 7] = w["V"][1, 8] = 1.0
    x = np.zeros((100_000, 3))
    x[0], x[70_000] = [1, *rng.standard_normal(2)], [1, *rng.standard_normal(2)]
    x[1:70_000, 1:] = rng.standard_normal((69_999, 2))  # what must not be written
    (outputs,) = Evaluator(network, [x], [np.zeros((len(x), 2))]).outputs(network.pack(w)[None])
    assert np.all(outputs[0, :70_000] == x[0, 1:])
    assert np.all(outputs[0, 70_000:] == x[70_000, 1:])


def test_open_gates_and_a_matrix_that_moves_every_register_on_make_a_shift_register(rng):
    network = Network(register_bank, inputs=1, outputs=4, hidden=2, dtype="float64")
    w = nothing(network)
    for gate in ("write", "erase", "look"):
        w[f"a_{gate}"][:] = WIDE
    w["A"][0, 0] = 1.0
    w["M"] = np.eye(4, k=-1)
    w["V"][:, 2:] = np.eye(4)
    x = rng.standard_normal((50, 1))
    padded = np.concatenate([np.zeros(3), x[:, 0]])
    wanted = np.lib.stride_tricks.sliding_window_view(padded, 4)[:, ::-1]
    np.testing.assert_array_equal(interpreted(network, network.pack(w), x)[0], wanted)


@pytest.mark.parametrize("name", ["lstm", "gru", "indrnn", "clockwork"])
def test_any_cell_can_be_the_controller(name, rng):
    # Without a way from the registers to the controller, it runs as it would alone.
    whole = Network(
        registers_under(ZOO[name], registers=3), inputs=2, outputs=1, hidden=4, dtype="float64"
    )
    alone = Network(
        ZOO[name], inputs=2, outputs=1, hidden=4, dtype="float64", readout=readout_of(ZOO[name])
    )
    w = whole.unpack(whole.initial(rng, 1)[0])
    assert w["G_write"].shape == (3, 4)
    assert w["M"].shape == (3, 3)
    for key, weight in w.items():
        if key.startswith("controller_W"):
            weight[:, 2:] = 0
    mine = alone.unpack(alone.initial(rng, 1)[0])
    for key in mine:
        if key not in ("V", "c"):
            mine[key] = w[f"controller_{key}"][:, :2] if key[0] == "W" else w[f"controller_{key}"]
    x = rng.standard_normal((12, 2))
    _, together = interpreted(whole, whole.pack(w), x)
    _, apart = interpreted(alone, alone.pack(mine), x)
    for state, values in apart.items():
        np.testing.assert_allclose(together[f"controller_{state}"], values, rtol=0, atol=1e-14)


def test_a_bank_needs_registers():
    with pytest.raises(ValueError, match="`registers_under` needs `registers` of at least 1, got"):
        registers_under(lstm, 0)
    with pytest.raises(TypeError, match=r"needs a whole number for `registers`, got 2\.0"):
        registers_under(lstm, 2.0)
