"""The signal-flow graph: an immutable DAG of one time step of a cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from evornn.flow.axes import Axes, written
from evornn.flow.declare import Parameter, State

LEAVES = ("input", "state", "parameter", "constant")


@dataclass(frozen=True, eq=False)
class Node:
    """One signal: an operation on other signals, or a leaf.

    Attributes:
        op: A row of `ops.OPS`, or one of `LEAVES`.
        args: The signals it reads.
        axes: Its axes; () for a scalar.
        meta: A leaf's name, a constant's value, or what the operation needs besides signals.
    """

    op: str
    args: tuple[Node, ...]
    axes: Axes
    meta: Any = None

    def __repr__(self) -> str:
        return f"Node({self.op}, {written(self.axes)})"


def label(node: Node) -> str:
    """A short name for a signal in messages: a leaf's own, else its operation."""
    if node.op == "constant":
        return f"{node.meta:g}"
    if node.meta is not None and node.op in ("input", "state", "parameter"):
        return str(node.meta)
    return f"{node.op}(...)"


@dataclass(frozen=True)
class StateSlot:
    """A state of the graph: what it is declared as, its leaf, and its value after the step."""

    name: str
    declaration: State
    leaf: Node
    following: Node


@dataclass(frozen=True)
class Graph:
    """One time step: inputs, states and parameters in; outputs and following states out.

    Attributes:
        name: The cell's name.
        inputs: Leaves fed from outside, by name.
        states: In the order of the cell's arguments.
        parameters: Declarations by name, in the order of the cell's arguments.
        outputs: What the step emits.
    """

    name: str
    inputs: dict[str, Node]
    states: tuple[StateSlot, ...]
    parameters: dict[str, Parameter]
    outputs: tuple[Node, ...]
    parameter_leaves: dict[str, Node] = field(default_factory=dict)

    def nodes(self) -> list[Node]:
        """Every node that an output or a following state needs, arguments before users."""
        order: dict[int, Node] = {}
        roots = [*self.outputs, *(slot.following for slot in self.states)]
        stack: list[tuple[Node, Iterator[Node]]] = []
        for root in roots:
            if id(root) in order:
                continue
            stack.append((root, iter(root.args)))
            while stack:  # depth first without recursion: deep stacks exceed Python's limit
                node, rest = stack[-1]
                for argument in rest:
                    if id(argument) not in order:
                        stack.append((argument, iter(argument.args)))
                        break
                else:
                    order.setdefault(id(node), node)
                    stack.pop()
        return list(order.values())

    def axis_names(self) -> set[str]:
        """Every axis that occurs, in parameters, states or signals."""
        axes = {axis for node in self.nodes() for axis in node.axes}
        axes.update(axis for p in self.parameters.values() for axis in p.axes)
        axes.update(axis for slot in self.states for axis in slot.declaration.axes)
        return axes

    def __str__(self) -> str:
        from evornn.flow.draw import graph_text

        return graph_text(self)
