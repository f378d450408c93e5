"""A graph as a signal-flow graph in the engineers' sense: junctions, and branches with gains.

Transposing it is then a rule for drawing (Wan & Beaufays 1996, Neural Computation 8:182): every
branch is reversed, a sum becomes a branch point and a branch point a sum, a matrix is transposed, a
function becomes the multiplication by its slope, and a delay becomes an advance.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from evornn.flow.graph import Graph, Node, label
from evornn.flow.ops import OPS

BAR = "\u0304"  # a line above the letter before it: the cotangent of that signal
DOT, TRANSPOSED, SLOPE, MINUS = "\u2022", "\u1d40", "\u2032", "\u2212"
DELAY, ADVANCE = "z\u207b\u00b9", "z\u207a\u00b9"
PRODUCTS = ("mul", "dot", "outer", "bilinear")


@dataclass(frozen=True)
class Junction:
    """A point where signals meet, part or are changed.

    Attributes:
        kind: "source" (an input or a vector of weights), "state", "output", "sum", "branch",
            "product", "linear" or "function".
        label: In the graph.
        transposed: In the transposed graph.
        node: The signal that leaves it; for an output, that enters it.
    """

    kind: str
    label: str
    transposed: str
    node: Node


@dataclass(frozen=True)
class Branch:
    """A line from a junction to another, by their numbers.

    Attributes:
        source: Where it starts; in the transposed graph, where it ends.
        target: Where it ends; in the transposed graph, where it starts.
        sign: 1 or -1, in both directions.
        factor: On the way back the signal is multiplied by this one; None: it is not.
    """

    source: int
    target: int
    sign: int = 1
    factor: Node | None = None


@dataclass(frozen=True)
class SignalFlow:
    """Junctions, and the branches between them.

    Attributes:
        junctions: Sources, operations and outputs.
        branches: Those into a state close a loop through its delay.
    """

    junctions: tuple[Junction, ...]
    branches: tuple[Branch, ...]


def signal_flow(graph: Graph) -> SignalFlow:
    """The junctions and branches of one step and its delays."""
    return _Builder(graph).build()


def branch_gain(branch: Branch, forwards: bool) -> str:
    """What a branch multiplies by, as text; "" for 1."""
    sign = MINUS if branch.sign < 0 else ""
    if forwards or branch.factor is None:
        return sign + ("1" if sign else "")
    return sign + label(branch.factor)


class _Builder:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.junctions: list[Junction] = []
        self.branches: list[Branch] = []
        self.nodes = [node for node in graph.nodes() if _carries(node)]
        self.nodes += [s.leaf for s in graph.states if s.leaf not in self.nodes]
        ends = [slot.following for slot in graph.states] + list(graph.outputs)
        self.readers = Counter(a for node in self.nodes for a in node.args if _carries(a))
        self.readers.update(ends)
        # A sum that only another sum reads is part of it.
        self.inner = {
            a
            for node in self.nodes
            if _is_sum(node)
            for a in node.args
            if _is_sum(a) and self.readers[a] == 1
        }
        self.taps: dict[Node, int] = {}

    def build(self) -> SignalFlow:
        own = {}
        for node in self.nodes:
            if node not in self.inner:
                own[node] = self.taps[node] = self._add(_junction(node))
        for node, place in own.items():
            if self.readers[node] > 1:
                self.taps[node] = self._add(Junction("branch", DOT, "+", node))
                self.branches.append(Branch(place, self.taps[node]))
        for node, place in own.items():
            for source, sign, factor in self._arriving(node):
                self.branches.append(Branch(self.taps[source], place, sign, factor))
        for slot in self.graph.states:
            self.branches.append(Branch(self.taps[slot.following], own[slot.leaf]))
        for k, output in enumerate(self.graph.outputs):
            name = "y" if len(self.graph.outputs) == 1 else f"y{k}"
            place = self._add(Junction("output", name, _barred(name), output))
            self.branches.append(Branch(self.taps[output], place))
        return SignalFlow(tuple(self.junctions), tuple(self.branches))

    def _add(self, junction: Junction) -> int:
        self.junctions.append(junction)
        return len(self.junctions) - 1

    def _arriving(self, node: Node, sign: int = 1) -> list[tuple[Node, int, Node | None]]:
        """What enters a node: signals, signs, and factors on the way back."""
        found: list[tuple[Node, int, Node | None]] = []
        for k, argument in enumerate(node.args):
            if not _carries(argument):
                continue
            mine = -sign if node.op == "sub" and k == 1 and _is_sum(node) else sign
            if argument in self.inner and _is_sum(node):
                found += self._arriving(argument, mine)
                continue
            others = [a for a in node.args if a is not argument and _carries(a)]
            factor = others[0] if node.op in PRODUCTS and others else None
            if node.op in PRODUCTS and node.args.count(argument) > 1:
                factor = argument  # a product with itself
            found.append((argument, mine, factor))
        return found


def _carries(node: Node) -> bool:
    """Whether a node is a signal, and not a number or a matrix of weights."""
    if node.op == "transpose":
        return _carries(node.args[0])
    return node.op != "constant" and not (node.op == "parameter" and len(node.axes) > 1)


def _is_sum(node: Node) -> bool:
    return node.op in ("add", "sub") and all(_carries(a) for a in node.args)


def _barred(name: str) -> str:
    """The name of a signal's cotangent."""
    return name[0] + BAR + name[1:]


def _matrix(node: Node) -> str:
    """The name of a matrix of weights, transposed or not."""
    if node.op == "transpose":
        return _matrix(node.args[0]) + TRANSPOSED
    return label(node)


def _junction(node: Node) -> Junction:
    """How an operation or a leaf looks, and how its transpose."""
    name = label(node)
    if node.op in ("input", "parameter"):
        return Junction("source", name, _barred(name), node)
    if node.op == "state":
        return Junction("state", f"{DELAY}\n{name}", f"{ADVANCE}\n{_barred(name)}", node)
    if _is_sum(node):
        return Junction("sum", "+", DOT, node)
    if node.op in ("matvec", "bilinear") and not _carries(node.args[0]):
        matrix = _matrix(node.args[0])
        return Junction("linear", matrix, (matrix + TRANSPOSED).replace(TRANSPOSED * 2, ""), node)
    signals = [a for a in node.args if _carries(a)]
    if node.op in PRODUCTS and len(signals) > 1:
        return Junction("product", "\u00d7", "\u00d7", node)
    if len(signals) == len(node.args) == 1 and OPS[node.op].partials is not None:
        return Junction("function", node.op, node.op + SLOPE, node)
    text = OPS[node.op].written.format(
        *("\u00b7" if _carries(a) else _matrix(a) for a in node.args), all="..."
    )
    if OPS[node.op].adjoint is not None:
        return Junction("linear", text, f"({text}){TRANSPOSED}", node)
    return Junction("function", text, f"({text}){SLOPE}", node)
