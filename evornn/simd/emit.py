"""Write the source of one time step: straight-line lane code, one loop over row blocks a stage.

The emitter knows two switches: whether a weight is a register (each lane its own network) or one
number for all lanes, and how many sequences share each weight that is loaded. Sizes are run-time
integers; the only literals are the lane count, the row-block heights and the number of sequences.

Packed weights are read in exactly the order in which `layout.py` packs them: within a row block the
running pointer `q` never goes back.
"""

from __future__ import annotations

import math

from evornn.flow.graph import LEAVES, Graph, Node
from evornn.flow.ops import OPS
from evornn.simd.emit_loop import LoopEmitter
from evornn.simd.schedule import MOVES, Level, Schedule, schedule
from evornn.simd.step import Form, Piece, StepSource


def emit_step(graph: Graph, form: Form) -> StepSource:
    """The source of one step of a graph with one input and one output."""
    return StepEmitter(graph, form, schedule(graph)).emit()


class StepEmitter:
    """Writes one step; `LoopEmitter` writes its loops over row blocks."""

    def __init__(self, graph: Graph, form: Form, plan: Schedule) -> None:
        self.graph = graph
        self.form = form
        self.plan = plan
        self.out = StepSource()
        self.number = {node: k for k, node in enumerate(graph.nodes())}
        self.stored = set(plan.stored)
        self.slots = range(form.sequences)
        self.width = form.width
        self.unit = form.unit
        # Single numbers are moved and added up one at a time where a register holds several rows.
        self.one = "1" if form.units else ""
        self.constants: dict[str, str] = {}  # by repr: 0.0 and -0.0 are two
        self.destinations: dict[Node, list[str]] = {}

    # --- names in the source ------------------------------------------------------------------

    def size(self, axis: str) -> str:
        """The variable that holds an axis' (or an offset's) size."""
        if not axis:
            return "1"
        words = axis.replace("+", "_").replace("-", "minus_")
        name = f"n_{words}"
        while self.out.dims.setdefault(name, ("size", axis)) != ("size", axis):
            name += "_"  # "a+b" and "a_b" are two axes
        return name

    def buffer(self, name: str, axis: str) -> str:
        """The array and the variable that holds a workspace vector's offset."""
        self.out.buffers[name] = axis
        self.out.dims[f"at_{name}"] = ("buffer", name)
        return f"s, at_{name}"

    def memory(self, node: Node) -> str:
        """Where a node stands in memory, as the present step reads it: an array and an offset."""
        if node.op == "input":
            return self.buffer("x", node.axes[0])
        if node.op == "state":
            return f"s, old_{node.meta}"
        known = self.destinations.get(node)
        if known:
            return known[0]
        return self.buffer(f"v{self.number[node]}", node.axes[0] if node.axes else "")

    def weight(self, offset: int) -> str:
        """A load from the packed weights at the running pointer, `offset` weights further."""
        load = "splat_load" if self.form.shared else "load"
        numbers = offset * (self.form.lanes if self.form.units else self.width)
        return f"{load}(w, q + {numbers})" if numbers else f"{load}(w, q)"

    def constant(self, value: float) -> str:
        """The variable that holds a constant in all lanes."""
        written = repr(float(value))
        if written not in self.constants:
            self.constants[written] = f"k{len(self.constants)}"
            literal = written if math.isfinite(value) else f'float("{written}")'
            self.out.setup.append(f"{self.constants[written]} = splat(number({literal}))")
        return self.constants[written]

    def name(self, node: Node, row: int | None, slot: int) -> str:
        """The variable of a node's register for a row of the block and a sequence."""
        if node.op == "constant":
            return self.constant(node.meta)
        if not node.axes:
            if node.op == "parameter":
                return f"p_{node.meta}"
            return f"t{self.number[node]}_{slot}"
        if node.op == "parameter":  # the same weight for every sequence
            return f"t{self.number[node]}_{row}"
        return f"t{self.number[node]}_{row}_{slot}"

    # --- the parts ----------------------------------------------------------------------------

    def emit(self) -> StepSource:
        """The whole step."""
        self.declare_memory()
        self.scalar_weights()
        for number, level in enumerate(self.plan.levels):
            self.out.step.append(f"# level {number}")
            self.emit_level(level)
        for name in self.out.swapped:
            self.out.step.append(f"old_{name}, new_{name} = new_{name}, old_{name}")
        return self.out

    def declare_memory(self) -> None:
        """Buffers of input, output and states, and where following values go."""
        graph = self.graph
        (leaf,) = graph.inputs.values()
        self.size(leaf.axes[0])
        self.buffer("x", leaf.axes[0])
        for slot in graph.states:
            axis = slot.declaration.axes[0] if slot.declaration.axes else ""
            self.swapped_state(slot.name, axis, slot.following)
            self.initial_state(f"s, old_{slot.name}", axis, slot.declaration.initial)
        output = graph.outputs[0]
        self.size(output.axes[0])
        self.destinations.setdefault(output, []).append(self.buffer("y", output.axes[0]))

    def swapped_state(self, name: str, axis: str, following: Node) -> None:
        """A state that lives in the workspace: one buffer if it is replaced in place, else two."""
        out = self.out
        self.buffer(f"{name}_a", axis)
        out.setup.append(f"old_{name} = at_{name}_a")
        if name in self.plan.in_place:
            out.setup.append(f"new_{name} = at_{name}_a")
        else:
            self.buffer(f"{name}_b", axis)
            out.setup.append(f"new_{name} = at_{name}_b")
            out.swapped.append(name)
        self.destinations.setdefault(following, []).append(f"s, new_{name}")

    def initial_state(self, base: str, axis: str, initial: float | str) -> None:
        """Lines that put a state's initial value into memory."""
        start, n = self.out.start, self.size(axis)
        if not isinstance(initial, str):
            rows = f"0, {n}, {self.form.lanes}" if self.form.units else n
            start.append(f"for i in range({rows}):")
            for slot in self.slots:
                start.append(f"    store({self.row(base, 'i', slot)}, {self.constant(initial)})")
            return
        leaf = self.graph.parameter_leaves[initial]
        start.append(f"q = {self.segment('', [Piece('initial', [leaf])])}")
        start.append(f"for i in range({n}):")
        for slot in self.slots:
            value = "load1(w, q)" if self.form.units else self.weight(0)
            start.append(f"    store{self.one}({self.row(base, 'i', slot)}, {value})")
        start.append(f"    q += {self.width}")

    def segment(self, axis: str, pieces: list[Piece]) -> str:
        """Reserve packed weights; the variable that holds where they begin."""
        self.out.segments.append((axis, pieces))
        name = f"w_{len(self.out.segments) - 1}"
        self.out.dims[name] = ("weights", len(self.out.segments) - 1)
        return name

    def span(self, segment: str) -> str:
        """The variable that holds how many numbers one row block of a segment packs."""
        self.out.dims[f"{segment}_span"] = ("span", self.out.dims[segment][1])
        return f"{segment}_span"

    def scalar_weights(self) -> None:
        """Load each scalar parameter once, before the loop over time."""
        for node in self.number:
            if node.op == "parameter" and not node.axes:
                at = self.segment("", [Piece("scalar", [node])])
                load = "splat_load" if self.form.shared or self.form.units else "load"
                self.out.setup.append(f"p_{node.meta} = {load}(w, {at})")

    def emit_level(self, level: Level) -> None:
        """Everything between two barriers."""
        for node in level.moves:
            if node.op in MOVES:
                self.emit_move(node)
            else:
                self.emit_reduction(node)
        for node in level.scalars:
            self.emit_scalar(node)
        for loop in level.loops:
            LoopEmitter(self, loop).emit()

    def row(self, base: str, index: str, slot: int) -> str:
        """The place of a row of a vector: its array and its offset."""
        if self.form.units or (self.form.one_frame and base.startswith("f, ")):
            return f"{base} + ({index})"
        return f"{base} + ({index}) * {self.unit} + {slot * self.form.lanes}"

    def read(self, base: str, index: str, slot: int) -> str:
        """The register with a row of a vector (of several rows, where lanes are rows)."""
        splat = self.form.one_frame and base.startswith("f, ")
        return f"{'splat_load' if splat else 'load'}({self.row(base, index, slot)})"

    def read_one(self, base: str, index: str, slot: int) -> str:
        """The register with one row of a vector in every lane."""
        if self.form.units:
            return f"splat_load({self.row(base, index, slot)})"
        return self.read(base, index, slot)

    def read_narrow(self, base: str, index: str, slot: int) -> str:
        """The row alone, where lanes are rows: a register of one lane."""
        if self.form.units:
            return f"load1({self.row(base, index, slot)})"
        return self.read(base, index, slot)

    def emit_move(self, node: Node) -> None:
        """Copy rows: a concatenation, or a window of a vector."""
        if not node.axes:
            self.emit_entry(node)
            return
        step = self.out.step
        target = self.memory(node)
        if node.op == "concatenate":
            offset = "0"
            for argument in node.args:
                n = self.size(argument.axes[0])
                step.append(f"for i in range({n}):")
                for slot in self.slots:
                    value = self.read_narrow(self.memory(argument), "i", slot)
                    to = self.row(target, f"{offset} + i", slot)
                    step.append(f"    store{self.one}({to}, {value})")
                offset = f"{offset} + {n}"
        else:
            source, offset = node.args[0], self.size(node.meta[0] or "0")
            n = self.size(source.axes[0]) if source.axes else "1"
            zero = "zero1" if self.form.units else self.constant(0.0)
            step.append(f"for i in range({self.size(node.axes[0])}):")
            step.append(f"    if 0 <= i + {offset} < {n}:")
            for slot in self.slots:
                value = self.read_narrow(self.memory(source), f"i + {offset}", slot)
                step.append(f"        store{self.one}({self.row(target, 'i', slot)}, {value})")
            step.append("    else:")
            for slot in self.slots:
                step.append(f"        store{self.one}({self.row(target, 'i', slot)}, {zero})")
        self.copy_to_destinations(node, target)

    def emit_entry(self, node: Node) -> None:
        """One entry of a vector, or 0 outside of it."""
        step = self.out.step
        source, offset = node.args[0], self.size(node.meta[0] or "0")
        step.append(f"if 0 <= {offset} < {self.size(source.axes[0]) if source.axes else '1'}:")
        for slot in self.slots:
            value = self.read_one(self.memory(source), offset, slot)
            step.append(f"    {self.name(node, None, slot)} = {value}")
        step.append("else:")
        for slot in self.slots:
            step.append(f"    {self.name(node, None, slot)} = {self.constant(0.0)}")
        self.store_scalar(node)

    def copy_to_destinations(self, node: Node, source: str) -> None:
        """A moved vector that is also an output or a following state is copied there."""
        for target in self.destinations.get(node, []):
            if target == source:
                continue
            self.out.step.append(f"for i in range({self.size(node.axes[0])}):")
            for slot in self.slots:
                value = self.read_narrow(source, "i", slot)
                to = self.row(target, "i", slot)
                self.out.step.append(f"    store{self.one}({to}, {value})")

    def emit_reduction(self, node: Node) -> None:
        """A scalar from all rows, added up in order."""
        step = self.out.step
        vectors = [self.memory(a) for a in node.args]
        zero = "zero1" if self.form.units else self.constant(0.0)
        end = "_sum" if self.one else ""
        names = [self.name(node, None, slot) + end for slot in self.slots]
        for slot in self.slots:
            first = self.read_narrow(vectors[0], "0", slot)
            step.append(f"{names[slot]} = {first if node.op == 'largest' else zero}")
        step.append(f"for i in range({self.size(node.args[0].axes[0])}):")
        for slot in self.slots:
            loads = [self.read_narrow(v, "i", slot) for v in vectors]
            call = {"total": "add", "largest": "maximum", "dot": "fma"}[node.op]
            arguments = [*loads, names[slot]] if node.op == "dot" else [names[slot], *loads]
            step.append(f"    {names[slot]} = {call}({', '.join(arguments)})")
        if self.one:
            step.append(f"{self.name(node, None, 0)} = splat(first_lane({names[0]}))")
        self.store_scalar(node)

    def emit_scalar(self, node: Node) -> None:
        """An operation on scalars."""
        if node.op not in LEAVES:
            for slot in self.slots:
                arguments = ", ".join(self.scalar_value(a, slot) for a in node.args)
                name = self.name(node, None, slot)
                self.out.step.append(f"{name} = {OPS[node.op].lanes}({arguments})")
        self.store_scalar(node)

    def scalar_value(self, node: Node, slot: int) -> str:
        """The register of a scalar, loaded if it stands in memory."""
        if node.op in ("state", "input"):
            return self.read_one(self.memory(node), "0", slot)
        return self.name(node, None, slot)

    def store_scalar(self, node: Node) -> None:
        """Store a scalar where a later level or the next step reads it."""
        if node not in self.stored:
            return
        targets = self.destinations.get(node) or [self.memory(node)]
        for target in targets:
            for slot in self.slots:
                value = self.scalar_value(node, slot)
                if self.form.units:
                    value = f"splat1(first_lane({value}))"
                to = self.row(target, "0", slot)
                self.out.step.append(f"store{self.one}({to}, {value})")
