"""Cells on cells: stacks with every kind of skip, and readouts."""

import re

import numpy as np
import pytest
from oracle import assert_close, interpreted, interpreted_mse

from evornn.cells import elman, indrnn, jordan, lstm, stack
from evornn.flow import cell, matrix, vector
from evornn.flow.language import tanh
from evornn.network import Network
from evornn.population import Evaluator


def elman_layer(w, layer, h, x):
    return np.tanh(w[f"layer{layer}_W"] @ x + w[f"layer{layer}_U"] @ h + w[f"layer{layer}_b"])


def stacked_by_hand(w, skip, x, sizes):
    """Two Elman layers and a linear readout, in NumPy."""
    h = [np.zeros(n) for n in sizes]
    outputs = []
    for row in x:
        h[0] = elman_layer(w, 1, h[0], row)
        reads = np.concatenate([h[0], row]) if skip in ("input", "both") else h[0]
        h[1] = elman_layer(w, 2, h[1], reads)
        top = np.concatenate(h) if skip in ("output", "both") else h[1]
        top = h[0] + h[1] if skip == "residual" else top
        outputs.append(w["V"] @ top + w["c"])
    return np.array(outputs)


@pytest.mark.parametrize("skip", [None, "input", "output", "both", "residual"])
def test_a_stack_computes_layer_after_layer_with_its_skips(skip, rng):
    deep = stack(elman, elman, skip=skip)
    sizes = (5, 5) if skip == "residual" else (5, 3)
    hidden = 5 if skip == "residual" else sizes
    network = Network(deep, inputs=2, outputs=2, hidden=hidden, dtype="float64")
    chromosomes = network.initial(rng, 5)
    x, y = rng.standard_normal((11, 2)), rng.standard_normal((11, 2))
    for chromosome in chromosomes:
        by_hand = stacked_by_hand(network.unpack(chromosome), skip, x, sizes)
        wanted, _ = interpreted(network, chromosome, x)
        np.testing.assert_allclose(wanted, by_hand, rtol=0, atol=1e-13)
    if skip not in ("both", "residual"):
        return  # these two need every operation that the others do, and kernels take time
    evaluator = Evaluator(network, [x], [y])
    everything = [np.ones((11, 2), dtype=bool)]
    wanted = interpreted_mse(network, chromosomes, [x], [y], everything)
    assert_close(evaluator.mse(chromosomes), wanted, "float64")


def test_layers_of_different_cells_keep_their_own_states_and_sizes(rng):
    deep = stack(lstm, jordan_like(), indrnn)
    network = Network(deep, inputs=2, outputs=1, hidden=(4, 3, 6), dtype="float64")
    assert [s.name for s in deep.graph.states] == ["layer1_h", "layer1_c", "layer2_s", "layer3_h"]
    network = network.with_chromosome(network.initial(rng, 1)[0])
    x = rng.standard_normal((8, 2))
    states = network.states(x)
    assert {name: s.shape for name, s in states.items()} == {
        "layer1_h": (8, 4),
        "layer1_c": (8, 4),
        "layer2_s": (8, 3),
        "layer3_h": (8, 6),
    }
    wanted, history = interpreted(network, network.chromosome, x)
    assert_close(network.predict(x), wanted, "float64")
    for name, values in states.items():
        assert_close(values, history[name], "float64")


def jordan_like():
    """A cell whose state starts from a parameter, so that a stack must rename that too."""
    from evornn.flow import state

    @cell
    def started(
        x,
        s=state("hidden", initial="first"),
        *,
        W=matrix("hidden", "input"),
        first=vector("hidden"),
    ):
        return tanh(W @ x + s)

    return started


def test_one_number_is_the_size_of_every_layer():
    network = Network(stack(elman, elman, elman), inputs=1, outputs=1, hidden=4)
    assert network.sizes == {
        "input": 1,
        "output": 1,
        "hidden1": 4,
        "hidden2": 4,
        "hidden3": 4,
    }


@pytest.mark.parametrize(
    ("readout", "squash"),
    [
        ("linear", None),
        ("tanh", np.tanh),
        ("sigmoid", lambda a: 1 / (1 + np.exp(-a))),
        ("softmax", 1),
    ],
)
def test_a_readout_squashes_the_linear_answer(readout, squash, rng):
    plain = Network(elman, inputs=2, outputs=3, hidden=4, dtype="float64")
    network = Network(elman, inputs=2, outputs=3, hidden=4, dtype="float64", readout=readout)
    genes = 3 * plain.initial(rng, 1)[0]
    x = rng.standard_normal((6, 2))
    linear, _ = interpreted(plain, genes, x)
    if readout == "softmax":
        e = np.exp(linear)
        wanted = e / e.sum(axis=1, keepdims=True)
    else:
        wanted = linear if squash is None else squash(linear)
    np.testing.assert_allclose(interpreted(network, genes, x)[0], wanted, rtol=0, atol=1e-14)


def test_softmax_answers_add_up_to_one_in_a_kernel(rng):
    network = Network(elman, inputs=2, outputs=3, hidden=4, dtype="float64", readout="softmax")
    network = network.with_chromosome(100 * network.initial(rng, 1)[0])
    answers = network.predict(rng.standard_normal((6, 2)))
    np.testing.assert_allclose(answers.sum(axis=1), 1, rtol=1e-14)
    assert np.all(answers >= 0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: stack(), "stack needs at least one cell, got none"),
        (
            lambda: stack(elman, elman, skip="all"),
            "skip needs one of input, output, both, residual or None, got 'all'",
        ),
        (
            lambda: Network(elman, hidden=3, readout=None),
            "cell elman needs a readout, because its output has the axis hidden, not output; take "
            "one of linear, tanh, sigmoid, softmax",
        ),
        (
            lambda: Network(elman, hidden=3, readout="relu"),
            "a readout is one of linear, tanh, sigmoid, softmax or None, got 'relu'",
        ),
        (
            lambda: Network(jordan, hidden=3),
            "cell jordan has a parameter V, c, which the readout needs; rename it, or use "
            "readout=None",
        ),
    ],
)
def test_a_composition_that_cannot_be_says_why(make, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make()
