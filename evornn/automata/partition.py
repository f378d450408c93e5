"""Partition refinement: the minimal automaton of a transition table.

Why not a library: automata-lib, the well-kept one, brings networkx along and keeps states and
symbols as Python objects in dictionaries, so that a table would be copied there and back. Here each
round of Moore's algorithm is one sort of an array for each symbol. A random automaton needs about
three rounds; the worst case, a long chain, needs as many as it has states.

Sources: Moore 1956, Gedanken-experiments on sequential machines (Automata Studies), theorem 4;
Berstel, Boasson, Carton & Fagnot 2010, Minimization of automata, section 4, for the cost.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.int64]
Accepting = NDArray[np.bool_]


def reachable(transitions: Table, start: int) -> NDArray[np.int64]:
    """The states that some word leads to, breadth first, each at its first visit.

    Among states at the same distance, the order is that of their predecessors and then of the
    symbols, so that it depends on the language and not on how the states are numbered.

    Args:
        transitions: Axes (state, symbol).
        start: The start state.
    """
    seen = np.zeros(len(transitions), dtype=bool)
    seen[start] = True
    found = [np.array([start], dtype=np.int64)]
    while found[-1].size:
        following = transitions[found[-1]].ravel()
        fresh = following[~seen[following]]
        _, first = np.unique(fresh, return_index=True)
        found.append(fresh[np.sort(first)])
        seen[fresh] = True
    return np.concatenate(found)


def equivalent(transitions: Table, accepting: Accepting) -> NDArray[np.int64]:
    """The class of every state, axes (state): states that no word tells apart share one.

    Moore's algorithm: start from accepting against the rest, and split classes whose members go to
    different classes, until nothing splits any more.

    Args:
        transitions: Axes (state, symbol).
        accepting: Axes (state).
    """
    classes = np.unique(accepting, return_inverse=True)[1].astype(np.int64)
    count = 0
    while (now := int(classes.max()) + 1) > count:
        count = now
        before = classes
        for following in transitions.T:  # one whole number for each pair of classes sorts fast
            pairs = classes * count + before[following]
            classes = np.unique(pairs, return_inverse=True)[1].astype(np.int64)
    return classes


def canonical(transitions: Table, accepting: Accepting, start: int) -> tuple[Table, Accepting]:
    """The minimal automaton, its states numbered breadth first from its start state 0.

    Two automata accept the same language if and only if these arrays are equal.

    Args:
        transitions: Axes (state, symbol).
        accepting: Axes (state).
        start: The start state.
    """
    order = reachable(transitions, start)
    number = np.full(len(transitions), -1)
    number[order] = np.arange(len(order))
    transitions, accepting = number[transitions[order]], accepting[order]
    classes = equivalent(transitions, accepting)
    member = np.unique(classes, return_index=True)[1]
    transitions, accepting = classes[transitions[member]], accepting[member]
    order = reachable(transitions, int(classes[0]))
    number = np.argsort(order)
    return number[transitions[order]], accepting[order]
