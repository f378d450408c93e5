"""The words of the language of cells: what stands in a cell's equations besides arithmetic."""

from __future__ import annotations

from typing import Any

from evornn.flow.axes import negated, written
from evornn.flow.graph import label
from evornn.flow.signal import Signal, apply


def tanh(x: Any) -> Signal:
    """Hyperbolic tangent."""
    return apply("tanh", x)


def sigmoid(x: Any) -> Signal:
    """Logistic function 1 / (1 + exp(-x))."""
    return apply("sigmoid", x)


def relu(x: Any) -> Signal:
    """X where positive, else 0."""
    return apply("relu", x)


def softplus(x: Any) -> Signal:
    """log(1 + exp(x))."""
    return apply("softplus", x)


def exp(x: Any) -> Signal:
    """Exponential."""
    return apply("exp", x)


def log(x: Any) -> Signal:
    """Natural logarithm."""
    return apply("log", x)


def sin(x: Any) -> Signal:
    """Sine of an angle in radians."""
    return apply("sin", x)


def cos(x: Any) -> Signal:
    """Cosine of an angle in radians."""
    return apply("cos", x)


def square(x: Any) -> Signal:
    """X * x."""
    return apply("square", x)


def sqrt(x: Any) -> Signal:
    """Square root; NaN below 0."""
    return apply("sqrt", x)


def minimum(a: Any, b: Any) -> Signal:
    """The smaller of two, entry by entry; NaN if either is NaN."""
    return apply("minimum", a, b)


def maximum(a: Any, b: Any) -> Signal:
    """The larger of two, entry by entry; NaN if either is NaN."""
    return apply("maximum", a, b)


def equal(a: Any, b: Any) -> Signal:
    """1 where the two are equal, else 0 (== compares the signals as objects)."""
    return apply("equal", a, b)


def where(condition: Any, a: Any, b: Any) -> Signal:
    """A where the condition is not 0, else b."""
    return apply("where", condition, a, b)


def bilinear(t: Any, u: Any, v: Any) -> Signal:
    """Second-order product: y_n = sum_ab t_nab u_a v_b, axes (n, a, b), (a), (b) -> (n)."""
    return apply("bilinear", t, u, v)


def dot(a: Any, b: Any) -> Signal:
    """Inner product of two vectors, a scalar."""
    return apply("dot", a, b)


def total(v: Any) -> Signal:
    """Sum of a vector's entries, a scalar."""
    return apply("total", v)


def largest(v: Any) -> Signal:
    """Largest entry of a vector, a scalar."""
    return apply("largest", v)


def softmax(v: Any) -> Signal:
    """exp(v) / sum(exp(v)), computed on v - largest(v) so that it cannot overflow."""
    e = exp(v - largest(v))
    return e / total(e)


def concatenate(*signals: Any) -> Signal:
    """Vectors one after the other, axis "a+b"."""
    return apply("concatenate", *signals)


def window(v: Any, offset: str, axis: str) -> Signal:
    """out[i] = v[i + offset], 0 where that lies outside v; `axis` "" gives the scalar out[0]."""
    return apply("window", v, meta=(offset, axis))


def part(v: Signal, axis: str) -> Signal:
    """The part of a concatenation that has the given axis, e.g. "input" of "input+hidden".

    Raises:
        ValueError: If the vector's axis has no such part.
    """
    terms = v.axes[0].split("+") if v.axes else []
    if axis not in terms:
        raise ValueError(
            f"part({label(v.node)}, {axis!r}) in cell `{v.tracer.name}` needs a vector whose axis "
            f"contains {axis}, got {written(v.axes)}"
        )
    before = terms[: terms.index(axis)]
    return window(v, "+".join(before) or "0", axis)


def shift(line: Signal, x: Signal) -> Signal:
    """A tapped delay line after one step: x enters at the front, the oldest entries fall out.

    Args:
        line: Axes (n); the newest entries first.
        x: Axes (m) with m <= n, or a scalar.
    """
    width = x.axes[0] if x.axes else "1"
    return window(line, negated(width), line.axes[0]) + window(x, "0", line.axes[0])


def spread(x: Any, axis: str) -> Signal:
    """A vector with the scalar x in every entry."""
    return apply("spread", x, meta=axis)


def truncate_here(x: Any) -> Signal:
    """X itself; a mark beyond which the truncated learning rule passes no error back.

    Exact gradients do not see it, and no kernel computes it. Source: Hochreiter & Schmidhuber 1997,
    appendix A.1, where the errors that arrive at an LSTM's gates and inputs are truncated.
    """
    return apply("truncate_here", x)


def outer(a: Any, b: Any) -> Signal:
    """Outer product, axes of a followed by axes of b."""
    return apply("outer", a, b)


def transpose(a: Any, order: tuple[int, ...]) -> Signal:
    """A matrix or tensor with its axes in the given order."""
    return apply("transpose", a, meta=order)
