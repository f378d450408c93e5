"""Order the operations of one step into stages: which loops over rows run, and what they do.

Everything elementwise over the rows of one axis stays in registers within one loop over blocks of
rows. The only barrier is an operation that needs all rows of a vector computed in the same step:
a matrix-vector product, a reduction, a shift. So the level of a node is the number of such
barriers before it, and there is one loop for each (level, axis). A node runs as late as its
readers allow, so that as little as possible is stored between levels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from evornn.flow.graph import LEAVES, Graph, Node
from evornn.flow.ops import OPS

PRODUCTS = ("matvec", "bilinear")
REDUCTIONS = ("dot", "total", "largest")
MOVES = ("concatenate", "window")
IN_MEMORY = ("input", "state")  # leaves that stand in the workspace before the step begins

Joins = Callable[[Node, Node], bool]


def needs_all_rows(node: Node, position: int) -> bool:
    """Whether a node reads more rows of its argument than the one it computes."""
    if node.op in PRODUCTS:
        return position > 0
    return node.op in REDUCTIONS or node.op in MOVES


@dataclass
class Chain:
    """A sum of products that share one accumulator: W @ x + U @ h + b.

    Attributes:
        root: The node whose value the accumulator ends up with, before `rest` is added.
        bias: A parameter vector that the accumulator starts from, if any.
        products: matvec and bilinear nodes, in order.
        rest: The other terms, added afterwards.
    """

    root: Node
    bias: Node | None
    products: list[Node]
    rest: list[Node]


@dataclass
class Loop:
    """One loop over the rows of an axis: products first, then elementwise operations.

    Attributes:
        axis: The rows' axis.
        chains: Sums of products.
        sources: What the products read, in order: (vector,) or (vector, vector), each with the
            (chain number, product) pairs that read it, so that one load serves all of them.
        body: Elementwise nodes in order; chain roots stand among them.
    """

    axis: str
    chains: list[Chain] = field(default_factory=list)
    sources: list[tuple[tuple[Node, ...], list[tuple[int, Node]]]] = field(default_factory=list)
    body: list[Node] = field(default_factory=list)


@dataclass
class Level:
    """What runs between two barriers: moves and reductions, then scalars, then loops over rows."""

    moves: list[Node] = field(default_factory=list)
    scalars: list[Node] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)


@dataclass
class Schedule:
    """The stages of one step.

    Attributes:
        levels: In order.
        stored: Nodes whose rows go to a workspace buffer.
        in_place: Names of states whose following value may overwrite the present one.
    """

    levels: list[Level]
    stored: list[Node]
    in_place: set[str]


def schedule(graph: Graph, kept: Sequence[Node] = ()) -> Schedule:
    """The stages of a graph.

    Args:
        graph: One step.
        kept: Further nodes that must be stored.

    Raises:
        ValueError: If a signal is a matrix that is no parameter.
    """
    nodes = graph.nodes()
    for node in nodes:
        check_emittable(graph, node)
    readers = _readers(nodes)
    roots = {*graph.outputs, *(slot.following for slot in graph.states)}
    # An input stands in memory already; it is copied only where it is a root by itself.
    roots |= {node for node in kept if node.op not in IN_MEMORY}
    level = _levels(nodes, readers, roots)
    levels = [Level() for _ in range(max(level.values(), default=0) + 1)]
    members: dict[tuple[int, str], list[Node]] = defaultdict(list)
    copied = _copied_leaves(nodes, roots)
    for node in nodes:
        if _is_matrix(node) or (node.op in LEAVES and node not in copied):
            continue
        if node.op in MOVES or node.op in REDUCTIONS:
            levels[level[node]].moves.append(node)
        elif not node.axes:
            levels[level[node]].scalars.append(node)
        else:
            members[level[node], node.axes[0]].append(node)
    for (number, axis), group in sorted(members.items(), key=lambda item: item[0]):
        levels[number].loops.append(_loop(axis, group, readers, level, roots))
    stored = [n for n in nodes if _is_stored(n, readers, level, roots, copied)]
    return Schedule(levels, stored, _in_place(graph, readers, level))


def check_emittable(graph: Graph, node: Node) -> None:
    """Raise if a kernel cannot compute a node: matrices must be parameters."""
    if len(node.axes) > 1 and not _is_matrix(node):
        raise ValueError(
            f"a kernel of cell {graph.name} needs its matrices to be parameters, got the computed "
            f"{OPS[node.op].written.format(*'abc', all='...')} with axes {node.axes}"
        )


def _is_matrix(node: Node) -> bool:
    if node.op == "transpose":
        return _is_matrix(node.args[0])
    return node.op == "parameter" and len(node.axes) > 1


def _readers(nodes: Sequence[Node]) -> dict[Node, list[tuple[Node, int]]]:
    readers: dict[Node, list[tuple[Node, int]]] = {node: [] for node in nodes}
    for node in nodes:
        for position, argument in enumerate(node.args):
            readers[argument].append((node, position))
    return readers


def _levels(
    nodes: Sequence[Node], readers: dict[Node, list[tuple[Node, int]]], roots: set[Node]
) -> dict[Node, int]:
    earliest: dict[Node, int] = {}
    for node in nodes:
        earliest[node] = max(
            (
                earliest[a] + (needs_all_rows(node, k) and a.op not in IN_MEMORY)
                for k, a in enumerate(node.args)
            ),
            default=0,
        )
    latest: dict[Node, int] = {}
    for node in reversed(nodes):
        bounds = [latest[r] - needs_all_rows(r, k) for r, k in readers[node]]
        if node in roots:
            bounds.append(earliest[node])
        # A leaf in memory that is read at level 0 would get -1.
        latest[node] = max(0, min(bounds))
    return latest


def _copied_leaves(nodes: Sequence[Node], roots: set[Node]) -> set[Node]:
    """Leaves that must be copied to a buffer: parameters read whole, and leaves that are roots."""
    whole = {
        a
        for node in nodes
        for k, a in enumerate(node.args)
        if needs_all_rows(node, k) and a.op in ("parameter", "constant")
    }
    return whole | {root for root in roots if root.op in LEAVES}


def _is_stored(
    node: Node,
    readers: dict[Node, list[tuple[Node, int]]],
    level: dict[Node, int],
    roots: set[Node],
    copied: set[Node],
) -> bool:
    if _is_matrix(node) or (node.op in LEAVES and node not in copied):
        return False
    if node in copied or node in roots:
        return True
    if node.op in MOVES and node.axes:
        return True
    read_whole = any(needs_all_rows(reader, k) for reader, k in readers[node])
    read_later = bool(node.axes) and any(level[r] != level[node] for r, _ in readers[node])
    return read_whole or read_later


def _loop(
    axis: str,
    group: list[Node],
    readers: dict[Node, list[tuple[Node, int]]],
    level: dict[Node, int],
    roots: set[Node],
) -> Loop:
    loop = Loop(axis)
    inside = set(group)

    def joins(node: Node, parent: Node) -> bool:
        """Whether a term can be merged into its only reader's sum."""
        return node in inside and node not in roots and [r for r, _ in readers[node]] == [parent]

    def joins_any(node: Node) -> bool:
        return node in inside and len(readers[node]) == 1

    absorbed: set[Node] = set()
    for node in reversed(group):  # readers before what they read
        if node in absorbed or node.op not in ("add", *PRODUCTS):
            continue
        terms = _terms(node, joins)
        products = [
            t
            for t in terms
            if t.op in PRODUCTS and (t is node or (joins_any(t) and t not in roots))
        ]
        if not products:
            continue
        bias = next((t for t in terms if t.op == "parameter" and t.axes), None)
        rest = [t for t in terms if t not in products]
        if bias is not None:
            rest.remove(bias)
        loop.chains.append(Chain(node, bias, products, rest))
        absorbed.update(_sum_nodes(node, joins) - {node})
        absorbed.update(t for t in products if t is not node)
    loop.chains.reverse()
    loop.body = [n for n in group if n not in absorbed]
    for number, chain in enumerate(loop.chains):
        for product in chain.products:
            vectors = product.args[1:]
            for known, entries in loop.sources:
                if known == vectors:
                    entries.append((number, product))
                    break
            else:
                loop.sources.append((vectors, [(number, product)]))
    return loop


