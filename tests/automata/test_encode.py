"""Automata written into networks, and read out of them again."""

import numpy as np
import pytest

import evornn as en
from evornn.automata import (
    TOMITA,
    Clusters,
    Dfa,
    Intervals,
    agreement,
    encode,
    extract,
    extract_consistent,
    minimal,
    random_dfa,
)
from evornn.automata.behaviour import initial_output, initial_state, one_hot, visited


def logistic(z):
    return 1 / (1 + np.exp(-z))


def recurrence(dfa, word, strength):
    """The states of the encoded network by the published rule, transition by transition."""
    states = np.zeros(dfa.states + 1)
    states[0], states[1 + dfa.start] = dfa.accepting[dfa.start], 1.0
    for symbol in dfa.codes(word):
        z = np.full(dfa.states + 1, -strength / 2)
        for q in range(dfa.states):
            r = dfa.transitions[q, symbol]
            z[1 + r] += strength * states[1 + q]
            if r != q:
                z[1 + q] -= strength * states[1 + q]
            z[0] += (strength if dfa.accepting[r] else -strength) * states[1 + q]
        states = logistic(z)
        yield states


def test_the_network_computes_the_published_recurrence(rng):
    for dfa in (TOMITA[3], random_dfa(9, 2, rng)):
        word = rng.integers(2, size=40)
        network = encode(dfa, 7.0)
        wanted = np.array(list(recurrence(dfa, word, 7.0)))
        np.testing.assert_allclose(visited(network, [word])[0], wanted, rtol=0, atol=1e-13)
        np.testing.assert_allclose(
            network.predict(one_hot(word, 2))[:, 0], wanted[:, 0], rtol=0, atol=1e-13
        )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("number", TOMITA)
def test_every_prefix_of_long_words_is_right(number, dtype, rng):
    dfa = TOMITA[number]
    words = rng.integers(2, size=(16, 1000))
    network = encode(dfa, 8.0, dtype=dtype)
    assert agreement(network, dfa, words) == 1.0
    states = np.array([trace[:, 1:].argmax(axis=1) for trace in visited(network, list(words))])
    np.testing.assert_array_equal(states, dfa.run(words))


def test_random_automata_of_a_hundred_states_are_followed_too(rng):
    dfa = random_dfa(100, 2, rng)
    words = rng.integers(2, size=(16, 1000))
    assert agreement(encode(dfa, 10.0), dfa, words) == 1.0
    assert agreement(encode(dfa, 5.0), dfa, words) < 0.5  # what leaks into a unit adds up


def test_weights_that_are_too_small_fail_only_after_some_steps(rng):
    words = rng.integers(2, size=(32, 1000))
    weak = encode(TOMITA[6], 4.0)
    assert agreement(weak, TOMITA[6], words) == 0.0
    assert agreement(weak, TOMITA[6], words[:, :1]) == 1.0


def test_the_limit_of_hard_thresholds_is_exact(rng):
    dfa = random_dfa(30, 3, rng)
    words = rng.integers(3, size=(4, 500))
    traces = np.array(visited(encode(dfa, 2000.0), list(words)))
    np.testing.assert_array_equal(traces[..., 1:], np.eye(30)[dfa.run(words)])
    np.testing.assert_array_equal(traces[..., 0], dfa.labels(words))


@pytest.mark.parametrize("number", TOMITA)
def test_extraction_gives_the_automaton_back(number, rng):
    dfa = TOMITA[number]
    network = encode(dfa)
    assert extract(network, "01").states == dfa.states
    assert extract(network, "01") == dfa
    words = rng.integers(2, size=(20, 30))
    assert extract(network, "01", Clusters(dfa.states + 6), words=words) == dfa


@pytest.mark.parametrize(("states", "symbols"), [(10, 2), (25, 4), (100, 2)])
def test_extraction_gives_random_automata_back(states, symbols, rng):
    dfa = random_dfa(states, symbols, rng)
    assert extract(encode(dfa, 10.0), dfa.alphabet) == dfa


def test_an_automaton_with_states_to_spare_comes_back_minimal():
    twice = Dfa([[1, 2], [3, 1], [3, 1], [3, 0]], [1, 0, 0, 0])  # 1 and 2 do the same
    found = extract(encode(twice), "01")
    assert found.states == minimal(twice).states == 3
    assert found == twice


def test_the_empty_word_is_judged_by_the_initial_state():
    for dfa in (TOMITA[1], Dfa([[1, 1], [1, 1]], [True, False]), Dfa([[1], [1]], [False, True])):
        network = encode(dfa)
        assert initial_output(network) == dfa.accepting[dfa.start]
        assert extract(network, dfa.alphabet).accepts("") == dfa.accepts("")
        start = initial_state(network)
        assert np.flatnonzero(start[1:]).tolist() == [dfa.start]


def lstm_for(task_outputs=1, **more):
    network = en.Network(en.cells.lstm, inputs=2, outputs=task_outputs, hidden=2, **more)
    return network.with_chromosome(network.initial(np.random.default_rng(0), 1)[0])


def test_the_initial_output_is_the_readout_of_the_initial_state():
    network = lstm_for()
    assert initial_output(network) == pytest.approx(network.unpack()["c"][0])


