"""RBP, CRBP and Back-Tsoi, against differences, loops that state the equations, and each other."""

import itertools

import numpy as np
import pytest
from oracle import interpreted_mse
from scipy.signal import lfilter

from evornn.cells import elman, fir, iir, stack
from evornn.flow import cell, matrix, vector
from evornn.flow.language import sigmoid, tanh
from evornn.gradient.crbp import CRBP
from evornn.gradient.filter_layers import filter_layers
from evornn.gradient.filter_run import FilterRun
from evornn.gradient.loss import LOSSES
from evornn.gradient.poles import contract_poles, impulse_response, largest_pole, poles
from evornn.network import Network
from evornn.tasks.part import Part
from evornn.workers import Workers

DEEP = stack(
    iir(3, 2, inputs=2), fir(3, activation="sigmoid"), iir(2, 2, inputs=2, activation="linear")
)
TWO = stack(iir(3, 2, inputs=2), iir(2, 2, inputs=3, activation="linear", units="output"))
LAG = stack(fir(3), fir(4, activation="linear", units="output"))


@cell
def sigmoid_answers(
    x,
    *,
    W=matrix("hidden", "input"),
    b=vector("hidden"),
    V=matrix("output", "hidden"),
    c=vector("output"),
):
    """A layer of `fir` under a readout that `Network` does not have."""
    return sigmoid(V @ tanh(W @ x + b) + c)


def network_of(name, dtype="float64"):
    layers, hidden, readout = {
        "two": (TWO, 3, None),
        "deep": (DEEP, (3, 2, 2), "tanh"),
        "fir": (LAG, 3, None),
        "relu": (iir(1, 1, inputs=2, activation="relu"), 3, "linear"),
    }[name]
    return Network(layers, inputs=2, outputs=2, hidden=hidden, readout=readout, dtype=dtype)


def part_of(rng, *lengths, scored=0.8):
    inputs = tuple(rng.standard_normal((n, 2)) for n in lengths)
    targets = tuple(rng.standard_normal((n, 2)) for n in lengths)
    return Part(inputs, targets, tuple(rng.random((n, 2)) < scored for n in lengths))


def at_work(network, part, horizon=None, jobs=1):
    return CRBP(horizon).start(network, part, LOSSES["mse"], Workers(jobs))


def cosine(a, b):
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


def differences(network, part, genes, step=1e-6):
    """The gradient by central differences of what the interpreted network scores."""
    moved = np.repeat(genes[None], 2 * len(genes), axis=0)
    rows = np.arange(len(genes))
    moved[2 * rows, rows] += step
    moved[2 * rows + 1, rows] -= step
    losses = interpreted_mse(network, moved, part.inputs, part.targets, part.mask)
    return (losses[0::2] - losses[1::2]) / (2 * step)


def weights_of(named, prefix, units, inputs):
    """w(k, m, p) and v(k, m, p), by the places that the docstring of `iir` names."""
    return (
        lambda k, m, p: named[f"{prefix}W"][m * units + k, p * inputs + m],
        lambda k, m, p: named[f"{prefix}v{p}"][m * units + k],
    )


