"""Builds tangent steps; see `tangent` for what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evornn.flow.declare import Constant, Parameter, State
from evornn.flow.derive import MARK, Signals, tangent_of
from evornn.flow.graph import LEAVES, Graph, Node, StateSlot
from evornn.flow.language import dot, spread
from evornn.flow.ops import OPS
from evornn.flow.signal import Signal
from evornn.flow.trace import Tracer
from evornn.simd.frames import Frames, Place
from evornn.simd.hoist import hoist
from evornn.simd.locality import LINEAR, is_given_up, reaches_state
from evornn.simd.tangent import DIAGONAL, Push, Tangent


class _Dual:
    """A tangent: a dense part, and a number for each row axis' own row."""

    def __init__(self, dense: Signal | None, own: Signal | None = None) -> None:
        self.dense = dense
        self.own = own


def make_tangent(graph: Graph, frames: Frames | None = None, *, summed: bool = True) -> Tangent:
    """The exact tangent step of a step whose only output is its loss.

    Args:
        graph: The step.
        frames: Its frames, to be shared; None: new ones.
        summed: Add up the loss' derivative: cotangents of the states before, times their tangents.
    """
    frames = frames or Frames(graph)
    return _Builder(frames, local=False, diagonal=False, truncated=False, summed=summed).build()


def make_local_tangent(graph: Graph, *, diagonal: bool = False, truncated: bool = False) -> Tangent:
    """The tangent step without what products carry from row to row.

    Args:
        graph: The step.
        diagonal: Products by a square matrix keep what each row passes to itself (SnAp-1).
        truncated: Nothing passes through `truncate_here` marks.
    """
    return _Builder(Frames(graph), local=True, diagonal=diagonal, truncated=truncated).build()


