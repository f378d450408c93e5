"""Cells that must be each other, or a known filter, whatever their weights."""

import numpy as np
import pytest
from oracle import assert_close, interpreted, readout_of
from scipy.signal import lfilter

from evornn.cells import (
    ZOO,
    elman,
    gru,
    indrnn,
    jordan,
    leaky,
    lstm,
    mgu,
    recurrent,
    second_order,
    stack,
)
from evornn.flow import cell, matrix, scalar, state, vector
from evornn.flow.language import concatenate, part, shift, tanh
from evornn.flow.signal import Signal
from evornn.network import Network
from evornn.population import Evaluator


def outputs_of(network, weights, x):
    """The interpreter's outputs for named weights."""
    return interpreted(network, network.pack(weights), x)[0]


def numpy_elman(w, x):
    h, y = np.zeros(w["b"].size), []
    for row in x:
        h = np.tanh(w["W"] @ row + w["U"] @ h + w["b"])
        y.append(w["V"] @ h + w["c"])
    return np.array(y)


def test_elman_computes_its_equation(rng):
    network = Network(elman, inputs=3, outputs=2, hidden=5, dtype="float64")
    genes = network.initial(rng, 1)[0]
    x = rng.standard_normal((20, 3))
    wanted = numpy_elman(network.unpack(genes), x)
    np.testing.assert_allclose(interpreted(network, genes, x)[0], wanted, rtol=0, atol=1e-14)


def test_an_elman_network_is_a_masked_fully_recurrent_one_a_step_later(rng):
    # Units of the whole: hidden, then output; the output reads the hidden units one step later.
    n, m, p = 5, 3, 2
    simple = Network(elman, inputs=m, outputs=p, hidden=n, dtype="float64", readout="tanh")
    genes = simple.initial(rng, 1)[0]
    w = simple.unpack(genes)
    mask = np.zeros((n + p, n + p), dtype=int)
    mask[:, :n] = 1
    reads_input = np.zeros((n + p, m), dtype=int)
    reads_input[:n] = 1
    masked = recurrent.with_mask(U=mask, W=reads_input)
    whole = Network(masked, inputs=m, outputs=p, hidden=n + p, dtype="float64")
    weights = {
        "W": np.vstack([w["W"], np.zeros((p, m))]),
        "U": np.block([[w["U"], np.zeros((n, p))], [w["V"], np.zeros((p, p))]]),
        "b": np.concatenate([w["b"], w["c"]]),
        "V": np.eye(p, n + p, n),
        "c": np.zeros(p),
    }
    x = rng.standard_normal((30, m))
    wanted = interpreted(simple, genes, x)[0]
    np.testing.assert_allclose(outputs_of(whole, weights, x)[1:], wanted[:-1], rtol=0, atol=1e-14)
    assert whole.genes == n * m + (n + p) * n + n + p + p * (n + p) + p


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9])
def test_jordans_state_is_a_filter_of_its_outputs(memory, rng):
    kept = jordan.with_fixed(memory=memory)
    network = Network(kept, inputs=2, outputs=2, hidden=4, dtype="float64", readout=None)
    x = rng.standard_normal((40, 2))
    y, history = interpreted(network, network.initial(rng, 1)[0], x)
    np.testing.assert_allclose(
        history["s"], lfilter([1], [1, -memory], y, axis=0), rtol=0, atol=1e-13
    )


@cell
def integrator(
    x: Signal,
    h: Signal,
    *,
    W: Signal = matrix("hidden", "input"),
    u: Signal = vector("hidden"),
) -> Signal:
    """Linear units, each with its own feedback."""
    return W @ x + u * h


def test_a_linear_unit_is_a_filter_in_interpreter_and_kernel(rng):
    network = Network(integrator, inputs=1, outputs=1, hidden=1, dtype="float64")
    weights = {"W": [[0.7]], "u": [-0.83], "V": [[1.5]], "c": [0.25]}
    weights = {name: np.array(value) for name, value in weights.items()}
    x = rng.standard_normal((200, 1))
    wanted = 1.5 * lfilter([0.7], [1, 0.83], x[:, 0]) + 0.25
    np.testing.assert_allclose(outputs_of(network, weights, x)[:, 0], wanted, atol=1e-12)
    network = network.with_chromosome(network.pack(weights))
    np.testing.assert_allclose(network.predict(x[:, 0])[:, 0], wanted, atol=1e-12)


def test_a_leak_of_one_is_elmans_network(rng):
    whole = Network(leaky.with_fixed(leak=1.0), inputs=2, outputs=1, hidden=4, dtype="float64")
    simple = Network(elman, inputs=2, outputs=1, hidden=4, dtype="float64")
    genes = simple.initial(rng, 1)[0]
    x = rng.standard_normal((20, 2))
    np.testing.assert_array_equal(interpreted(whole, genes, x)[0], interpreted(simple, genes, x)[0])


