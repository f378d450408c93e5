"""From a network back to a finite automaton."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from evornn.automata.behaviour import (
    answers,
    check_network,
    initial_output,
    initial_state,
    visited,
)
from evornn.automata.dfa import Dfa, Word, minimal
from evornn.automata.quantise import Cut, Intervals, Quantiser
from evornn.network import Network

GRIDS = tuple(Intervals(count) for count in range(2, 9))


def extract(
    network: Network,
    alphabet: Iterable[Any],
    quantiser: Quantiser | None = None,
    *,
    words: Iterable[Word] = (),
    threshold: float = 0.5,
    accepts_empty: bool | None = None,
    most: int = 1000,
) -> Dfa:
    """The minimal automaton of a network's behaviour, as coarse as a cut of its state space.

    The space of all states is cut into cells. From the initial state on, breadth first, the network
    reads every symbol in every cell that it reaches, always from the state in which it first
    reached that cell; a cell that is new becomes a state of the automaton, which accepts if the
    output there is above the threshold. The automaton is then minimised.

    Any network will do, not only of second order, as long as its input is the symbol, one hot.

    Args:
        network: With weights, one input for each symbol and one output.
        alphabet: The symbols, in the order of the inputs.
        quantiser: The cut; None: `Intervals(2)`, each unit on or off.
        words: Words whose states the quantiser is fitted to; `Clusters` needs some.
        threshold: Outputs above it accept.
        accepts_empty: Whether the empty word belongs to the language; None: as the readout of the
            initial state says.
        most: Cells, at most.

    Raises:
        ValueError: If the network has other inputs or outputs, more than `most` cells are reached,
            or nobody knows about the empty word.

    Source: Giles et al. 1992, Neural Computation 4:393, section 5.
    """
    letters = tuple(alphabet)
    check_network("extract", network, len(letters))
    if accepts_empty is None:
        output = initial_output(network)
        if output is None:
            raise ValueError(
                f"`extract` needs `accepts_empty` for {network!r}, because its output before the "
                "first symbol is undefined; pass True or False."
            )
        accepts_empty = output > threshold
    cut = (quantiser or Intervals()).fit(_points(network, letters, words))
    transitions, accepting = _explore(network, len(letters), cut, threshold, most)
    accepting[0] = accepts_empty
    return minimal(Dfa(transitions, accepting, 0, letters))


def _points(network: Network, letters: tuple[Any, ...], words: Iterable[Word]) -> np.ndarray:
    """The initial state, and every state visited on the words, axes (point, unit)."""
    reader = Dfa(np.zeros((1, len(letters)), dtype=np.int64), [False], 0, letters)
    codes = [code for code in map(reader.codes, words) if code.size]
    seen = visited(network, codes) if codes else []
    return np.concatenate([initial_state(network)[None], *seen])


def _explore(
    network: Network, symbols: int, cut: Cut, threshold: float, most: int
) -> tuple[np.ndarray, np.ndarray]:
    """Transitions and acceptance of the cells, numbered in order of discovery from the start's.

    A cell is remembered by the word that first led to it: reading that word again and one symbol
    more is the step from the very state in which the cell was reached, for any kind of network.
    """
    (first,) = cut.cells(initial_state(network)[None])
    number = {first.tobytes(): 0}
    transitions: list[list[int]] = []
    accepting = [False]  # of the start's cell, which the caller knows
    level = [np.empty(0, dtype=np.int64)]
    while level:
        longer = [np.append(word, symbol) for word in level for symbol in range(symbols)]
        ends = np.array([states[-1] for states in visited(network, longer)])
        outputs = [output[-1] for output in answers(network, longer)]
        row: list[int] = []
        level = []
        for word, cell, output in zip(longer, cut.cells(ends), outputs, strict=True):
            key = cell.tobytes()
            if key not in number:
                number[key] = len(number)
                accepting.append(bool(output > threshold))
                level.append(word)
            row.append(number[key])
            if len(row) == symbols:
                transitions.append(row)
                row = []
        if len(number) > most:
            raise ValueError(
                f"`extract` needs at most {most} cells, got more; the network moves on a finer "
                "scale than an automaton would: cut more coarsely, train it longer, or allow more."
            )
    return np.array(transitions), np.array(accepting)


def extract_consistent(
    network: Network,
    alphabet: Iterable[Any],
    words: Sequence[Word],
    labels: Sequence[bool],
    quantisers: Iterable[Quantiser] = GRIDS,
    **options: Any,
) -> tuple[Dfa, float]:
    """The first of several cuts whose automaton gets every known word right.

    Args:
        network: As for `extract`.
        alphabet: As for `extract`.
        words: Words whose label is known, such as the training set.
        labels: Whether each belongs to the language.
        quantisers: From coarse to fine; those that reach too many cells are passed over.
        **options: For `extract`.

    Returns:
        The automaton, and the share of words that it gets right, in [0, 1]: 1 for the first that is
        consistent, or, if none is, the largest, of the coarsest cut that reaches it.

    Raises:
        ValueError: If no cut gives an automaton.

    Source: Giles et al. 1992, Neural Computation 4:393, section 5: the smallest consistent one.
    """
    letters, best = tuple(alphabet), None
    for quantiser in quantisers:
        try:
            dfa = extract(network, letters, quantiser, words=words, **options)
        except ValueError as error:
            reason = error
            continue
        right = float(np.mean([dfa.accepts(w) == y for w, y in zip(words, labels, strict=True)]))
        if best is None or right > best[1]:
            best = dfa, right
        if right == 1.0:
            break
    if best is None:
        raise ValueError(f"`extract_consistent` found no automaton with any cut: {reason}")
    return best
