"""The source around a tangent step: every block of directions walks over the same frames."""

from __future__ import annotations

from evornn.flow.graph import Node
from evornn.simd.accumulate_source import indent
from evornn.simd.emit_tape import FrameEmitter
from evornn.simd.gradient_source import DECORATOR, dims, header, settled
from evornn.simd.schedule import schedule
from evornn.simd.step import Form, StepSource
from evornn.simd.tangent import Tangent

NONE, MIXED = -1, -2  # of a register's lanes: no entry; not neighbours in a row

TANGENT = """
load_row = lanes.load_anywhere("{dtype}", {lanes})

{decorator}
def run(genes, gather, constants, w, f, workspaces, dims, columns, slot, steps, first, last):
{dims}
    zero = splat(number(0.0))
    nothing = number(0.0)
    pack_shared(genes, gather, constants, w)
    for block in range(first, last):
        s = workspaces[block]
{setup}
        for time in range(steps):
            frame = (slot + time) * frame_size
            before = frame - frame_size
{pushes}
{step}
{settle}
"""


class TangentEmitter(FrameEmitter):
    """The tangent step: frames are shared, tangents and sums live in a block's workspace."""

    def __init__(self, tangent: Tangent, form: Form) -> None:
        super().__init__(tangent.graph, form, schedule(tangent.graph))
        self.tangent = tangent

    def declare_memory(self) -> None:
        """Tangents, sums, own rows and pushes live in the workspace."""
        for slot in self.graph.states:
            axis = _axis(slot.leaf)
            self.size(axis)
            self.swapped_state(slot.name, axis, slot.following)
        for axis in self.tangent.row_axes:
            self.size(axis)
            self.buffer(f"own_{axis}", axis)
        for number, push in enumerate(self.tangent.pushes):
            self.buffer(f"push_{number}", "")
            for place in push.factors:
                self.in_frame(place.name, place.axis)

    def memory(self, node: Node) -> str:
        """Signals of the step stand in the frames; own rows and pushes in the workspace."""
        if node.op == "input":
            name = str(node.meta)
            if name in self.tangent.now:
                return self.in_frame(self.tangent.now[name], _axis(node))
            if name in self.tangent.before:
                return self.in_frame_before(self.tangent.before[name], _axis(node))
            return self.buffer(name, _axis(node))
        return super().memory(node)


def tangent_source(tangent: Tangent, form: Form) -> tuple[str, StepSource]:
    """The source of the run of tangents, and its step."""
    emitter = TangentEmitter(tangent, form)
    step = emitter.emit()
    body = TANGENT.format(
        decorator=DECORATOR,
        dtype=form.dtype,
        lanes=form.lanes,
        dims=dims(step),
        setup=indent(step.setup, 2),
        pushes=indent(_pushes(tangent, form), 3),
        step=indent(step.step, 3),
        settle=indent(settled(tangent.graph, form, step), 2),
    )
    return header(tangent.frames.forward, form) + body, step


def _pushes(tangent: Tangent, form: Form) -> list[str]:
    """Lines that fetch, for every lane, what its direction adds at each use of its weight."""
    lines: list[str] = []
    column = 0
    for number, push in enumerate(tangent.pushes):
        if not push.factors:
            continue  # it is 1 or 0 for good
        reads = []
        for k, place in enumerate(push.factors):
            base = "frame" if place.where == "frame" else "before"
            reads.append((f"columns[block, {column + k}, lane]", f"{base} + off_{place.name}"))
        for register in range(form.sequences):
            lines.append(f"start = columns[block, {column}, {form.unit + register}]")
            first = register * form.lanes
            if len(reads) == 1:
                source = f"load_row(f, {reads[0][1]} + start)"
                lines.append("if start >= 0:")
                lines.append(f"    store(s, at_push_{number} + {first}, {source})")
            # A register of directions seldom holds any of this matrix: none is start == NONE.
            lines.append(f"{'elif' if len(reads) == 1 else 'if'} start == {MIXED}:")
            lines.append(f"    for lane in range({first}, {first + form.lanes}):")
            lines += [f"        c{k} = {entry}" for k, (entry, _) in enumerate(reads)]
            product = " * ".join(f"f[{place} + c{k}]" for k, (_, place) in enumerate(reads))
            lines.append(f"        s[at_push_{number} + lane] = {product} if c0 >= 0 else nothing")
        column += len(reads)
    return lines


def _axis(node: Node) -> str:
    return node.axes[0] if node.axes else ""
