"""Gated cells against each other, and against their equations in NumPy."""

import numpy as np
import pytest
from oracle import interpreted

from evornn.cells import ZOO, elman, li_gru, lstm, lstm_1997, lstm_coupled, mgu_3, min_gru, min_lstm
from evornn.network import Network

SHUT, WIDE = -800.0, 800.0  # sigmoid gives exactly 0 and 1


def network_of(cell, **settings):
    return Network(cell, inputs=3, outputs=2, hidden=4, dtype="float64", **settings)


def drawn(cell, rng):
    """A network, named weights larger than the initial ones, and inputs."""
    network = network_of(cell)
    return network, network.unpack(2 * network.initial(rng, 1)[0]), rng.standard_normal((20, 3))


def answers(network, weights, x):
    return interpreted(network, network.pack(weights), x)[0]


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


@pytest.mark.parametrize(
    ("simple", "full", "absent"),
    [
        ("gru_1", "gru", ["W_z", "W_r"]),
        ("gru_2", "gru", ["W_z", "W_r", "b_z", "b_r"]),
        ("gru_3", "gru", ["W_z", "W_r", "U_z", "U_r"]),
        ("mgu_1", "mgu", ["W_f"]),
        ("mgu_2", "mgu", ["W_f", "b_f"]),
        ("mgu_3", "mgu", ["W_f", "U_f"]),
    ],
)
def test_a_simplified_unit_is_the_full_one_with_those_gate_weights_at_zero(
    simple, full, absent, rng
):
    network, weights, x = drawn(ZOO[simple], rng)
    whole = network_of(ZOO[full])
    everything = whole.unpack(np.zeros(whole.genes))
    assert set(everything) - set(weights) == set(absent)
    wanted = answers(whole, everything | weights, x)
    np.testing.assert_allclose(answers(network, weights, x), wanted, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("cell", "gates"), [(ZOO["gru_3"], {"b_z": SHUT, "b_r": WIDE}), (mgu_3, {"b_f": WIDE})]
)
def test_a_unit_whose_gates_never_hold_back_is_elmans(cell, gates, rng):
    network, weights, x = drawn(cell, rng)
    plain = network_of(elman)
    same = {"W": weights["W_n"], "U": weights["U_n"], "b": weights["b_n"]}
    same |= {name: weights[name] for name in ("V", "c")}
    for name, value in gates.items():
        weights[name] = np.full(4, value)
    np.testing.assert_array_equal(answers(network, weights, x), answers(plain, same, x))


def test_the_first_lstm_adds_up_and_squashes_as_published(rng):
    network, w, x = drawn(lstm_1997, rng)
    h, c, wanted = np.zeros(4), np.zeros(4), []

    def seen(name, row):
        return w[f"W_{name}"] @ row + w[f"U_{name}"] @ h + w[f"b_{name}"]

    for row in x:
        i, o = sigmoid(seen("i", row)), sigmoid(seen("o", row))
        c = c + i * 2 * np.tanh(seen("g", row) / 2)  # 4 sigmoid(a) - 2
        h = o * np.tanh(c / 2)  # 2 sigmoid(c) - 1
        wanted.append(w["V"] @ h + w["c"])
    np.testing.assert_allclose(answers(network, w, x), wanted, rtol=0, atol=1e-14)


def test_the_first_lstm_keeps_its_sum_when_the_input_gate_shuts(rng):
    network, w, x = drawn(lstm_1997, rng)
    w = {name: np.zeros_like(v) if name[0] in "WU" else v for name, v in w.items()}
    w["W_i"][:, 0], w["b_i"][:] = WIDE, SHUT  # open while the first input is 2, shut while it is 0
    w["W_g"] = rng.standard_normal((4, 3)) * [0, 1, 1]
    x[:8, 0], x[8:, 0] = 2, 0
    _, history = interpreted(network, network.pack(w), x)
    written = 2 * np.tanh((x[:8] @ w["W_g"].T + w["b_g"]) / 2)
    np.testing.assert_allclose(history["c"][:8], np.cumsum(written, axis=0), rtol=0, atol=1e-13)
    np.testing.assert_array_equal(history["c"][8:], np.tile(history["c"][7], (12, 1)))


def test_coupled_gates_are_an_lstm_with_opposite_gates(rng):
    # 1 - sigmoid(a) = sigmoid(-a)
    network, weights, x = drawn(lstm_coupled, rng)
    wider = weights | {f"{name}_f": -weights[f"{name}_i"] for name in "WUb"}
    wanted = answers(network_of(lstm), wider, x)
    np.testing.assert_allclose(answers(network, weights, x), wanted, rtol=0, atol=1e-14)


def test_the_light_unit_mixes_its_state_with_a_rectified_candidate(rng):
    network, w, x = drawn(li_gru, rng)
    h, wanted = np.zeros(4), []
    for row in x:
        z = sigmoid(w["W_z"] @ row + w["U_z"] @ h + w["b_z"])
        h = z * h + (1 - z) * np.maximum(w["W_n"] @ row + w["U_n"] @ h + w["b_n"], 0)
        wanted.append(w["V"] @ h + w["c"])
    np.testing.assert_allclose(answers(network, w, x), wanted, rtol=1e-13, atol=1e-13)


def scanned(keep, add):
    """h_t = keep_t h_{t-1} + add_t without a loop over the state: products and sums alone."""
    product = np.cumprod(keep, axis=0)
    return product * np.cumsum(add / product, axis=0)


@pytest.mark.parametrize("cell", [min_gru, min_lstm])
def test_a_minimal_unit_is_a_scan_over_its_inputs(cell, rng):
    network, w, x = drawn(cell, rng)
    gate = {k: sigmoid(x @ w[f"W_{k}"].T + w[f"b_{k}"]) for k in "zfi" if f"W_{k}" in w}
    candidate = x @ w["W_n"].T + w["b_n"]
    keep = 1 - gate["z"] if cell is min_gru else gate["f"] / (gate["f"] + gate["i"])
    h = scanned(keep, (1 - keep) * candidate)
    _, history = interpreted(network, network.pack(w), x)
    np.testing.assert_allclose(history["h"], h, rtol=1e-9, atol=1e-12)


def test_two_shut_gates_of_the_minimal_lstm_share_by_their_logarithms(rng):
    network, w, x = drawn(min_lstm, rng)
    w["W_f"], w["W_i"] = np.zeros((4, 3)), np.zeros((4, 3))
    w["b_f"], w["b_i"] = np.full(4, -900.0), np.full(4, -900.0 + np.log(3))
    candidate = x @ w["W_n"].T + w["b_n"]
    wanted = scanned(np.full((20, 4), 0.25), 0.75 * candidate)
    _, history = interpreted(network, network.pack(w), x)
    np.testing.assert_allclose(history["h"], wanted, rtol=1e-9, atol=1e-12)