def test_independent_units_are_a_recurrent_network_with_a_diagonal_matrix(rng):
    network = Network(indrnn, inputs=2, outputs=1, hidden=4, dtype="float64")
    genes = network.initial(rng, 1)[0]
    w = network.unpack(genes)
    x, h, wanted = rng.standard_normal((20, 2)), np.zeros(4), []
    for row in x:
        h = np.maximum(w["W"] @ row + np.diag(w["u"]) @ h + w["b"], 0)
        wanted.append(w["V"] @ h + w["c"])
    np.testing.assert_allclose(interpreted(network, genes, x)[0], wanted, rtol=0, atol=1e-14)


@pytest.mark.parametrize(("one", "other"), [("gru", "gru_reset_after"), ("lstm_peephole", "lstm")])
def test_variants_agree_where_they_must(one, other, rng):
    # Without recurrent reset product or peepholes nothing is left to differ.
    a, b = (
        Network(ZOO[name], inputs=2, outputs=1, hidden=4, dtype="float64") for name in (one, other)
    )
    w = a.unpack(a.initial(rng, 1)[0])
    if one == "gru":
        w["U_n"] = np.zeros((4, 4))
        wider = {**w, "d_n": np.zeros(4)}
    else:
        w = {n: np.zeros_like(v) if n.startswith("p_") else v for n, v in w.items()}
        wider = {n: v for n, v in w.items() if not n.startswith("p_")}
    x = rng.standard_normal((20, 2))
    np.testing.assert_allclose(outputs_of(a, w, x), outputs_of(b, wider, x), rtol=0, atol=1e-14)


def test_the_original_gru_resets_before_the_product(rng):
    network = Network(gru, inputs=2, outputs=1, hidden=3, dtype="float64")
    genes = network.initial(rng, 1)[0]
    w = network.unpack(genes)
    x, h, wanted = rng.standard_normal((9, 2)), np.zeros(3), []
    for row in x:
        z, r = (
            1 / (1 + np.exp(-(w[f"W_{g}"] @ row + w[f"U_{g}"] @ h + w[f"b_{g}"]))) for g in "zr"
        )
        n = np.tanh(w["W_n"] @ row + w["U_n"] @ (r * h) + w["b_n"])
        h = (1 - z) * n + z * h
        wanted.append(w["V"] @ h + w["c"])
    np.testing.assert_allclose(interpreted(network, genes, x)[0], wanted, rtol=0, atol=1e-14)


def test_the_output_gate_looks_at_the_new_cell_and_the_others_at_the_old(rng):
    network = Network(ZOO["lstm_peephole"], inputs=2, outputs=1, hidden=3, dtype="float64")
    genes = network.initial(rng, 1)[0]
    w = network.unpack(genes)
    x, h, c, wanted = rng.standard_normal((9, 2)), np.zeros(3), np.zeros(3), []

    def gate(name, row, seen):
        a = w[f"W_{name}"] @ row + w[f"U_{name}"] @ h + w[f"b_{name}"] + w[f"p_{name}"] * seen
        return 1 / (1 + np.exp(-a))

    for row in x:
        i, f = gate("i", row, c), gate("f", row, c)
        c = f * c + i * np.tanh(w["W_g"] @ row + w["U_g"] @ h + w["b_g"])
        h = gate("o", row, c) * np.tanh(c)
        wanted.append(w["V"] @ h + w["c"])
    np.testing.assert_allclose(interpreted(network, genes, x)[0], wanted, rtol=0, atol=1e-14)


def test_the_minimal_gated_unit_is_a_gru_whose_gates_are_one(rng):
    # f = 1 - z = r: z has the negated weights of r, because sigmoid(-a) = 1 - sigmoid(a).
    small = Network(mgu, inputs=2, outputs=1, hidden=4, dtype="float64")
    large = Network(gru, inputs=2, outputs=1, hidden=4, dtype="float64")
    w = small.unpack(small.initial(rng, 1)[0])
    wide = {n: w[n] for n in ("W_n", "U_n", "b_n", "V", "c")}
    for name in "WUb":
        wide[f"{name}_r"], wide[f"{name}_z"] = w[f"{name}_f"], -w[f"{name}_f"]
    x = rng.standard_normal((20, 2))
    np.testing.assert_allclose(
        outputs_of(small, w, x), outputs_of(large, wide, x), rtol=0, atol=1e-14
    )


