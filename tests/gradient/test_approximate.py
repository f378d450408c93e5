"""Approximate forward rules against their published equations in NumPy."""

import numpy as np
import pytest
from gradient_probe import EVERYTHING, add_up, network_of, started
from interpreted_gradient import ByInterpreter, assert_gradients_agree, drawn_part, perturbed

from evornn.cells import ZOO
from evornn.gradient import BPTT, RFLO, EProp, SnAp1, TruncatedRTRL

LENGTHS = (9, 4, 1)
MARKED = ["lstm", "lstm_1997", "lstm_peephole", "lstm_coupled"]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def slopes_of(w):
    return {name: np.zeros_like(value) for name, value in w.items()}


def errors_of(w, h, y, mask, slopes):
    """What the readout learns at once, and the error at its logits; the loss is mse."""
    error = 2 * np.where(mask, w["V"] @ h + w["c"] - y, 0.0)
    slopes["V"] += np.outer(error, h)
    slopes["c"] += error
    return error


def steps_of(part):
    """Each sequence as rows of input, target and mask."""
    for arrays in zip(part.inputs, part.targets, part.mask, strict=True):
        yield zip(*arrays, strict=True)


def lstm_by_its_traces(w, part):
    """The LSTM's own rule: one trace per weight along the cell's carousel, all else cut.

    Source: Gers, Schmidhuber & Cummins 2000, eq. 3.10-3.14.
    """
    slopes = slopes_of(w)
    n = len(w["b_i"])
    for sequence in steps_of(part):
        h, c = np.zeros(n), np.zeros(n)
        traces = {gate: np.zeros((n, 2 + n + 1)) for gate in "ifg"}
        for x, y, mask in sequence:
            z = np.concatenate([x, h, [1.0]])

            def net(gate, x=x, h=h):
                return w[f"W_{gate}"] @ x + w[f"U_{gate}"] @ h + w[f"b_{gate}"]

            i, f, o, g = sigmoid(net("i")), sigmoid(net("f")), sigmoid(net("o")), np.tanh(net("g"))
            moved = {"i": g * i * (1 - i), "f": c * f * (1 - f), "g": i * (1 - g**2)}
            for gate, slope in moved.items():
                traces[gate] = f[:, None] * traces[gate] + np.outer(slope, z)
            c = f * c + i * g
            h = o * np.tanh(c)
            back = w["V"].T @ errors_of(w, h, y, mask, slopes)
            found = {k: (back * o * (1 - np.tanh(c) ** 2))[:, None] * traces[k] for k in "ifg"}
            found["o"] = np.outer(back * np.tanh(c) * o * (1 - o), z)
            for gate, change in found.items():
                slopes[f"W_{gate}"] += change[:, :2]
                slopes[f"U_{gate}"] += change[:, 2:-1]
                slopes[f"b_{gate}"] += change[:, -1]
    return {name: value / part.scored for name, value in slopes.items()}


@pytest.mark.parametrize("name", MARKED if EVERYTHING else ["lstm_peephole"])
def test_the_truncated_rule_is_bptt_cut_at_the_marks(name, rng):
    network = network_of(ZOO[name])
    part = drawn_part(rng, LENGTHS)
    genes = perturbed(network, rng, 2)
    by_hand = ByInterpreter(network, part, truncated=True)
    wanted = [by_hand.gradient(row) for row in genes]
    at_work = started(TruncatedRTRL(), network, part)
    losses, found = at_work(genes)
    np.testing.assert_allclose(losses, [by_hand.value(row) for row in genes], rtol=1e-12)
    assert_gradients_agree(found, wanted)
    assert_gradients_agree(add_up(at_work.online(4), genes)[1], wanted)
    whole = ByInterpreter(network, part).gradient(genes[0])
    assert np.abs(whole - wanted[0]).max() > 1e-4