def by_loops(network, genes, part, horizon):
    """CRBP for `TWO`, from its equations, entry by entry; horizon 0 by Back and Tsoi's formula."""
    named = network.unpack(genes)
    found = {name: np.zeros_like(value) for name, value in named.items()}
    scored = sum(m.sum() for m in part.mask)
    for u, d, mask in zip(part.inputs, part.targets, part.mask, strict=True):
        steps = len(u)
        signals, x = [], u
        for prefix, units, f in (("layer1_", 3, np.tanh), ("layer2_", 2, lambda s: s)):
            inputs = x.shape[1]
            w, v = weights_of(named, prefix, units, inputs)
            taps = named[f"{prefix}W"].shape[1] // inputs
            y = np.zeros((steps, units, inputs))
            for t, k, m in itertools.product(range(steps), range(units), range(inputs)):
                y[t, k, m] = sum(w(k, m, p) * x[t - p, m] for p in range(min(taps, t + 1)))
                y[t, k, m] += sum(v(k, m, p) * y[t - p, k, m] for p in (1, 2) if p <= t)
            s = y.sum(axis=2) + named[f"{prefix}b"]
            signals.append((prefix, units, inputs, taps, x, y, w, v))
            x = f(s)
        hidden, output = signals[1][4], x
        delta2 = 2 * np.where(mask, output - d, 0.0) / scored
        e = np.zeros((steps, 3))
        w2, v2 = signals[1][6], signals[1][7]
        for q, k in itertools.product(range(2), range(3)):
            if horizon == 0:
                e[:, k] += delta2[:, q] * w2(q, k, 0)
                continue
            h = np.zeros(horizon + 1)
            for p in range(horizon + 1):
                h[p] = w2(q, k, p) if p < 2 else 0.0
                h[p] += sum(v2(q, k, r) * h[p - r] for r in (1, 2) if r <= p)
            for t in range(steps):
                for p in range(min(horizon, steps - 1 - t) + 1):
                    e[t, k] += delta2[t + p, q] * h[p]
        for (prefix, units, inputs, taps, x, y, _, v), delta in zip(
            signals, (e * (1 - hidden**2), delta2), strict=True
        ):
            found[f"{prefix}b"] += delta.sum(axis=0)
            for k, m in itertools.product(range(units), range(inputs)):
                row = m * units + k
                for name, column, source, p in [
                    *((f"{prefix}W", p * inputs + m, x[:, m], p) for p in range(taps)),
                    *((f"{prefix}v{p}", None, y[:, k, m], p) for p in (1, 2)),
                ]:
                    ds = np.zeros(steps)
                    for t in range(steps):
                        ds[t] = source[t - p] if t >= p else 0.0
                        ds[t] += sum(v(k, m, r) * ds[t - r] for r in (1, 2) if r <= t)
                    place = (row,) if column is None else (row, column)
                    found[name][place] += delta[:, k] @ ds
    return network.pack(found)


@pytest.mark.parametrize("name", ["two", "deep", "fir", "relu"])
def test_rbp_is_the_gradient_of_what_the_network_scores(name, rng):
    network, part = network_of(name), part_of(rng, 14, 7)
    genes = network.initial(rng, 2)
    losses, gradient = at_work(network, part)(genes)
    wanted = interpreted_mse(network, genes, part.inputs, part.targets, part.mask)
    np.testing.assert_allclose(losses, wanted, rtol=1e-12)
    for row, found in zip(genes, gradient, strict=True):
        np.testing.assert_allclose(found, differences(network, part, row), rtol=0, atol=1e-8)


@pytest.mark.parametrize("horizon", [0, 1, 4, 40])
def test_crbp_is_its_published_equations(horizon, rng):
    network, part = network_of("two"), part_of(rng, 20, 9)
    genes = network.initial(rng, 1)
    _, (found,) = at_work(network, part, horizon)(genes)
    wanted = by_loops(network, genes[0], part, horizon)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", ["two", "deep", "fir"])
def test_a_horizon_as_long_as_the_sequence_is_rbp(name, rng):
    network, part = network_of(name), part_of(rng, 30, 17)
    genes = network.initial(rng, 2)
    exact = at_work(network, part)(genes)[1]
    np.testing.assert_allclose(at_work(network, part, 30)(genes)[1], exact, rtol=0, atol=1e-13)
    if name != "fir":
        assert np.abs(at_work(network, part, 2)(genes)[1] - exact).max() > 1e-4


def test_a_longer_horizon_points_closer_to_the_gradient(rng):
    network, part = network_of("two"), part_of(rng, 40)
    (genes,) = network.initial(rng, 1)
    exact = at_work(network, part)(genes)[1][0]
    cosines = [cosine(at_work(network, part, q)(genes)[1][0], exact) for q in (0, 1, 4, 16)]
    assert cosines == sorted(cosines)
    assert 0.7 < cosines[0] < 0.999
    assert cosines[3] > 1 - 1e-6


def test_with_fir_layers_a_horizon_of_the_longest_filter_is_exact(rng):
    network, part = network_of("fir"), part_of(rng, 25)
    genes = network.initial(rng, 1)
    exact = at_work(network, part)(genes)[1]
    np.testing.assert_allclose(at_work(network, part, 3)(genes)[1], exact, rtol=0, atol=1e-14)
    assert np.abs(at_work(network, part, 2)(genes)[1] - exact).max() > 1e-3


