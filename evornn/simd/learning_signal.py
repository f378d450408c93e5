"""Learning signals: where a tangent meets the cotangent of the step's own loss.

An exact tangent step carries the states' tangents, and meets the cotangents of the states before
the step; all that weights do within the step is derived backwards. A local one is met where it
leaves its row.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from evornn.flow.derive import Signals, times, zeros
from evornn.flow.graph import Graph, Node
from evornn.flow.ops import OPS
from evornn.flow.signal import Signal
from evornn.simd.frames import Beside
from evornn.simd.locality import is_given_up, reaches_state
from evornn.simd.tangent import Tangent
from evornn.simd.tape import Tape, make_instant_tape


def instant_tape(tangent: Tangent) -> Tape:
    """The transposed step of one step alone that goes with a tangent step.

    It writes the learning signals into the frame, and adds up the derivatives of what the tangent
    step leaves out: of the parameters in `direct`, or of all within the step.
    """
    graph = tangent.frames.graph
    signals = {
        name: partial(_signal, graph, node, tangent.local) for name, node in tangent.signals.items()
    }
    parameters = tangent.direct if tangent.local else tuple(graph.parameter_leaves)
    return make_instant_tape(tangent.frames, parameters, signals, truncated=tangent.truncated)


def _signal(graph: Graph, node: Node, local: bool, beside: Beside, bars: Signals) -> Signal:
    if local:
        return learning_signal(graph, node, beside, bars)
    return bars[node] if node in bars else zeros(beside.tracer, node.axes)


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
    return zeros(beside.tracer, node.axes) if total is None else total


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
