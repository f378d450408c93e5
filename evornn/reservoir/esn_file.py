"""The file of an echo state network: numbers in safetensors, settings in JSON, no pickle."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from evornn.network.saved import read_saved, write_saved
from evornn.readout import Ridge
from evornn.reservoir.cell_reservoir import CellReservoir
from evornn.reservoir.closed_loop import Start
from evornn.reservoir.esn import ESN
from evornn.reservoir.front import Front
from evornn.reservoir.labels import Labels
from evornn.reservoir.layer import Layer
from evornn.reservoir.operators import FORMS, Operator
from evornn.reservoir.stack import Stack
from evornn.reservoir.update import Memory
from evornn.reservoir.vectors import aligned

KIND = "echo state network"
SETTINGS = (
    "washout", "feedback", "bidirectional", "inputs_to_readout", "transform", "pooling", "samples",
    "classify", "seed",
)  # fmt: skip
VECTORS = ("bias", "leak", "gain", "shift")
Arrays = dict[str, np.ndarray]


def write_esn(path: str | os.PathLike[str], esn: ESN, metadata: Mapping[str, Any]) -> None:
    """Write a fitted network whole or not at all; see `ESN.save`."""
    front = esn.front
    if front is None:
        raise ValueError("an ESN needs to be fitted before it is saved; call fit")
    if callable(esn.transform):
        raise ValueError("a transform that is a function cannot be saved; take one by its name")
    weights, bias = linear_parts(esn)
    arrays: Arrays = {"readout.weights": weights, "readout.bias": bias}
    data: dict[str, Any] = {
        "kind": KIND,
        "settings": {name: getattr(esn, name) for name in SETTINGS},
        "inputs": esn.inputs,
        "outputs": esn.outputs,
        "by_columns": weights.flags.f_contiguous,
        "labels": esn.labels and esn.labels.names.tolist(),
        **_reservoir_data(front.reservoir, arrays),
    }
    if esn.start is not None:
        # Cells have no memory between calls: they read the whole series again.
        heard = esn.start.u if isinstance(front.reservoir, CellReservoir) else esn.start.u[-1:]
        arrays["start.u"], arrays["start.y"] = heard, esn.start.y
        for k, memory in enumerate(esn.start.memories):
            arrays[f"start.{k}.x"], arrays[f"start.{k}.v"] = memory.x, memory.v
    write_saved(path, data, {n: np.asarray(a, order="C") for n, a in arrays.items()}, metadata)


def read_esn(path: str | os.PathLike[str]) -> ESN:
    """The network in a file; see `ESN.load`."""
    data, arrays = read_saved(path)
    if data.get("kind") != KIND:
        raise ValueError(
            f"{path} holds no echo state network; Network.load reads networks of cells"
        )
    try:
        return _made(data, arrays)
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(
            f"the echo state network in {path} is damaged: {error} is wrong"
        ) from error


def _made(data: Mapping[str, Any], arrays: Arrays) -> ESN:
    reservoir = _reservoir(data, arrays)
    forward = reservoir.layers if isinstance(reservoir, Stack) else []
    layers = reservoir if isinstance(reservoir, CellReservoir) else forward
    esn = ESN(layers=layers, **data["settings"])
    esn.front = Front(reservoir, esn.inputs_to_readout, esn.transform)
    esn.inputs, esn.outputs = data["inputs"], data["outputs"]
    esn.labels = Labels(np.array(data["labels"])) if data["labels"] else None
    esn.readout = Ridge()
    # In the same order in memory, so that NumPy's products come out the same to the last bit.
    order = np.asfortranarray if data["by_columns"] else np.ascontiguousarray
    esn.readout.weights, esn.readout.bias = order(arrays["readout.weights"]), arrays["readout.bias"]
    if "start.u" in arrays:
        memories: list[Memory] = []
        for k, layer in enumerate(forward if "start.0.x" in arrays else []):
            memory = layer.clean()
            memory.x[:], memory.v[:] = arrays[f"start.{k}.x"], arrays[f"start.{k}.v"]
            memories.append(memory)
        esn.start = Start(memories, arrays["start.u"], arrays["start.y"])
    return esn


def _reservoir_data(reservoir: Stack | CellReservoir, arrays: Arrays) -> dict[str, Any]:
    """The layers' or the cells' settings; their numbers go into `arrays`."""
    if isinstance(reservoir, CellReservoir):
        described, weights = reservoir.data()
        arrays.update({f"cells.{name}": weight for name, weight in weights.items()})
        return {"cells": described}
    return {
        "noise": reservoir.noise,
        "forward": [
            _layer_data(layer, f"forward.{k}", arrays) for k, layer in enumerate(reservoir.layers)
        ],
        "backward": [
            _layer_data(layer, f"backward.{k}", arrays)
            for k, layer in enumerate(reservoir.backward)
        ],
    }


def _reservoir(data: Mapping[str, Any], arrays: Arrays) -> Stack | CellReservoir:
    if "cells" in data:
        start = len("cells.")
        weights = {n[start:]: a for n, a in arrays.items() if n.startswith("cells.")}
        return CellReservoir.from_data(data["cells"], weights)
    forward = [_layer(d, f"forward.{k}", arrays) for k, d in enumerate(data["forward"])]
    backward = [_layer(d, f"backward.{k}", arrays) for k, d in enumerate(data["backward"])]
    return Stack(forward, data["noise"], backward)


def _layer_data(layer: Layer, name: str, arrays: Arrays) -> dict[str, Any]:
    """A layer's settings; its numbers go into `arrays`."""
    for part in ("W_in", "W_fb"):
        weights = getattr(layer, part)
        arrays[f"{name}.{part}"] = weights.toarray() if hasattr(weights, "tocsr") else weights
    for part in VECTORS:
        arrays[f"{name}.{part}"] = getattr(layer, part)[: layer.units]
    return {
        "equation": layer.equation,
        "activation": layer.activation,
        "W": _operator_data(layer.W, f"{name}.W", arrays),
        "O": _operator_data(layer.O, f"{name}.O", arrays),
    }


