"""Write the source of one loop over row blocks: products, then what is elementwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evornn.flow.graph import LEAVES, Node
from evornn.flow.ops import OPS
from evornn.simd.schedule import Loop
from evornn.simd.step import Piece

if TYPE_CHECKING:
    from evornn.simd.emit import StepEmitter


class LoopEmitter:
    """One loop over row blocks."""

    def __init__(self, parent: StepEmitter, loop: Loop) -> None:
        self.p = parent
        self.loop = loop
        self.height = parent.form.height(loop.axis)
        self.block = parent.form.block(loop.axis)
        self.rows = range(self.height)
        sums = len(loop.chains) * self.height * len(parent.slots)
        self.parts = range(parent.form.parts(sums) if sums else 1)
        self.lines: list[str] = []
        self.pieces: list[Piece] = []
        self.loaded: set[Node] = set()

    def index(self, row: int) -> str:
        """The first row of a register of the block."""
        return f"i + {row * (self.p.form.lanes if self.p.form.units else 1)}"

    def accumulator(self, chain: int, row: int, slot: int, part: int = 0) -> str:
        """The variable of a sum of products, or of a partial sum."""
        return f"a{chain}_{row}_{slot}" + (f"_{part}" if part else "")

    def emit(self) -> None:
        """The loop, appended to the step."""
        p, step = self.p, self.p.out.step
        self.accumulators()
        for vectors, entries in self.loop.sources:
            self.products(vectors, entries)
        self.join_parts()
        self.parameters()
        stores: list[str] = []
        for node in self.loop.body:
            self.compute(node)
            stores += self.stores(node)
        # Stores stand last: a state that is overwritten in place is read before.
        start = p.segment(self.loop.axis, self.pieces)
        n = p.size(self.loop.axis)
        # Odd steps walk the blocks backwards: those read last are still in the cache (measured:
        # up to a quarter faster where the weights slightly overflow it). No sum changes its order.
        span, end = p.span(start), f"{start}_end"
        p.out.setup.append(f"{end} = ({n} - 1) // {self.block} * {self.block}")
        step.append(f"for turn in range(0, {n}, {self.block}):")
        step.append(f"    i = {end} - turn if time & 1 else turn")
        step.append(f"    q = {start} + i // {self.block} * {span}")
        step.extend(f"    {line}" for line in self.lines + stores)

    def accumulators(self) -> None:
        """Start every sum from its bias, or from zero."""
        biases = [c.bias for c in self.loop.chains if c.bias is not None]
        at = {bias: k for k, bias in enumerate(dict.fromkeys(biases))}
        for number, chain in enumerate(self.loop.chains):
            for row in self.rows:
                if chain.bias is None:
                    value = self.p.constant(0.0)
                else:
                    value = self.p.weight(at[chain.bias] * self.height + row)
                for slot in self.p.slots:
                    self.lines.append(f"{self.accumulator(number, row, slot)} = {value}")
                    for part in self.parts[1:]:
                        name = self.accumulator(number, row, slot, part)
                        self.lines.append(f"{name} = {self.p.constant(0.0)}")
        if at:
            self.advance(Piece("rows", list(at)), len(at))

    def advance(self, piece: Piece, weights: int) -> None:
        """Note a piece of packed weights, and move the pointer beyond it."""
        self.pieces.append(piece)
        self.lines.append(f"q += {weights * self.block * self.p.width}")

    def products(self, vectors: tuple[Node, ...], entries: list[tuple[int, Node]]) -> None:
        """The loop over columns; each entry of the vector is loaded once for all products."""
        n, parts = self.p.size(vectors[0].axes[0]), len(self.parts)
        if len(vectors) == 1 and parts > 1:
            self.lines.append(f"for j in range(0, {n} - {parts - 1}, {parts}):")
            for part in self.parts:
                self.column(vectors, entries, part)
            self.lines.append(f"for j in range({n} // {parts} * {parts}, {n}):")
        else:
            self.lines.append(f"for j in range({n}):")
        self.column(vectors, entries, 0)
        kind = "columns" if len(vectors) == 1 else "pairs"
        self.pieces.append(Piece(kind, [product.args[0] for _, product in entries]))

    def column(self, vectors: tuple[Node, ...], entries: list[tuple[int, Node]], part: int) -> None:
        """Add the products' entries of a column, or of its pairs, to their (partial) sums."""
        p, lines = self.p, self.lines
        pad = "    " * len(vectors)
        if len(vectors) == 2:
            lines += [
                f"    u{slot} = {p.read_one(p.memory(vectors[0]), 'j', slot)}" for slot in p.slots
            ]
            lines.append(f"    for k in range({p.size(vectors[1].axes[0])}):")
        for slot in p.slots:
            if len(vectors) == 2:
                value = f"mul(u{slot}, {p.read_one(p.memory(vectors[1]), 'k', slot)})"
            else:
                index = f"j + {part}" if part else "j"
                value = p.read_one(p.memory(vectors[0]), index, slot)
            lines.append(f"{pad}v{slot} = {value}")
        for place, (number, _) in enumerate(entries):
            for row in self.rows:
                lines.append(f"{pad}wt = {p.weight(place * self.height + row)}")
                for slot in p.slots:
                    a = self.accumulator(number, row, slot, part)
                    lines.append(f"{pad}{a} = fma(wt, v{slot}, {a})")
        lines.append(f"{pad}q += {len(entries) * self.block * p.width}")

    def join_parts(self) -> None:
        """Add the partial sums up."""
        for number, _ in enumerate(self.loop.chains):
            for row in self.rows:
                for slot in self.p.slots:
                    names = [self.accumulator(number, row, slot, part) for part in self.parts]
                    while len(names) > 1:
                        half = len(names) // 2
                        for a, b in zip(names[:half], names[half:], strict=True):
                            self.lines.append(f"{a} = add({a}, {b})")
                        names = names[:half]

    def parameters(self) -> None:
        """Load the weights that the body reads row by row, each once."""
        used: dict[Node, None] = {}
        roots = {chain.root: chain for chain in self.loop.chains}
        for node in self.loop.body:
            arguments = roots[node].rest if node in roots else node.args
            for a in (node, *arguments):
                if a.op == "parameter" and len(a.axes) == 1:
                    used[a] = None
        for place, node in enumerate(used):
            for row in self.rows:
                weight = self.p.weight(place * self.height + row)
                self.lines.append(f"{self.p.name(node, row, 0)} = {weight}")
            self.loaded.add(node)
        if used:
            self.advance(Piece("rows", list(used)), len(used))

    def fetch(self, node: Node) -> None:
        """Load a vector that is not computed in this loop, once."""
        if node in self.loaded or not node.axes or node.op == "constant":
            return
        self.loaded.add(node)
        for row in self.rows:
            for slot in self.p.slots:
                value = self.p.read(self.p.memory(node), self.index(row), slot)
                self.lines.append(f"{self.p.name(node, row, slot)} = {value}")

    def compute(self, node: Node) -> None:
        """One elementwise operation, for all rows of the block and all sequences."""
        p = self.p
        chain = next(((k, c) for k, c in enumerate(self.loop.chains) if c.root is node), None)
        arguments = chain[1].rest if chain else list(node.args)
        for argument in arguments:
            if argument not in self.loop.body:
                self.fetch_or_scalar(argument)
        if node.op in LEAVES:
            self.fetch_or_scalar(node)
            self.loaded.add(node)
            return
        self.loaded.add(node)
        for row in self.rows:
            for slot in p.slots:
                values = [self.value(a, row, slot) for a in arguments]
                if chain:
                    text = self.accumulator(chain[0], row, slot)
                    for value in values:
                        text = f"add({text}, {value})"
                elif node.op == "spread":
                    text = values[0]
                else:
                    text = f"{OPS[node.op].lanes}({', '.join(values)})"
                self.lines.append(f"{p.name(node, row, slot)} = {text}")

    def fetch_or_scalar(self, node: Node) -> None:
        """Load a vector's rows; scalars and parameters are at hand."""
        if node.axes and node.op != "parameter":
            self.fetch(node)

    def value(self, node: Node, row: int, slot: int) -> str:
        """The register of an operand."""
        if not node.axes:
            return self.p.scalar_value(node, slot)
        return self.p.name(node, row, slot)

    def stores(self, node: Node) -> list[str]:
        """Lines that store a node's rows, if anything reads them later."""
        p = self.p
        if node not in p.stored:
            return []
        targets = list(p.destinations.get(node, []))
        if not targets or (node.op == "parameter" and not targets):
            targets = [p.memory(node)]
        return [
            f"store({p.row(target, self.index(row), slot)}, {self.value(node, row, slot)})"
            for target in targets
            for row in self.rows
            for slot in p.slots
        ]