def _terms(node: Node, joins: Joins) -> list[Node]:
    """The terms of a sum, with sums that nobody else reads opened."""
    if node.op != "add":
        return [node]
    terms: list[Node] = []
    for argument in node.args:
        if argument.op == "add" and joins(argument, node):
            terms += _terms(argument, joins)
        else:
            terms.append(argument)
    return terms


def _sum_nodes(node: Node, joins: Joins) -> set[Node]:
    """The add nodes that `_terms` opens."""
    found = {node}
    if node.op == "add":
        for argument in node.args:
            if argument.op == "add" and joins(argument, node):
                found |= _sum_nodes(argument, joins)
    return found


def _in_place(
    graph: Graph, readers: dict[Node, list[tuple[Node, int]]], level: dict[Node, int]
) -> set[str]:
    """States read only row by row in the loop that computes their following value."""
    names = set()
    for slot in graph.states:
        if slot.leaf not in readers or slot.following.op in LEAVES or not slot.leaf.axes:
            continue
        same_loop = all(
            not needs_all_rows(r, k)
            and r.axes == slot.following.axes
            and level[r] == level[slot.following]
            for r, k in readers[slot.leaf]
        )
        others = (s.following is not slot.leaf for s in graph.states)
        if same_loop and slot.following.op not in MOVES and all(others):
            names.add(slot.name)
    return names
