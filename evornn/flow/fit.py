"""Which axes each operation accepts, and the axes of its result; raises on a misfit.

Every rule is called with the cell's name, the argument nodes and the operation's meta.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evornn.flow.axes import Axes, written
from evornn.flow.graph import Node, label

Rule = Callable[[str, tuple[Node, ...], Any], Axes]


def misfit(cell: str, operation: str, needed: str, args: tuple[Node, ...]) -> ValueError:
    """The error of an operation whose arguments do not fit."""
    got = " and ".join(written(a.axes) for a in args)
    return ValueError(f"`{operation}` in cell `{cell}` needs axes {needed}, got {got}")


def elementwise_axes(pattern: str) -> Rule:
    """Elementwise: all vectors on the same axis, scalars anywhere; `pattern` prints it."""

    def axes(cell: str, args: tuple[Node, ...], meta: Any) -> Axes:
        shaped = [a.axes for a in args if a.axes]
        if any(other != shaped[0] for other in shaped[1:]):
            raise misfit(
                cell,
                pattern.format(*(label(a) for a in args)),
                "that are the same, or scalars",
                args,
            )
        return shaped[0] if shaped else ()

    return axes


def matvec_axes(cell: str, args: tuple[Node, ...], meta: Any) -> Axes:
    """Matrix times vector."""
    m, v = args
    if len(m.axes) != 2 or len(v.axes) != 1 or m.axes[1] != v.axes[0]:
        raise misfit(cell, f"{label(m)} @ {label(v)}", "(n, m) and (m)", args)
    return (m.axes[0],)


def bilinear_axes(cell: str, args: tuple[Node, ...], meta: Any) -> Axes:
    """Tensor times two vectors."""
    t, u, v = args
    fits = len(t.axes) == 3 and len(u.axes) == len(v.axes) == 1
    if not fits or t.axes[1:] != u.axes + v.axes:
        text = f"bilinear({label(t)}, {label(u)}, {label(v)})"
        raise misfit(cell, text, "(n, a, b), (a) and (b)", args)
    return (t.axes[0],)


def transpose_axes(cell: str, args: tuple[Node, ...], meta: Any) -> Axes:
    """The axes in another order."""
    (a,) = args
    if sorted(meta) != list(range(len(a.axes))):
        raise misfit(cell, f"transpose({label(a)}, {meta})", "as many as the order names", args)
    return tuple(a.axes[k] for k in meta)


def outer_axes(cell: str, args: tuple[Node, ...], meta: Any) -> Axes:
    """The axes of both."""
    return args[0].axes + args[1].axes


def reduce_axes(name: str) -> Rule:
    """A scalar from vectors on the same axis."""

    def axes(cell: str, args: tuple[Node, ...], meta: Any) -> Axes:
        if any(len(a.axes) != 1 for a in args) or len({a.axes for a in args}) != 1:
            needed = "(n)" if len(args) == 1 else "(n) and (n)"
            raise misfit(cell, f"{name}({', '.join(map(label, args))})", needed, args)
        return ()

    return axes


def concatenate_axes(cell: str, args: tuple[Node, ...], meta: Any) -> Axes:
    """Vectors one after the other."""
    if any(len(a.axes) != 1 for a in args):
        text = f"concatenate({', '.join(map(label, args))})"
        raise misfit(cell, text, "of one axis each", args)
    return ("+".join(a.axes[0] for a in args),)


def window_axes(cell: str, args: tuple[Node, ...], meta: Any) -> Axes:
    """A part of a vector, or a vector moved."""
    (v,) = args
    if len(v.axes) > 1:
        raise misfit(cell, f"window({label(v)})", "(n) or scalar", args)
    return (meta[1],) if meta[1] else ()


def spread_axes(cell: str, args: tuple[Node, ...], meta: Any) -> Axes:
    """A vector from a scalar."""
    if args[0].axes:
        raise misfit(cell, f"spread({label(args[0])})", "scalar", args)
    return (meta,)
