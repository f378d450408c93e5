"""Tomita's languages: learn from short words whether a word belongs, and be tested on long ones."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from evornn.automata import TOMITA, Dfa, draw_words, log_counts
from evornn.tasks.build import whole
from evornn.tasks.draw import Labelled, labelled_task
from evornn.tasks.made import made_by
from evornn.tasks.task import Task

LONGEST = 16
"""Greatest length of training words: all of them are listed."""

Words = list[NDArray[np.int64]]


def tomita(
    grammar: int = 4,
    longest: int = 10,
    test_length: int = 100,
    train: int = 200,
    validation: int = 100,
    test: int = 200,
    seed: int = 0,
) -> Task:
    """Tell at the end of a word of zeros and ones whether it belongs to a regular language.

    Inputs are one hot (two columns); the target of the last step is 1 if the word belongs and 0 if
    not, and no other step is scored. In every part the two kinds take turns, so that a constant
    answer has a mean square error of 1/4 at best. Nothing is normalised.

    The training words have 1 to `longest` symbols. They come from all lengths in turn, and none
    comes twice before all others of its kind and length have: short words, which are few, are all
    there, and of a language with few short words (such as 1) each is there often. The validation
    words have `longest` + 1 to 2 `longest` symbols and the test words 2 `longest` + 1 to
    `test_length`: they show whether the language was learned or the words were. There, every other
    word that does not belong is a near miss: one symbol away from a word that does.

    Args:
        grammar: 1 to 7; `evornn.automata.TOMITA` describes them.
        longest: Symbols of the longest training words, 2 to 16.
        test_length: Symbols of the longest test words, at least 2 `longest` + 2.
        train: Words of the training part, at least 2.
        validation: Words of the validation part, 0 for none, else at least 2.
        test: Words of the test part, at least 2.
        seed: At least 0.

    Raises:
        TypeError: A count that is no whole number.
        ValueError: A count out of its range, or an unknown grammar.

    Source: Tomita 1982 (Cognitive Science Society, 105); for second-order networks Giles et al.
    1992 (Neural Computation 4:393); both learn from short words.
    """
    if grammar not in TOMITA:
        raise ValueError(f"`grammar` needs to be one of 1 to 7, got {grammar!r}.")
    if whole("longest", longest, 2) > LONGEST:
        raise ValueError(f"`longest` needs to be at most {LONGEST}, got {longest}.")
    whole("test_length", test_length, 2 * longest + 2)
    dfa = TOMITA[int(grammar)]
    seeds = np.random.SeedSequence(whole("seed", seed, 0)).spawn(3)
    rngs = [np.random.default_rng(one) for one in seeds]
    counts = [whole("train", train, 2), whole("validation", validation, 0), whole("test", test, 2)]
    if counts[1] == 1:
        raise ValueError("`validation` needs 0 words or at least 2, one of each kind, got 1.")
    parts = {
        "train": _short_words(dfa, longest, counts[0], rngs[0]),
        "validation": _long_words(dfa, longest + 1, 2 * longest, counts[1], rngs[1]),
        "test": _long_words(dfa, 2 * longest + 1, test_length, counts[2], rngs[2]),
    }
    task = labelled_task(parts, name="tomita", label="belongs")
    return made_by(
        task,
        "tomita",
        grammar=grammar,
        longest=longest,
        test_length=test_length,
        train=train,
        validation=validation,
        test=test,
        seed=seed,
    )


def _short_words(dfa: Dfa, longest: int, count: int, rng: np.random.Generator) -> list[Labelled]:
    """Words of all lengths in turn, those that belong and those that do not in turn."""
    kinds: list[list[Words]] = [[], []]
    for length in range(longest, 0, -1):
        words = (np.arange(2**length)[:, None] >> np.arange(length)[::-1]) & 1
        member = dfa.labels(words)[:, -1]
        for kind, chosen in zip(kinds, (member, ~member), strict=True):
            if chosen.any():
                kind.append(list(rng.permutation(words[chosen])))
    members, others = kinds
    return _alternate(_in_turn(members, -(-count // 2)), _in_turn(others, count // 2))


def _in_turn(lists: list[Words], count: int) -> Words:
    """One of each list in turn; each list from its start again only when all are used up."""
    found: Words = []
    while len(found) < count:
        for row in itertools.zip_longest(*lists):
            found += [word for word in row if word is not None]
    return found[:count]


def _long_words(
    dfa: Dfa, shortest: int, longest: int, count: int, rng: np.random.Generator
) -> list[Labelled]:
    """Words of random lengths, those that belong and those that do not in turn."""
    if not count:
        return []
    lengths = np.arange(shortest, longest + 1)
    members = lengths[np.isfinite(log_counts(dfa, longest)[lengths, dfa.start])]
    others = lengths[np.isfinite(log_counts(dfa, longest, False)[lengths, dfa.start])]
    inside = draw_words(dfa, rng.choice(members, -(-count // 2)), True, rng)
    outside = draw_words(dfa, rng.choice(others, count // 2), False, rng)
    starts = draw_words(dfa, rng.choice(members, count // 4 + 1), True, rng)
    for k, member in zip(range(1, len(outside), 2), starts, strict=False):
        near = _outside(dfa, member)
        while not len(near):  # some words, such as 111 of language 4, have no such neighbour
            near = _outside(dfa, draw_words(dfa, rng.choice(members, 1), True, rng)[0])
        outside[k] = near[rng.integers(len(near))]
    return _alternate(inside, outside)


def _outside(dfa: Dfa, member: NDArray[np.int64]) -> NDArray[np.int64]:
    """The words one symbol away that do not belong, axes (word, time)."""
    neighbours = np.where(np.eye(len(member), dtype=bool), 1 - member, member)
    return neighbours[~dfa.labels(neighbours)[:, -1]]


def _alternate(members: Words, others: Words) -> list[Labelled]:
    """Members and others in turn, one hot, with their label."""
    pairs = itertools.zip_longest(members, others)
    labelled = (
        (word, label) for pair in pairs for word, label in zip(pair, (1.0, 0.0), strict=True)
    )
    return [(np.eye(2)[word], np.array([label])) for word, label in labelled if word is not None]
