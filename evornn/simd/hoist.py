"""Move what all lanes of a derivative compute alike into the step itself.

A tangent step multiplies by partials such as 1 - h^2, which are the same for every direction. They
are computed once, when the step fills its frame, and every block of directions reads them there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from evornn.flow.declare import State
from evornn.flow.derive import Signals
from evornn.flow.graph import LEAVES, Graph, Node, StateSlot
from evornn.flow.trace import Tracer
from evornn.simd.frames import Frames


def hoist(graph: Graph, frames: Frames, read: Mapping[str, Node]) -> tuple[Graph, dict[str, str]]:
    """The graph with everything that depends on frames alone read from the frame.

    Args:
        graph: Has states and inputs, no outputs.
        frames: Get the moved expressions.
        read: Nodes of the step by the names that the graph reads them under.

    Returns:
        The graph, and the names in the frame of its new inputs, by their own.
    """
    known: dict[Node, bool] = {}
    for node in graph.nodes():
        if node.op in LEAVES:
            known[node] = node.op == "input" and node.meta in read
        else:
            fixed = [known[a] or a.op == "constant" for a in node.args]
            known[node] = all(fixed) and any(known[a] for a in node.args)
    roots = {slot.following for slot in graph.states}
    for node in graph.nodes():
        if not known[node]:
            roots.update(node.args)
    moved = {n: frames.derive(n, read) for n in roots if known[n] and n.op not in LEAVES}
    tracer = Tracer(graph.name)
    leaves: Signals = {n: tracer.leaf("input", name, n.axes) for n, name in moved.items()}
    for node in graph.nodes():
        if node.op in LEAVES and node.op != "constant":
            leaves[node] = tracer.leaf(node.op, str(node.meta), node.axes)
    made = tracer.replay(graph, leaves, {})
    slots = tuple(
        StateSlot(s.name, State(s.leaf.axes), leaf_of(s, made, tracer), made[s.following].node)
        for s in graph.states
    )
    lifted = replace(
        graph,
        inputs={},
        states=slots,
        parameter_leaves={
            name: tracer.leaf("parameter", name, leaf.axes).node
            for name, leaf in graph.parameter_leaves.items()
        },
    )
    lifted.inputs.update({str(n.meta): n for n in lifted.nodes() if n.op == "input"})
    return lifted, {name: name for name in moved.values() if name in lifted.inputs}


def leaf_of(slot: StateSlot, made: Signals, tracer: Tracer) -> Node:
    """A state's own leaf, also where nothing reads it."""
    if slot.leaf in made:
        return made[slot.leaf].node
    return tracer.leaf("state", slot.name, slot.leaf.axes).node
