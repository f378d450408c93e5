"""Random automata, and random words of a language."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evornn.automata.dfa import Dfa, minimal

TRIES = 1000


def random_dfa(states: int, symbols: int, rng: np.random.Generator, accepting: float = 0.5) -> Dfa:
    """A random minimal automaton: every state is reachable, and no two are equivalent.

    State by state, a random transition that is still free, of a state already there, is led to the
    new one, so that all are reachable; the transitions left over lead anywhere. Automata that are
    not minimal are drawn again.

    Args:
        states: Number of states, at least 1.
        symbols: Size of the alphabet, 1 to 10.
        rng: Where the numbers come from.
        accepting: Chance of a state to accept, between 0 and 1, neither unless there is one state.

    Raises:
        ValueError: If a number is out of range, or no draw out of `TRIES` is minimal.
    """
    if states < 1 or not 1 <= symbols <= 10:
        raise ValueError(
            f"`random_dfa` needs at least 1 state and 1 to 10 symbols, got {states} and {symbols}."
        )
    if not (0 < accepting < 1 or (states == 1 and 0 <= accepting <= 1)):
        raise ValueError(
            f"`random_dfa` needs a share of accepting states between 0 and 1, got {accepting}; "
            "without both kinds, one state would do."
        )
    for _ in range(TRIES):
        transitions = rng.integers(states, size=(states, symbols))
        used = np.zeros(states * symbols, dtype=bool)
        for state in range(1, states):
            free = np.flatnonzero(~used[: state * symbols])
            chosen = int(rng.choice(free))
            used[chosen] = True
            transitions.flat[chosen] = state
        dfa = Dfa(transitions, rng.random(states) < accepting)
        if minimal(dfa).states == states:
            return dfa
    raise ValueError(
        f"`random_dfa` found no minimal automaton of {states} states and {symbols} symbols in "
        f"{TRIES} draws; ask for fewer states, more symbols, or a share of accepting states "
        f"nearer to one half than {accepting:g}."
    )


def draw_words(
    dfa: Dfa, lengths: ArrayLike, accepted: bool, rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Words drawn uniformly among all of their length that the automaton accepts (or rejects).

    Backwards over the length, the number of words that lead from each state to acceptance is
    counted, as a logarithm because it grows like 2 to the length; then each symbol is drawn with
    the share of the words that go on with it.

    Args:
        dfa: The language.
        lengths: Symbols of each word, axes (word), at least 1.
        accepted: Words of the language, or of its complement.
        rng: Where the numbers come from.

    Returns:
        For each word its symbols' numbers, axes (time).

    Raises:
        ValueError: If there is no such word of a length.
    """
    left = np.array(lengths, dtype=np.int64)
    if left.ndim != 1 or not left.size or left.min() < 1:
        raise ValueError(f"`draw_words` needs lengths of at least 1, one a word, got {lengths!r}.")
    logs = log_counts(dfa, int(left.max()), accepted)
    impossible = left[~np.isfinite(logs[left, dfa.start])]
    if impossible.size:
        raise ValueError(
            f"`draw_words` needs words of length {impossible[0]} that the automaton "
            f"{'accepts' if accepted else 'rejects'}, got none; ask for another length."
        )
    words = np.empty((len(left), int(left.max())), dtype=np.int64)
    state = np.full(len(left), dfa.start)
    going = np.arange(len(left))
    for t in range(words.shape[1]):
        going = going[left[going] > t]
        following = dfa.transitions[state[going]]
        ways = logs[left[going, None] - t - 1, following]
        edges = np.cumsum(np.exp(ways - ways.max(axis=1, keepdims=True)), axis=1)
        chosen = (rng.random(len(going))[:, None] * edges[:, -1:] >= edges).sum(axis=1)
        words[going, t] = chosen
        state[going] = following[np.arange(len(going)), chosen]
    return [word[:length] for word, length in zip(words, left, strict=True)]


def log_counts(dfa: Dfa, longest: int, accepted: bool = True) -> NDArray[np.float64]:
    """Natural logarithm of the number of words of each length, from each state.

    Args:
        dfa: The automaton.
        longest: The greatest length, at least 0.
        accepted: Count words that end in an accepting state, or the others.

    Returns:
        Axes (length from 0 to longest, state); -inf where there is no word.
    """
    logs = np.empty((longest + 1, dfa.states))
    logs[0] = np.where(dfa.accepting == accepted, 0.0, -np.inf)
    for r in range(longest):
        logs[r + 1] = np.logaddexp.reduce(logs[r][dfa.transitions], axis=1)
    return logs
