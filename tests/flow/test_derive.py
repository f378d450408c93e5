"""Derivatives of drawn graphs: central differences, the adjoint identity, marks, transposition."""

import dataclasses

import numpy as np
import pytest
from drawn_cells import cells
from hypothesis import given, settings
from hypothesis import strategies as st

from evornn.cells import elman, lstm
from evornn.flow import cell, matrix, vector
from evornn.flow.derive import jvp, vjp, without_marks
from evornn.flow.graph import Graph, StateSlot
from evornn.flow.interpret import evaluate, sizes_of
from evornn.flow.language import concatenate, dot, tanh, total, truncate_here, window
from evornn.flow.ops import OPS
from evornn.flow.trace import Tracer

SIZES = {"input": 2, "hidden": 3, "other": 4, "output": 2}
DRAWN = settings(max_examples=120)


def everything(graph):
    """Names of all parameters and inputs."""
    return [*graph.parameters, *graph.inputs]


def of_axes(axes, rng):
    return rng.standard_normal(tuple(sizes_of(axes, SIZES)))


def values_at(graph, leaves):
    """Outputs and following states, one after the other."""
    values = evaluate(graph.nodes(), leaves, SIZES)
    roots = [*graph.outputs, *(slot.following for slot in graph.states)]
    return [np.asarray(values[root]) for root in roots]


class Derived:
    """A graph at a random point, and both of its derivatives there."""

    def __init__(self, graph, rng, **settings):
        self.graph, self.rng = graph, rng
        leaves = [*graph.inputs.values(), *graph.parameter_leaves.values()]
        leaves += [slot.leaf for slot in graph.states]
        self.point = {leaf: 0.8 * of_axes(leaf.axes, rng) for leaf in leaves}
        self.dots = {leaf: of_axes(leaf.axes, rng) for leaf in leaves}
        self.transposed = vjp(graph, everything(graph), **settings)
        self.doubled = jvp(graph, everything(graph), **settings)

    def named(self, values):
        return {leaf.meta: value for leaf, value in values.items()}

    def tangents(self):
        """J dot, by forward mode."""
        doubled = self.doubled
        point, dots = self.named(self.point), self.named(self.dots)
        leaves = {leaf: point[name] for name, leaf in doubled.parameter_leaves.items()}
        for name, leaf in doubled.inputs.items():
            is_tangent = name.startswith("dot_")
            leaves[leaf] = dots[name.removeprefix("dot_")] if is_tangent else point[name]
        before = len(self.graph.states)
        for slot in doubled.states[:before]:
            leaves[slot.leaf] = point[slot.name]
        for slot in doubled.states[before:]:
            leaves[slot.leaf] = dots[slot.name.removeprefix("dot_")]
        values = values_at(doubled, leaves)
        outputs = len(self.graph.outputs)
        states = values[2 * outputs :]
        np.testing.assert_equal(
            [*values[:outputs], *states[:before]], values_at(self.graph, self.point)
        )
        return [*values[outputs : 2 * outputs], *states[before:]]

    def cotangents(self, bars):
        """J^T bar by the leaf's name, by reverse mode."""
        transposed = self.transposed
        point = self.named(self.point)
        outputs = len(self.graph.outputs)
        given_bars = {f"bar_{k}": bar for k, bar in enumerate(bars[:outputs])}
        leaves = {leaf: {**point, **given_bars}[n] for n, leaf in transposed.inputs.items()}
        leaves |= {leaf: point[name] for name, leaf in transposed.parameter_leaves.items()}
        leaves |= dict(zip([s.leaf for s in transposed.states], bars[outputs:], strict=True))
        found = values_at(transposed, leaves)
        names = [*everything(self.graph), *(slot.name for slot in self.graph.states)]
        return dict(zip(names, found, strict=True))

    def differences(self, step=1e-6):
        """J dot, by central differences."""
        ends = [
            values_at(self.graph, {n: v + way * step * self.dots[n] for n, v in self.point.items()})
            for way in (1, -1)
        ]
        return [(up - down) / (2 * step) for up, down in zip(*ends, strict=True)]

    def gaps(self):
        """Against central differences (relative), and of <bar, J dot> from <J^T bar, dot>."""
        tangents, slopes = self.tangents(), self.differences()
        far = max(
            float(np.max(np.abs(t - s) / np.maximum(1, np.abs(s)), initial=0))
            for t, s in zip(tangents, slopes, strict=True)
        )
        bars = [self.rng.standard_normal(np.shape(t)) for t in tangents]
        forward = sum(np.sum(b * t) for b, t in zip(bars, tangents, strict=True))
        size = sum(np.sum(np.abs(b * t)) for b, t in zip(bars, tangents, strict=True))
        dots, found = self.named(self.dots), self.cotangents(bars)
        backward = sum(np.sum(found[name] * dots[name]) for name in found)
        return far, abs(forward - backward) / max(1, size)


