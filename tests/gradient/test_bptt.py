"""BPTT in kernels against the interpreter, central differences and brute force, in every form."""

import numpy as np
import pytest
from gradient_probe import ALL, CELLS, EVERYTHING, add_up, network_of, started
from interpreted_gradient import ByInterpreter, assert_gradients_agree, drawn_part, perturbed

from evornn.gradient import BPTT
from evornn.tasks.part import Part

LENGTHS = (9, 4, 6, 1, 7)


def wanted_of(network, part, genes, loss="mse", **settings):
    """Losses and gradients by the interpreter, a row for each network."""
    by_hand = ByInterpreter(network, part, loss)
    losses = np.array([by_hand.value(row) for row in genes])
    return losses, np.array([by_hand.gradient(row, **settings) for row in genes])


def check(method, network, part, genes, loss="mse", tolerance=1e-12, **settings):
    losses, gradients = wanted_of(network, part, genes, loss, **settings)
    loss_found, found = started(method, network, part, loss)(genes)
    np.testing.assert_allclose(loss_found, losses, rtol=tolerance)
    assert_gradients_agree(found, gradients, tolerance)
    assert found.dtype == network.dtype


@pytest.mark.parametrize("name", CELLS)
def test_the_interpreters_gradient_is_that_of_central_differences(name, rng):
    network = network_of(CELLS[name], hidden=4)
    genes = perturbed(network, rng, 1)[0]
    by_hand = ByInterpreter(network, drawn_part(rng, (5, 2)))
    assert_gradients_agree(by_hand.gradient(genes), by_hand.differences(genes), 1e-8)


@pytest.mark.parametrize("name", ALL)
def test_networks_in_lanes_get_the_interpreters_gradient(name, rng):
    network = network_of(ALL[name])
    part = drawn_part(rng, LENGTHS, share=0.3)
    check(BPTT(), network, part, perturbed(network, rng, 3))


@pytest.mark.parametrize("name", ALL if EVERYTHING else ["elman", "probe"])
def test_one_network_gets_the_interpreters_gradient_with_its_rows_in_lanes(name, rng):
    network = network_of(ALL[name])
    part = drawn_part(rng, LENGTHS[:2], share=0.3)  # two sequences are too few for lanes
    check(BPTT(), network, part, perturbed(network, rng, 1))


@pytest.mark.parametrize("name", ALL if EVERYTHING else ["elman", "probe"])
def test_one_network_gets_the_interpreters_gradient_with_sequences_in_lanes(name, rng):
    network = network_of(ALL[name])
    part = drawn_part(rng, LENGTHS, share=0.3)
    check(BPTT(), network, part, perturbed(network, rng, 1))


@pytest.mark.parametrize("sequences", [1, 3])
def test_fewer_sequences_stand_side_by_side_and_give_the_same(sequences, rng):
    network = network_of(CELLS["elman"])
    part = drawn_part(rng, LENGTHS[:sequences])
    check(BPTT(), network, part, perturbed(network, rng, 3))


@pytest.mark.parametrize("networks", [1, 3])
def test_float32_networks_get_the_gradient_to_their_precision(networks, rng):
    network = network_of(CELLS["elman"], dtype="float32")
    genes = perturbed(network, rng, networks).astype(np.float32)
    check(BPTT(), network, drawn_part(rng, LENGTHS), genes, tolerance=1e-5)


def test_chosen_sequences_are_a_part_of_their_own(rng):
    network = network_of(CELLS["elman"])
    part = drawn_part(rng, LENGTHS)
    genes = perturbed(network, rng, 3)
    chosen = [2, 0, 4]
    own = Part(*(tuple(a[k] for k in chosen) for a in (part.inputs, part.targets, part.mask)))
    method = started(BPTT(), network, part)
    for rows in (genes, genes[:1]):
        losses, gradients = wanted_of(network, own, rows)
        loss, found = method(rows, chosen)
        np.testing.assert_allclose(loss, losses, rtol=1e-12)
        assert_gradients_agree(found, gradients)


