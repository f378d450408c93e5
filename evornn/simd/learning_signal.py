"""Learning signals: where a local tangent leaves its row, the loss' cotangent meets it."""

from __future__ import annotations

from collections.abc import Mapping

from evornn.flow.derive import Signals, times
from evornn.flow.graph import Graph, Node
from evornn.flow.language import spread
from evornn.flow.ops import OPS
from evornn.flow.signal import Signal
from evornn.simd.frames import Beside
from evornn.simd.locality import is_given_up, reaches_state


def learning_signal(graph: Graph, node: Node, beside: Beside, bars: Signals) -> Signal:
    """The cotangent of one step's loss at a node, through all that takes it out of its row."""
    total: Signal | None = None
    into_states = reaches_state(graph)
    for reader in graph.nodes():
        elementwise = OPS[reader.op].partials is not None if reader.op in OPS else True
        if reader not in bars or node not in reader.args or elementwise or reader.op == "spread":
            continue
        if not is_given_up(reader, node, into_states):
            total = _passed(reader, node, bars[reader], beside.copies, total)
    if total is not None:
        return total
    zero = Signal(beside.tracer.node("constant", (), (), 0.0), beside.tracer)
    return spread(zero, node.axes[0]) if node.axes else zero


def _passed(
    reader: Node, node: Node, bar: Signal, forward: Mapping[Node, Signal], total: Signal | None
) -> Signal | None:
    """What one operation passes back to one of its arguments, added to a sum."""
    op = OPS[reader.op]
    arguments = [forward[a] for a in reader.args]
    if op.adjoint is not None:
        parts = op.adjoint(bar, reader.meta, *arguments)
    else:
        parts = (times(bar, op.gradient(forward[reader], *arguments)),) if op.gradient else ()
    for argument, part in zip(reader.args, parts, strict=True):
        if argument is node:
            total = part if total is None else total + part
    return total
