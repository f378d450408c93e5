"""What stays within a row: where one trace per weight is exact, and what it leaves out."""

from __future__ import annotations

from evornn.flow.derive import MARK
from evornn.flow.graph import LEAVES, Graph, Node
from evornn.flow.ops import OPS

LINEAR = ("matvec", "bilinear")


def reaches_state(graph: Graph) -> set[Node]:
    """Nodes that some following state depends on."""
    found: set[Node] = set()
    stack = [slot.following for slot in graph.states]
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            stack.extend(node.args)
    return found


def is_diagonal(graph: Graph, *, truncated: bool = False) -> bool:
    """Whether no state's entry depends on another row's tangent: local tangents are then exact.

    True if every way from a state or a weight to a following state is elementwise, but for the
    products in which weights enter. `truncated` cuts the ways at `truncate_here` marks.
    """
    moving = {slot.leaf for slot in graph.states}
    into_states = reaches_state(graph)
    for node in graph.nodes():
        if node.op in LEAVES:
            if node.op == "parameter":
                moving.add(node)
            continue
        if node.op == MARK and truncated:
            continue
        vectors = node.args[1:] if node.op in LINEAR else node.args
        if not any(a in moving for a in node.args):
            continue
        moving.add(node)
        elementwise = OPS[node.op].partials is not None or node.op == "spread"
        if elementwise or node not in into_states:
            continue
        if any(a in moving for a in vectors):
            return False
    return True


def is_given_up(reader: Node, argument: Node, into_states: set[Node]) -> bool:
    """Whether a local tangent does not follow what an operation makes of its argument.

    What a state passes to other rows' states is the recurrent way. What it passes to the loss
    alone is followed, as all that was computed in the step.
    """
    while argument.op == MARK:
        argument = argument.args[0]
    return argument.op == "state" and reader in into_states
