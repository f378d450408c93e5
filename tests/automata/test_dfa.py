"""Automata and their minimal forms."""

import itertools

import numpy as np
import pytest

from evornn.automata import TOMITA, Dfa, minimal, random_dfa
from evornn.automata.partition import reachable


def words_up_to(length, symbols="01"):
    for n in range(length + 1):
        yield from ("".join(w) for w in itertools.product(symbols, repeat=n))


def renamed(dfa, rng):
    """The same automaton with its states in another order."""
    order = rng.permutation(dfa.states)
    place = np.argsort(order)
    return Dfa(place[dfa.transitions[order]], dfa.accepting[order], int(place[dfa.start]))


def doubled(dfa, rng):
    """The same language: every state twice, and transitions to either; and one unreachable."""
    copies = np.concatenate([dfa.transitions, dfa.transitions])
    copies = copies + dfa.states * rng.integers(2, size=copies.shape)
    transitions = np.concatenate([copies, [[0] * dfa.symbols]])
    accepting = np.concatenate([dfa.accepting, dfa.accepting, [True]])
    return Dfa(transitions, accepting, dfa.start)


def test_a_word_is_read_symbol_by_symbol():
    parity = Dfa([[0, 1], [1, 0]], [True, False])  # an even number of ones
    assert parity.run("0110").tolist() == [0, 1, 0, 0]
    assert parity.labels("0110").tolist() == [True, False, True, True]
    assert parity.accepts("")
    assert not parity.accepts(["0", "1"])
    assert parity.run(np.array([[0, 1], [1, 1]])).tolist() == [[0, 1], [1, 0]]


def test_an_alphabet_may_hold_anything():
    dfa = Dfa([[1, 0], [1, 0]], [False, True], alphabet=("push", "pop"))
    assert dfa.accepts(["pop", "push"])
    with pytest.raises(ValueError, match="needs symbols out of push, pop, got 'pull'"):
        dfa.accepts(["pull"])


@pytest.mark.parametrize("states", [1, 2, 7, 40])
def test_minimising_undoes_doubling_and_renaming(states, rng):
    dfa = random_dfa(states, 3, rng)
    for _ in range(5):
        other = renamed(doubled(dfa, rng), rng)
        assert other.states == 2 * states + 1
        small = minimal(other)
        assert small.states == states
        assert small == dfa == other
        assert hash(small) == hash(dfa)
        np.testing.assert_array_equal(small.transitions, minimal(dfa).transitions)


def states_told_apart(dfa):
    """Number of reachable states with different answers to all words shorter than their number."""
    found = {dfa.start}
    while (more := found | {int(s) for q in found for s in dfa.transitions[q]}) != found:
        found = more
    tests = list(words_up_to(dfa.states - 1))

    def answers(state):
        alone = Dfa(dfa.transitions, dfa.accepting, state)
        return tuple(alone.accepts(word) for word in tests)

    return len({answers(state) for state in found})


def test_the_minimal_automaton_has_one_state_for_each_behaviour(rng):
    for _ in range(20):
        dfa = Dfa(rng.integers(6, size=(6, 2)), rng.random(6) < 0.5)
        small = minimal(dfa)
        assert small.states == states_told_apart(dfa)
        assert all(small.accepts(word) == dfa.accepts(word) for word in words_up_to(7))


def test_automata_are_equal_if_and_only_if_their_languages_are(rng):
    drawn = [Dfa(rng.integers(3, size=(3, 2)), rng.random(3) < 0.5) for _ in range(40)]
    # Two automata of 3 states that differ do so on a word of at most 3 + 3 - 2 symbols.
    languages = [tuple(d.accepts(word) for word in words_up_to(4)) for d in drawn]
    same = [
        (a == b, la == lb)
        for (a, la), (b, lb) in itertools.product(zip(drawn, languages, strict=True), repeat=2)
    ]
    assert all(equal == alike for equal, alike in same)
    assert 40 < sum(equal for equal, _ in same) < 1600
    assert TOMITA[1] != Dfa(TOMITA[1].transitions, TOMITA[1].accepting, alphabet="ab")
    assert TOMITA[1] != "TOMITA[1]"


def test_reachable_states_are_found_breadth_first_and_by_symbol():
    table = np.array([[3, 1], [1, 4], [0, 0], [1, 5], [3, 0], [5, 5]])
    assert reachable(table, 0).tolist() == [0, 3, 1, 5, 4]


def test_the_longest_chain_is_told_apart_to_its_end():
    n = 400  # as many rounds of refinement as there can be
    following = np.minimum(np.arange(n) + 1, n - 1)
    chain = Dfa(np.column_stack([following, following]), np.arange(n) == n - 1)
    assert minimal(chain).states == n


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (([0, 1], [1]), r"whole numbers with axes \(state, symbol\).*got shape \(2,\)"),
        (([[0.5]], [1]), "got shape .* of float64"),
        (([[0, 1]], [1, 0]), r"needs 1 booleans as `accepting`.*got \[1, 0\]"),
        (([[0, 0]], [2]), "needs 1 booleans"),
        (([[0, 1]], [1]), "needs states 0 to 0, got transitions to 0 to 1"),
        (([[0, 0]], [1], 3), "and the start 3"),
        (([[0, 0]], [1], 0, "000"), "needs an alphabet of 2 different symbols"),
        (([[0] * 11], [1]), "needs an `alphabet` for more than 10 symbols, got 11"),
    ],
)
def test_tables_that_are_no_automaton_are_refused(arguments, text):
    with pytest.raises(ValueError, match=text):
        Dfa(*arguments)


def test_symbols_numbers_outside_the_alphabet_are_refused():
    with pytest.raises(ValueError, match="needs numbers 0 to 1, one for each symbol, got 0 to 2"):
        TOMITA[1].run(np.array([0, 2]))
