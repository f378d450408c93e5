"""Every operation's derivative, from its own row: central differences and the adjoint identity."""

import dataclasses

import numpy as np
import pytest

from evornn.flow.interpret import evaluate
from evornn.flow.ops import OPS
from evornn.flow.signal import Signal
from evornn.flow.trace import Tracer

SIZES = {"n": 5, "m": 3, "k": 4}
ELEMENTWISE = [name for name, op in OPS.items() if op.partials is not None]
# Linear operations: the axes of their arguments, and their meta.
LINEAR = {
    "matvec": ((("n", "m"), ("m",)), None),
    "bilinear": ((("n", "m", "k"), ("m",), ("k",)), None),
    "outer": ((("n",), ("m",)), None),
    "dot": ((("n",), ("n",)), None),
    "total": ((("n",),), None),
    "concatenate": ((("n",), ("m",), ("n",)), None),
    "spread": (((),), "n"),
    "transpose": ((("n", "m", "k"),), (2, 0, 1)),
}
WINDOWS = [(("n",), ("1", "m")), (("n",), ("-m", "n")), (("m",), ("-2", "k")), (("n",), ("2", ""))]
WINDOWS += [((), ("0", "n")), ((), ("-1", "n")), (("m",), ("n", "m")), (("m",), ("0", "m"))]


def leaves(axes):
    """A tracer with one input for every argument."""
    tracer = Tracer("probe")
    return tracer, [tracer.leaf("input", f"a{k}", a) for k, a in enumerate(axes)]


def value(signal, arguments, arrays):
    """The interpreter's value of a signal (or of the number that a partial may be)."""
    if not isinstance(signal, Signal):
        return signal
    order, stack = [], [signal.node]
    while stack:
        node = stack.pop()
        order.append(node)
        stack.extend(node.args)
    given = {a.node: array for a, array in zip(arguments, arrays, strict=True)}
    return evaluate(order[::-1], given, SIZES)[signal.node]


def drawn(name, rng, count):
    """Arguments away from the kinks and poles of an operation."""
    arrays = [rng.uniform(0.2, 2.0, 5) * rng.choice([-1, 1], 5) for _ in range(count)]
    if name in ("log", "sqrt"):
        arrays = [np.abs(a) for a in arrays]
    if name == "where":
        arrays[0] = np.array([0.0, 1.0, -1.0, 0.0, 2.0])
    return arrays


def worst_error_of_partials(name, rng):
    """The largest difference between a row's partials and central differences."""
    op = OPS[name]
    tracer, arguments = leaves([("n",)] * len(op.partials))
    y = tracer.apply(name, *arguments)
    arrays = drawn(name, rng, len(arguments))
    worst, step = 0.0, 1e-6
    for k, partial in enumerate(op.partials):
        up = [a + step * (j == k) for j, a in enumerate(arrays)]
        down = [a - step * (j == k) for j, a in enumerate(arrays)]
        if partial is None and name == "where":
            continue  # a condition has no neighbourhood: it is 0 or it is not
        slope = (value(y, arguments, up) - value(y, arguments, down)) / (2 * step)
        claimed = 0.0 if partial is None else value(partial(y, *arguments), arguments, arrays)
        worst = max(worst, float(np.max(np.abs(slope - claimed))))
    return worst


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_partials_are_the_slopes(name, rng):
    assert worst_error_of_partials(name, rng) < 1e-7


@pytest.mark.parametrize("name", ["tanh", "div", "where"])
def test_a_wrong_partial_is_caught(name, rng, monkeypatch):
    right = OPS[name].partials
    wrong = (*right[:-1], lambda *args: -1.0 * right[-1](*args))
    monkeypatch.setitem(OPS, name, dataclasses.replace(OPS[name], partials=wrong))
    assert worst_error_of_partials(name, rng) > 0.1


