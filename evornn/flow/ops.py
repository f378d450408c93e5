"""The operations of the language of cells: one row each.

A row says how NumPy computes the operation (the oracle), which lane function computes it in a
kernel, and its derivative once: elementwise operations by partial derivatives, operations that
are linear in each argument by their adjoint. Reverse and forward mode both follow from these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evornn.flow.axes import Axes, axis_size, negated
from evornn.flow.fit import (
    bilinear_axes,
    concatenate_axes,
    elementwise_axes,
    matvec_axes,
    outer_axes,
    reduce_axes,
    spread_axes,
    transpose_axes,
    window_axes,
)
from evornn.flow.graph import Node
from evornn.flow.language import (
    bilinear,
    cos,
    equal,
    outer,
    sigmoid,
    sin,
    spread,
    square,
    total,
    transpose,
    where,
    window,
)
from evornn.flow.signal import Signal

Sizes = dict[str, int]
Rename = Callable[[str], str]


@dataclass(frozen=True)
class Op:
    """One operation.

    Attributes:
        numpy: (sizes, meta, *arrays) -> array, float64: what the interpreter computes.
        axes: (cell name, argument nodes, meta) -> axes of the result; raises on a misfit.
        lanes: The lane function that kernels call, for elementwise operations.
        partials: Elementwise: one function (y, *args) -> dy/darg for each argument; None where
            the derivative is zero everywhere.
        adjoint: Linear in each argument: (bar, meta, *args) -> one cotangent per argument.
        gradient: A scalar function of one vector: (y, v) -> its gradient.
        written: How it prints, with {0} for the first argument.
        renamed: How its meta follows a renaming of axes.
    """

    numpy: Callable[..., Any]
    axes: Callable[[str, tuple[Node, ...], Any], Axes]
    lanes: str | None = None
    partials: tuple[Callable[..., Any] | None, ...] | None = None
    adjoint: Callable[..., tuple[Any, ...]] | None = None
    gradient: Callable[..., Any] | None = None
    written: str = ""
    renamed: Callable[[Any, Rename], Any] | None = None

    def rename(self, meta: Any, name: Rename) -> Any:
        """The meta with its axes renamed."""
        return meta if self.renamed is None else self.renamed(meta, name)


# --- NumPy: what each operation means --------------------------------------------------------


def _numpy_window(sizes: Sizes, meta: Any, v: np.ndarray) -> np.ndarray:
    offset, axis = axis_size(meta[0], sizes), meta[1]
    v = np.atleast_1d(v)
    n = axis_size(axis, sizes) if axis else 1
    source = np.arange(n) + offset
    inside = (source >= 0) & (source < v.size)
    taken = np.where(inside, v[np.clip(source, 0, v.size - 1)], 0.0)
    return taken if axis else taken[0]


def _numpy_sigmoid(x: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):  # exp(710) is inf and 1/inf is the right answer, 0
        return 1 / (1 + np.exp(-x))


def _numpy_where(c: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.where(c != 0, a, b)


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda sizes, meta, *args: function(*args)


def _mask(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda sizes, meta, *args: function(*args).astype(np.float64)


# --- the table --------------------------------------------------------------------------------

OPS: dict[str, Op] = {}


def _elementwise(
    name: str,
    numpy: Callable[..., Any],
    written: str,
    *partials: Callable[..., Any] | None,
    lanes: str | None = None,
    mask: bool = False,
) -> None:
    OPS[name] = Op(
        numpy=_mask(numpy) if mask else _plain(numpy),
        axes=elementwise_axes(written),
        lanes=name if lanes is None else lanes or None,
        partials=partials,
        written=written,
    )


_elementwise("add", np.add, "{0} + {1}", lambda y, a, b: 1.0, lambda y, a, b: 1.0)
_elementwise("sub", np.subtract, "{0} - {1}", lambda y, a, b: 1.0, lambda y, a, b: -1.0)
_elementwise("mul", np.multiply, "{0} * {1}", lambda y, a, b: b, lambda y, a, b: a)
_elementwise("div", np.divide, "{0} / {1}", lambda y, a, b: 1 / b, lambda y, a, b: -y / b)
_elementwise("neg", np.negative, "-{0}", lambda y, a: -1.0)
_elementwise("tanh", np.tanh, "tanh({0})", lambda y, a: 1 - square(y))
_elementwise("sigmoid", _numpy_sigmoid, "sigmoid({0})", lambda y, a: y * (1 - y))
# y > 0 exactly where a > 0, and y is at hand when the gradient is computed.
_elementwise("relu", lambda x: np.maximum(x, 0), "relu({0})", lambda y, a: y > 0)
_elementwise("softplus", lambda x: np.logaddexp(0, x), "softplus({0})", lambda y, a: sigmoid(a))
_elementwise("exp", np.exp, "exp({0})", lambda y, a: y)
_elementwise("log", np.log, "log({0})", lambda y, a: 1 / a)
_elementwise("sin", np.sin, "sin({0})", lambda y, a: cos(a))
_elementwise("cos", np.cos, "cos({0})", lambda y, a: -sin(a))
_elementwise("abs", np.abs, "abs({0})", lambda y, a: where(a < 0, -1.0, 1.0), lanes="absolute")
_elementwise("square", np.square, "square({0})", lambda y, a: 2 * a)
_elementwise("sqrt", np.sqrt, "sqrt({0})", lambda y, a: 0.5 / y)
_elementwise(
    "minimum", np.minimum, "minimum({0}, {1})", lambda y, a, b: a <= b, lambda y, a, b: b < a
)
_elementwise(
    "maximum", np.maximum, "maximum({0}, {1})", lambda y, a, b: a >= b, lambda y, a, b: b > a
)
_elementwise("less", np.less, "{0} < {1}", None, None, mask=True)
_elementwise("less_equal", np.less_equal, "{0} <= {1}", None, None, mask=True)
_elementwise("greater", np.greater, "{0} > {1}", None, None, mask=True)
_elementwise("greater_equal", np.greater_equal, "{0} >= {1}", None, None, mask=True)
_elementwise("equal", np.equal, "{0} == {1}", None, None, mask=True)
_elementwise(
    "where",
    _numpy_where,
    "where({0}, {1}, {2})",
    None,
    lambda y, c, a, b: where(c, 1.0, 0.0),
    lambda y, c, a, b: where(c, 0.0, 1.0),
)

# No kernel computes it: it is taken out before (`derive.without_marks`).
_elementwise("truncate_here", lambda x: x, "truncate_here({0})", lambda y, a: 1.0, lanes="")

OPS["matvec"] = Op(
    numpy=_plain(np.matmul),
    axes=matvec_axes,
    adjoint=lambda bar, meta, m, v: (outer(bar, v), transpose(m, (1, 0)) @ bar),
    written="{0} @ {1}",
)
OPS["bilinear"] = Op(
    numpy=_plain(lambda t, u, v: np.einsum("nab,a,b->n", t, u, v)),
    axes=bilinear_axes,
    adjoint=lambda bar, meta, t, u, v: (
        outer(bar, outer(u, v)),
        bilinear(transpose(t, (1, 0, 2)), bar, v),
        bilinear(transpose(t, (2, 0, 1)), bar, u),
    ),
    written="bilinear({0}, {1}, {2})",
)
OPS["transpose"] = Op(
    numpy=lambda sizes, meta, a: np.transpose(a, meta),
    axes=transpose_axes,
    adjoint=lambda bar, meta, a: (transpose(bar, tuple(int(k) for k in np.argsort(meta))),),
    written="transpose({0})",
)
OPS["outer"] = Op(
    numpy=_plain(np.multiply.outer),
    axes=outer_axes,
    adjoint=lambda bar, meta, a, b: (bar @ b, transpose(bar, (1, 0)) @ a),
    written="outer({0}, {1})",
)
OPS["dot"] = Op(
    numpy=_plain(np.dot),
    axes=reduce_axes("dot"),
    adjoint=lambda bar, meta, a, b: (bar * b, bar * a),
    written="dot({0}, {1})",
)
OPS["total"] = Op(
    numpy=_plain(np.sum),
    axes=reduce_axes("total"),
    adjoint=lambda bar, meta, v: (spread(bar, v.axes[0]),),
    written="total({0})",
)
OPS["largest"] = Op(
    numpy=_plain(np.max),
    axes=reduce_axes("largest"),
    gradient=lambda y, v: equal(v, y),
    written="largest({0})",
)
OPS["concatenate"] = Op(
    numpy=lambda sizes, meta, *args: np.concatenate(args),
    axes=concatenate_axes,
    adjoint=lambda bar, meta, *args: _split(bar, args),
    written="concatenate({all})",
)
OPS["window"] = Op(
    numpy=_numpy_window,
    axes=window_axes,
    adjoint=lambda bar, meta, v: (window(bar, negated(meta[0]), v.axes[0] if v.axes else ""),),
    written="window({0})",
    renamed=lambda meta, name: (name(meta[0]), name(meta[1]), *meta[2:]),
)
OPS["spread"] = Op(
    numpy=lambda sizes, meta, a: np.full(axis_size(meta, sizes), a),
    axes=spread_axes,
    adjoint=lambda bar, meta, a: (total(bar),),
    written="spread({0})",
    renamed=lambda meta, name: name(meta),
)


def _split(bar: Signal, args: tuple[Signal, ...]) -> tuple[Signal, ...]:
    """The parts of a concatenation's cotangent, by position (axes may repeat)."""
    parts, before = [], ["0"]
    for a in args:
        parts.append(window(bar, "+".join(before), a.axes[0]))
        before.append(a.axes[0])
    return tuple(parts)