@pytest.mark.parametrize("every", [1, 3, 7, 50])
@pytest.mark.parametrize(("name", "horizon"), [("two", 0), ("two", 4), ("deep", 3), ("fir", 9)])
def test_online_windows_add_up_to_the_whole_sequences(name, horizon, every, rng):
    network, part = network_of(name), part_of(rng, 30, 17, scored=1)
    genes = network.initial(rng, 2)
    losses, gradient = at_work(network, part, horizon)(genes)
    online = at_work(network, part, horizon).online(every)
    sums, total, scored, calls = np.zeros_like(gradient), np.zeros(2), 0, 0
    while not online.done:
        loss, found, counted = online(genes)
        sums += found * counted
        total += loss * counted
        scored += counted
        calls += 1
    assert calls == -(-30 // every)
    assert scored == part.scored
    np.testing.assert_allclose(total / scored, losses, rtol=1e-12)
    np.testing.assert_allclose(sums / scored, gradient, rtol=0, atol=1e-13)


def test_what_is_not_scored_yet_is_not_lost(rng):
    """Errors that reach a lower layer in a window without targets keep their weight."""
    network = network_of("two")
    x, y = rng.standard_normal((12, 2)), rng.standard_normal((12, 2))
    mask = np.zeros((12, 2), dtype=bool)
    mask[4] = True
    part = Part((x,), (y,), (mask,))
    genes = network.initial(rng, 1)
    online, sums = at_work(network, part, 3).online(2), np.zeros((1, network.genes))
    while not online.done:
        sums += online(genes)[1]
    np.testing.assert_allclose(sums, at_work(network, part, 3)(genes)[1], rtol=0, atol=1e-13)


def test_online_memory_does_not_grow_with_the_sequence(rng):
    layers = filter_layers(network_of("two"))
    for horizon in (0, 5):
        run = FilterRun(layers, 1, horizon, windows=True)
        assert run.before == horizon + 2  # the longest filter looks back 2 steps


def test_networks_side_by_side_and_workers_change_nothing(rng):
    network, part = network_of("deep", "float32"), part_of(rng, 20, 9)
    genes = network.initial(rng, 5)
    losses, gradient = at_work(network, part, 4, jobs=2)(genes)
    assert gradient.dtype == np.float32
    assert losses.dtype == np.float64
    for row, loss, found in zip(genes, losses, gradient, strict=True):
        alone = at_work(network, part, 4)(row)
        assert alone[0][0] == loss
        np.testing.assert_array_equal(alone[1][0], found)


def test_chosen_sequences_are_those_of_a_smaller_part(rng):
    network, part = network_of("two"), part_of(rng, 12, 20, 9)
    genes = network.initial(rng, 1)
    fewer = Part(part.inputs[1:], part.targets[1:], part.mask[1:])
    got, wanted = at_work(network, part)(genes, [1, 2]), at_work(network, fewer)(genes)
    for a, b in zip(got, wanted, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_network_from_a_file_is_recognised(rng, tmp_path):
    network, part = network_of("two"), part_of(rng, 10)
    network = network.with_chromosome(network.initial(rng, 1)[0])
    network.save(tmp_path / "network.safetensors")
    loaded = Network.load(tmp_path / "network.safetensors")
    got = at_work(loaded, part)(loaded.chromosome)
    np.testing.assert_array_equal(got[1], at_work(network, part)(network.chromosome)[1])


def test_weights_without_genes_have_no_gradient(rng):
    taps = np.ones((2, 4))
    taps[0, 1] = 0
    cell = fir(2).with_mask(W=taps).with_fixed(b=0.25)
    network = Network(cell, inputs=2, outputs=2, hidden=2, dtype="float64")
    part = part_of(rng, 12)
    (genes,) = network.initial(rng, 1)
    (found,) = at_work(network, part)(genes)[1]
    np.testing.assert_allclose(found, differences(network, part, genes), rtol=0, atol=1e-8)


def test_impulse_responses_are_scipys(rng):
    network = network_of("two")
    (genes,) = network.initial(rng, 1)
    found = impulse_response(network, 12, genes)
    w, v = weights_of(network.unpack(genes), "layer2_", 2, 3)
    impulse = np.r_[1, np.zeros(11)]
    for k, m in itertools.product(range(2), range(3)):
        a = [1, -v(k, m, 1), -v(k, m, 2)]
        wanted = lfilter([w(k, m, 0), w(k, m, 1)], a, impulse)
        np.testing.assert_allclose(found["layer2_W"][k, m], wanted, rtol=0, atol=1e-14)
    assert list(found) == ["layer1_W", "layer2_W"]


def test_poles_are_the_roots_of_the_recursion(rng):
    network = network_of("deep")
    genes = network.initial(rng, 3)
    named = network.unpack(genes[0])
    found = poles(network, genes[0])
    assert list(found) == ["layer1_W", "layer3_W"]
    for k, m in itertools.product(range(3), range(2)):
        v = [named[f"layer1_v{p}"][m * 3 + k] for p in (1, 2)]
        wanted = np.sort_complex(np.roots(np.r_[1, -np.array(v)]))
        np.testing.assert_allclose(np.sort_complex(found["layer1_W"][k, m]), wanted)
    largest = largest_pole(network, np.r_[genes, np.full((1, network.genes), np.nan)])
    assert largest[0] == max(np.abs(p).max() for p in found.values())
    assert np.isnan(largest[3])
    assert largest_pole(network_of("fir"), network_of("fir").initial(rng, 1)) == [0.0]


def test_contracting_moves_unstable_synapses_inwards_and_no_others(rng):
    network = network_of("two")
    genes = network.initial(rng, 4)
    genes[2:] *= 6.0
    moved = contract_poles(network, genes, 0.9)
    np.testing.assert_array_equal(moved[:2], genes[:2])
    assert (largest_pole(network, genes[2:]) > 1).all()
    np.testing.assert_allclose(largest_pole(network, moved[2:]), 0.9, rtol=1e-12)
    before, after = poles(network, genes[2])["layer1_W"], poles(network, moved[2])["layer1_W"]
    ratio = np.abs(after) / np.abs(before)
    np.testing.assert_allclose(
        ratio, np.minimum(1, 0.9 / np.abs(before).max(-1))[..., None] * [1, 1]
    )
    recursive = np.array(["_v" in name for name in network.map.names])
    np.testing.assert_array_equal(moved[:, ~recursive], genes[:, ~recursive])


def test_the_cost_counts_multiplications(rng):
    part = part_of(rng, 5)
    shallow = Network(fir(4, units="output"), inputs=2, outputs=2, readout=None)
    assert at_work(shallow, part).cost == 2.0
    two = network_of("two")  # 6 synapses of 3 + 2 taps, 6 of 2 + 2
    assert at_work(two, part).cost == 1 + (6 * (3 + 6) + 6 * (2 + 6 + 4)) / (6 * 5 + 6 * 4)
    assert at_work(two, part, 0).cost == 1 + (6 * (3 + 6) + 6 * (2 + 6 + 1)) / (6 * 5 + 6 * 4)


def test_settings_say_what_it_is():
    assert CRBP(4).settings() == {"method": "CRBP", "horizon": 4}


@pytest.mark.parametrize(
    "cell",
    [
        elman,
        stack(iir(2, 1, inputs=2), elman),
        stack(fir(2), fir(2), skip="input"),
        stack(fir(2), fir(1), skip="residual"),
    ],
)
def test_other_networks_are_refused(cell, rng):
    network = Network(cell, inputs=2, outputs=2, hidden=3)
    with pytest.raises(ValueError, match=r"CRBP and poles need a network of filters: .*take BPTT"):
        at_work(network, part_of(rng, 5))


def test_what_crbp_cannot_do_is_refused(rng):
    network, part = network_of("two"), part_of(rng, 5)
    with pytest.raises(ValueError, match="CRBP needs the loss mse, got bernoulli"):
        CRBP().start(network, part, LOSSES["bernoulli"], Workers(1))
    with pytest.raises(ValueError, match="online gradients need a CRBP with a horizon"):
        at_work(network, part).online(1)
    with pytest.raises(ValueError, match="`CRBP` needs `horizon` of at least 0, got -1"):
        CRBP(-1)
    with pytest.raises(ValueError, match=r"needs axes \(network, 59\), got shape \(1, 3\)"):
        at_work(network, part)(np.zeros((1, 3)))
    foreign = Network(
        iir(1, 1, inputs=2).with_mask(W=np.ones((4, 2))), inputs=2, outputs=2, hidden=2
    )
    with pytest.raises(ValueError, match="a mask of W in the network iir needs 0 where a synapse"):
        at_work(foreign, part)
    softmax = Network(fir(2), inputs=2, outputs=2, hidden=2, readout="softmax")
    squashed = Network(sigmoid_answers, inputs=2, outputs=2, hidden=2, readout=None)
    for other in (softmax, squashed):
        with pytest.raises(ValueError, match="CRBP and poles need a network of filters"):
            at_work(other, part)
