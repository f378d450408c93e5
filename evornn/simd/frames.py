"""Frames: what a step leaves behind for its derivatives, and where they read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from evornn.flow.derive import MARK, Signals, copy_graph
from evornn.flow.graph import Graph, Node
from evornn.flow.trace import Tracer


@dataclass(frozen=True)
class Place:
    """Where a factor of an outer product stands: "frame", "before" or "record", and its name."""

    where: str
    name: str
    axis: str


class Frames:
    """A step and what it leaves in its frame.

    Attributes:
        graph: The step as it was given; its only output is its loss.
        forward: The step as it is computed, without marks.
        kept: Nodes of `forward` that stand in the frame, by the frame's names: the inputs, the
            states after the step, the loss, and what others ask for.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.forward, self._made = copy_graph(graph)
        self._numbers = {node: k for k, node in enumerate(self.forward.nodes())}
        self.kept: dict[str, Node] = dict(self.forward.inputs)
        self.kept.update({slot.name: slot.following for slot in self.forward.states})
        self.kept["loss"] = self.forward.outputs[0]

    def name(self, node: Node) -> str:
        """The name of a node of `graph` in the frame."""
        made = self._made[node].node
        for slot in self.forward.states:
            if slot.following is made:
                return slot.name
        return str(made.meta) if made.op == "input" else f"kept_{self._numbers[made]}"

    def keep(self, node: Node) -> str:
        """Ask for a node of `graph` to stand in the frame; its name there."""
        name = self.name(node)
        self.kept.setdefault(name, self._made[node].node)
        return name

    def derive(self, node: Node, read: Mapping[str, Node]) -> str:
        """Compute another graph's expression in the step and keep it; its name in the frame.

        Args:
            node: The expression, on inputs and constants.
            read: Nodes of `graph`, by the names of the expression's inputs.
        """
        tracer = self._made[self.graph.outputs[0]].tracer
        leaves = {}
        expression = Graph("", {}, (), {}, (node,), {})
        for leaf in expression.nodes():
            if leaf.op == "input":
                leaves[leaf] = self._made[read[str(leaf.meta)]]
        made = tracer.replay(expression, leaves, {})[node].node
        known = {n: name for name, n in self.kept.items()}
        if made in known:
            return known[made]
        name = f"derived_{len(self.kept)}"
        self.kept[name] = made
        self.forward = replace(self.forward, outputs=(*self.forward.outputs, made))
        return name


class Beside:
    """A copy of a step whose states are inputs, for cotangents to be built beside it."""

    def __init__(self, graph: Graph) -> None:
        self.tracer = Tracer(f"{graph.name} transposed")
        leaves: Signals = {}
        for name, leaf in graph.inputs.items():
            leaves[leaf] = self.tracer.leaf("input", name, leaf.axes)
        for name, leaf in graph.parameter_leaves.items():
            leaves[leaf] = self.tracer.leaf("parameter", name, leaf.axes)
        for slot in graph.states:
            leaves[slot.leaf] = self.tracer.leaf("input", f"{slot.name} before", slot.leaf.axes)
        self.copies = self.tracer.replay(graph, leaves, {}, (MARK,))
        self.seed = self.tracer.leaf("input", "bar_loss", ())
