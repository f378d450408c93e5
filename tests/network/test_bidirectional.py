"""Networks that read in both directions: against their halves, and as a population."""

import json
import pickle
import re

import numpy as np
import pytest
from oracle import assert_close, interpreted

from evornn.bidirectional import BidirectionalEvaluator
from evornn.cells import elman, gru, lru, lstm
from evornn.cells.compose import READOUTS
from evornn.evolution import GA
from evornn.evolution.fitness import reciprocal_mse
from evornn.network import Network
from evornn.network.bidirectional import SQUASHES, Bidirectional
from evornn.workers import Workers

LENGTHS = (9, 1, 14)


def softmax(a):
    return np.exp(a) / np.exp(a).sum(axis=-1, keepdims=True)


def network_of(cell=elman, other=gru, dtype="float32", readout="linear"):
    # The sizes and types are those of the zoo's tests, so that their kernels serve here too.
    return Bidirectional(cell, other, inputs=3, outputs=2, hidden=7, dtype=dtype, readout=readout)


def read_out(network, chromosome, x, squash=lambda a: a):
    """V [h; g] + c, with the states of the two cells from the interpreter."""
    w = network.unpack(chromosome)
    first, second = network.split(chromosome)
    h = interpreted(network.forward, first, x)[1]["h"]
    g = interpreted(network.backward, second, x[::-1])[1]["h"][::-1]
    v = np.hstack([w["forward_V"], w["backward_V"]])
    return squash(np.hstack([h, g]) @ v.T + w["forward_c"])


@pytest.mark.parametrize(
    ("readout", "squash"),
    [
        ("linear", lambda a: a),
        ("tanh", np.tanh),
        ("sigmoid", lambda a: 1 / (1 + np.exp(-a))),
        ("softmax", softmax),
    ],
)
def test_one_readout_reads_both_directions(readout, squash, rng):
    network = network_of(readout=readout)
    network = network.with_chromosome(2 * network.initial(rng, 1)[0])
    sequences = [rng.standard_normal((steps, 3)) for steps in LENGTHS]
    for x, y in zip(sequences, network.predict(sequences), strict=True):
        wanted = read_out(network, network.chromosome, x, squash)
        assert_close(y, wanted, "float32")
    np.testing.assert_array_equal(network.predict(sequences[0]), network.predict(sequences)[0])


def test_a_backward_state_has_read_the_sequence_from_its_end(rng):
    network = network_of()
    network = network.with_chromosome(network.initial(rng, 1)[0])
    x = rng.standard_normal((12, 3))
    states = network.states(x)
    assert list(states) == ["forward_h", "backward_h"]
    moved = x.copy()
    moved[7] += 1
    changed = network.states(moved)
    same = {k: np.all(changed[k] == states[k], axis=1) for k in states}
    assert list(same["forward_h"]) == [t < 7 for t in range(12)]
    assert list(same["backward_h"]) == [t > 7 for t in range(12)]


def test_a_pair_of_networks_has_every_readout_that_one_has():
    assert set(SQUASHES) == {*READOUTS, None}


def test_a_squashed_answer_far_from_0_is_at_its_limit():
    far = np.array([[-1e30, 1e30]])
    np.testing.assert_array_equal(SQUASHES["sigmoid"](far), [[0, 1]])
    np.testing.assert_array_equal(SQUASHES["softmax"](far), [[0, 1]])


def test_cells_with_their_own_output_layers_are_added_up(rng):
    network = network_of(lru, None, readout=None)
    network = network.with_chromosome(network.initial(rng, 1)[0])
    x = rng.standard_normal((10, 3))
    first, second = network.split(network.chromosome)
    wanted = interpreted(network.forward, first, x)[0]
    wanted = wanted + interpreted(network.backward, second, x[::-1])[0][::-1]
    assert_close(network.predict(x), wanted, "float32")


def test_a_chromosome_holds_both_directions_and_one_bias(rng):
    network = network_of()
    one, other = (Network(c, inputs=3, outputs=2, hidden=7) for c in (elman, gru))
    assert network.genes == one.genes + other.genes - 2
    assert len(set(network.names)) == network.genes
    assert [n for n in network.names if "c[" in n] == ["forward_c[0]", "forward_c[1]"]
    genes = rng.standard_normal(network.genes).astype(np.float32)
    np.testing.assert_array_equal(network.pack(network.unpack(genes)), genes)
    population = network.initial(rng, 4)
    assert network.unpack(population)["backward_U_z"].shape == (4, 7, 7)


def scored_part(rng):
    inputs = [rng.standard_normal((steps, 3)) for steps in LENGTHS]
    targets = [rng.standard_normal((steps, 2)) for steps in LENGTHS]
    masks = [rng.random((steps, 2)) < 0.7 for steps in LENGTHS]
    for target, mask in zip(targets, masks, strict=True):
        target[~mask] = np.nan  # what is not scored may be unknown
    return inputs, targets, masks