def test_lane_counts_and_threads_leave_the_bytes_as_they_are(rng):
    network = network_of(CELLS["elman"])
    part = drawn_part(rng, LENGTHS)
    genes = perturbed(network, rng, 19)
    loss, found = started(BPTT(), network, part)(genes)
    assert_gradients_agree(found, wanted_of(network, part, genes)[1])
    for count in (19, 3, 2):  # eight lanes, four lanes
        for jobs in (1, 2):
            other_loss, other = started(BPTT(), network, part, jobs=jobs)(genes[-count:])
            np.testing.assert_array_equal(other, found[-count:])
            np.testing.assert_array_equal(other_loss, loss[-count:])
    many = drawn_part(rng, [3, 5, 2] * 7)
    loss, found = started(BPTT(), network, many)(genes[:1])
    other_loss, other = started(BPTT(), network, many, jobs=2)(genes[:1])
    np.testing.assert_array_equal(other, found)
    np.testing.assert_array_equal(other_loss, loss)


def test_a_network_that_diverges_leaves_its_neighbours_bytes_alone(rng):
    network = network_of(CELLS["elman"])
    part = drawn_part(rng, LENGTHS)
    genes = perturbed(network, rng, 3)
    loss, found = started(BPTT(), network, part)(genes)
    spoiled = genes.copy()
    spoiled[1, 3] = np.nan
    spoiled_loss, other = started(BPTT(), network, part)(spoiled)
    assert np.isnan(spoiled_loss[1])
    assert np.isnan(other[1]).any()
    for row in (0, 2):
        np.testing.assert_array_equal(other[row], found[row])
        assert spoiled_loss[row] == loss[row]


# --- windows, checkpoints, sequences that pass by -------------------------------------------


@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.parametrize("k", [1, 2, 5, 100])
def test_checkpoints_leave_the_bytes_as_they_are(networks, k, rng):
    network = network_of(CELLS["elman"])
    part = drawn_part(rng, (9, 4) if networks == 1 else LENGTHS)
    genes = perturbed(network, rng, networks)
    loss, found = started(BPTT(), network, part)(genes)
    other_loss, other = started(BPTT(checkpoint=k), network, part)(genes)
    np.testing.assert_array_equal(other_loss, loss)
    np.testing.assert_array_equal(other, found)


def test_a_tape_too_long_for_memory_is_cut_into_checkpoints_by_itself(rng, monkeypatch):
    network = network_of(CELLS["elman"])
    part = drawn_part(rng, (40, 3))
    genes = perturbed(network, rng, 3)
    _, found = started(BPTT(), network, part)(genes)
    monkeypatch.setattr("evornn.gradient.bptt.TAPE_BYTES", 1000)
    spaced = started(BPTT(), network, part)
    _, other = spaced(genes)
    np.testing.assert_array_equal(other, found)
    ((_, _, _, frames),) = spaced._spaces
    assert frames == 7  # the square root of 40 steps, and one


@pytest.mark.parametrize("every", [1, 4, None])
@pytest.mark.parametrize("networks", [1, 3])
def test_a_window_as_long_as_the_sequences_gives_the_whole_gradient(networks, every, rng):
    network = network_of(CELLS["probe"] if networks == 3 else CELLS["elman"])
    part = drawn_part(rng, (9, 4) if networks == 1 else LENGTHS)
    check(BPTT(window=9, every=every), network, part, perturbed(network, rng, networks))