def test_the_truncated_rule_and_truncated_bptt_are_the_published_traces(rng):
    network = network_of(ZOO["lstm"])
    part = drawn_part(rng, LENGTHS)
    genes = perturbed(network, rng, 3)
    wanted = [network.pack(lstm_by_its_traces(network.unpack(row), part)) for row in genes]
    assert_gradients_agree(started(TruncatedRTRL(), network, part)(genes)[1], wanted)
    assert_gradients_agree(started(BPTT(truncated=True), network, part)(genes)[1], wanted)


def rank_one_traces(w, part, kept, leak, feedback):
    """Traces p' = kept p + leak phi'(a) z^T of tanh units, met by the error through `feedback`."""
    slopes = slopes_of(w)
    n = len(w["b"])
    for sequence in steps_of(part):
        h, trace = np.zeros(n), np.zeros((n, 2 + n + 1))
        for x, y, mask in sequence:
            z = np.concatenate([x, h, [1.0]])
            u = np.tanh(w["W"] @ x + w["U"] @ h + w["b"])
            trace = kept(u)[:, None] * trace + np.outer(leak * (1 - u**2), z)
            h = (1 - leak) * h + leak * u
            change = (feedback.T @ errors_of(w, h, y, mask, slopes))[:, None] * trace
            slopes["W"] += change[:, :2]
            slopes["U"] += change[:, 2:-1]
            slopes["b"] += change[:, -1]
    return {name: value / part.scored for name, value in slopes.items()}


def test_snap_1_keeps_what_every_unit_passes_to_itself(rng):
    network = network_of(ZOO["elman"])
    part = drawn_part(rng, LENGTHS)
    genes = perturbed(network, rng, 2)
    wanted = []
    for row in genes:
        w = network.unpack(row)
        own = np.diagonal(w["U"])
        slopes = rank_one_traces(w, part, lambda u, own=own: (1 - u**2) * own, 1.0, w["V"])
        wanted.append(network.pack(slopes))
    assert_gradients_agree(started(SnAp1(), network, part)(genes)[1], wanted)


def test_snap_1_is_exact_for_separate_units(rng):
    network = network_of(ZOO["indrnn"])
    part = drawn_part(rng, LENGTHS)
    genes = perturbed(network, rng, 2)
    by_hand = ByInterpreter(network, part)
    _, found = started(SnAp1(), network, part)(genes)
    assert_gradients_agree(found, [by_hand.gradient(row) for row in genes])


@pytest.mark.parametrize(
    "method", [EProp(), EProp("random", seed=3), RFLO(seed=3)], ids=["symmetric", "random", "rflo"]
)
def test_leaky_units_learn_by_murrays_equations(method, rng):
    network = network_of(ZOO["leaky"])
    part = drawn_part(rng, LENGTHS)
    genes = perturbed(network, rng, 2)
    random = np.random.default_rng(3).standard_normal((2, 5)) / np.sqrt(5)
    wanted = []
    for row in genes:
        w = network.unpack(row)
        leak = float(w.pop("leak"))
        back = w["V"] if method.feedback == "symmetric" else random
        slopes = rank_one_traces(w, part, lambda u, k=1 - leak: np.full(len(u), k), leak, back)
        wanted.append(network.pack({**slopes, "leak": leak}))
    at_work = started(method, network, part)
    assert_gradients_agree(at_work(genes)[1], wanted)
    assert_gradients_agree(add_up(at_work.online(4), genes)[1], wanted)


def test_rules_are_refused_where_they_are_not_defined(rng):
    part = drawn_part(rng, (3,))
    for name in ("elman", "gru", "register_bank"):
        network = network_of(ZOO[name])
        with pytest.raises(ValueError, match=rf"marks, got {name}; mark what its products read"):
            started(TruncatedRTRL(), network, part)
    with pytest.raises(ValueError, match=r'`EProp` needs "symmetric" or "random".*\'sideways\''):
        EProp("sideways")
