"""Tapes and tangent steps on NumPy arrays: what their kernels compute, without compiling one.

A frame is a dictionary here; the sums of outer products are formed one step after the other; and
every lane of a tangent step is a run by itself.
"""

import itertools

import numpy as np

from evornn.flow.graph import Graph
from evornn.flow.interpret import evaluate, sizes_of
from evornn.simd.learning_signal import instant_tape
from evornn.simd.tangent import DIAGONAL


class Drawn:
    """A step with its loss, sizes, random weights and a random sequence."""

    def __init__(self, graph, sizes, rng, steps=4):
        self.graph, self.sizes, self.steps = graph, sizes, steps
        self.weights = {
            name: self._draw(leaf.axes, rng) for name, leaf in graph.parameter_leaves.items()
        }
        self.inputs = [
            {name: self._draw(leaf.axes, rng) for name, leaf in graph.inputs.items()}
            for _ in range(steps)
        ]
        for read in self.inputs:
            read["scored"] = (read["scored"] > -0.3).astype(float)

    def _draw(self, axes, rng):
        return 0.7 * rng.standard_normal(tuple(sizes_of(axes, self.sizes)))

    def zero(self, axes):
        return np.zeros(tuple(sizes_of(axes, self.sizes)))

    def start(self, slot):
        start = slot.declaration.initial
        if isinstance(start, str):
            return self.weights[start]
        return np.full(tuple(sizes_of(slot.declaration.axes, self.sizes)), float(start))

    def frames(self, frames):
        """The frame of every step, after that of the states before the first step."""
        forward = frames.forward
        fixed = {leaf: self.weights[name] for name, leaf in forward.parameter_leaves.items()}
        nodes = Graph("", {}, (), {}, tuple(frames.kept.values())).nodes()
        made = [{slot.name: self.start(slot) for slot in forward.states}]
        for read in self.inputs:
            now = {leaf: read[name] for name, leaf in forward.inputs.items()}
            before = {slot.leaf: made[-1][slot.name] for slot in forward.states}
            values = evaluate(nodes, {**fixed, **now, **before}, self.sizes)
            made.append({name: values[node] for name, node in frames.kept.items()})
        return made

    def transposed(self, tape, frames, times, slopes):
        """Run the transposed step over frames, adding to slopes; the cotangents that remain."""
        back = tape.backward
        fixed = {leaf: self.weights[name] for name, leaf in back.parameter_leaves.items()}
        states = {slot.leaf: self.zero(slot.leaf.axes) for slot in back.states}
        for t in times:
            read = {"bar_loss": 1.0}
            read |= {name: frames[t][kept] for name, kept in tape.now.items() if kept in frames[t]}
            read |= {name: frames[t - 1][kept] for name, kept in tape.before.items()}
            now = {leaf: read[name] for name, leaf in back.inputs.items()}
            roots = (*back.outputs, *(slot.following for slot in back.states))
            nodes = Graph("", {}, (), {}, roots).nodes()
            values = evaluate(nodes, {**fixed, **states, **now}, self.sizes)
            made = dict(zip([*tape.records, *tape.written], back.outputs, strict=True))
            record = {name: values[node] for name, node in made.items()}
            frames[t].update({name: record[name] for name in tape.written})
            where = {"record": record, "frame": frames[t], "before": frames[t - 1]}
            for product in tape.products:
                factors = [where[p.where][p.name] for p in (product.left, *product.right)]
                whole = factors[0]
                for factor in factors[1:]:
                    whole = np.multiply.outer(whole, factor)
                slopes[product.parameter] += np.transpose(whole, product.order)
            states = {slot.leaf: values[slot.following] for slot in back.states}
        for slot in back.states:
            if slot.name.startswith("sum_"):
                slopes[slot.name.removeprefix("sum_")] += states[slot.leaf]
        return {slot.name: states[slot.leaf] for slot in back.states}

    def slopes(self):
        return {name: np.zeros_like(value) for name, value in self.weights.items()}

    def by_tape(self, tape):
        """The gradient of the sum of losses, by name: backpropagation on frames."""
        slopes = self.slopes()
        frames = self.frames(tape.frames)
        left = self.transposed(tape, frames, range(self.steps, 0, -1), slopes)
        for slot in self.graph.states:
            if isinstance(slot.declaration.initial, str):
                slopes[slot.declaration.initial] += left[f"bar_{slot.name}"]
        return slopes

    def by_tangent(self, tangent):
        """The gradient of the sum of losses, by name: the tangent step, a run for each lane."""
        slopes = self.slopes()
        instant = instant_tape(tangent)
        frames = self.frames(tangent.frames)
        for t in range(1, self.steps + 1):
            self.transposed(instant, frames, [t], slopes)
        if not tangent.local:
            for name, value in self.weights.items():
                for index in np.ndindex(value.shape):
                    sums = self._lane(tangent, frames, name, index[:1], index[1:])
                    slopes[name][index] += sums["sum_loss"]
            return slopes
        graph = tangent.frames.graph
        for name, value in self.weights.items():
            if name not in tangent.direct:
                for columns in np.ndindex(value.shape[1:]):
                    sums = self._lane(tangent, frames, name, (), columns)
                    self._add_local(slopes[name], sums, graph.parameters[name].axes, columns)
        return slopes

    def _add_local(self, slope, sums, axes, columns):
        for name, value in sums.items():
            axis = name.removeprefix("sum_")
            if not axes:
                slope[...] += value.sum()
            elif axes[0] == axis:
                slope[(..., *columns)] += value

    def _lane(self, tangent, frames, name, row, columns):
        """The sums that the direction of one weight (locally: of a column of weights) leaves."""
        graph, local = tangent.graph, tangent.local
        axes = tangent.frames.graph.parameters[name].axes
        fixed = {
            leaf: np.diagonal(self.weights[key.removeprefix(DIAGONAL)])
            if key.startswith(DIAGONAL)
            else self.weights[key]
            for key, leaf in graph.parameter_leaves.items()
        }
        states = {slot.leaf: self.zero(slot.leaf.axes) for slot in graph.states}
        for slot, before in itertools.product(graph.states, tangent.frames.graph.states):
            if slot.name == f"dot_{before.name}" and before.declaration.initial == name:
                states[slot.leaf] = np.zeros(np.shape(self.weights[name]))
                states[slot.leaf][row if row and not local else ...] = 1
        for t in range(1, self.steps + 1):
            read = {key: frames[t][kept] for key, kept in tangent.now.items()}
            read |= {key: frames[t - 1][kept] for key, kept in tangent.before.items()}
            for axis in tangent.row_axes:
                read[f"own_{axis}"] = self.zero((axis,))
                if row and axes[0] == axis:
                    read[f"own_{axis}"][row[0]] = 1
            for number, push in enumerate(tangent.pushes):
                mine = push.parameter == name
                moved = float(mine)
                for place, column in zip(push.factors if mine else (), columns, strict=False):
                    moved *= frames[t if place.where == "frame" else t - 1][place.name][column]
                read[f"push_{number}"] = moved
            now = {leaf: read[key] for key, leaf in graph.inputs.items()}
            values = evaluate(graph.nodes(), {**fixed, **states, **now}, self.sizes)
            states = {slot.leaf: values[slot.following] for slot in graph.states}
        return {s.name: states[s.leaf] for s in graph.states if s.name.startswith("sum_")}


