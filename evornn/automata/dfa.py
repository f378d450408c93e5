"""Deterministic finite automata as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evornn.automata.partition import Accepting, Table, canonical

Word = str | Sequence[Any] | NDArray[np.integer]
"""A string over the alphabet, a sequence of its symbols, or an array of their numbers."""


@dataclass(frozen=True, eq=False, repr=False)
class Dfa:
    """A complete deterministic finite automaton; immutable.

    Two automata are equal if they accept the same language over the same alphabet, which is decided
    by comparing their minimal automata.

    Args:
        transitions: Axes (state, symbol): the state that follows; whole numbers from 0.
        accepting: Axes (state): booleans, or 0 and 1.
        start: The start state.
        alphabet: The symbols, in the order of the second axis; None: "0", "1", ... up to 10.

    Raises:
        ValueError: If the arrays do not fit each other, or name states that do not exist.
    """

    transitions: Table
    accepting: Accepting
    start: int = 0
    alphabet: tuple[Any, ...] = ()

    def __init__(
        self,
        transitions: ArrayLike,
        accepting: ArrayLike,
        start: int = 0,
        alphabet: Iterable[Any] | None = None,
    ) -> None:
        table, final = np.array(transitions), np.array(accepting)
        if table.ndim != 2 or not table.size or table.dtype.kind not in "iu":
            raise ValueError(
                "`Dfa` needs whole numbers with axes (state, symbol) as `transitions`, got shape "
                f"{table.shape} of {table.dtype}."
            )
        if final.shape != table.shape[:1] or not np.isin(final, (0, 1)).all():
            raise ValueError(
                f"`Dfa` needs {len(table)} booleans as `accepting`, one for each state, got "
                f"{accepting!r}."
            )
        states = len(table)
        if not 0 <= start < states or table.min() < 0 or table.max() >= states:
            raise ValueError(
                f"`Dfa` needs states 0 to {states - 1}, got transitions to {table.min()} to "
                f"{table.max()} and the start {start}."
            )
        if alphabet is None and table.shape[1] > 10:
            raise ValueError(
                f"`Dfa` needs an `alphabet` for more than 10 symbols, got {table.shape[1]} columns."
            )
        letters = tuple("0123456789"[: table.shape[1]] if alphabet is None else alphabet)
        if len(letters) != table.shape[1] or len(set(letters)) != len(letters):
            raise ValueError(
                f"`Dfa` needs an alphabet of {table.shape[1]} different symbols, one for each "
                f"column of `transitions`, got {letters}."
            )
        table, final = table.astype(np.int64), final.astype(np.bool_)
        table.flags.writeable = final.flags.writeable = False
        for name, value in (
            ("transitions", table),
            ("accepting", final),
            ("start", int(start)),
            ("alphabet", letters),
        ):
            object.__setattr__(self, name, value)

    @property
    def states(self) -> int:
        """Number of states."""
        return len(self.transitions)

    @property
    def symbols(self) -> int:
        """Number of symbols."""
        return len(self.alphabet)

    def codes(self, word: Word) -> NDArray[np.int64]:
        """A word as the numbers of its symbols, axes (time).

        Args:
            word: A string, a sequence of symbols, or an integer array of numbers, any axes, which
                only is checked.

        Raises:
            ValueError: If it holds something that is no symbol of the alphabet.
        """
        if isinstance(word, np.ndarray) and word.dtype.kind in "iu":
            if word.size and not (word.min() >= 0 and word.max() < self.symbols):
                raise ValueError(
                    f"a word needs numbers 0 to {self.symbols - 1}, one for each symbol, got "
                    f"{word.min()} to {word.max()}"
                )
            return word.astype(np.int64)
        number = {symbol: k for k, symbol in enumerate(self.alphabet)}
        unknown = [symbol for symbol in word if symbol not in number]
        if unknown:
            raise ValueError(
                f"a word needs symbols out of {', '.join(map(str, self.alphabet))}, got "
                f"{unknown[0]!r}"
            )
        return np.array([number[symbol] for symbol in word], dtype=np.int64)

    def run(self, word: Word) -> NDArray[np.int64]:
        """The state after every symbol, axes (time).

        Args:
            word: One word; or an integer array with axes (word, time), many words of one length at
                once, for a result with the same axes.
        """
        codes = self.codes(word)
        visited = np.empty(codes.shape, dtype=np.int64)
        state = np.full(codes.shape[:-1], self.start)
        for t in range(codes.shape[-1]):
            state = self.transitions[state, codes[..., t]]
            visited[..., t] = state
        return visited

    def accepts(self, word: Word) -> bool:
        """Whether one word belongs to the language."""
        codes = self.codes(word)
        last = self.run(codes)[-1] if codes.size else self.start
        return bool(self.accepting[last])

    def labels(self, word: Word) -> NDArray[np.bool_]:
        """Whether the word up to every symbol is accepted; axes as for `run`."""
        return self.accepting[self.run(word)]

    @cached_property
    def _canonical(self) -> tuple[Table, Accepting]:
        return canonical(self.transitions, self.accepting, self.start)

    def __eq__(self, other: object) -> bool:
        """Whether both accept the same language over the same alphabet."""
        if not isinstance(other, Dfa):
            return NotImplemented
        return self.alphabet == other.alphabet and all(
            np.array_equal(a, b) for a, b in zip(self._canonical, other._canonical, strict=True)
        )

    def __hash__(self) -> int:
        return hash((self.alphabet, *(a.tobytes() for a in self._canonical)))

    def __repr__(self) -> str:
        final = np.flatnonzero(self.accepting).tolist()
        return (
            f"Dfa({self.transitions.tolist()}, start={self.start}, accepting={final}, "
            f"alphabet={''.join(map(str, self.alphabet))!r})"
        )


def minimal(dfa: Dfa) -> Dfa:
    """The automaton with the fewest states for the same language.

    It is unique up to the names of its states; here these are numbered breadth first from the start
    state 0, so that equal languages give equal arrays. States that no word reaches are dropped.
    """
    transitions, accepting = dfa._canonical
    return Dfa(transitions, accepting, 0, dfa.alphabet)
