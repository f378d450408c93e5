"""The operations of the language of cells: one row each.

A row says how NumPy computes the operation (the oracle), which lane function computes it in a
kernel, and its derivative once: elementwise operations by partial derivatives, operations that
are linear in each argument by their adjoint. Reverse and forward mode both follow from these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evornn.flow.axes import Axes, axis_size, negated, written
from evornn.flow.graph import Node

if TYPE_CHECKING:
    from evornn.flow.trace import Tracer

Sizes = dict[str, int]
Rename = Callable[[str], str]


def label(node: Node) -> str:
    """A short name for a signal in messages: a leaf's own, else its operation."""
    if node.op == "constant":
        return f"{node.meta:g}"
    if node.meta is not None and node.op in ("input", "state", "parameter"):
        return str(node.meta)
    return f"{node.op}(...)"


class Signal:
    """A value that flows through a cell while it is traced; arithmetic on it builds the graph."""

    __array_ufunc__ = None  # NumPy must not loop over a signal: its own operators decide

    def __init__(self, node: Node, tracer: Tracer) -> None:
        self.node = node
        self.tracer = tracer

    @property
    def axes(self) -> Axes:
        """Axis names; () for a scalar."""
        return self.node.axes

    def __repr__(self) -> str:
        return f"Signal({label(self.node)} {written(self.axes)} in {self.tracer.name})"

    def __add__(self, other: Any) -> Signal:
        return apply("add", self, other)

    def __radd__(self, other: Any) -> Signal:
        return apply("add", other, self)

    def __sub__(self, other: Any) -> Signal:
        return apply("sub", self, other)

    def __rsub__(self, other: Any) -> Signal:
        return apply("sub", other, self)

    def __mul__(self, other: Any) -> Signal:
        return apply("mul", self, other)

    def __rmul__(self, other: Any) -> Signal:
        return apply("mul", other, self)

    def __truediv__(self, other: Any) -> Signal:
        return apply("div", self, other)

    def __rtruediv__(self, other: Any) -> Signal:
        return apply("div", other, self)

    def __neg__(self) -> Signal:
        return apply("neg", self)

    def __abs__(self) -> Signal:
        return apply("abs", self)

    def __pow__(self, exponent: Any) -> Signal:
        if exponent == 0.5:
            return apply("sqrt", self)
        if not isinstance(exponent, int) or exponent < 1:
            raise ValueError(
                f"a power in cell {self.tracer.name} needs a whole exponent of at least 1, or "
                f"0.5, got {exponent!r}; write exp(a * log(x)) for others"
            )
        result = self
        for bit in bin(exponent)[3:]:  # binary powering, from the second bit on
            result = apply("square", result)
            if bit == "1":
                result = result * self
        return result

    def __lt__(self, other: Any) -> Signal:
        return apply("less", self, other)

    def __le__(self, other: Any) -> Signal:
        return apply("less_equal", self, other)

    def __gt__(self, other: Any) -> Signal:
        return apply("greater", self, other)

    def __ge__(self, other: Any) -> Signal:
        return apply("greater_equal", self, other)

    def __matmul__(self, other: Any) -> Signal:
        return apply("matvec", self, other)

    def __getitem__(self, key: int | slice) -> Signal:
        """v[2] is a scalar; v[1:4] a vector of literal size 3. Bounds are checked by Network."""
        if isinstance(key, int) and key >= 0:
            return apply("window", self, meta=(str(key), "", "within"))
        if isinstance(key, slice) and key.step is None and isinstance(key.stop, int):
            start = key.start or 0
            if 0 <= start < key.stop:
                return apply("window", self, meta=(str(start), str(key.stop - start), "within"))
        raise ValueError(
            f"a signal of cell {self.tracer.name} takes v[2] or v[1:4] with whole numbers from 0, "
            f"got {key!r}; use part(v, axis) for a named part"
        )

    def __bool__(self) -> bool:
        raise TypeError(
            f"cell {self.tracer.name} asks whether a signal is true; write where(condition, a, b)"
        )

    def __iter__(self) -> Any:
        raise TypeError(f"cell {self.tracer.name} loops over a signal; write it on whole vectors")


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