def by_vjp(drawn, back):
    """The gradient of the sum of losses, by name: the transposed graph on whole steps."""
    graph, slopes = drawn.graph, drawn.slopes()
    fixed = {leaf: drawn.weights[name] for name, leaf in graph.parameter_leaves.items()}
    states = {slot.name: drawn.start(slot) for slot in graph.states}
    tape = []
    for read in drawn.inputs:
        tape.append({**read, **states, "bar_0": 1.0})
        leaves = {slot.leaf: states[slot.name] for slot in graph.states}
        leaves |= {leaf: read[name] for name, leaf in graph.inputs.items()}
        values = evaluate(graph.nodes(), {**fixed, **leaves}, drawn.sizes)
        states = {slot.name: values[slot.following] for slot in graph.states}
    fixed = {leaf: drawn.weights[name] for name, leaf in back.parameter_leaves.items()}
    bars = {slot.leaf: drawn.zero(slot.leaf.axes) for slot in back.states}
    for read in reversed(tape):
        now = {leaf: read[name] for name, leaf in back.inputs.items()}
        values = evaluate(back.nodes(), {**fixed, **bars, **now}, drawn.sizes)
        for name, node in zip(graph.parameters, back.outputs, strict=True):
            slopes[name] += values[node]
        bars = {slot.leaf: values[slot.following] for slot in back.states}
    for slot, before in zip(back.states, graph.states, strict=True):
        if isinstance(before.declaration.initial, str):
            slopes[before.declaration.initial] += bars[slot.leaf]
    return slopes


def gap(found, wanted):
    """The largest difference of two gradients by name, over the largest entry."""
    size = max([1.0, *(float(np.abs(w).max()) for w in wanted.values() if w.size)])
    return max(float(np.abs(found[n] - w).max()) for n, w in wanted.items() if w.size) / size