def adjoint_gap(name, axes, meta, rng):
    """|<bar, J dot> - <J^T bar, dot>| summed over the arguments, of an operation linear in each."""
    tracer, arguments = leaves(axes)
    y = tracer.apply(name, *arguments, meta=meta)
    bar = tracer.leaf("input", "bar", y.axes)
    shape = tuple(sum(SIZES[t] for t in axis.split("+")) for axis in y.axes)
    shapes = [tuple(SIZES[axis] for axis in a) for a in axes]
    arrays = [rng.standard_normal(s) for s in shapes]
    cotangent = rng.standard_normal(shape)
    cotangents = OPS[name].adjoint(bar, meta, *arguments)
    assert [c.axes for c in cotangents] == [a.axes for a in arguments]
    gap = 0.0
    for k, claimed in enumerate(cotangents):
        dot = rng.standard_normal(shapes[k])
        # Linear in this argument: J dot is the difference of the values at dot and at 0.
        ends = [[end if j == k else a for j, a in enumerate(arrays)] for end in (dot, 0 * dot)]
        moved = value(y, arguments, ends[0]) - value(y, arguments, ends[1])
        forward = np.sum(cotangent * moved)
        back = np.sum(value(claimed, [*arguments, bar], [*arrays, cotangent]) * dot)
        gap += abs(forward - back)
    return gap


@pytest.mark.parametrize("name", LINEAR)
def test_an_adjoint_is_the_transpose(name, rng):
    axes, meta = LINEAR[name]
    assert adjoint_gap(name, axes, meta, rng) < 1e-12


@pytest.mark.parametrize(("axes", "meta"), WINDOWS)
def test_the_adjoint_of_a_window_is_the_window_back(axes, meta, rng):
    assert adjoint_gap("window", (axes,), meta, rng) < 1e-12


def test_a_wrong_adjoint_is_caught(rng, monkeypatch):
    right = OPS["dot"].adjoint
    wrong = dataclasses.replace(OPS["dot"], adjoint=lambda bar, meta, a, b: right(bar, meta, b, a))
    monkeypatch.setitem(OPS, "dot", wrong)
    assert adjoint_gap("dot", (("n",), ("n",)), None, rng) > 0.01


def test_the_gradient_of_the_largest_entry_points_at_it(rng):
    tracer, (v,) = leaves([("n",)])
    y = tracer.apply("largest", v)
    array, step = rng.permutation(5.0 * np.arange(5)), 1e-6
    slopes = [
        (value(y, [v], [array + e]) - value(y, [v], [array - e])) / (2 * step)
        for e in step * np.eye(5)
    ]
    claimed = value(OPS["largest"].gradient(y, v), [v], [array])
    np.testing.assert_allclose(claimed, slopes, rtol=0, atol=1e-7)


def test_every_operation_has_exactly_one_kind_of_derivative():
    for name, op in OPS.items():
        kinds = [op.partials is not None, op.adjoint is not None, op.gradient is not None]
        assert sum(kinds) == 1, name
        covered = name in ELEMENTWISE or name in LINEAR or name in ("window", "largest")
        assert covered, f"{name} has no test of its derivative"


def test_every_elementwise_operation_of_a_kernel_exists_in_its_header():
    from evornn.simd.kernels import FUNCTIONS

    there = {name for names in FUNCTIONS.values() for name in names}
    assert {OPS[name].lanes for name in ELEMENTWISE} - {None} <= there


@pytest.mark.parametrize(
    ("op", "numpy"),
    [
        (lambda v: v**1, lambda v: v),
        (lambda v: v**2, lambda v: v**2),
        (lambda v: v**7, lambda v: v**7),
        (lambda v: v**0.5, np.sqrt),
        (lambda v: 2 / v, lambda v: 2 / v),
        (lambda v: 1 - v, lambda v: 1 - v),
        (lambda v: v[1:3], lambda v: v[1:3]),
        (lambda v: v[4], lambda v: v[4]),
        (lambda v: np.float32(2) * v, lambda v: 2 * v),
    ],
)
def test_operators_mean_what_they_mean_in_numpy(op, numpy, rng):
    _, (v,) = leaves([("n",)])
    array = rng.uniform(0.5, 2.0, 5)
    np.testing.assert_allclose(value(op(v), [v], [array]), numpy(array), rtol=1e-15)


def test_softmax_of_large_numbers_does_not_overflow():
    from evornn.flow.language import softmax

    _, (v,) = leaves([("m",)])
    np.testing.assert_allclose(value(softmax(v), [v], [np.array([1e4, 1e4, 0])]), [0.5, 0.5, 0])
