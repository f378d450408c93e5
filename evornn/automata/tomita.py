"""Tomita's seven regular languages over 0 and 1, the classic test of what a network can induce."""

from __future__ import annotations

from evornn.automata.dfa import Dfa

TOMITA: dict[int, Dfa] = {
    1: Dfa([[1, 0], [1, 1]], [1, 0]),
    2: Dfa([[2, 1], [0, 2], [2, 2]], [1, 0, 0]),
    3: Dfa([[0, 1], [2, 0], [3, 4], [2, 1], [4, 4]], [1, 1, 0, 1, 0]),
    4: Dfa([[1, 0], [2, 0], [3, 0], [3, 3]], [1, 1, 1, 0]),
    5: Dfa([[1, 2], [0, 3], [3, 0], [2, 1]], [1, 0, 0, 0]),
    6: Dfa([[1, 2], [2, 0], [0, 1]], [1, 0, 0]),
    7: Dfa([[0, 1], [2, 1], [2, 3], [4, 3], [4, 4]], [1, 1, 1, 1, 0]),
}
"""The minimal automaton of each language, by number.

1: only ones. 2: repetitions of 10. 3: no odd run of ones that is followed by an odd run of zeros.
4: no three zeros in a row. 5: an even number of zeros and an even number of ones. 6: the number of
zeros minus the number of ones is a multiple of three. 7: zeros, then ones, then zeros, then ones,
each perhaps none.

Source: Tomita 1982, Dynamic construction of finite automata from examples using hill-climbing
(Cognitive Science Society, 105); 5 and 6 as in Giles et al. 1992 (Neural Computation 4:393).
"""
