"""A network of `fir` and `iir` layers as its filters: what RBP and the poles are computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evornn.cells.compose import stack, with_readout
from evornn.cells.filters import fir, iir
from evornn.flow.graph import Graph, Node
from evornn.flow.trace import Cell
from evornn.gradient.filter_kernels import LINEAR, RELU, SIGMOID, TANH
from evornn.network import Network

KINDS = {"linear": LINEAR, "tanh": TANH, "sigmoid": SIGMOID, "relu": RELU}


@dataclass(frozen=True)
class Filters:
    """The weights of one layer, or their derivatives.

    Attributes:
        w: Moving-average taps, axes (unit, input, tap).
        v: Autoregressive taps, axes (unit, input, lag).
        b: Biases, axes (unit).
    """

    w: np.ndarray
    v: np.ndarray
    b: np.ndarray


@dataclass(frozen=True)
class FilterLayer:
    """Where one layer's filters stand among a network's named weights.

    Attributes:
        weights: The name of its moving-average matrix.
        lags: The names of its autoregressive vectors, the latest lag first.
        bias: The name of its biases.
        units: K.
        inputs: M.
        taps: Moving-average taps.
        kind: Of the activation.
    """

    weights: str
    lags: tuple[str, ...]
    bias: str
    units: int
    inputs: int
    taps: int
    kind: int

    def filters(self, named: Mapping[str, np.ndarray]) -> Filters:
        """The filters of one network's named weights, float64."""
        matrix = np.asarray(named[self.weights], dtype=np.float64)
        if self.lags:  # rows (input, unit), columns (tap, input)
            by_tap = matrix.reshape(self.inputs, self.units, self.taps, self.inputs)
            w = np.einsum("mkpm->kmp", by_tap)
            v = np.stack([named[n].reshape(self.inputs, self.units).T for n in self.lags], axis=-1)
        else:  # columns (tap, input)
            w = matrix.reshape(self.units, self.taps, self.inputs).transpose(0, 2, 1)
            v = np.zeros((self.units, self.inputs, 0))
        return Filters(
            np.ascontiguousarray(w),
            np.ascontiguousarray(v, dtype=np.float64),
            np.ascontiguousarray(named[self.bias], dtype=np.float64),
        )

    def named(self, filters: Filters) -> dict[str, np.ndarray]:
        """The named weights of filters: the inverse."""
        if not self.lags:
            w = filters.w.transpose(0, 2, 1).reshape(self.units, -1)
            return {self.weights: w, self.bias: filters.b}
        by_tap = np.zeros((self.inputs, self.units, self.taps, self.inputs))
        for m in range(self.inputs):
            by_tap[m, :, :, m] = filters.w[:, m]
        named = {name: filters.v[:, :, r].T.reshape(-1).copy() for r, name in enumerate(self.lags)}
        w = by_tap.reshape(self.inputs * self.units, -1)
        return {self.weights: w, **named, self.bias: filters.b}


def filter_layers(network: Network) -> list[FilterLayer]:
    """The layers of a network of filters, from the inputs upwards, a readout included.

    Raises:
        ValueError: If the network is no `fir` or `iir` cell or stack of these, with a linear or
            tanh readout or none; or if a mask lets a synapse of `iir` see another input.
    """
    graph = network.graph
    shapes = {name: p.shape(network.sizes) for name, p in graph.parameters.items()}
    stacked = "layer1_W" in shapes
    count = sum(name.startswith("layer") and name.endswith("_W") for name in shapes)
    prefixes = [f"layer{k}_" for k in range(1, count + 1)] if stacked else [""]
    layers, cells, inputs = [], [], int(network.inputs or 0)
    for prefix in prefixes:
        if not {f"{prefix}W", f"{prefix}b"} <= set(shapes):
            raise _unsuitable(network)
        lags = tuple(n for r in range(1, len(shapes)) if (n := f"{prefix}v{r}") in shapes)
        (rows, columns), (units,) = shapes[f"{prefix}W"], shapes[f"{prefix}b"]
        if (units * inputs if lags else units) != rows or columns % inputs:
            raise _unsuitable(network)
        kind = _activation(graph, f"{prefix}b")
        taps = columns // inputs
        layer = FilterLayer(f"{prefix}W", lags, f"{prefix}b", units, inputs, taps, KINDS[kind])
        axis = "output" if graph.parameters[f"{prefix}b"].axes == ("output",) else "hidden"
        layers.append(layer)
        cells.append(
            iir(taps, len(lags), inputs=inputs, activation=kind, units=axis)
            if lags
            else fir(taps, activation=kind, units=axis)
        )
        inputs = units
    cell = stack(*cells) if stacked else cells[0]
    if "V" in shapes:
        kind = _activation(graph, "c")
        outputs = shapes["V"][0]
        layers.append(FilterLayer("V", (), "c", outputs, inputs, 1, KINDS[kind]))
    if not _same(graph, cell, "V" in shapes, kind):
        raise _unsuitable(network)
    _check_own_inputs(network, layers)
    return layers


def _unsuitable(network: Network) -> ValueError:
    return ValueError(
        "CRBP and poles need a network of filters: cells.fir or cells.iir, or a stack of these, "
        f"with a linear or tanh readout or none, got {network.graph.name}; take BPTT or RTRL for "
        "other networks"
    )


def _activation(graph: Graph, bias: str) -> str:
    """The function of a layer: what reads the sum that its bias enters."""
    users: dict[Node, list[Node]] = {}
    for node in graph.nodes():
        for argument in node.args:
            users.setdefault(argument, []).append(node)
    node = graph.parameter_leaves[bias]
    while True:
        readers = users.get(node, [])
        if len(readers) != 1:
            return "linear"
        node = readers[0]
        if node.op != "add":
            return node.op if node.op in KINDS else "linear"


def _same(graph: Graph, cell: Cell, readout: bool, kind: str) -> bool:
    """Whether the network's equations are those of the cell with its readout, line by line."""
    if readout and kind not in ("linear", "tanh"):
        return False
    if not readout and cell.output_axis != "output":
        return False
    wanted = with_readout(cell, kind if readout else None)

    def equations(g: Graph) -> list[str]:
        return [line for line in str(g).splitlines()[1:] if not line.startswith("  parameter")]

    return equations(graph) == equations(wanted)


def _check_own_inputs(network: Network, layers: list[FilterLayer]) -> None:
    """Raise if a weight exists that the filters do not have."""
    for layer in layers:
        ones = Filters(
            np.ones((layer.units, layer.inputs, layer.taps)),
            np.ones((layer.units, layer.inputs, len(layer.lags))),
            np.ones(layer.units),
        )
        foreign = layer.named(ones)[layer.weights] == 0
        if (network.map.addresses[layer.weights][foreign] != -1).any():
            raise ValueError(
                f"a mask of {layer.weights} in the network {network.graph.name} needs 0 where a "
                "synapse would see another input than its own, got 1; start from the mask of iir"
            )
