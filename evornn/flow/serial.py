"""A graph as plain JSON data, so that a saved network needs nobody's Python code to be read."""

from __future__ import annotations

from typing import Any

import numpy as np

from evornn.flow.declare import Constant, Normal, Parameter, State, Uniform, check_axis
from evornn.flow.graph import LEAVES, Graph, Node, StateSlot
from evornn.flow.ops import OPS
from evornn.flow.trace import Tracer

_DISTRIBUTIONS: dict[str, type[Normal | Uniform | Constant]] = {
    "normal": Normal,
    "uniform": Uniform,
    "constant": Constant,
}


def graph_to_data(graph: Graph, sizes: dict[str, int]) -> dict[str, Any]:
    """The graph as nested dictionaries and lists of numbers and text.

    Masks and fixed values are written out for the given sizes.
    """
    nodes = graph.nodes()
    present = set(nodes)
    nodes += [s.leaf for s in graph.states if s.leaf not in present]
    nodes += [n for n in graph.inputs.values() if n not in present]
    nodes += [n for n in graph.parameter_leaves.values() if n not in present]
    number = {node: k for k, node in enumerate(nodes)}
    return {
        "name": graph.name,
        "nodes": [
            {
                "op": n.op,
                "args": [number[a] for a in n.args],
                "axes": list(n.axes),
                "meta": list(n.meta) if isinstance(n.meta, tuple) else n.meta,
            }
            for n in nodes
        ],
        "inputs": {name: number[n] for name, n in graph.inputs.items()},
        "outputs": [number[n] for n in graph.outputs],
        "states": [
            {
                "name": s.name,
                "axes": list(s.declaration.axes),
                "initial": s.declaration.initial,
                "leaf": number[s.leaf],
                "following": number[s.following],
            }
            for s in graph.states
        ],
        "parameters": {
            name: {**_parameter_data(name, p, sizes), "leaf": number[graph.parameter_leaves[name]]}
            for name, p in graph.parameters.items()
        },
    }


def _parameter_data(name: str, parameter: Parameter, sizes: dict[str, int]) -> dict[str, Any]:
    kind = next(k for k, v in _DISTRIBUTIONS.items() if isinstance(parameter.initial, v))
    data: dict[str, Any] = {
        "axes": list(parameter.axes),
        "initial": {"kind": kind, **vars(parameter.initial)},
    }
    if parameter.fixed is not None:
        data["fixed"] = parameter.held(sizes, name).tolist()
    if parameter.mask is not None:
        data["mask"] = parameter.free(sizes, name).astype(int).tolist()
    return data


def graph_from_data(data: dict[str, Any]) -> Graph:
    """The graph of `graph_to_data`, with every operation's axes checked again.

    Raises:
        ValueError: If the data are no such graph.
    """
    try:
        return _read(data)
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(
            f"the graph in this file is damaged or of another version: {error}"
        ) from error


def _check_names(data: dict[str, Any]) -> None:
    """Raise if a name is no identifier: names become part of a kernel's source."""
    names = [*data["inputs"], *data["parameters"], *(s["name"] for s in data["states"])]
    names += [n["meta"] for n in data["nodes"] if n["op"] in ("input", "state", "parameter")]
    for name in names:
        if not isinstance(name, str) or not name.isidentifier():
            raise ValueError(f"the graph in this file is damaged: {name!r} is no name")
    for node in data["nodes"]:
        if node["op"] == "constant" and not isinstance(node["meta"], float):
            raise ValueError(f"the graph in this file is damaged: {node['meta']!r} is no constant")


def _read(data: dict[str, Any]) -> Graph:
    tracer = Tracer(data["name"])
    _check_names(data)
    nodes: list[Node] = []
    for entry in data["nodes"]:
        args = tuple(nodes[k] for k in entry["args"])
        meta = tuple(entry["meta"]) if isinstance(entry["meta"], list) else entry["meta"]
        axes = tuple(entry["axes"])
        for axis in axes:
            check_axis(axis)
        if entry["op"] in LEAVES:
            nodes.append(tracer.node(entry["op"], (), axes, meta))
        else:
            if OPS[entry["op"]].axes(tracer.name, args, meta) != axes:
                raise ValueError(f"the graph in this file is damaged: axes of {entry['op']}")
            nodes.append(tracer.node(entry["op"], args, axes, meta))
    parameters = {}
    for name, entry in data["parameters"].items():
        initial = dict(entry["initial"])
        distribution = _DISTRIBUTIONS[initial.pop("kind")](**initial)
        fixed = entry.get("fixed")
        mask = entry.get("mask")
        parameters[name] = Parameter(
            tuple(entry["axes"]),
            distribution,
            None if mask is None else np.array(mask),
            None if fixed is None else np.array(fixed),
        )
    return Graph(
        data["name"],
        {name: nodes[k] for name, k in data["inputs"].items()},
        tuple(
            StateSlot(
                s["name"],
                State(tuple(s["axes"]), s["initial"]),
                nodes[s["leaf"]],
                nodes[s["following"]],
            )
            for s in data["states"]
        ),
        parameters,
        tuple(nodes[k] for k in data["outputs"]),
        {name: nodes[entry["leaf"]] for name, entry in data["parameters"].items()},
    )
