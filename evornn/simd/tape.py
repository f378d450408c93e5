"""What a step must keep so that its transposed step can run: the tape, frame by frame.

A frame holds what one time step leaves behind: its inputs, its states, and those signals that the
transposed step reads and that would be dear to compute again (products, transcendental functions,
sums over rows). Everything else that the transposed step reads is arithmetic on these, and is
computed again from registers.

The derivative of a matrix is a sum of outer products over time. The transposed step does not form
them: it records their factors, and a matrix product over several steps adds them up, which loads
and stores each entry once for all these steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evornn.flow.declare import State
from evornn.flow.derive import MARK, Signals, transpose_graph
from evornn.flow.graph import Graph, Node, StateSlot
from evornn.flow.signal import Signal
from evornn.flow.trace import Tracer
from evornn.simd.frames import Beside, Frames, Place

ARITHMETIC = frozenset(
    (
        *("add", "sub", "mul", "neg", "square", "relu", "abs", "minimum", "maximum", "where"),
        *("less", "less_equal", "greater", "greater_equal", "equal", "spread"),
    )
)
Term = tuple[Node, tuple[Node, ...], tuple[int, ...]]


@dataclass(frozen=True)
class Product:
    """One sum over time of outer products.

    Attributes:
        parameter: The matrix or tensor whose derivative it is a part of.
        left: The factor of the rows.
        right: The factors of the other axes.
        order: The parameter's axes among those of the product.
    """

    parameter: str
    left: Place
    right: tuple[Place, ...]
    order: tuple[int, ...]


@dataclass(frozen=True)
class Tape:
    """A step that keeps frames, and the transposed step that reads them.

    Attributes:
        frames: The step and what it keeps.
        backward: The transposed step. Its inputs are frame signals; its states are the cotangents
            `bar_<state>` and the sums `sum_<parameter>`; its outputs are recorded.
        now: Inputs of `backward` by name, and the name in the frame of the same step.
        before: The same, in the frame of the step before.
        records: Names of what `backward` records, in the order of its outputs. Those of `written`
            stand in the frame instead.
        products: The sums of outer products.
        written: Cotangents that are written into the frame, by name.
    """

    frames: Frames
    backward: Graph
    now: dict[str, str]
    before: dict[str, str]
    records: tuple[str, ...]
    products: tuple[Product, ...]
    written: tuple[str, ...] = ()


def make_tape(graph: Graph, *, truncated: bool = False) -> Tape:
    """The tape of a step whose only output is its loss.

    Args:
        graph: The step.
        truncated: No error flows back through `truncate_here` marks.

    Raises:
        ValueError: If a matrix of the cell is computed instead of a parameter.
    """
    beside = Beside(graph)
    carried = {
        s.name: beside.tracer.leaf("state", f"bar_{s.name}", s.leaf.axes) for s in graph.states
    }
    seeds = [(graph.outputs[0], beside.seed)]
    seeds += [(slot.following, carried[slot.name]) for slot in graph.states]
    bars = transpose_graph(beside.tracer, graph, beside.copies, seeds, truncated=truncated)
    return _cut(Frames(graph), beside, carried, bars, list(graph.parameter_leaves), {})


def make_instant_tape(
    frames: Frames,
    parameters: Sequence[str],
    wanted: Mapping[str, Callable[[Beside, Signals], Signal]],
    *,
    truncated: bool = False,
) -> Tape:
    """The transposed step of one step alone: its loss, and nothing from later steps.

    Args:
        frames: The step.
        parameters: Those whose derivatives are added up.
        wanted: Cotangents that are written into the frame, by name, each from the copy of the
            step and the cotangents beside it.
        truncated: No error flows back through `truncate_here` marks.
    """
    graph = frames.graph
    beside = Beside(graph)
    seeds = [(graph.outputs[0], beside.seed)]
    bars = transpose_graph(beside.tracer, graph, beside.copies, seeds, truncated=truncated)
    signals = {name: make(beside, bars) for name, make in wanted.items()}
    return _cut(frames, beside, {}, bars, list(parameters), signals)


def _cut(
    frames: Frames,
    beside: Beside,
    carried: Mapping[str, Signal],
    bars: Signals,
    parameters: list[str],
    written: Mapping[str, Signal],
) -> Tape:
    """The transposed step on kept signals alone."""
    graph, copies = frames.graph, beside.copies
    leaves = [graph.parameter_leaves[name] for name in parameters]
    roots = [bars[s.leaf].node for s in graph.states if s.leaf in bars and s.name in carried]
    roots += [bars[leaf].node for leaf in leaves if leaf in bars]
    roots += [signal.node for signal in written.values()]
    after = {copies[slot.following].node for slot in graph.states}
    original = {copies[node].node: node for node in reversed(list(copies)) if node.op != MARK}
    cutter = _Cutter(graph, beside.tracer.name, tuple(carried))
    for node in _kept(roots, {signal.node for signal in copies.values()}, after):
        cutter.read(node, frames.keep(original[node]))
    cutter.leaves_of(copies, beside.seed, carried)
    backward, records, products = cutter.cut(bars, roots, leaves, written)
    return Tape(frames, backward, cutter.now, cutter.before, records, products, tuple(written))


def _reachable(roots: list[Node], stop: set[Node]) -> Iterator[Node]:
    """Nodes that the roots depend on, each once; nothing beyond `stop`."""
    seen: set[Node] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        yield node
        if node not in stop:
            stack.extend(node.args)


def _kept(roots: list[Node], forward: set[Node], after: set[Node]) -> list[Node]:
    """Signals of the step that the cotangents read and that are not computed again."""
    kept: dict[Node, None] = {}

    def need(node: Node) -> None:
        stack = [node]
        while stack:
            found = stack.pop()
            if found in kept or found.op in ("input", "parameter", "constant"):
                continue
            if found in after or not _is_cheap(found, after):
                kept[found] = None
            else:
                stack.extend(found.args)

    for node in _reachable(roots, forward):
        if node in forward:
            need(node)
        else:
            for argument in node.args:
                if argument in forward:
                    need(argument)
    return list(kept)


def _is_cheap(node: Node, after: set[Node]) -> bool:
    """Whether a signal is arithmetic on signals that are at hand or worth keeping themselves.

    A sum over a product is worth keeping itself, not the products it adds up.
    """
    if node.op not in ARITHMETIC or len(node.axes) > 1:
        return False
    return not (node.op in ("add", "sub") and _adds_products(node, after))


def _adds_products(node: Node, after: set[Node]) -> bool:
    if node in after:
        return False
    if node.op in ("matvec", "bilinear"):
        return True
    return node.op in ("add", "sub") and any(_adds_products(a, after) for a in node.args)


class _Cutter:
    """Builds the transposed step on kept signals, from the cotangents beside the whole step."""

    def __init__(self, graph: Graph, name: str, carried: tuple[str, ...]) -> None:
        self.graph = graph
        self.carried = carried
        self.tracer = Tracer(name)
        self.made: Signals = {}
        self.inputs: dict[str, Node] = {}
        self.now: dict[str, str] = {}
        self.before: dict[str, str] = {}
        self.records: dict[Node, str] = {}

    def read(self, node: Node, name: str) -> None:
        """A signal that is read in the frame under a name."""
        signal = self.tracer.leaf("input", name, node.axes)
        self.made[node] = signal
        self.now[name] = name

    def leaves_of(self, copies: Signals, seed: Signal, carried: Mapping[str, Signal]) -> None:
        """The leaves of the whole step, as leaves of the transposed one."""
        for name, leaf in self.graph.inputs.items():
            self.made[copies[leaf].node] = self.tracer.leaf("input", name, leaf.axes)
            self.now[name] = name
        for slot in self.graph.states:
            name = f"{slot.name} before"
            self.made[copies[slot.leaf].node] = self.tracer.leaf("input", name, slot.leaf.axes)
            self.before[name] = slot.name
        for name, leaf in self.graph.parameter_leaves.items():
            self.made[copies[leaf].node] = self.tracer.leaf("parameter", name, leaf.axes)
        self.made[seed.node] = self.tracer.leaf("input", "bar_loss", ())
        for name, signal in carried.items():
            self.made[signal.node] = self.tracer.leaf("state", f"bar_{name}", signal.axes)

    def cut(
        self,
        bars: Signals,
        roots: list[Node],
        parameters: list[Node],
        written: Mapping[str, Signal],
    ) -> tuple[Graph, tuple[str, ...], tuple[Product, ...]]:
        """The transposed step, what it records, and the products of that."""
        self._replay(roots)
        slots = []
        for slot in self.graph.states:
            if slot.name not in self.carried:
                continue
            leaf = self.tracer.leaf("state", f"bar_{slot.name}", slot.leaf.axes)
            following = (
                self._zero(slot.leaf) if slot.leaf not in bars else self._of(bars, slot.leaf)
            )
            slots.append(
                StateSlot(f"bar_{slot.name}", State(slot.leaf.axes), leaf.node, following.node)
            )
        products: list[Product] = []
        for weight in parameters:
            if weight not in bars:
                continue
            name = str(weight.meta)
            bar = self._of(bars, weight)
            if len(weight.axes) > 1:
                products += [self._product(name, term) for term in _terms(bar.node)]
                continue
            total = self.tracer.leaf("state", f"sum_{name}", weight.axes)
            slots.append(
                StateSlot(f"sum_{name}", State(weight.axes), total.node, (total + bar).node)
            )
        graph = Graph(
            self.tracer.name,
            {},
            tuple(slots),
            dict(self.graph.parameters),
            (*self.records, *(self.made[signal.node].node for signal in written.values())),
            {
                name: self.tracer.leaf("parameter", name, leaf.axes).node
                for name, leaf in self.graph.parameter_leaves.items()
            },
        )
        used = {str(node.meta): node for node in graph.nodes() if node.op == "input"}
        graph.inputs.update(used)
        return graph, tuple(self.records.values()), tuple(products)

    def _replay(self, roots: list[Node]) -> None:
        """Repeat what the roots depend on, on the leaves given."""
        for node in Graph("", {}, (), {}, tuple(roots)).nodes():
            if node in self.made:
                continue
            if node.op == "constant":
                self.made[node] = Signal(
                    self.tracer.node("constant", (), (), node.meta), self.tracer
                )
            elif all(a in self.made for a in node.args):
                arguments = (self.made[a] for a in node.args)
                self.made[node] = self.tracer.apply(node.op, *arguments, meta=node.meta)

    def _of(self, bars: Signals, leaf: Node) -> Signal:
        return self.made[bars[leaf].node]

    def _zero(self, leaf: Node) -> Signal:
        zero = Signal(self.tracer.node("constant", (), (), 0.0), self.tracer)
        if not leaf.axes:
            return zero
        return self.tracer.apply("spread", zero, meta=leaf.axes[0])

    def _product(self, parameter: str, term: Term) -> Product:
        left, right, order = term
        places = tuple(self._place(node) for node in right)
        return Product(parameter, self._record(left), places, order)

    def _record(self, node: Node) -> Place:
        name = self.records.setdefault(node, f"factor_{len(self.records)}")
        return Place("record", name, node.axes[0])

    def _place(self, node: Node) -> Place:
        if node.op == "input" and str(node.meta) in self.now:
            return Place("frame", self.now[str(node.meta)], node.axes[0])
        if node.op == "input" and str(node.meta) in self.before:
            return Place("before", self.before[str(node.meta)], node.axes[0])
        return self._record(node)


def _terms(node: Node) -> list[Term]:
    """The outer products that a matrix' or tensor's derivative is the sum of."""
    if node.op == "add":
        return [term for a in node.args for term in _terms(a)]
    if node.op == "transpose":
        inner = _terms(node.args[0])
        return [(a, b, tuple(order[k] for k in node.meta)) for a, b, order in inner]
    if node.op == "outer":
        left, rest = node.args
        factors: list[Node] = []
        while rest.op == "outer":
            factors.append(rest.args[0])
            rest = rest.args[1]
        factors.append(rest)
        return [(left, tuple(factors), tuple(range(1 + len(factors))))]
    raise ValueError(f"the derivative of a matrix cannot be a {node.op} in a kernel")