@DRAWN
@given(cells(), st.integers(0, 2**32 - 1))
def test_drawn_graphs_have_the_slopes_of_central_differences(drawn, seed):
    # One draw in many lies within 1e-6 of a kink (relu, abs, largest); no other draw then does.
    gaps = [Derived(drawn.graph, np.random.default_rng([seed, k])).gaps()[0] for k in range(2)]
    assert min(gaps) < 1e-6


@DRAWN
@given(cells(), st.integers(0, 2**32 - 1))
def test_reverse_mode_is_the_adjoint_of_forward_mode(drawn, seed):
    assert Derived(drawn.graph, np.random.default_rng(seed)).gaps()[1] < 1e-12


def worst_of_everything(rng):
    """The largest gaps on a cell in which every planted mistake matters."""

    @cell
    def probe(
        x,
        h,
        *,
        W=matrix("hidden", "input"),
        U=matrix("hidden", "hidden"),
        b=vector("hidden"),
    ):
        a = W @ x + U @ h + b
        joined = concatenate(tanh(a), window(h, "1", "hidden"))
        return tanh(a) * total(joined) + dot(h, a) / (2.5 + tanh(b))

    return Derived(probe.graph, rng).gaps()


def test_the_right_table_passes(rng):
    far, gap = worst_of_everything(rng)
    assert far < 1e-7
    assert gap < 1e-13


@pytest.mark.parametrize("name", ["tanh", "div", "mul"])
def test_a_wrong_partial_is_caught(name, rng, monkeypatch):
    right = OPS[name].partials
    wrong = (*right[:-1], lambda *args: -1.0 * right[-1](*args))
    monkeypatch.setitem(OPS, name, dataclasses.replace(OPS[name], partials=wrong))
    far, gap = worst_of_everything(rng)
    assert far > 1e-2  # both modes read the same wrong row, so only differences can tell
    assert gap < 1e-12


@pytest.mark.parametrize("name", ["matvec", "window", "concatenate", "dot", "total"])
def test_a_wrong_adjoint_is_caught(name, rng, monkeypatch):
    right = OPS[name].adjoint

    def wrong(bar, meta, *args):
        bars = right(bar, meta, *args)
        return tuple(bar if len(bar.axes) > 1 else -1.0 * bar for bar in bars)

    monkeypatch.setitem(OPS, name, dataclasses.replace(OPS[name], adjoint=wrong))
    far, gap = worst_of_everything(rng)
    assert far < 1e-7  # forward mode puts the tangent in its place and reads no adjoint
    assert gap > 1e-3


def test_a_mark_cuts_the_truncated_derivative_and_no_other(rng):
    @cell
    def marked(x, h, *, W=matrix("hidden", "input"), U=matrix("hidden", "hidden")):
        return tanh(W @ x + U @ truncate_here(h)) + 0.5 * h

    @cell
    def plain(x, h, *, W=matrix("hidden", "input"), U=matrix("hidden", "hidden")):
        return tanh(W @ x + U @ h) + 0.5 * h

    exact = Derived(marked.graph, rng)
    assert exact.gaps()[0] < 1e-7
    assert str(vjp(marked.graph)) == str(vjp(plain.graph)).replace("plain", "marked")
    assert str(without_marks(marked.graph)) == str(plain.graph).replace("plain", "marked")
    assert without_marks(plain.graph) is plain.graph

    cut = Derived(marked.graph, rng, truncated=True)
    bars = [np.zeros(3), rng.standard_normal(3)]
    found = cut.cotangents(bars)
    np.testing.assert_allclose(found["h"], 0.5 * bars[1], rtol=1e-15)
    x, h, w, u = (cut.named(cut.point)[name] for name in ("x", "h", "W", "U"))
    slope = (1 - np.tanh(w @ x + u @ h) ** 2) * bars[1]
    np.testing.assert_allclose(found["U"], np.outer(slope, h), rtol=1e-13)  # weights still learn
    dots = cut.named(cut.dots)
    moved = (1 - np.tanh(w @ x + u @ h) ** 2) * (dots["W"] @ x + dots["U"] @ h + w @ dots["x"])
    np.testing.assert_allclose(cut.tangents()[1], moved + 0.5 * dots["h"], rtol=1e-12)
    assert cut.gaps()[1] < 1e-13  # the truncated modes are each other's adjoint as well


@pytest.mark.parametrize("derive", [vjp, jvp])
def test_an_unknown_name_is_named(derive):
    with pytest.raises(ValueError, match=r"of elman needs names out of x, W, U, b, got 'V'"):
        derive(elman.graph, ["W", "V"])


