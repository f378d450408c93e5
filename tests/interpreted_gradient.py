"""Gradients by the interpreter: the oracle of every gradient kernel, slow and plain.

The loss is computed step by step in NumPy, float64; its derivative by the transposed step of
`flow.derive.vjp`, or by central differences of the loss itself.
"""

import numpy as np

from evornn.flow.derive import vjp
from evornn.flow.interpret import evaluate, sizes_of
from evornn.gradient.batch import marks_of
from evornn.gradient.loss import LOSSES, with_loss
from evornn.tasks.part import Part


def drawn_part(rng, lengths, inputs=2, outputs=2, share=0.5):
    """Sequences of the given lengths, of whose targets a share is scored, at least one of each."""
    xs = [rng.standard_normal((t, inputs)) for t in lengths]
    ys = [rng.standard_normal((t, outputs)) for t in lengths]
    masks = [rng.random((t, outputs)) < share for t in lengths]
    for mask in masks:
        mask[len(mask) // 2, 0] = True
    return Part(tuple(xs), tuple(ys), tuple(masks))


def perturbed(network, rng, count):
    """Initial chromosomes, moved so that no weight is 0 and no gate rests where it started."""
    genes = network.initial(rng, count)
    return genes + 0.2 * rng.standard_normal(genes.shape)


class ByInterpreter:
    """Loss and gradient of one network on a part."""

    def __init__(self, network, part, loss="mse", truncated=False):
        self.network, self.part = network, part
        self.loss = LOSSES[loss] if isinstance(loss, str) else loss
        self.graph = with_loss(network.graph, self.loss)
        self.back = vjp(self.graph, truncated=truncated)
        self.sizes = network.sizes
        self.marks = marks_of(part, range(part.sequences), self.loss)
        self.input = next(iter(network.graph.inputs))

    def weights(self, chromosome):
        """Named weights, float64."""
        named = self.network.unpack(np.asarray(chromosome, dtype=self.network.dtype))
        return {name: np.asarray(w, dtype=np.float64) for name, w in named.items()}

    def forward(self, weights, k):
        """The steps' losses of one sequence, and what its transposed steps read."""
        graph, part = self.graph, self.part
        leaves = {leaf: weights[name] for name, leaf in graph.parameter_leaves.items()}
        for slot in graph.states:
            start = slot.declaration.initial
            shape = tuple(sizes_of(slot.declaration.axes, self.sizes))
            leaves[slot.leaf] = (
                weights[start] if isinstance(start, str) else np.full(shape, float(start))
            )
        nodes, losses, tape = graph.nodes(), [], []
        for x, y, mark in zip(part.inputs[k], part.targets[k], self.marks.marks[k], strict=True):
            read = {self.input: x, "target": np.where(mark, y, 0.0), "scored": mark.astype(float)}
            read = {
                name: np.asarray(v, self.network.dtype).astype(float) for name, v in read.items()
            }
            given = {graph.inputs[name]: value for name, value in read.items()}
            values = evaluate(nodes, {**leaves, **given}, self.sizes)
            tape.append({**read, **{s.name: leaves[s.leaf] for s in graph.states}})
            losses.append(float(values[graph.outputs[0]]))
            leaves.update({slot.leaf: values[slot.following] for slot in graph.states})
        return np.array(losses), tape

    def value(self, chromosome):
        """The mean loss."""
        weights = self.weights(chromosome)
        sums = [self.forward(weights, k)[0].sum() for k in range(self.part.sequences)]
        return sum(sums) / self.marks.total

    def backward(self, weights, tape, end, steps, seeded, slopes):
        """Add what the last `seeded` of the steps before `end` cost, `steps` back, to slopes."""
        back = self.back
        nodes = back.nodes()
        fixed = {leaf: weights[name] for name, leaf in back.parameter_leaves.items()}
        bars = {
            slot.leaf: np.zeros(tuple(sizes_of(slot.leaf.axes, self.sizes))) for slot in back.states
        }
        for count, t in enumerate(range(end - 1, end - 1 - steps, -1)):
            given = {**tape[t], "bar_0": 1.0 if count < seeded else 0.0}
            read = {leaf: given[name] for name, leaf in back.inputs.items()}
            values = evaluate(nodes, {**fixed, **bars, **read}, self.sizes)
            for name, node in zip(self.graph.parameters, back.outputs, strict=True):
                slopes[name] += values[node]
            bars = {slot.leaf: values[slot.following] for slot in back.states}
        if steps == end:  # the start is reached: states that start at a weight move with it
            for slot, before in zip(back.states, self.graph.states, strict=True):
                if isinstance(before.declaration.initial, str):
                    slopes[before.declaration.initial] += bars[slot.leaf]

    def gradient(self, chromosome, window=None, every=None):
        """The derivative of the mean loss, axes (gene); BPTT(window; every)."""
        weights = self.weights(chromosome)
        slopes = {name: np.zeros(np.shape(w)) for name, w in weights.items()}
        for k in range(self.part.sequences):
            _, tape = self.forward(weights, k)
            length = len(tape)
            stride = every or window or length
            for start in range(0, length, stride):
                steps = min(stride, length - start)
                end = start + steps
                self.backward(weights, tape, end, min(window or length, end), steps, slopes)
        return self.packed(slopes) / self.marks.total

    def packed(self, slopes):
        """Slopes by name as a row of genes; masked and fixed entries have none."""
        genes = np.zeros(self.network.genes)
        for name, addresses in self.network.map.addresses.items():
            free = addresses >= 0
            genes[addresses[free]] = np.asarray(slopes[name])[free]
        return genes

    def differences(self, chromosome, step=1e-6):
        """The gradient by central differences of the loss."""
        moves = step * np.eye(len(chromosome))
        return np.array(
            [(self.value(chromosome + m) - self.value(chromosome - m)) / (2 * step) for m in moves]
        )


def assert_gradients_agree(got, wanted, tolerance=1e-12):
    """Equal to `tolerance` times the largest entry; NaN nowhere."""
    got, wanted = np.asarray(got, dtype=np.float64), np.asarray(wanted, dtype=np.float64)
    assert got.shape == wanted.shape
    assert np.isfinite(wanted).all()
    assert np.abs(wanted).max() > 1e-6, "a gradient of zeros shows nothing"
    error = np.abs(got - wanted).max() / max(1.0, np.abs(wanted).max())
    assert error < tolerance, f"the gradients differ by {error:.1e}"
