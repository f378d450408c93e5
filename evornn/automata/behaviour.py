"""How a network behaves on words: its answers, its states, and both before the first symbol."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evornn.automata.dfa import Dfa, Word
from evornn.flow.axes import axis_size
from evornn.flow.graph import Node
from evornn.flow.ops import OPS
from evornn.network import Network

Floats = NDArray[np.float64]


def one_hot(codes: NDArray[np.integer], symbols: int) -> Floats:
    """Symbols' numbers, any axes, as inputs: one more axis, (..., symbol)."""
    return np.eye(symbols)[codes]


def answers(network: Network, words: Sequence[NDArray[np.integer]]) -> list[Floats]:
    """The network's output after every symbol of every word, each with axes (time).

    Args:
        network: With one output and as many inputs as there are symbols.
        words: Symbols' numbers, each with axes (time), at least 1 long.
    """
    return [y[:, 0].astype(np.float64) for y in network.predict(_inputs(network, words))]


def visited(network: Network, words: Sequence[NDArray[np.integer]]) -> list[Floats]:
    """The network's state after every symbol, all states side by side, each with axes (time, unit).

    Args:
        network: With weights.
        words: As for `answers`.
    """
    return [
        np.concatenate(list(states.values()), axis=1).astype(np.float64)
        for states in network.states(_inputs(network, words))
    ]


def _inputs(network: Network, words: Sequence[NDArray[np.integer]]) -> list[Floats]:
    assert network.inputs is not None
    return [one_hot(word, network.inputs) for word in words]


def initial_state(network: Network) -> Floats:
    """The state before the first symbol, in the order of `visited`, axes (unit)."""
    return np.concatenate([np.atleast_1d(values) for values in _initial(network).values()])


def initial_output(network: Network) -> float | None:
    """What the readout makes of the initial state: the answer to the empty word.

    None if the output also depends on the input, or on a state of the step before, so that there is
    no answer before the first symbol.
    """
    values: dict[Node, Any] = {}
    starts = _initial(network)
    for slot in network.graph.states:  # the readout reads a state as it is after the step
        values.setdefault(slot.following, starts[slot.name])
    weights = network.unpack()
    for name, leaf in network.graph.parameter_leaves.items():
        values[leaf] = weights[name].astype(np.float64)
    (output,) = network.graph.outputs
    for node in network.graph.nodes():
        if node.op == "constant":
            values[node] = np.float64(node.meta)
        elif node not in values and node.args and all(a in values for a in node.args):
            arguments = (values[a] for a in node.args)
            values[node] = OPS[node.op].numpy(network.sizes, node.meta, *arguments)
    return float(values[output][0]) if output in values else None


def _initial(network: Network) -> dict[str, Floats]:
    """The initial value of every state, by name."""
    weights, found = network.unpack(), {}
    for slot in network.graph.states:
        start, axes = slot.declaration.initial, slot.declaration.axes
        shape = tuple(axis_size(axis, network.sizes) for axis in axes)
        value = weights[start] if isinstance(start, str) else np.full(shape, start)
        found[slot.name] = value.astype(np.float64)
    return found


def agreement(
    network: Network,
    dfa: Dfa,
    words: Iterable[Word],
    *,
    threshold: float = 0.5,
    prefixes: bool = True,
) -> float:
    """Share of words on which a network answers as an automaton does, in [0, 1].

    Args:
        network: With weights, one output, and as many inputs as there are symbols.
        dfa: The automaton.
        words: At least one, none empty; an integer array with axes (word, time) is as good.
        threshold: Outputs above it accept.
        prefixes: A word counts only if the answer is right after every symbol, else after the last.

    Raises:
        ValueError: If the network has other inputs or outputs, or there is no word or an empty one.
    """
    check_network("agreement", network, dfa.symbols)
    codes = [dfa.codes(word) for word in words]
    if not codes or not all(word.size for word in codes):
        raise ValueError(
            f"`agreement` needs at least one word and none empty, got {len(codes)} words."
        )
    right = 0
    for word, output in zip(codes, answers(network, codes), strict=True):
        same = (output > threshold) == dfa.labels(word)
        right += bool(same.all() if prefixes else same[-1])
    return right / len(codes)


def check_network(function: str, network: Network, symbols: int) -> None:
    """Raise if a network does not read so many symbols, one hot, or has more than one output."""
    if network.inputs != symbols or network.outputs != 1:
        raise ValueError(
            f"`{function}` needs a network with {symbols} inputs, one for each symbol, and 1 "
            f"output, got {network.inputs} and {network.outputs}."
        )
