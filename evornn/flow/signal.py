"""Signals: what a cell computes with while it is traced; arithmetic on them builds the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evornn.flow.axes import Axes, written
from evornn.flow.graph import Node, label

if TYPE_CHECKING:
    from evornn.flow.trace import Tracer


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