class _Builder:
    """Builds a tangent step beside a copy of the step, then on frame signals alone."""

    def __init__(
        self,
        frames: Frames,
        *,
        local: bool,
        diagonal: bool,
        truncated: bool,
        summed: bool = True,
    ) -> None:
        graph = self.graph = frames.graph
        self.summed = summed
        self.local, self.diagonal, self.truncated = local, diagonal, truncated
        self.frames = frames
        self.tracer = Tracer(f"{graph.name} tangent")
        self.read: dict[str, Node] = {}
        self.now: dict[str, str] = {}
        self.before: dict[str, str] = {}
        self.pushes: list[Push] = []
        self.row_axes: dict[str, None] = {}
        self.signals: dict[str, Node] = {}
        self.values: Signals = {}
        self.extra: dict[str, Parameter] = {}
        self.extra_leaves: dict[str, Node] = {}
        self.crossings: dict[Node, Signal] = {}
        self.into_states = reaches_state(graph)

    # --- signals of the step, as the tangent step reads them ---------------------------------

    def value(self, node: Node) -> Signal:
        """A signal of the step: a frame signal, a weight, a constant, or cheap arithmetic on it."""
        if node in self.values:
            return self.values[node]
        tracer = self.tracer
        if node.op == "constant":
            found = Signal(tracer.node("constant", (), (), node.meta), tracer)
        elif node.op == "parameter":
            found = tracer.leaf("parameter", str(node.meta), node.axes)
        elif node.op == "state":
            found = tracer.leaf("input", f"{node.meta} before", node.axes)
            self.before[f"{node.meta} before"] = str(node.meta)
        elif node.op == MARK:
            found = self.value(node.args[0])
        else:
            name = self.frames.name(node)
            found = tracer.leaf("input", name, node.axes)
            self.read[name] = node
        self.values[node] = found
        return found

    def place(self, node: Node) -> Place:
        """Where a vector that a product reads stands."""
        while node.op == MARK:
            node = node.args[0]
        axis = node.axes[0]
        if node.op == "state":
            return Place("before", str(node.meta), axis)
        return Place("frame", self.frames.keep(node), axis)

    # --- tangents ---------------------------------------------------------------------------

    def own(self, axis: str) -> Signal:
        """1 in the direction's row of an axis, else 0; 1 everywhere in a local step."""
        self.row_axes[axis] = None
        return self.tracer.leaf("input", f"own_{axis}", (axis,))

    def push(self, parameter: str, factors: tuple[Place, ...]) -> Signal:
        """The number that a weight's direction adds at one use."""
        push = Push(parameter, factors)
        if push not in self.pushes:
            self.pushes.append(push)
        return self.tracer.leaf("input", f"push_{self.pushes.index(push)}", ())

    def dense(self, node: Node, dual: _Dual) -> Signal:
        """A tangent as one signal."""
        found = dual.dense
        if dual.own is not None:
            axis = node.axes[0]
            part = spread(dual.own, axis) if self.local else self.own(axis) * dual.own
            found = part if found is None else found + part
        if found is None:
            raise RuntimeError("a tangent without parts")
        return found

    def build(self) -> Tangent:
        graph, tracer = self.graph, self.tracer
        duals: dict[Node, _Dual] = {}
        for slot in graph.states:
            duals[slot.leaf] = _Dual(tracer.leaf("state", f"dot_{slot.name}", slot.leaf.axes))
        initial = {slot.declaration.initial for slot in graph.states}
        direct = tuple(
            name
            for name, leaf in graph.parameter_leaves.items()
            if leaf not in self.into_states and name not in initial
        )
        for node in graph.nodes():
            if not self.local and node not in self.into_states:
                continue  # what only the loss reads is derived backwards
            dual = self.tangent(node, duals, direct)
            if dual is not None:
                duals[node] = dual
        slots = []
        for slot in graph.states:
            following = duals.get(slot.following)
            leaf = duals[slot.leaf].dense
            if following is None:
                signal = self._zero(slot.leaf.axes)
            else:
                signal = self.dense(slot.following, following)
            if signal.axes != slot.leaf.axes:
                signal = spread(signal, slot.leaf.axes[0])
            slots.append(
                StateSlot(
                    f"dot_{slot.name}",
                    State(slot.leaf.axes),
                    leaf.node if leaf is not None else slot.leaf,
                    signal.node,
                )
            )
        sums = (
            self._local_sums(duals) if self.local else self._loss_sum(duals) if self.summed else []
        )
        slots += sums
        whole = Graph(
            tracer.name,
            {},
            tuple(slots),
            {**graph.parameters, **self.extra},
            (),
            {
                **{
                    name: tracer.leaf("parameter", name, leaf.axes).node
                    for name, leaf in graph.parameter_leaves.items()
                },
                **self.extra_leaves,
            },
        )
        whole.inputs.update({str(n.meta): n for n in whole.nodes() if n.op == "input"})
        states = {slot.name: slot.leaf for slot in graph.states}
        read = {**self.read, **{name: states[state] for name, state in self.before.items()}}
        whole, derived = hoist(whole, self.frames, read)
        for name in whole.inputs:
            if name in self.read:
                self.now[name] = self.frames.keep(self.read[name])
        self.now.update(derived)
        return Tangent(
            self.frames,
            whole,
            self.now,
            self.before,
            tuple(self.pushes),
            tuple(self.row_axes),
            direct,
            self.signals,
            tuple(s.name.removeprefix("sum_") for s in sums) if self.local else (),
            self.local,
            self.truncated,
        )

    def tangent(
        self, node: Node, duals: Mapping[Node, _Dual], direct: Sequence[str]
    ) -> _Dual | None:
        """The tangent of one node, None if it cannot move."""
        if node.op == "parameter":
            return self.of_parameter(node, direct)
        if node.op in LEAVES:
            return None
        if node.op == MARK:
            return None if self.truncated else duals.get(node.args[0])
        if node.op in LINEAR:
            return self.of_product(node, duals, direct)
        moving = {a: duals[a] for a in node.args if a in duals}
        if not moving:
            return None
        if node.op in ("add", "sub") and all(a.axes == node.axes for a in moving):
            return self.of_sum(node, duals)
        partials = OPS[node.op].partials
        if self.local and partials is None and node.op != "spread":
            self.cross(node, moving)
            return None
        dots = {a: self.dense(a, dual) for a, dual in moving.items()}
        forward = {a: self.value(a) for a in (*node.args, node)}
        found = tangent_of(node, forward, dots)
        return None if found is None else _Dual(found)

    def of_parameter(self, node: Node, direct: Sequence[str]) -> _Dual | None:
        """A vector's own row moves by 1, a scalar by 1; matrices move where they are used."""
        name = str(node.meta)
        if len(node.axes) > 1 or name in direct:
            return None
        push = self.push(name, ())
        return _Dual(None, push) if node.axes else _Dual(push)

    def of_sum(self, node: Node, duals: Mapping[Node, _Dual]) -> _Dual:
        """Sums add their parts separately, so that own rows are touched once."""
        a, b = (duals.get(argument) for argument in node.args)

        def joined(x: Signal | None, y: Signal | None) -> Signal | None:
            if y is None:
                return x
            if node.op == "sub":
                return -y if x is None else x - y
            return y if x is None else x + y

        a, b = a or _Dual(None), b or _Dual(None)
        return _Dual(joined(a.dense, b.dense), joined(a.own, b.own))

    def of_product(
        self, node: Node, duals: Mapping[Node, _Dual], direct: Sequence[str]
    ) -> _Dual | None:
        """A product moves with its vectors, and in the own row of its matrix."""
        matrix, vectors = node.args[0], node.args[1:]
        result = _Dual(None)
        if matrix.op == "parameter":
            if str(matrix.meta) not in direct:
                factors = tuple(self.place(v) for v in vectors)
                result.own = self.push(str(matrix.meta), factors)
        elif matrix.op != "parameter" and any(_holds_parameter(matrix)):
            raise ValueError(
                f"forward mode needs the matrices of products to be parameters as they stand, got "
                f"a computed or transposed one in {self.graph.name}; use BPTT"
            )
        moving = {v: duals[v] for v in vectors if v in duals}
        if moving and self.local:
            self.cross(node, moving)
            if self.diagonal and node.op == "matvec" and matrix.axes[0] == matrix.axes[1]:
                (v,) = vectors
                result.dense = self.diagonal_of(matrix) * self.dense(v, duals[v])
        elif moving:
            forward = {a: self.value(a) for a in node.args}
            forward[node] = forward[vectors[0]]  # linear: its own value is not read
            dots = {a: self.dense(a, dual) for a, dual in moving.items()}
            result.dense = tangent_of(node, forward, dots)
        return None if result.dense is None and result.own is None else result

    def diagonal_of(self, matrix: Node) -> Signal:
        """The diagonal of a square matrix of weights, as a vector of weights."""
        name = DIAGONAL + str(matrix.meta)
        signal = self.tracer.leaf("parameter", name, (matrix.axes[0],))
        self.extra[name] = Parameter((matrix.axes[0],), Constant(0.0))
        self.extra_leaves[name] = signal.node
        return signal

    def cross(self, node: Node, moving: Mapping[Node, _Dual]) -> None:
        """Note where a tangent leaves its row: there the loss' cotangent meets it."""
        for argument, dual in moving.items():
            if not is_given_up(node, argument, self.into_states):
                self.crossings.setdefault(argument, self.dense(argument, dual))

    # --- what is added up -------------------------------------------------------------------

    def _zero(self, axes: tuple[str, ...]) -> Signal:
        zero = Signal(self.tracer.node("constant", (), (), 0.0), self.tracer)
        return spread(zero, axes[0]) if axes else zero

    def _loss_sum(self, duals: Mapping[Node, _Dual]) -> list[StateSlot]:
        """The loss' cotangent of every state before the step meets its tangent."""
        total = self.tracer.leaf("state", "sum_loss", ())
        following = total
        for number, slot in enumerate(self.graph.states):
            name = f"learn_{number}"
            self.signals[name] = slot.leaf
            self.now[name] = name
            signal = self.tracer.leaf("input", name, slot.leaf.axes)
            tangent = self.dense(slot.leaf, duals[slot.leaf])
            following += dot(signal, tangent) if slot.leaf.axes else signal * tangent
        return [StateSlot("sum_loss", State(()), total.node, following.node)]

    def _local_sums(self, duals: Mapping[Node, _Dual]) -> list[StateSlot]:
        """For every row axis, the sum of learning signal times tangent."""
        added: dict[str, Signal] = {}
        for number, (node, tangent) in enumerate(self.crossings.items()):
            name = f"learn_{number}"
            self.signals[name] = node
            signal = self.tracer.leaf("input", name, node.axes)
            self.now[name] = name
            axis = node.axes[0] if node.axes else ""
            term = signal * tangent
            added[axis] = added[axis] + term if axis in added else term
        output = self.graph.outputs[0]
        if output in duals:
            raise ValueError("the loss needs to be a sum over the outputs")
        slots = []
        for axis, term in added.items():
            axes = (axis,) if axis else ()
            total = self.tracer.leaf("state", f"sum_{axis}", axes)
            slots.append(StateSlot(f"sum_{axis}", State(axes), total.node, (total + term).node))
        return slots


def _holds_parameter(node: Node) -> list[bool]:
    return [True] if node.op == "parameter" else [x for a in node.args for x in _holds_parameter(a)]