def test_an_lstm_with_an_open_forget_gate_and_shut_input_gate_is_a_latch():
    # The first input writes, later ones (0) neither write nor forget: sigmoid(+-800) is 1 or 0.
    # The outputs are tanh of two cells so small that a bit lost in the cell is one lost in tanh.
    network = Network(lstm, inputs=3, outputs=2, hidden=7, dtype="float64")
    nothing = network.unpack(np.zeros(network.genes))
    weights = {name: np.zeros_like(v) for name, v in nothing.items()}
    weights["W_i"][:, 0], weights["b_i"][:] = 1600.0, -800.0
    weights["b_f"][:] = weights["b_o"][:] = 800.0
    weights["W_g"][:2, 0] = [0.1, -0.03]
    weights["V"][0, 0] = weights["V"][1, 1] = 1.0
    genes = network.pack(weights)
    x = np.zeros((1_000_000, 3))
    x[0, 0] = 1.0
    (outputs,) = Evaluator(network, [x], [np.zeros((len(x), 2))]).outputs(genes[None])
    np.testing.assert_allclose(outputs[0, 0], np.tanh(np.tanh([0.1, -0.03])), rtol=1e-14)
    assert np.all(outputs[0] == outputs[0, 0])
    cells = interpreted(network, genes, x[:50])[1]["c"]
    assert np.all(cells[:, :2] == np.tanh([0.1, -0.03]))


@cell
def delay_line(
    x: Signal,
    line: Signal = state("taps"),
    *,
    V: Signal = matrix("output", "taps"),
) -> tuple[Signal, Signal]:
    """A finite impulse response over the last taps of the inputs."""
    taps = shift(line, x)
    return V @ taps, taps


def test_a_tapped_delay_line_holds_a_window_of_the_input(rng):
    inputs, taps = 2, 3 * 2
    network = Network(
        delay_line, inputs=inputs, outputs=1, taps=taps, dtype="float64", readout=None
    )
    genes = rng.standard_normal(taps)
    x = rng.standard_normal((12, inputs))
    padded = np.concatenate([np.zeros((2, inputs)), x])
    windows = np.array([padded[t : t + 3][::-1].ravel() for t in range(12)])
    outputs, history = interpreted(network, genes, x)
    np.testing.assert_array_equal(history["line"], windows)
    np.testing.assert_allclose(outputs[:, 0], windows @ genes, rtol=0, atol=1e-14)
    network = network.with_chromosome(genes)
    np.testing.assert_array_equal(network.states(x)["line"], windows)
    assert_close(network.predict(x), outputs, "float64")


def test_second_order_units_multiply_state_and_input(rng):
    network = Network(second_order, inputs=3, outputs=2, hidden=5, dtype="float64")
    genes = 3 * network.initial(rng, 1)[0]
    w = network.unpack(genes)
    x, h, wanted = rng.standard_normal((15, 3)), np.array([1.0, 0, 0, 0, 0]), []
    for row in x:
        h = 1 / (1 + np.exp(-(np.einsum("nab,a,b->n", w["W"], h, row) + w["b"])))
        wanted.append(w["V"] @ h + w["c"])
    np.testing.assert_allclose(interpreted(network, genes, x)[0], wanted, rtol=0, atol=1e-14)


def test_a_second_order_network_can_start_elsewhere(rng):
    start = np.array([0.0, 0.25, 1.0])
    network = Network(
        second_order.with_fixed(h_0=start), inputs=2, outputs=1, hidden=3, dtype="float64"
    )
    genes = network.initial(rng, 1)[0]
    w = network.unpack(genes)
    states = interpreted(network, genes, np.array([[0.0, 1.0]]))[1]["h"]
    wanted = 1 / (1 + np.exp(-(w["W"][:, :, 1] @ start + w["b"])))
    np.testing.assert_allclose(states[0], wanted, rtol=0, atol=1e-15)


@cell
def joined(
    x: Signal,
    h: Signal,
    *,
    W: Signal = matrix("hidden", "input+hidden"),
    gain: Signal = scalar(1.0),
) -> Signal:
    """Elman's network with one matrix over input and context."""
    both = concatenate(x, h)
    return gain * tanh(W @ both) + 0 * part(both, "hidden")


def test_one_matrix_over_input_and_context_is_two(rng):
    network = Network(joined, inputs=2, outputs=1, hidden=3, dtype="float64")
    simple = Network(elman, inputs=2, outputs=1, hidden=3, dtype="float64")
    w = simple.unpack(simple.initial(rng, 1)[0])
    w["b"] = np.zeros(3)
    weights = {"W": np.hstack([w["W"], w["U"]]), "gain": np.array(1.0), "V": w["V"], "c": w["c"]}
    x = rng.standard_normal((9, 2))
    np.testing.assert_allclose(
        outputs_of(network, weights, x), outputs_of(simple, w, x), rtol=0, atol=1e-14
    )


@pytest.mark.parametrize("name", [n for n in ZOO if readout_of(ZOO[n]) == "linear"])
def test_a_stack_of_one_cell_is_the_cell(name, rng):
    alone = Network(ZOO[name], inputs=2, outputs=1, hidden=4, dtype="float64")
    stacked = Network(stack(ZOO[name]), inputs=2, outputs=1, hidden=4, dtype="float64")
    genes = alone.initial(rng, 1)[0]
    x = rng.standard_normal((9, 2))
    np.testing.assert_array_equal(
        interpreted(alone, genes, x)[0], interpreted(stacked, genes, x)[0]
    )
