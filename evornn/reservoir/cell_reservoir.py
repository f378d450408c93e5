"""Any recurrent cell as a reservoir: its weights are drawn once and stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evornn.cells.compose import Composition
from evornn.flow.axes import axis_names
from evornn.flow.language import concatenate
from evornn.flow.serial import graph_from_data, graph_to_data
from evornn.flow.trace import Cell
from evornn.network import Network

OWN = "own_"  # before the names of a cell that are those of the readout


class CellReservoir:
    """A cell of the zoo, or your own, with random weights that nothing trains.

    What the readout sees is the cell's output: what a network's readout would. The weights are
    drawn as the cell declares them: nothing holds the spectral radius below 1.

    Args:
        cell: A cell such as cells.gru, or a `stack`. One that has an output layer of its own, such
            as cells.jordan, takes `output=` too, and the readout sees those outputs; its weights
            are called own_W and so on.
        weights: By name, arrays that replace the drawn ones, e.g. a recurrent matrix with a
            spectral radius of its own.
        scale: What the drawn matrices are multiplied with; masked and fixed weights stay.
        **sizes: Size of each of the cell's axes, usually hidden=...

    Attributes:
        cell: The cell.
        network: The network, once the number of inputs is known; it reads out its own units.
    """

    def __init__(
        self,
        cell: Cell,
        *,
        weights: Mapping[str, np.ndarray] | None = None,
        scale: float = 1.0,
        **sizes: int | tuple[int, ...],
    ) -> None:
        if not isinstance(cell, Cell):
            raise TypeError(
                f"CellReservoir needs a cell, such as cells.gru or a function under @cell, got "
                f"{type(cell).__name__}"
            )
        self.sizes: dict[str, Any] = dict(sizes)
        self.given = dict(weights or {})
        if {"V", "c"} & set(cell.graph.parameters) or "output" in cell.graph.axis_names():
            cell = _beside_a_readout(cell)
            self.given = {OWN + name: weight for name, weight in self.given.items()}
            if "output" in self.sizes:
                self.sizes[OWN + "output"] = self.sizes.pop("output")
        self.cell, self.scale = cell, float(scale)
        self.network: Network | None = None

    def drawn(self, inputs: int, rng: np.random.Generator) -> CellReservoir:
        """This reservoir with weights for a number of inputs.

        Raises:
            ValueError: If a given weight has no such name or another shape.
        """
        made = CellReservoir(self.cell, weights=self.given, scale=self.scale, **self.sizes)
        first = self._network(inputs, 1)
        weights = first.unpack(first.initial(rng, 1)[0])
        units = weights["V"].shape[1]
        own = {n: w for n, w in weights.items() if n not in ("V", "c")}
        weights = {n: self._scaled(w, first.map.addresses[n]) for n, w in own.items()}
        for name, value in self.given.items():
            if name not in weights or np.shape(value) != weights[name].shape:
                shapes = ", ".join(f"{n} {w.shape}" for n, w in weights.items())
                raise ValueError(
                    f"a reservoir of {self.cell.name} cells has the weights {shapes}; got {name} "
                    f"{np.shape(value)}"
                )
            weights[name] = np.asarray(value, dtype=np.float64)
        made.network = self._with_readout(inputs, weights, np.eye(units), np.zeros(units))
        return made

    @property
    def units(self) -> int:
        """Number of the cell's outputs."""
        return self._drawn().sizes["output"]

    def states(self, inputs: list[np.ndarray]) -> list[np.ndarray]:
        """The cell's outputs after every step of every sequence, each from a clean state.

        Args:
            inputs: Axes (time, input) each.

        Returns:
            Axes (time, unit) each.
        """
        answers: list[np.ndarray] = self._drawn().predict(inputs)
        return answers

    def with_readout(
        self, weights: np.ndarray, bias: np.ndarray, with_inputs: bool = False
    ) -> Network:
        """The whole as one network that can forecast, evolve, and be saved.

        Args:
            weights: The readout's, axes (unit, output); with inputs (unit and then input, output).
            bias: The readout's, axes (output).
            with_inputs: Whether the readout sees the inputs beside the units.
        """
        network = self._drawn()
        return self._with_readout(
            network.inputs or 0, self._own_weights(), weights.T, bias, with_inputs
        )

    # --- on disk ----------------------------------------------------------------------------

    def data(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What makes this reservoir: its cell and sizes, JSON-able, and its weights by name."""
        network = self._drawn()
        sizes = network.describe()["sizes"]
        known = {**network.sizes, **sizes}
        described = {
            "cell": graph_to_data(self.cell.graph, known),
            "input": self.cell.input,
            "sizes": sizes,
            "inputs": network.inputs,
        }
        return described, self._own_weights()

    @classmethod
    def from_data(
        cls, described: Mapping[str, Any], weights: Mapping[str, np.ndarray]
    ) -> CellReservoir:
        """The reservoir that `data` tells of."""
        graph = graph_from_data(described["cell"])
        made = cls.__new__(cls)
        made.cell, made.scale = Cell(graph.name, graph, described["input"]), 1.0
        made.sizes, made.given = dict(described["sizes"]), dict(weights)
        units = made._network(described["inputs"], 1).map.addresses["V"].size
        made.network = made._with_readout(
            described["inputs"], weights, np.eye(units), np.zeros(units)
        )
        return made

    def _scaled(self, weight: np.ndarray, address: np.ndarray) -> np.ndarray:
        """A matrix scaled where it has genes; anything else as it is."""
        return np.where(address >= 0, weight * self.scale, weight) if weight.ndim > 1 else weight

    def _own_weights(self) -> dict[str, np.ndarray]:
        return {n: w for n, w in self._drawn().unpack().items() if n not in ("V", "c")}

    def _with_readout(
        self,
        inputs: int,
        weights: Mapping[str, Any],
        V: np.ndarray,
        c: np.ndarray,
        with_inputs: bool = False,
    ) -> Network:
        network = self._network(inputs, len(c), with_inputs)
        return network.with_chromosome(network.pack({**weights, "V": V, "c": c}))

    def _network(self, inputs: int, outputs: int, with_inputs: bool = False) -> Network:
        cell = _beside_its_inputs(self.cell) if with_inputs else self.cell
        return Network(cell, inputs=inputs, outputs=outputs, dtype="float64", **self.sizes)

    def _drawn(self) -> Network:
        if self.network is None:
            raise ValueError("this reservoir has no weights yet; use drawn(inputs, rng), or fit")
        return self.network


def _beside_a_readout(cell: Cell) -> Cell:
    """The cell with other names, where its own are those of the readout that comes on top."""
    whole = Composition(cell.name)
    x = whole.tracer.leaf("input", cell.input, (cell.input_axis,))
    names = {n: n for axis in cell.graph.axis_names() for n in axis_names(axis)}
    output = whole.add(cell, x, OWN, {**names, "output": OWN + "output"})
    return Cell(cell.name, whole.finish(x, output), cell.input, cell.description)


def _beside_its_inputs(cell: Cell) -> Cell:
    """The cell with its inputs behind its outputs, for a readout that sees both."""
    whole = Composition(cell.name)
    x = whole.tracer.leaf("input", cell.input, (cell.input_axis,))
    names = {n: n for axis in cell.graph.axis_names() for n in axis_names(axis)}
    output = whole.add(cell, x, "", names)
    return Cell(cell.name, whole.finish(x, concatenate(output, x)), cell.input, cell.description)
