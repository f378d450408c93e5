"""Delay lines without delays: what a tapped line holds, as a list of the signals that entered it.

Repeating a step's graph would build a line of n entries by n shifts of a vector. Here a line is
known by its pieces, so that what falls out of it is gone from the graph, and what it holds is read
directly.
"""

from __future__ import annotations

from collections.abc import Mapping

from evornn.flow.axes import negated
from evornn.flow.graph import Graph, Node
from evornn.flow.language import spread, window
from evornn.flow.signal import Signal
from evornn.flow.trace import Tracer


class Lines:
    """Repeats graphs inside one tracer, with delay lines as lists of pieces."""

    def __init__(self, tracer: Tracer) -> None:
        self.tracer = tracer
        self._pieces: dict[Node, list[Signal]] = {}

    def constant(self, value: float, axis: str) -> Signal:
        """A vector of one value, in one piece per term of its axis; a scalar for axis ""."""
        number = Signal(self.tracer.node("constant", (), (), value), self.tracer)
        if not axis:
            return number
        return self._joined([spread(number, term) for term in axis.split("+")])

    def replay(self, graph: Graph, leaves: Mapping[Node, Signal]) -> dict[Node, Signal]:
        """As `Tracer.replay`, for graphs whose axes keep their names."""
        made = dict(leaves)
        for node in graph.nodes():
            if node in made:
                continue
            pieces = None
            if node.op == "concatenate":
                pieces = [p for a in node.args for p in self._of(made[a])]
            elif node.op == "add":
                pieces = self._shifted(node, made)
            if pieces:
                made[node] = self._joined(pieces)
            elif node.op == "constant":
                made[node] = Signal(self.tracer.node("constant", (), (), node.meta), self.tracer)
            else:
                args = (made[a] for a in node.args)
                made[node] = self.tracer.apply(node.op, *args, meta=node.meta)
        return made

    def _of(self, signal: Signal) -> list[Signal]:
        return self._pieces.get(signal.node, [signal])

    def _joined(self, pieces: list[Signal]) -> Signal:
        if len(pieces) == 1:
            return pieces[0]
        neighbours = [pieces[0]]
        for piece in pieces[1:]:
            both = _neighbours(neighbours[-1], piece)
            neighbours[-1:] = [both] if both is not None else [neighbours[-1], piece]
        whole = neighbours[0]
        if len(neighbours) > 1:
            whole = self.tracer.apply("concatenate", *neighbours)
        self._pieces[whole.node] = pieces
        return whole

    def _shifted(self, node: Node, made: Mapping[Node, Signal]) -> list[Signal] | None:
        """The pieces of `shift(line, x)`, if the sum is one and the line is known by its pieces."""
        old, new = node.args
        if old.op != "window" or new.op != "window" or new.meta[0] != "0":
            return None
        line, x = old.args[0], new.args[0]
        if not x.axes or old.meta[:2] != (negated(x.axes[0]), line.axes[0]):
            return None
        pieces, wanted = [], line.axes[0].split("+")
        for piece in [*self._of(made[x]), *self._of(made[line])]:
            terms = piece.axes[0].split("+")
            if wanted[: len(terms)] != terms:
                break
            pieces.append(piece)
            wanted = wanted[len(terms) :]
        return None if wanted else pieces


def _neighbours(a: Signal, b: Signal) -> Signal | None:
    """Two windows of the same vector that follow each other, as one; None if they are not."""
    if a.node.op != "window" or b.node.op != "window" or a.node.args != b.node.args:
        return None
    offset, axis = a.node.meta[:2]
    end = axis if offset == "0" else f"{offset}+{axis}"
    if b.node.meta[0] != end or not axis or not b.node.meta[1]:
        return None
    source = Signal(a.node.args[0], a.tracer)
    return window(source, offset, f"{axis}+{b.node.meta[1]}")