def apply(op: str, *args: Any, meta: Any = None) -> Signal:
    """Apply an operation to signals and numbers (at least one signal).

    Raises:
        TypeError: If an argument is neither a signal nor a number.
    """
    tracer = next((a.tracer for a in args if isinstance(a, Signal)), None)
    if tracer is None:
        raise TypeError(f"{op} needs a signal of a cell, got {', '.join(map(repr, args))}")
    signals = []
    for a in args:
        if isinstance(a, Signal):
            if a.tracer is not tracer:
                raise TypeError(
                    f"{op} in cell {tracer.name} got a signal of another cell, {a.tracer.name}"
                )
            signals.append(a)
        elif isinstance(a, int | float | np.integer | np.floating):
            signals.append(Signal(tracer.node("constant", (), (), float(a)), tracer))
        else:
            raise TypeError(
                f"{op} in cell {tracer.name} needs signals or numbers, got {type(a).__name__}; "
                "declare arrays as parameters with fixed=..."
            )
    return tracer.apply(op, *signals, meta=meta)


# --- the axes each kind of operation accepts -------------------------------------------------


def misfit(cell: str, operation: str, needed: str, args: tuple[Node, ...]) -> ValueError:
    """The error of an operation whose arguments do not fit."""
    got = " and ".join(written(a.axes) for a in args)
    return ValueError(f"`{operation}` in cell `{cell}` needs axes {needed}, got {got}")


def _elementwise_axes(name: str) -> Callable[[str, tuple[Node, ...], Any], Axes]:
    def axes(cell: str, args: tuple[Node, ...], meta: Any) -> Axes:
        shaped = [a.axes for a in args if a.axes]
        if any(other != shaped[0] for other in shaped[1:]):
            text = OPS[name].written.format(*(label(a) for a in args))
            raise misfit(cell, text, "that are the same, or scalars", args)
        return shaped[0] if shaped else ()

    return axes


def _matvec_axes(cell: str, args: tuple[Node, ...], meta: Any) -> Axes:
    m, v = args
    if len(m.axes) != 2 or len(v.axes) != 1 or m.axes[1] != v.axes[0]:
        raise misfit(cell, f"{label(m)} @ {label(v)}", "(n, m) and (m)", args)
    return (m.axes[0],)


def _bilinear_axes(cell: str, args: tuple[Node, ...], meta: Any) -> Axes:
    t, u, v = args
    fits = len(t.axes) == 3 and len(u.axes) == len(v.axes) == 1
    if not fits or t.axes[1:] != u.axes + v.axes:
        text = f"bilinear({label(t)}, {label(u)}, {label(v)})"
        raise misfit(cell, text, "(n, a, b), (a) and (b)", args)
    return (t.axes[0],)


def _transpose_axes(cell: str, args: tuple[Node, ...], meta: Any) -> Axes:
    (a,) = args
    if sorted(meta) != list(range(len(a.axes))):
        raise misfit(cell, f"transpose({label(a)}, {meta})", "as many as the order names", args)
    return tuple(a.axes[k] for k in meta)


def _outer_axes(cell: str, args: tuple[Node, ...], meta: Any) -> Axes:
    return args[0].axes + args[1].axes


def _reduce_axes(name: str) -> Callable[[str, tuple[Node, ...], Any], Axes]:
    def axes(cell: str, args: tuple[Node, ...], meta: Any) -> Axes:
        if any(len(a.axes) != 1 for a in args) or len({a.axes for a in args}) != 1:
            needed = "(n)" if len(args) == 1 else "(n) and (n)"
            raise misfit(cell, f"{name}({', '.join(map(label, args))})", needed, args)
        return ()

    return axes


def _concatenate_axes(cell: str, args: tuple[Node, ...], meta: Any) -> Axes:
    if any(len(a.axes) != 1 for a in args):
        text = f"concatenate({', '.join(map(label, args))})"
        raise misfit(cell, text, "of one axis each", args)
    return ("+".join(a.axes[0] for a in args),)


