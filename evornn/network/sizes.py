"""From the numbers a user gives to the size of every axis of a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evornn.flow.axes import axis_names, axis_size
from evornn.flow.graph import Graph


def check_slices(graph: Graph, sizes: Mapping[str, int]) -> None:
    """Raise if a slice such as v[7] reaches beyond its vector."""
    for node in graph.nodes():
        if node.op == "window" and "within" in node.meta[2:]:
            start, width = axis_size(node.meta[0], sizes), node.meta[1] or "1"
            end, (axis,) = start + axis_size(width, sizes), node.args[0].axes
            if end > axis_size(axis, sizes):
                raise ValueError(
                    f"cell {graph.name} takes entries {start} to {end - 1} of a vector on axis "
                    f"{axis}, which has size {axis_size(axis, sizes)}"
                )


def whole_size(name: str, value: Any) -> int | None:
    """A size, checked; None stays None."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name} needs to be a whole number of at least 1, got {value!r}")
    return int(value)


def private_sizes(graph: Graph, asked: Mapping[str, Any]) -> dict[str, int]:
    """The size of every axis but input and output, from one number or tuple per name."""
    (leaf,) = graph.inputs.values()
    needed = {n for axis in graph.axis_names() for n in axis_names(axis)}
    needed -= {leaf.axes[0], "output"}
    sizes: dict[str, int] = {}
    for name, value in asked.items():
        layers = sorted(
            (n for n in needed if n.startswith(name) and n[len(name) :].isdigit()),
            key=lambda n: int(n[len(name) :]),
        )
        targets = [name] if name in needed else layers
        if not targets:
            raise ValueError(
                f"the network {graph.name} has the axes {', '.join(sorted(needed))}, got a size "
                f"for {name!r}"
            )
        values = list(value) if isinstance(value, tuple | list) else [value] * len(targets)
        if len(values) != len(targets):
            raise ValueError(
                f"{name} needs {len(targets)} sizes, one a layer ({', '.join(targets)}), got "
                f"{len(values)}"
            )
        for target, one in zip(targets, values, strict=True):
            size = whole_size(target, one)
            if size is None:
                raise ValueError(f"{target} needs a size, got None")
            sizes[target] = size
    missing = sorted(needed - set(sizes))
    if missing:
        raise ValueError(
            f"the network {graph.name} needs a size for {', '.join(missing)}; pass "
            f"{missing[0].rstrip('0123456789')}=..."
        )
    return sizes
