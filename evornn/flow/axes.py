"""Axis names: the shapes of a signal-flow graph, as words instead of numbers.

An axis is a name ("hidden"), a literal size ("3"), or a sum of axes ("input+hidden", from a
concatenation). Numbers come in only when a network gives every name its size.
"""

from __future__ import annotations

from collections.abc import Mapping

Axes = tuple[str, ...]


def axis_size(axis: str, sizes: Mapping[str, int]) -> int:
    """The number of entries along `axis`, e.g. 19 for "input+hidden" with input 3, hidden 16.

    A leading minus negates the whole sum (an offset that points backwards).

    Raises:
        ValueError: If a name has no size.
    """
    if axis.startswith("-"):
        return -axis_size(axis[1:], sizes)
    total = 0
    for term in axis.split("+"):
        if term.isdigit():
            total += int(term)
        elif term in sizes:
            total += sizes[term]
        else:
            raise ValueError(
                f"axis {term!r} needs a size, got sizes for {', '.join(sizes) or 'nothing'}; "
                f"pass {term}=... to Network"
            )
    return total


def axis_names(axis: str) -> tuple[str, ...]:
    """The names in an axis, without literal sizes."""
    return tuple(term for term in axis.lstrip("-").split("+") if not term.isdigit())


def rename_axis(axis: str, names: Mapping[str, str]) -> str:
    """The axis with its names replaced."""
    sign = "-" if axis.startswith("-") else ""
    return sign + "+".join(names.get(term, term) for term in axis.lstrip("-").split("+"))


def negated(axis: str) -> str:
    """The axis as an offset in the opposite direction."""
    return axis[1:] if axis.startswith("-") else f"-{axis}"


def written(axes: Axes) -> str:
    """Axes as a reader sees them: "(hidden, input)", or "scalar"."""
    return f"({', '.join(axes)})" if axes else "scalar"