def test_a_network_that_answers_the_input_directly_needs_to_be_told_about_the_empty_word():
    network = en.Network(
        en.stack(en.cells.elman, en.cells.elman, skip="both"), inputs=2, outputs=1, hidden=2
    )
    network = network.with_chromosome(network.initial(np.random.default_rng(0), 1)[0])
    assert initial_output(network) is not None  # both layers' states are read, never the input

    @en.cell
    def feedforward(x, h, *, W=en.matrix("hidden", "input")):
        return en.tanh(W @ x) + h, h

    direct = en.Network(feedforward, inputs=2, outputs=1, hidden=2)
    direct = direct.with_chromosome(direct.initial(np.random.default_rng(0), 1)[0])
    with pytest.raises(ValueError, match=r"needs `accepts_empty`.*pass True or False"):
        extract(direct, "01")
    assert extract(direct, "01", accepts_empty=True).accepts("")


def test_any_cell_can_be_extracted_from():
    # One linear unit that remembers the last symbol: x chooses its value, nothing else matters.
    @en.cell
    def last(x, h, *, W=en.matrix("hidden", "input")):
        return W @ x + 0 * h

    network = en.Network(last, inputs=2, outputs=1, hidden=1)
    blind, seeing = Intervals(2, 1.0, 2.0), Intervals(2)
    weights = {"W": np.array([[0.1, 0.9]]), "V": np.ones((1, 1)), "c": np.zeros(1)}
    network = network.with_chromosome(network.pack(weights))
    assert extract(network, "ab") == Dfa([[0, 1], [0, 1]], [False, True], alphabet="ab")
    assert extract(network, "ab", blind).states == 1  # it cuts where nothing is
    # Of two cuts that are equally right, the first; else the better one.
    for labels, states, share in (([True, False], 1, 0.5), ([True, True], 2, 1.0)):
        found = extract_consistent(network, "ab", ["b", "b"], labels, [blind, seeing])
        assert (found[0].states, found[1]) == (states, share)


def test_intervals_are_equal_and_their_ends_belong_to_the_unit():
    points = np.array([[-1.0, 0.0, 0.24, 0.26, 0.5, 0.74, 0.76, 1.0, 7.0]]).T
    wanted = [0, 0, 0, 1, 2, 2, 3, 3, 3]
    assert Intervals(4).cells(points)[:, 0].tolist() == wanted
    assert Intervals(4, -3.0, 5.0).cells(8 * points - 3)[:, 0].tolist() == wanted


def test_clusters_are_the_nearest_centres(rng):
    places = np.array([[0.0, 0.0], [0.0, 5.0], [9.0, 0.0]])
    points = np.repeat(places, 50, axis=0) + rng.normal(0, 0.3, (150, 2))
    cells = Clusters(3).fit(points).cells(points)[:, 0]
    assert [len(set(cells[k : k + 50])) for k in (0, 50, 100)] == [1, 1, 1]
    assert len(set(cells)) == 3


def test_the_coarsest_consistent_cut_is_taken(rng):
    dfa = TOMITA[5]
    network = encode(dfa)
    words = [w[: rng.integers(1, 12)] for w in rng.integers(2, size=(60, 12))]
    labels = [dfa.accepts(w) for w in words]
    found, share = extract_consistent(network, "01", words, labels)
    assert (found, share) == (dfa, 1.0)
    tried = []

    class Watched(Intervals):
        def fit(self, points):
            tried.append(self.count)
            return super().fit(points)

    extract_consistent(network, "01", words, labels, [Watched(2), Watched(3)])
    assert tried == [2]
    wrong = [not label for label in labels]
    found, share = extract_consistent(network, "01", words, wrong, [Watched(2), Watched(3)])
    assert tried == [2, 2, 3]
    assert share == 0.0


def test_agreement_counts_whole_words():
    ones = encode(TOMITA[1])
    assert agreement(ones, TOMITA[1], ["1", "10", "0011"]) == 1.0
    assert agreement(ones, TOMITA[2], ["1", "10", "1010", "0"]) == 0.25
    assert agreement(ones, TOMITA[2], ["1", "0", "11"], prefixes=False) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: encode(TOMITA[1], 0.0), "needs a positive, finite strength, got 0.0"),
        (lambda: encode(TOMITA[1], np.inf), "needs a positive, finite strength, got inf"),
        (lambda: extract(encode(TOMITA[1]), "abc"), "a network with 3 inputs.*got 2 and 1"),
        (lambda: agreement(encode(TOMITA[1]), TOMITA[1], []), "needs at least one word"),
        (lambda: agreement(encode(TOMITA[1]), TOMITA[1], ["1", ""]), "none empty"),
        (lambda: agreement(lstm_for(2), TOMITA[1], ["1"]), "1 output, got 2 and 2"),
        (lambda: Intervals(1), "needs at least 2 intervals and low < high, got 1"),
        (lambda: Intervals(2, 1.0, 1.0), "between 1.0 and 1.0"),
        (lambda: Clusters(0), "at least 1 centre and a seed of at least 0, got 0"),
        (
            lambda: extract(encode(TOMITA[1]), "01", Clusters(9)),
            "needs at least 9 different states, got 1; give more words",
        ),
        (lambda: extract(encode(TOMITA[7]), "01", most=2), "needs at most 2 cells, got more"),
        (
            lambda: extract_consistent(encode(TOMITA[7]), "01", ["1"], [True], most=2),
            "found no automaton with any cut: `extract` needs at most 2 cells",
        ),
    ],
)
def test_what_cannot_be_is_refused(call, text):
    with pytest.raises(ValueError, match=text):
        call()
