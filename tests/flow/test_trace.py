"""What an author of a cell hears when the equations do not fit."""

import re

import numpy as np
import pytest

from evornn.cells import elman, jordan, lstm
from evornn.flow import Normal, Uniform, cell, matrix, scalar, state, tensor, vector
from evornn.flow.language import (
    bilinear,
    concatenate,
    dot,
    part,
    spread,
    tanh,
    total,
    transpose,
    where,
    window,
)
from evornn.flow.signal import Signal, apply
from evornn.network import Network


def traced(equations, **parameters):
    """A cell whose equations are given, with matrices of every kind to read."""

    def my_cell(
        x,
        h,
        *,
        W=matrix("hidden", "input"),
        U=matrix("hidden", "hidden"),
        T=tensor("hidden", "hidden", "input"),
        b=vector("hidden"),
        a=scalar(1.0),
    ):
        return equations(x, h, W, U, T, b, a)

    return cell(my_cell)


MISFITS = {
    "x + h": (
        lambda x, h, W, U, T, b, a: x + h,
        "`x + h` in cell `my_cell` needs axes that are the same, or scalars, got (input) and "
        "(hidden)",
    ),
    "W @ h": (
        lambda x, h, W, U, T, b, a: tanh(W @ h),
        "`W @ h` in cell `my_cell` needs axes (n, m) and (m), got (hidden, input) and (hidden)",
    ),
    "x @ W": (
        lambda x, h, W, U, T, b, a: x @ W,
        "`x @ W` in cell `my_cell` needs axes (n, m) and (m), got (input) and (hidden, input)",
    ),
    "W @ U": (
        lambda x, h, W, U, T, b, a: U @ W,
        "`U @ W` in cell `my_cell` needs axes (n, m) and (m)",
    ),
    "bilinear": (
        lambda x, h, W, U, T, b, a: bilinear(T, x, h),
        "`bilinear(T, x, h)` in cell `my_cell` needs axes (n, a, b), (a) and (b), got (hidden, "
        "hidden, input) and (input) and (hidden)",
    ),
    "transpose": (
        lambda x, h, W, U, T, b, a: transpose(W, (0, 1, 2)) @ h,
        "`transpose(W, (0, 1, 2))` in cell `my_cell` needs axes as many as the order names",
    ),
    "dot": (
        lambda x, h, W, U, T, b, a: h * dot(x, h),
        "`dot(x, h)` in cell `my_cell` needs axes (n) and (n), got (input) and (hidden)",
    ),
    "total": (
        lambda x, h, W, U, T, b, a: h * total(W),
        "`total(W)` in cell `my_cell` needs axes (n), got (hidden, input)",
    ),
    "concatenate": (
        lambda x, h, W, U, T, b, a: concatenate(h, a),
        "`concatenate(h, a)` in cell `my_cell` needs axes of one axis each, got (hidden) and "
        "scalar",
    ),
    "window": (
        lambda x, h, W, U, T, b, a: window(W, "0", "hidden"),
        "`window(W)` in cell `my_cell` needs axes (n) or scalar, got (hidden, input)",
    ),
    "spread": (
        lambda x, h, W, U, T, b, a: spread(h, "hidden"),
        "`spread(h)` in cell `my_cell` needs axes scalar, got (hidden)",
    ),
    "part": (
        lambda x, h, W, U, T, b, a: part(concatenate(x, h), "other"),
        "part(concatenate(...), 'other') in cell `my_cell` needs a vector whose axis contains "
        "other, got (input+hidden)",
    ),
    "negative index": (lambda x, h, W, U, T, b, a: h * h[-1], "takes v[2] or v[1:4]"),
    "open slice": (lambda x, h, W, U, T, b, a: h * h[1:], "takes v[2] or v[1:4]"),
    "step": (lambda x, h, W, U, T, b, a: h * h[0:4:2], "takes v[2] or v[1:4]"),
    "power": (
        lambda x, h, W, U, T, b, a: h**-1,
        "a power in cell my_cell needs a whole exponent of at least 1, or 0.5, got -1; write "
        "exp(a * log(x)) for others",
    ),
    "an unknown axis": (
        lambda x, h, W, U, T, b, a: h * total(spread(a, "elsewhere")),
        "cell my_cell uses axis 'elsewhere', which none of its arguments has (hidden, input)",
    ),
    "too few states": (
        lambda x, h, W, U, T, b, a: (),
        "cell my_cell needs to return its 1 following states (h), or its output and these, got 0 "
        "values",
    ),
    "too many states": (
        lambda x, h, W, U, T, b, a: (h, h, h),
        "or its output and these, got 3 values",
    ),
    "a state of other axes": (
        lambda x, h, W, U, T, b, a: x,
        "state h of cell my_cell needs axes (hidden), its following value has (input)",
    ),
    "a scalar output": (
        lambda x, h, W, U, T, b, a: (total(h), h),
        "the output of cell my_cell needs one axis, got scalar",
    ),
    "a matrix output": (
        lambda x, h, W, U, T, b, a: (W, h),
        "the output of cell my_cell needs one axis, got (hidden, input)",
    ),
}


@pytest.mark.parametrize("case", MISFITS)
def test_equations_that_do_not_fit_are_named(case):
    equations, message = MISFITS[case]
    with pytest.raises(ValueError, match=re.escape(message)):
        traced(equations)


