"""Write the source of steps that work on frames: a step that keeps its tape, and its transpose."""

from __future__ import annotations

from collections.abc import Mapping

from evornn.flow.graph import Graph, Node
from evornn.simd.emit import StepEmitter
from evornn.simd.frames import Frames
from evornn.simd.schedule import Schedule, schedule
from evornn.simd.step import Form, StepSource
from evornn.simd.tape import Tape


def emit_forward(frames: Frames, form: Form) -> StepSource:
    """The source of the step that fills a frame from the frame before."""
    kept: dict[Node, list[str]] = {}
    for name, node in frames.kept.items():
        kept.setdefault(node, []).append(name)
    graph = frames.forward
    return ForwardEmitter(graph, form, schedule(graph, tuple(kept)), kept).emit()


def emit_backward(tape: Tape, form: Form) -> StepSource:
    """The source of the transposed step, which reads two frames and fills a record."""
    graph = tape.backward
    emitter = BackwardEmitter(graph, form, schedule(graph), tape)
    return emitter.emit()


class FrameEmitter(StepEmitter):
    """A step whose inputs stand in frames."""

    def in_frame(self, name: str, axis: str) -> str:
        """A vector of the present step's frame: the array and the variable of its offset."""
        self.out.frame[name] = axis
        self.out.dims[f"off_{name}"] = ("frame", name)
        return f"f, frame + off_{name}"

    def in_frame_before(self, name: str, axis: str) -> str:
        """The same in the frame of the step before."""
        self.in_frame(name, axis)
        return f"f, before + off_{name}"


class ForwardEmitter(FrameEmitter):
    """The step that keeps its tape."""

    def __init__(
        self, graph: Graph, form: Form, plan: Schedule, kept: Mapping[Node, list[str]]
    ) -> None:
        super().__init__(graph, form, plan)
        self.kept = kept

    def declare_memory(self) -> None:
        """Everything kept goes to the frame; states come from the frame before."""
        for name, leaf in self.graph.inputs.items():
            self.size(_axis(leaf))
            self.in_frame(name, _axis(leaf))
        for slot in self.graph.states:
            axis = _axis(slot.leaf)
            base = self.in_frame_before(slot.name, axis)
            self.initial_state(base, axis, slot.declaration.initial)
        for node, names in self.kept.items():
            self.size(_axis(node))
            for name in names:
                if node.op != "input" or name != node.meta:
                    self.destinations.setdefault(node, []).append(self.in_frame(name, _axis(node)))

    def memory(self, node: Node) -> str:
        """Inputs stand in this frame, states in the one before."""
        if node.op == "input":
            return self.in_frame(str(node.meta), _axis(node))
        if node.op == "state":
            return self.in_frame_before(str(node.meta), _axis(node))
        return super().memory(node)


class BackwardEmitter(FrameEmitter):
    """The transposed step."""

    def __init__(self, graph: Graph, form: Form, plan: Schedule, tape: Tape) -> None:
        super().__init__(graph, form, plan)
        self.tape = tape

    def declare_memory(self) -> None:
        """Cotangents and sums live in the workspace; what the products need is recorded."""
        for slot in self.graph.states:
            self.size(_axis(slot.leaf))
            self.swapped_state(slot.name, _axis(slot.leaf), slot.following)
        written = self.graph.outputs[len(self.tape.records) :]
        for node, name in zip(written, self.tape.written, strict=True):
            self.size(_axis(node))
            self.destinations.setdefault(node, []).append(self.in_frame(name, _axis(node)))
        for node, name in zip(self.graph.outputs, self.tape.records, strict=False):
            self.size(_axis(node))
            self.out.record[name] = _axis(node)
            self.out.dims[f"off_{name}"] = ("record", name)
            self.destinations.setdefault(node, []).append(f"s, record + off_{name}")
        for product in self.tape.products:
            for place in (product.left, *product.right):
                self.size(place.axis)
                if place.where != "record":
                    self.in_frame(place.name, place.axis)
        self.buffer("bar_loss", "")

    def memory(self, node: Node) -> str:
        """What was kept stands in the frames; the loss' cotangent in the workspace."""
        if node.op == "input":
            name = str(node.meta)
            if name in self.tape.now:
                return self.in_frame(self.tape.now[name], _axis(node))
            if name in self.tape.before:
                return self.in_frame_before(self.tape.before[name], _axis(node))
            return self.buffer(name, _axis(node))
        return super().memory(node)


def _axis(node: Node) -> str:
    return node.axes[0] if node.axes else ""