def test_a_population_is_scored_as_its_networks_answer(rng):
    network = network_of(elman, None, "float64", "tanh")
    chromosomes = network.initial(rng, 6)
    inputs, targets, masks = scored_part(rng)
    evaluator = BidirectionalEvaluator(network, inputs, targets, masks)
    scored = sum(mask.sum() for mask in masks)
    outputs = evaluator.outputs(chromosomes)
    wanted = []
    for k, chromosome in enumerate(chromosomes):
        total = 0
        for x, y, mask, out in zip(inputs, targets, masks, outputs, strict=True):
            answer = read_out(network, chromosome, x, np.tanh)
            np.testing.assert_allclose(out[k], answer, rtol=0, atol=1e-13)
            total += np.sum((answer - y)[mask] ** 2)
        wanted.append(total / scored)
    np.testing.assert_allclose(evaluator.mse(chromosomes), wanted, rtol=1e-12)


def test_a_score_is_the_same_anywhere_in_the_population_and_on_any_thread(rng):
    network = network_of(elman, None, "float64")
    chromosomes = network.initial(rng, 150)
    part = scored_part(rng)
    scores = BidirectionalEvaluator(network, *part).mse(chromosomes)
    workers = Workers(2)
    shared = BidirectionalEvaluator(network, *part, workers=workers)
    np.testing.assert_array_equal(shared.mse(chromosomes), scores)
    np.testing.assert_array_equal(shared.mse(chromosomes[70:73]), scores[70:73])
    workers.close()


def test_evolution_finds_what_only_the_future_tells(rng):
    # The target is the next input: what has been read forwards says nothing about it.
    network = network_of(elman, None, "float64")
    x = rng.choice([-1.0, 1.0], (60, 3))
    y = np.vstack([x[1:, :2], [[0.0, 0.0]]])
    evaluator = BidirectionalEvaluator(network, [x], [y])
    initial = network.initial(rng, 64)
    learner = GA(population=64).start(initial, rng, lambda breed, rows: breed(0, rows))
    for _ in range(80):
        learner.tell(reciprocal_mse(evaluator.mse(learner.ask())))
    chromosome, fitness = learner.best
    assert 1 / fitness < 0.2  # from a variance of 1
    predicted = evaluator.outputs(chromosome[None])[0][0]
    assert np.mean(np.sign(predicted[:-1]) == y[:-1]) > 0.9


def test_a_saved_network_comes_back_with_the_same_answers(rng, tmp_path):
    network = network_of(readout="softmax")
    network = network.with_chromosome(network.initial(rng, 1)[0])
    network.save(tmp_path / "both.safetensors", note="x")
    loaded = Bidirectional.load(tmp_path / "both.safetensors")
    x = rng.standard_normal((6, 3))
    np.testing.assert_array_equal(loaded.predict(x), network.predict(x))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(network)).predict(x), loaded.predict(x))
    np.testing.assert_array_equal(loaded.chromosome, network.chromosome)
    assert loaded.names == network.names
    assert json.dumps(loaded.describe()) == json.dumps(network.describe())


def test_sizes_may_wait_for_the_task(rng):
    network = Bidirectional(elman, lstm, hidden=4)
    bound = network.bound(2, 1)
    assert (network.inputs, bound.inputs, bound.outputs) == (None, 2, 1)
    assert bound.genes == Bidirectional(elman, lstm, hidden=4, inputs=2, outputs=1).genes
    assert repr(bound).startswith("Bidirectional(Network(elman, hidden=4")


def test_what_does_not_fit_is_said_in_a_sentence(rng, tmp_path):
    network = network_of(elman, None, "float64")
    one_way = Network(elman, inputs=3, outputs=2, hidden=7)
    one_way.with_chromosome(one_way.initial(rng, 1)[0]).save(tmp_path / "one.safetensors")
    x, y = np.zeros((4, 3)), np.zeros((4, 2))
    refusals = {
        "a readout is one of linear, tanh, sigmoid, softmax or None, got 'relu'": lambda: (
            network_of(readout="relu")
        ),
        "of 184 genes, 93 forward and 91 backward, got shape (3,)": lambda: network.with_chromosome(
            np.zeros(3)
        ),
        "needs chromosomes of 184 genes": lambda: network.unpack(np.zeros((2, 9))),
        "pack needs the weights forward_W, forward_U, forward_b, forward_V, forward_c, "
        "backward_W": lambda: network.pack({"W": np.zeros(3)}),
        "this network has no weights yet": lambda: network.predict(x),
        "needs to hold a bidirectional network, use Network.load": lambda: Bidirectional.load(
            tmp_path / "one.safetensors"
        ),
        "got 1 inputs, 2 targets and 2 masks": lambda: BidirectionalEvaluator(network, [x], [y, y]),
        "the mask of sequence 0 needs the targets' shape (4, 2), got (3, 2)": lambda: (
            BidirectionalEvaluator(network, [x], [y], [np.ones((3, 2), dtype=bool)])
        ),
        "need axes (time, 2) with 4 steps, got shape (4, 1)": lambda: BidirectionalEvaluator(
            network, [x], [y[:, :1]]
        ),
        "axes (individual, 184), got shape (2, 9)": lambda: BidirectionalEvaluator(
            network, [x], [y]
        ).mse(np.zeros((2, 9))),
    }
    for message, call in refusals.items():
        with pytest.raises(ValueError, match=re.escape(message)):
            call()
