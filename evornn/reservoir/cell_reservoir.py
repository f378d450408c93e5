"""Any recurrent cell as a reservoir: its weights are drawn once and stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evornn.flow.trace import Cell
from evornn.network import Network


class CellReservoir:
    """A cell of the zoo, or your own, with random weights that nothing trains.

    What the readout sees is the cell's output: what a network's readout would.

    Args:
        cell: A cell such as cells.gru, or a `stack`.
        weights: By name, arrays that replace the drawn ones, e.g. a recurrent matrix with a
            spectral radius of its own.
        scale: What the drawn matrices are multiplied with; masked and fixed weights stay.
        **sizes: Size of each of the cell's axes, usually hidden=...

    Attributes:
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
        self.cell, self.scale = cell, float(scale)
        self.sizes: dict[str, Any] = dict(sizes)
        self.given = dict(weights or {})
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

    def with_readout(self, weights: np.ndarray, bias: np.ndarray) -> Network:
        """The whole as one network that can forecast, evolve, and be saved.

        Args:
            weights: The readout's, axes (unit, output).
            bias: The readout's, axes (output).
        """
        network = self._drawn()
        own = {n: w for n, w in network.unpack().items() if n not in ("V", "c")}
        return self._with_readout(network.inputs or 0, own, weights.T, bias)

    def _scaled(self, weight: np.ndarray, address: np.ndarray) -> np.ndarray:
        """A matrix scaled where it has genes; anything else as it is."""
        return np.where(address >= 0, weight * self.scale, weight) if weight.ndim > 1 else weight

    def _with_readout(
        self, inputs: int, weights: Mapping[str, Any], V: np.ndarray, c: np.ndarray
    ) -> Network:
        network = self._network(inputs, len(c))
        return network.with_chromosome(network.pack({**weights, "V": V, "c": c}))

    def _network(self, inputs: int, outputs: int) -> Network:
        return Network(self.cell, inputs=inputs, outputs=outputs, dtype="float64", **self.sizes)

    def _drawn(self) -> Network:
        if self.network is None:
            raise ValueError("this reservoir has no weights yet; use drawn(inputs, rng), or fit")
        return self.network