def williams_and_peng(weights, part, h, stride):
    """BPTT(h; h') of an Elman network by its definition: each step has weights of its own.

    The error of step s enters when its block of `stride` steps ends at step e, and moves the
    weights of the steps e - h + 1 to s.
    """
    slopes = {name: np.zeros_like(value) for name, value in weights.items()}
    for x, y, mask in zip(part.inputs, part.targets, part.mask, strict=True):
        states = [np.zeros(len(weights["b"]))]
        for row in x:
            states.append(np.tanh(weights["W"] @ row + weights["U"] @ states[-1] + weights["b"]))
        for s in range(len(x)):
            end = min((s // stride + 1) * stride, len(x)) - 1
            error = 2 * np.where(mask[s], weights["V"] @ states[s + 1] + weights["c"] - y[s], 0.0)
            slopes["V"] += np.outer(error, states[s + 1])
            slopes["c"] += error
            back = weights["V"].T @ error
            for t in range(s, max(end - h, -1), -1):
                delta = (1 - states[t + 1] ** 2) * back
                slopes["W"] += np.outer(delta, x[t])
                slopes["U"] += np.outer(delta, states[t])
                slopes["b"] += delta
                back = weights["U"].T @ delta
    return {name: value / part.scored for name, value in slopes.items()}


@pytest.mark.parametrize(("h", "stride"), [(1, None), (3, None), (3, 1), (4, 2), (5, 3)])
@pytest.mark.parametrize("networks", [1, 3])
def test_windows_are_those_of_williams_and_peng(networks, h, stride, rng):
    network = network_of(CELLS["elman"])
    part = drawn_part(rng, (9, 4) if networks == 1 else LENGTHS)
    genes = perturbed(network, rng, networks)
    _, found = started(BPTT(window=h, every=stride), network, part)(genes)
    wanted = [
        network.pack(williams_and_peng(network.unpack(row), part, h, stride or h)) for row in genes
    ]
    assert_gradients_agree(found, wanted)
    _, by_hand = wanted_of(network, part, genes, window=h, every=stride)
    assert_gradients_agree(by_hand, wanted)


@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.parametrize("every", [1, 3, 4, 50])
def test_windows_that_pass_by_with_constant_weights_add_up(networks, every, rng):
    network = network_of(CELLS["elman"])
    part = drawn_part(rng, (9, 4) if networks == 1 else LENGTHS)
    genes = perturbed(network, rng, networks)
    whole = started(BPTT(window=50, every=every), network, part)
    loss, gradient = add_up(whole.online(every), genes)
    losses, wanted = wanted_of(network, part, genes)
    np.testing.assert_allclose(loss, losses, rtol=1e-12)
    assert_gradients_agree(gradient, wanted)
    cut = started(BPTT(window=every), network, part)
    _, gradient = add_up(cut.online(every), genes)
    # All sequences share one clock: a window ends for all at once, also for those that have ended.
    lasting = np.full((max(LENGTHS), 2), False)
    extended = Part(
        *(
            tuple(np.concatenate([a, lasting[len(a) :].astype(a.dtype)]) for a in arrays)
            for arrays in (part.inputs, part.targets, part.mask)
        )
    )
    assert_gradients_agree(gradient, wanted_of(network, extended, genes, window=every)[1])


def test_online_windows_carry_the_state_on_and_know_only_the_present_weights(rng):
    network = network_of(CELLS["elman"])
    part = drawn_part(rng, (6,), share=1.0)
    first, second = perturbed(network, rng, 2)
    online = started(BPTT(window=3), network, part).online(3)
    online(first[None])
    loss, gradient, count = online(second[None])
    by_hand = ByInterpreter(network, part)
    h = np.zeros(5)
    for step, row in enumerate(part.inputs[0]):
        if step == 3:
            middle = h
        w = by_hand.weights(first if step < 3 else second)
        h = np.tanh(w["W"] @ row + w["U"] @ h + w["b"])

    def later_loss(genes):
        w, h, total = by_hand.weights(genes), middle, 0.0
        for row, y in zip(part.inputs[0][3:], part.targets[0][3:], strict=True):
            h = np.tanh(w["W"] @ row + w["U"] @ h + w["b"])
            total += np.sum((w["V"] @ h + w["c"] - y) ** 2)
        return total / 6

    assert count == 6
    assert online.done
    assert loss[0] == pytest.approx(later_loss(second), rel=1e-12)
    moves = 1e-6 * np.eye(network.genes)
    slopes = [(later_loss(second + m) - later_loss(second - m)) / 2e-6 for m in moves]
    assert_gradients_agree(gradient[0], slopes, 1e-8)


# --- what is refused ------------------------------------------------------------------------


def test_windows_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match=r"`every` of at most `window`, got every=5 and window=3"):
        BPTT(window=3, every=5)
    with pytest.raises(ValueError, match=r"`every` of at most `window`, got every=5 and window=N"):
        BPTT(every=5)
    with pytest.raises(ValueError, match="window"):
        BPTT(window=0)


def test_chromosomes_of_another_network_are_refused(rng):
    network = network_of(CELLS["elman"])
    method = started(BPTT(), network, drawn_part(rng, (3,)))
    with pytest.raises(ValueError, match=rf"axes \(network, {network.genes}\), got shape \(1, 3\)"):
        method(np.zeros((1, 3)))
