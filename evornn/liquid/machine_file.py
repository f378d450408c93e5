"""The file of a liquid state machine: numbers in safetensors, settings in JSON, no pickle."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from evornn.liquid.encoders import LatencyEncoder, PoissonEncoder, PopulationEncoder, RateEncoder
from evornn.liquid.filters import CountFilter, ExponentialFilter, FilterBank
from evornn.liquid.liquid import Liquid
from evornn.liquid.machine import LiquidStateMachine
from evornn.liquid.neurons import LIF, AdaptiveLIF, Izhikevich
from evornn.liquid.wiring import Synapses
from evornn.network.saved import read_saved, write_saved
from evornn.readout import LinearReadout, Logistic, Ridge

KIND = "liquid state machine"
SETTINGS = ("sample_ms", "washout_ms", "pooling", "classify", "seed")
LIQUID = ("count", "inputs", "dt_ms", "tau_excitatory_ms", "tau_inhibitory_ms", "dtype")
SYNAPSES = ("synapses", "input_synapses")
PLACES = ("positions", "inhibitory")
# Of each readout, what it is made with, and what it found besides weights and bias.
READOUTS: dict[type[LinearReadout], tuple[tuple[str, ...], tuple[str, ...]]] = {
    Ridge: (("ridge", "ridges", "folds", "intercept"), ("chosen", "solver", "reason")),
    Logistic: (("penalty", "iterations"), ("converged", "reason")),
}
NEURONS = {kind.__name__: kind for kind in (LIF, AdaptiveLIF, Izhikevich)}
PARTS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        ExponentialFilter, CountFilter, FilterBank, PoissonEncoder, RateEncoder, LatencyEncoder,
        PopulationEncoder,
    )
}  # fmt: skip
Arrays = dict[str, np.ndarray]


def write_machine(
    path: str | os.PathLike[str], machine: LiquidStateMachine, metadata: Mapping[str, Any]
) -> None:
    """Write a fitted machine whole or not at all; see `LiquidStateMachine.save`."""
    liquid, arrays = machine.liquid, Arrays()
    for field in fields(liquid.neurons):
        value = np.asarray(getattr(liquid.neurons, field.name), dtype=np.float64)
        arrays[f"neurons.{field.name}"] = value
    for part in SYNAPSES:
        for field in fields(Synapses):
            value = getattr(getattr(liquid, part), field.name)
            if value is not None:
                arrays[f"{part}.{field.name}"] = value
    for name in PLACES:
        if getattr(liquid, name) is not None:
            arrays[name] = np.asarray(getattr(liquid, name))
    data: dict[str, Any] = {
        "kind": KIND,
        "settings": {name: getattr(machine, name) for name in SETTINGS},
        "liquid": {name: getattr(liquid, name) for name in LIQUID},
        "neurons": type(liquid.neurons).__name__,
        "filter": _part("filter", machine.filter),
        "encoder": None if machine.encoder is None else _part("encoder", machine.encoder),
        "readout": _readout_data(machine, arrays),
        "classes": _labels_data(machine.classes),
    }
    write_saved(path, data, {n: np.asarray(a, order="C") for n, a in arrays.items()}, metadata)


def read_machine(path: str | os.PathLike[str], jobs: int) -> LiquidStateMachine:
    """The machine in a file; see `LiquidStateMachine.load`."""
    data, arrays = read_saved(path)
    if data.get("kind") != KIND:
        raise ValueError(
            f"{path} holds no liquid state machine; Network.load reads networks of cells, ESN.load "
            "echo state networks."
        )
    try:
        return _made(data, arrays, jobs)
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(
            f"the liquid state machine in {path} is damaged: {error} is wrong"
        ) from error


def _made(data: Mapping[str, Any], arrays: Arrays, jobs: int) -> LiquidStateMachine:
    def of(prefix: str) -> Arrays:
        return {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}

    given: dict[str, Any] = dict(data["liquid"])
    given |= {part: Synapses(**of(f"{part}.")) for part in SYNAPSES}
    given |= {name: arrays[name] for name in PLACES if name in arrays}
    liquid = Liquid(NEURONS[data["neurons"]](**of("neurons.")), **given)
    readout = _readout(data["readout"], arrays)
    machine = LiquidStateMachine(
        liquid,
        _fresh(data["readout"]),
        filter=_made_part(data["filter"]),
        encoder=None if data["encoder"] is None else _made_part(data["encoder"]),
        jobs=jobs,
        **data["settings"],
    )
    machine.readout, machine.classes = readout, _labels(data["classes"])
    return machine


def _part(name: str, part: Any) -> dict[str, Any]:
    """A filter or an encoder, JSON-able."""
    if type(part) is not PARTS.get(type(part).__name__):
        raise ValueError(
            f"only the {name}s of evornn.liquid can be saved, got {type(part).__name__}."
        )
    settings = {field.name: getattr(part, field.name) for field in fields(part)}
    for key, value in settings.items():
        if is_dataclass(value):
            settings[key] = _part(name, value)
    return {"form": type(part).__name__, "settings": settings}


def _made_part(data: Mapping[str, Any]) -> Any:
    settings = {
        name: _made_part(value) if isinstance(value, dict) else value
        for name, value in data["settings"].items()
    }
    if "taus_ms" in settings:
        settings["taus_ms"] = tuple(settings["taus_ms"])
    return PARTS[data["form"]](**settings)


def _readout_data(machine: LiquidStateMachine, arrays: Arrays) -> dict[str, Any]:
    """A linear readout's settings; its numbers go into `arrays`."""
    readout = machine.readout
    weights, bias = getattr(readout, "weights", None), getattr(readout, "bias", None)
    if (
        weights is None
        or bias is None
        or not (isinstance(readout, LinearReadout) or not machine.classify)
    ):
        raise ValueError(
            "only linear readouts are saved, and of classifiers only those of evornn.readout, got "
            f"{type(getattr(readout, 'estimator', readout)).__name__}."
        )
    arrays["readout.weights"], arrays["readout.bias"] = weights, bias
    settings, found = READOUTS.get(type(readout), ((), ()))

    def plain(name: str) -> Any:
        value = getattr(readout, name)
        return value.tolist() if isinstance(value, np.ndarray) else value

    return {
        # Of a readout that is neither, the weights remain, in a Ridge.
        "form": type(readout).__name__ if settings else "Ridge",
        "settings": {name: plain(name) for name in settings},
        "found": {name: plain(name) for name in found if hasattr(readout, name)},
        "classes": _labels_data(getattr(readout, "classes", None)),
        "by_columns": bool(weights.flags.f_contiguous),
    }


def _fresh(data: Mapping[str, Any]) -> LinearReadout:
    form = {kind.__name__: kind for kind in READOUTS}[data["form"]]
    return form(**data["settings"])


def _readout(data: Mapping[str, Any], arrays: Arrays) -> LinearReadout:
    readout = _fresh(data)
    # In the same order in memory, so that NumPy's products come out the same to the last bit.
    order = np.asfortranarray if data["by_columns"] else np.ascontiguousarray
    readout.weights, readout.bias = order(arrays["readout.weights"]), arrays["readout.bias"]
    for name, value in data["found"].items():
        setattr(readout, name, value)
    if isinstance(readout, Logistic):
        classes = _labels(data["classes"])
        if classes is None:
            raise KeyError("classes")
        readout.classes = classes
    return readout


def _labels_data(labels: np.ndarray | None) -> dict[str, Any] | None:
    return None if labels is None else {"values": labels.tolist(), "dtype": labels.dtype.str}


def _labels(data: Mapping[str, Any] | None) -> np.ndarray | None:
    return None if data is None else np.array(data["values"], dtype=data["dtype"])
