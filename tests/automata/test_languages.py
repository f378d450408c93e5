"""Tomita's languages, random automata and random words against their definitions in words."""

import itertools
import math
import re

import numpy as np
import pytest

from evornn.automata import TOMITA, draw_words, log_counts, minimal, random_dfa

DEFINITIONS = {
    1: lambda w: "0" not in w,
    2: lambda w: re.fullmatch("(10)*", w) is not None,
    3: lambda w: re.search("(?<!1)(11)*1(?!1)(00)*0(?!0)", w) is None,
    4: lambda w: "000" not in w,
    5: lambda w: w.count("0") % 2 == 0 and w.count("1") % 2 == 0,
    6: lambda w: (w.count("0") - w.count("1")) % 3 == 0,
    7: lambda w: re.fullmatch("0*1*0*1*", w) is not None,
}


@pytest.mark.parametrize("number", TOMITA)
def test_the_automaton_is_the_language(number):
    dfa, belongs = TOMITA[number], DEFINITIONS[number]
    for length in range(11):
        for symbols in itertools.product("01", repeat=length):
            word = "".join(symbols)
            assert dfa.accepts(word) == belongs(word), word
    assert minimal(dfa).states == dfa.states


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize("number", TOMITA)
def test_words_are_counted(number, accepted):
    logs = log_counts(TOMITA[number], 10, accepted)[:, 0]
    for length in range(11):
        words = map("".join, itertools.product("01", repeat=length))
        count = sum(DEFINITIONS[number](word) == accepted for word in words)
        assert math.exp(logs[length]) == pytest.approx(count, abs=1e-9)


@pytest.mark.parametrize("number", TOMITA)
def test_drawn_words_belong_where_they_should(number, rng):
    dfa = TOMITA[number]
    for length in (1, 2, 12, 1500):
        for accepted in (True, False):
            if not np.isfinite(log_counts(dfa, length, accepted)[length, dfa.start]):
                with pytest.raises(ValueError, match=f"needs words of length {length} that the"):
                    draw_words(dfa, [length], accepted, rng)
                continue
            words = np.array(draw_words(dfa, [length] * 3, accepted, rng))
            assert words.shape == (3, length)
            assert (dfa.labels(words)[:, -1] == accepted).all()


def test_words_of_different_lengths_are_drawn_at_once(rng):
    lengths = rng.integers(1, 40, size=50)
    words = draw_words(TOMITA[4], lengths, True, rng)
    assert [len(word) for word in words] == lengths.tolist()
    assert all(TOMITA[4].accepts(word) for word in words)
    with pytest.raises(ValueError, match="needs words of length 3 that the automaton accepts"):
        draw_words(TOMITA[2], [2, 3], True, rng)
    with pytest.raises(ValueError, match="needs lengths of at least 1"):
        draw_words(TOMITA[2], [0], True, rng)


def test_every_word_of_a_length_is_equally_likely(rng):
    dfa = TOMITA[7]
    words = np.array(draw_words(dfa, np.full(26_000, 5), True, rng))
    counts = np.bincount(words @ (2 ** np.arange(5)), minlength=32)
    assert np.count_nonzero(counts) == 26  # all that there are
    drawn = counts[counts > 0]
    chi_square = np.square(drawn - 1000).sum() / 1000
    assert chi_square < 25 + 5 * math.sqrt(2 * 25)


@pytest.mark.parametrize(("states", "symbols"), [(1, 1), (2, 2), (10, 2), (6, 1), (60, 2), (20, 5)])
def test_a_random_automaton_is_minimal(states, symbols, rng):
    for _ in range(5):
        dfa = random_dfa(states, symbols, rng)
        assert dfa.transitions.shape == (states, symbols)
        assert minimal(dfa).states == states


def test_random_automata_follow_from_the_generator_alone():
    one, two, other = (random_dfa(20, 2, np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(one.transitions, two.transitions)
    assert one == two != other


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((0, 2), "at least 1 state and 1 to 10 symbols, got 0 and 2"),
        ((5, 11), "got 5 and 11"),
        ((5, 2, 1.0), "a share of accepting states between 0 and 1, got 1.0"),
        ((30, 1, 1e-9), "found no minimal automaton of 30 states and 1 symbols in 1000 draws"),
    ],
)
def test_random_automata_that_cannot_be_are_refused(arguments, text, rng):
    states, symbols, *accepting = arguments
    with pytest.raises(ValueError, match=text):
        random_dfa(states, symbols, rng, *accepting)