def _operator_data(matrix: Operator, name: str, arrays: Arrays) -> dict[str, Any]:
    numbers: dict[str, Any] = {}
    for field, value in matrix._asdict().items():
        if isinstance(value, np.ndarray):
            arrays[f"{name}.{field}"] = value
        else:
            numbers[field] = value
    return {"form": type(matrix).__name__, "numbers": numbers}


def _layer(data: Mapping[str, Any], name: str, arrays: Arrays) -> Layer:
    return Layer(
        _operator(data["W"], f"{name}.W", arrays),
        arrays[f"{name}.W_in"],
        W_fb=arrays[f"{name}.W_fb"],
        equation=data["equation"],
        activation=data["activation"],
        O=_operator(data["O"], f"{name}.O", arrays) if data["equation"] == "es2n" else None,
        **{part: arrays[f"{name}.{part}"] for part in VECTORS},
    )


def _operator(data: Mapping[str, Any], name: str, arrays: Arrays) -> Any:
    form = {f.__name__: f for f in FORMS}[data["form"]]
    fields = dict(data["numbers"])
    for field in form._fields:
        if field not in fields:
            value = arrays[f"{name}.{field}"]
            flat = value.dtype == np.float64 and value.ndim == 1
            fields[field] = aligned(value) if flat else value
    return form(**fields)


def linear_parts(esn: ESN) -> tuple[np.ndarray, np.ndarray]:
    """A linear readout's weights, axes (feature, output), and bias, axes (output).

    Raises:
        ValueError: If the readout is not linear.
    """
    weights = getattr(esn.readout, "weights", None)
    bias = getattr(esn.readout, "bias", None)
    answers = len(esn.labels.names) if esn.labels else esn.outputs
    if weights is None or bias is None or weights.shape[1] != answers:
        raise ValueError(
            f"only linear readouts with an output for each of {answers} targets are saved, got "
            f"{type(getattr(esn.readout, 'estimator', esn.readout)).__name__}"
        )
    return weights, bias