def test_the_asked_for_cotangents_are_the_outputs_in_order():
    back = vjp(lstm.graph, ["b_f", "x"])
    assert [output.axes for output in back.outputs] == [("hidden",), ("input",)]
    assert [slot.name for slot in back.states] == ["bar_h", "bar_c"]
    assert list(back.inputs) == ["x", "h", "c", "bar_0"]
    forward = jvp(lstm.graph, ["b_f", "x"])
    assert list(forward.inputs) == ["x", "dot_b_f", "dot_x"]
    assert [slot.name for slot in forward.states] == ["h", "c", "dot_h", "dot_c"]


def test_the_transposed_step_runs_backwards_as_a_cell_and_is_backpropagation(rng):
    w = {"W": (3, 2), "U": (3, 3), "b": (3,)}
    w = {name: rng.standard_normal(shape) for name, shape in w.items()}
    xs, errors = rng.standard_normal((6, 2)), rng.standard_normal((6, 3))  # dl_t / dh_t
    h = [np.zeros(3)]
    for x in xs:
        h.append(np.tanh(w["W"] @ x + w["U"] @ h[-1] + w["b"]))
    by_hand = {name: np.zeros_like(value) for name, value in w.items()}
    later = np.zeros(3)
    for t in reversed(range(6)):
        delta = (1 - h[t + 1] ** 2) * (errors[t] + later)
        by_hand["W"] += np.outer(delta, xs[t])
        by_hand["U"] += np.outer(delta, h[t])
        by_hand["b"] += delta
        later = w["U"].T @ delta

    back = vjp(elman.graph)
    leaves = {leaf: w[name] for name, leaf in back.parameter_leaves.items()}
    state = {slot.leaf: np.zeros(3) for slot in back.states}
    sums = dict.fromkeys(w, 0.0)
    for t in reversed(range(6)):
        read = {"x": xs[t], "h": h[t], "bar_0": errors[t]}
        given_now = {leaf: read[name] for name, leaf in back.inputs.items()}
        values = evaluate(back.nodes(), {**leaves, **state, **given_now}, SIZES)
        for name, output in zip(w, back.outputs, strict=True):
            sums[name] = sums[name] + values[output]
        state = {slot.leaf: values[slot.following] for slot in back.states}
    for name in w:
        np.testing.assert_allclose(sums[name], by_hand[name], rtol=1e-12, atol=1e-14)


def test_the_transposed_linear_graph_has_the_same_response_to_an_impulse(rng):
    @cell
    def linear(x, h, *, W=matrix("hidden", "input"), U=matrix("hidden", "hidden")):
        return W @ x + U @ h

    w = {"W": rng.standard_normal((3, 2)), "U": 0.5 * rng.standard_normal((3, 3))}
    back = vjp(linear.graph, ["x"])
    leaves = {leaf: w[name] for name, leaf in back.parameter_leaves.items()}
    still = {leaf: np.zeros(tuple(sizes_of(leaf.axes, SIZES))) for leaf in back.inputs.values()}
    for unit in range(3):
        state = {slot.leaf: np.zeros(3) for slot in back.states}
        response = w["W"]
        for lag in range(5):  # from an output back to the inputs, as many steps before
            still[back.inputs["bar_0"]] = np.eye(3)[unit] * (lag == 0)
            values = evaluate(back.nodes(), {**leaves, **state, **still}, SIZES)
            np.testing.assert_allclose(values[back.outputs[0]], response[unit], atol=1e-14)
            state = {slot.leaf: values[slot.following] for slot in back.states}
            response = w["U"] @ response
    assert "transposed" in str(back)


def test_what_nothing_depends_on_has_a_derivative_of_zero(rng):
    tracer = Tracer("idle")
    x = tracer.leaf("input", "x", ("input",))
    h, s = tracer.leaf("state", "h", ("hidden",)), tracer.leaf("state", "s", ())
    idle = matrix("hidden", "input")
    leaf = tracer.leaf("parameter", "W", ("hidden", "input"))
    state = elman.graph.states[0].declaration
    slots = (
        StateSlot("h", state, h.node, h.node),
        StateSlot("s", dataclasses.replace(state, axes=()), s.node, s.node),
    )
    graph = Graph("idle", {"x": x.node}, slots, {"W": idle}, (x.node,), {"W": leaf.node})
    derived = Derived(graph, rng)
    assert derived.gaps() == (pytest.approx(0, abs=1e-8), pytest.approx(0, abs=1e-14))
    found = derived.cotangents([np.ones(2), np.ones(3), np.ones(())])
    np.testing.assert_array_equal(found["W"], np.zeros((3, 2)))
    np.testing.assert_array_equal(found["h"], np.ones(3))
