"""The source around a tangent step: every block of directions walks over the same frames."""

from __future__ import annotations

from evornn.flow.graph import Node
from evornn.simd.accumulate_source import indent
from evornn.simd.emit_tape import FrameEmitter
from evornn.simd.gradient_source import DECORATOR, dims, header, settled
from evornn.simd.schedule import schedule
from evornn.simd.step import Form, StepSource
from evornn.simd.tangent import Tangent

TANGENT = """
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
        lines.append(f"for lane in range({form.lanes}):")
        reads = []
        for k, place in enumerate(push.factors):
            base = "frame" if place.where == "frame" else "before"
            lines.append(f"    c{k} = columns[block, {column}, lane]")
            reads.append(f"f[{base} + off_{place.name} + c{k}]")
            column += 1
        target = f"s[at_push_{number} + lane]"
        lines.append(f"    {target} = {' * '.join(reads)} if c0 >= 0 else nothing")
    return lines


def _axis(node: Node) -> str:
    return node.axes[0] if node.axes else ""