def _window_axes(cell: str, args: tuple[Node, ...], meta: Any) -> Axes:
    (v,) = args
    if len(v.axes) > 1:
        raise misfit(cell, f"window({label(v)})", "(n) or scalar", args)
    return (meta[1],) if meta[1] else ()


def _spread_axes(cell: str, args: tuple[Node, ...], meta: Any) -> Axes:
    if args[0].axes:
        raise misfit(cell, f"spread({label(args[0])})", "scalar", args)
    return (meta,)


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
        axes=_elementwise_axes(name),
        lanes=lanes or name,
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
_elementwise("relu", lambda x: np.maximum(x, 0), "relu({0})", lambda y, a: a > 0)
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

OPS["matvec"] = Op(
    numpy=_plain(np.matmul),
    axes=_matvec_axes,
    adjoint=lambda bar, meta, m, v: (outer(bar, v), transpose(m, (1, 0)) @ bar),
    written="{0} @ {1}",
)
OPS["bilinear"] = Op(
    numpy=_plain(lambda t, u, v: np.einsum("nab,a,b->n", t, u, v)),
    axes=_bilinear_axes,
    adjoint=lambda bar, meta, t, u, v: (
        outer(bar, outer(u, v)),
        bilinear(transpose(t, (1, 0, 2)), bar, v),
        bilinear(transpose(t, (2, 0, 1)), bar, u),
    ),
    written="bilinear({0}, {1}, {2})",
)
OPS["transpose"] = Op(
    numpy=lambda sizes, meta, a: np.transpose(a, meta),
    axes=_transpose_axes,
    adjoint=lambda bar, meta, a: (transpose(bar, tuple(int(k) for k in np.argsort(meta))),),
    written="transpose({0})",
)
OPS["outer"] = Op(
    numpy=_plain(np.multiply.outer),
    axes=_outer_axes,
    adjoint=lambda bar, meta, a, b: (bar @ b, transpose(bar, (1, 0)) @ a),
    written="outer({0}, {1})",
)
OPS["dot"] = Op(
    numpy=_plain(np.dot),
    axes=_reduce_axes("dot"),
    adjoint=lambda bar, meta, a, b: (bar * b, bar * a),
    written="dot({0}, {1})",
)
OPS["total"] = Op(
    numpy=_plain(np.sum),
    axes=_reduce_axes("total"),
    adjoint=lambda bar, meta, v: (spread(bar, v.axes[0]),),
    written="total({0})",
)
OPS["largest"] = Op(
    numpy=_plain(np.max),
    axes=_reduce_axes("largest"),
    gradient=lambda y, v: equal(v, y),
    written="largest({0})",
)
OPS["concatenate"] = Op(
    numpy=lambda sizes, meta, *args: np.concatenate(args),
    axes=_concatenate_axes,
    adjoint=lambda bar, meta, *args: _split(bar, args),
    written="concatenate({all})",
)
OPS["window"] = Op(
    numpy=_numpy_window,
    axes=_window_axes,
    adjoint=lambda bar, meta, v: (window(bar, negated(meta[0]), v.axes[0] if v.axes else ""),),
    written="window({0})",
    renamed=lambda meta, name: (name(meta[0]), name(meta[1]), *meta[2:]),
)
OPS["spread"] = Op(
    numpy=lambda sizes, meta, a: np.full(axis_size(meta, sizes), a),
    axes=_spread_axes,
    adjoint=lambda bar, meta, a: (total(bar),),
    written="spread({0})",
    renamed=lambda meta, name: name(meta),
)


# --- what a cell's author writes --------------------------------------------------------------


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


def outer(a: Any, b: Any) -> Signal:
    """Outer product, axes of a followed by axes of b."""
    return apply("outer", a, b)


def transpose(a: Any, order: tuple[int, ...]) -> Signal:
    """A matrix or tensor with its axes in the given order."""
    return apply("transpose", a, meta=order)


def _split(bar: Signal, args: tuple[Signal, ...]) -> tuple[Signal, ...]:
    """The parts of a concatenation's cotangent, by position (axes may repeat)."""
    parts, before = [], ["0"]
    for a in args:
        parts.append(window(bar, "+".join(before), a.axes[0]))
        before.append(a.axes[0])
    return tuple(parts)
