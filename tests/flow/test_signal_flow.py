"""A signal-flow graph beside its transpose, against the derivative that the op table gives."""

import re

import numpy as np
import pytest

from evornn.cells import ZOO, elman, gru, lstm, second_order
from evornn.flow import cell, matrix, transposition_dot
from evornn.flow.derive import vjp
from evornn.flow.interpret import evaluate
from evornn.flow.language import sigmoid, tanh
from evornn.flow.signal_flow import signal_flow

EDGE = re.compile(r"^    ([ft])(\d+) -> [ft](\d+)", re.MULTILINE)


@cell
def differences(x, h, *, W=matrix("hidden", "input"), U=matrix("hidden", "hidden")):
    """Differences of sums, a product with itself, a signal that is read three times."""
    a = tanh(W @ x - (h - U @ h))
    return sigmoid(a - h * 0.5) * a + a * a


def arrows(text, letter):
    """The edges of one cluster as (from, to)."""
    return [(int(a), int(b)) for kind, a, b in EDGE.findall(text) if kind == letter]


@pytest.mark.parametrize("drawn", ZOO.values(), ids=list(ZOO))
def test_every_arrow_is_reversed_in_the_transpose(drawn):
    text = transposition_dot(drawn.graph)
    forwards, backwards = arrows(text, "f"), arrows(text, "t")
    assert forwards
    assert backwards == [(b, a) for a, b in forwards]
    assert text.count("z⁻¹") == text.count("z⁺¹") == len(drawn.graph.states)


@pytest.mark.parametrize("drawn", ZOO.values(), ids=list(ZOO))
def test_sums_and_branch_points_are_exchanged(drawn):
    flow = signal_flow(drawn.graph)
    for place, junction in enumerate(flow.junctions):
        entering = sum(b.target == place for b in flow.branches)
        leaving = sum(b.source == place for b in flow.branches)
        if junction.kind == "sum":
            assert (junction.label, junction.transposed) == ("+", "•")
            assert entering > 1
        if junction.kind == "branch":
            assert (junction.label, junction.transposed) == ("•", "+")
            assert entering == 1
            assert leaving > 1
        elif junction.kind not in ("output", "state"):
            assert leaving == 1


def test_elmans_network_is_drawn_as_in_the_books():
    labels = [(j.label, j.transposed) for j in signal_flow(elman.graph).junctions]
    bar = "\u0304"
    assert set(labels) == {
        ("x", f"x{bar}"),
        ("W", "W\u1d40"),
        ("z\u207b\u00b9\nh", f"z\u207a\u00b9\nh{bar}"),
        ("U", "U\u1d40"),
        ("b", f"b{bar}"),
        ("+", "\u2022"),
        ("tanh", "tanh\u2032"),
        ("\u2022", "+"),
        ("y", f"y{bar}"),
    }
    assert len(labels) == 9


SIZES = {"input": 1, "output": 1, "hidden": 1}  # every matrix is a number: gains can be multiplied


def flowing_back(drawn, values):
    """What arrives at each source and state of the drawing when 1 enters at y and at each state.

    Follows the drawn branches, with the signals' values for their factors; slopes are differences.
    """
    flow = signal_flow(drawn.graph)
    ahead = [b for b in flow.branches if flow.junctions[b.target].kind != "state"]
    arrived = np.zeros(len(flow.junctions))
    for branch in flow.branches:
        if flow.junctions[branch.target].kind == "state":
            arrived[branch.source] += 1.0  # the state's cotangent, from the step after
    waiting = {k: sum(b.source == k for b in ahead) for k in range(len(flow.junctions))}
    ready = [k for k, count in waiting.items() if count == 0]
    while ready:
        place = ready.pop()
        junction = flow.junctions[place]
        if junction.kind == "output":
            arrived[place] += 1.0
        for branch in (b for b in ahead if b.target == place):
            gain = float(branch.sign)
            if branch.factor is not None:
                gain *= values[branch.factor].item()
            if junction.kind == "linear":
                gain *= values[junction.node.args[0]].item()
            if junction.kind == "function":
                gain *= slope(junction.node, values)
            arrived[branch.source] += arrived[place] * gain
            waiting[branch.source] -= 1
            if waiting[branch.source] == 0:
                ready.append(branch.source)
    return {
        str(j.node.meta): arrived[k]
        for k, j in enumerate(flow.junctions)
        if j.kind in ("source", "state")
    }


def slope(node, values):
    """Derivative of a function of one signal, by central differences."""
    (argument,) = (a for a in node.args if a.op not in ("constant", "parameter"))
    step = 1e-6

    def at(x):
        leaves = {a: values[a] for a in node.args} | {argument: np.atleast_1d(x)}
        return float(evaluate([node], leaves, SIZES)[node][0])

    x = values[argument][0]
    return (at(x + step) - at(x - step)) / (2 * step)


@pytest.mark.parametrize(
    "drawn", [elman, gru, lstm, second_order, differences], ids=lambda c: c.name
)
def test_what_flows_through_the_drawn_transpose_is_the_derivative(drawn, rng):
    graph = drawn.graph
    leaves = {
        leaf: rng.uniform(0.3, 1.2, [1] * len(leaf.axes))
        for leaf in [
            *graph.inputs.values(),
            *graph.parameter_leaves.values(),
            *(s.leaf for s in graph.states),
        ]
    }
    drawing = flowing_back(drawn, evaluate(graph.nodes(), leaves, SIZES))

    wanted = [*graph.inputs, *(n for n, p in graph.parameters.items() if len(p.axes) == 1)]
    back = vjp(graph, wanted)
    named = {str(leaf.meta): value for leaf, value in leaves.items()}
    entering = {leaf: named.get(n, np.ones(1)) for n, leaf in back.inputs.items()}
    entering |= {leaf: named[n] for n, leaf in back.parameter_leaves.items()}
    entering |= {s.leaf: np.ones(1) for s in back.states}
    found = evaluate(back.nodes(), entering, SIZES)
    expected = {n: found[o][0] for n, o in zip(wanted, back.outputs, strict=True)}
    expected |= {s.name.removeprefix("bar_"): found[s.following][0] for s in back.states}
    assert drawing.keys() <= expected.keys()
    for name, value in expected.items():  # a state's start is no part of the step
        np.testing.assert_allclose(drawing.get(name, 0.0), value, rtol=1e-8, err_msg=name)