WRONG_KINDS = {
    "a condition": (
        lambda x, h, W, U, T, b, a: h if h > 0 else x,
        "cell my_cell asks whether a signal is true; write where(condition, a, b)",
    ),
    "a loop": (
        lambda x, h, W, U, T, b, a: sum(v for v in h),
        "cell my_cell loops over a signal; write it on whole vectors",
    ),
    "a NumPy array": (
        lambda x, h, W, U, T, b, a: np.ones(3) * h,
        "mul in cell my_cell needs signals or numbers, got ndarray; declare arrays as parameters "
        "with fixed=...",
    ),
    "a NumPy matrix": (
        lambda x, h, W, U, T, b, a: np.ones((3, 3)) @ h,
        "unsupported operand type(s) for @",
    ),
    "a NumPy function": (
        lambda x, h, W, U, T, b, a: np.tanh(h),
        "operand 'Signal' does not support",
    ),
    "a list": (lambda x, h, W, U, T, b, a: h - [1.0], "needs signals or numbers, got list"),
    "nothing": (
        lambda x, h, W, U, T, b, a: None,
        "cell my_cell needs to return signals, got NoneType",
    ),
    "a list of states": (
        lambda x, h, W, U, T, b, a: [h],
        "cell my_cell needs to return signals, got list",
    ),
    "no signal": (lambda x, h, W, U, T, b, a: tanh(1.0), "tanh needs a signal of a cell, got 1.0"),
}


@pytest.mark.parametrize("case", WRONG_KINDS)
def test_equations_on_other_things_than_signals_are_named(case):
    equations, message = WRONG_KINDS[case]
    with pytest.raises(TypeError, match=re.escape(message)):
        traced(equations)


def test_a_signal_of_another_cell_is_refused():
    kept = []
    traced(lambda x, h, *rest: kept.append(h) or h)
    with pytest.raises(
        TypeError, match="add in cell my_cell got a signal of another cell, my_cell"
    ):
        traced(lambda x, h, *rest: h + kept[0])


def test_arguments_need_declarations():
    with pytest.raises(TypeError, match=r"parameter W of cell lone needs a declaration .* nothing"):

        @cell
        def lone(x, h, *, W):
            return h

    with pytest.raises(
        TypeError, match=r"state h of cell lone needs a state\(\.\.\.\) or no default"
    ):

        @cell
        def lone(x, h=matrix("hidden", "input")):
            return h

    with pytest.raises(TypeError, match="cell lone needs plain arguments, got \\*states"):

        @cell
        def lone(x, *states):
            return x

    with pytest.raises(TypeError, match="cell lone needs an input as its first argument, got none"):

        @cell
        def lone(*, W=matrix("hidden", "input")):
            return W


def test_a_state_starts_from_a_parameter_that_exists_and_fits():
    with pytest.raises(
        ValueError, match="state h of cell lone starts at parameter 'h0', got only b"
    ):

        @cell
        def lone(x, h=state("hidden", initial="h0"), *, b=vector("hidden")):
            return h + b

    with pytest.raises(ValueError, match=r"with axes \(hidden\), b has \(input\)"):

        @cell
        def lone(x, h=state("hidden", initial="b"), *, b=vector("input")):
            return h * total(b)


@pytest.mark.parametrize("axis", ["", "two words", "1st", "a-b", "a+", "hidden\n"])
def test_an_axis_needs_a_name(axis):
    for declare in (vector, state, lambda a: matrix("hidden", a)):
        with pytest.raises(ValueError, match=r"an axis needs a name such as 'hidden' or a size"):
            declare(axis)


def test_a_parameter_is_masked_or_fixed_but_not_both():
    with pytest.raises(ValueError, match="a mask or a fixed value, got both; drop one"):
        matrix("hidden", "input", mask=np.ones((2, 2)), fixed=1.0)


def test_changes_of_declarations_name_what_there_is():
    for change in (elman.with_fixed, elman.with_mask, elman.with_initial):
        with pytest.raises(ValueError, match="cell elman has the parameters W, U, b, got 'V'"):
            change(V=1)


def test_changed_declarations_leave_the_original_alone(rng):
    changed = elman.with_initial(U=Uniform(2.0, 3.0), W=Normal(0.0)).with_fixed(b=0.5)
    network = Network(changed, inputs=2, outputs=1, hidden=3)
    weights = network.unpack(network.initial(rng, 50))
    assert weights["U"].min() >= 2
    assert weights["U"].max() <= 3
    assert np.all(weights["W"] == 0)
    assert np.all(weights["b"] == 0.5)
    assert elman.graph.parameters["b"].fixed is None


def test_the_same_expression_is_one_node():
    twice = traced(lambda x, h, W, U, T, b, a: tanh(W @ x) * tanh(W @ x) + h)
    assert [n.op for n in twice.graph.nodes()].count("tanh") == 1
    # 0.0 and -0.0 are equal, and yet not the same number.
    signs = traced(lambda x, h, W, U, T, b, a: where(h > 0.0, 0.0, -0.0) + h)
    assert len([n for n in signs.graph.nodes() if n.op == "constant"]) == 2


def test_a_cell_says_what_it_reads_and_emits():
    assert (elman.input_axis, elman.output_axis) == ("input", "hidden")
    assert jordan.output_axis == "output"
    assert [s.name for s in lstm.graph.states] == ["h", "c"]
    assert "Elman 1990" in elman.description


def test_a_signal_shows_its_name_and_axes():
    kept = []
    traced(lambda x, h, *rest: kept.append(h) or h)
    assert repr(kept[0]) == "Signal(h (hidden) in my_cell)"
    assert isinstance(apply("neg", kept[0]), Signal)
