"""A network that reads a sequence in both directions, for sequences known as a whole."""

from __future__ import annotations

import copy
import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from evornn.cells.compose import READOUTS
from evornn.flow.serial import graph_from_data
from evornn.flow.trace import Cell
from evornn.network.network import Network
from evornn.network.saved import read_saved, write_saved
from evornn.network.series import Series, as_sequences

WAYS = ("forward", "backward")


def _same(a: np.ndarray) -> np.ndarray:
    return a


def _sigmoid(a: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):  # exp(-a) may be inf, and 1 / inf is the right answer, 0
        shares: np.ndarray = 1 / (1 + np.exp(-a))
    return shares


def _softmax(a: np.ndarray) -> np.ndarray:
    e = np.exp(a - a.max(axis=-1, keepdims=True))
    shares: np.ndarray = e / e.sum(axis=-1, keepdims=True)
    return shares


SQUASHES: dict[str | None, Callable[[np.ndarray], np.ndarray]] = {
    None: _same,
    "linear": _same,
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "softmax": _softmax,
}


class Bidirectional:
    """Two networks, one from the beginning and one from the end, and one readout over both.

    y_t = f(V [h_t; g_t] + c), where h_t has read x_1 to x_t, and g_t has read x_T down to x_t.

    V [h; g] is a sum of two products, so each direction is a network of its own with a linear
    readout, `forward` (with c) and `backward` (without), and f acts on the sum of their outputs.
    The chromosome is the forward network's, followed by the backward network's.

    Source: Schuster & Paliwal 1997 (IEEE Trans. Signal Processing 45:2673).

    Args:
        cell_forward: The cell that reads from the beginning.
        cell_backward: The cell that reads from the end; None: the same cell, with its own weights.
        inputs: Number of inputs; None until a task decides.
        outputs: Number of outputs; None until a task decides.
        readout: "linear", "tanh", "sigmoid" or "softmax", the f above; None if the cells have
            their own output layers: the output is the sum of theirs.
        dtype: "float32" or "float64".
        **sizes: Size of each of the cells' axes, for both directions.

    Raises:
        TypeError: If a cell is none.
        ValueError: If a size is missing, unknown or not positive, or the readout does not fit.
    """

    def __init__(
        self,
        cell_forward: Cell,
        cell_backward: Cell | None = None,
        *,
        inputs: int | None = None,
        outputs: int | None = None,
        readout: str | None = "linear",
        dtype: str = "float32",
        **sizes: int | tuple[int, ...],
    ) -> None:
        if readout not in SQUASHES:
            raise ValueError(f"a readout is one of {', '.join(READOUTS)} or None, got {readout!r}")
        linear = None if readout is None else "linear"
        given: dict[str, Any] = {"inputs": inputs, "outputs": outputs, "dtype": dtype, **sizes}
        forward = Network(cell_forward, readout=linear, **given)
        backward = Network(cell_backward or cell_forward, readout=linear, **given)
        if linear:  # c is one vector, the forward network's
            parameters = backward.graph.parameters
            without = {**parameters, "c": replace(parameters["c"], fixed=0.0)}
            backward.graph = replace(backward.graph, parameters=without)
        self._set(forward, backward, readout)

    def _set(self, forward: Network, backward: Network, readout: str | None) -> None:
        self.forward = forward
        self.backward = backward
        self.readout = readout
        self._squash = SQUASHES[readout]
        self.chromosome: np.ndarray | None = None

    @classmethod
    def _of_networks(
        cls, forward: Network, backward: Network, readout: str | None
    ) -> Bidirectional:
        network = cls.__new__(cls)
        network._set(forward, backward, readout)
        return network

    def bound(self, inputs: int, outputs: int) -> Bidirectional:
        """The network with as many inputs and outputs as a task has.

        Raises:
            ValueError: If it already has other numbers.
        """
        forward, backward = (way.bound(inputs, outputs) for way in (self.forward, self.backward))
        return Bidirectional._of_networks(forward, backward, self.readout)

    def with_chromosome(self, chromosome: np.ndarray) -> Bidirectional:
        """The network with the given weights, axes (gene)."""
        genes = np.ascontiguousarray(chromosome, dtype=self.dtype)
        if genes.shape != (self.genes,):
            raise ValueError(self._needs("with_chromosome", genes.shape))
        network = copy.copy(self)
        network.chromosome = genes
        first, second = self.split(genes)
        network.forward = self.forward.with_chromosome(first)
        network.backward = self.backward.with_chromosome(second)
        return network

    # --- sizes and genes --------------------------------------------------------------------

    @property
    def inputs(self) -> int | None:
        """Number of inputs; None until a task has decided."""
        return self.forward.inputs

    @property
    def outputs(self) -> int | None:
        """Number of outputs; None until a task has decided."""
        return self.forward.outputs

    @property
    def dtype(self) -> str:
        """What the network computes in."""
        return self.forward.dtype

    @property
    def genes(self) -> int:
        """Number of genes of both directions."""
        return self.forward.genes + self.backward.genes

    @functools.cached_property
    def names(self) -> list[str]:
        """A name such as "backward_U[3,5]" for every gene."""
        return [f"{way}_{name}" for way in WAYS for name in getattr(self, way).map.names]

    def split(self, chromosomes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The forward and the backward network's genes; axes (gene) or (individual, gene)."""
        genes = self.forward.genes
        return chromosomes[..., :genes], chromosomes[..., genes:]

    def pack(self, weights: Mapping[str, np.ndarray]) -> np.ndarray:
        """The chromosome of weights named "forward_..." and "backward_...".

        Raises:
            ValueError: If a name is missing or unknown, or a shape is wrong.
        """
        known = [f"{way}_{name}" for way in WAYS for name in getattr(self, way).graph.parameters]
        if set(weights) != set(known):
            raise ValueError(
                f"pack needs the weights {', '.join(known)}, got {', '.join(weights) or 'none'}"
            )
        halves = []
        for way in WAYS:
            prefix = f"{way}_"
            mine = {k.removeprefix(prefix): w for k, w in weights.items() if k.startswith(prefix)}
            halves.append(getattr(self, way).pack(mine))
        return np.concatenate(halves)

    def unpack(self, chromosome: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Weights, named "forward_..." and "backward_..."; axes (gene) or (individual, gene).

        Raises:
            ValueError: If the chromosome has another number of genes.
        """
        genes = self._own() if chromosome is None else np.asarray(chromosome)
        if genes.ndim not in (1, 2) or genes.shape[-1] != self.genes:
            raise ValueError(self._needs("unpack", genes.shape))
        return {
            f"{way}_{name}": weight
            for way, part in zip(WAYS, self.split(genes), strict=True)
            for name, weight in getattr(self, way).unpack(part).items()
        }

    def initial(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """An initial population from the declared distributions, axes (individual, gene)."""
        return np.hstack([way.initial(rng, count) for way in (self.forward, self.backward)])

    def _needs(self, method: str, shape: tuple[int, ...]) -> str:
        return (
            f"`Bidirectional.{method}` needs chromosomes of {self.genes} genes, "
            f"{self.forward.genes} forward and {self.backward.genes} backward, got shape {shape}."
        )

    def _own(self) -> np.ndarray:
        if self.chromosome is None:
            raise ValueError(
                "this network has no weights yet; evolve it, load it, or use with_chromosome"
            )
        return self.chromosome

    # --- running ----------------------------------------------------------------------------

    def combine(self, forward: np.ndarray, backward: np.ndarray) -> np.ndarray:
        """The output from the two networks' outputs, both in the order of time.

        Args:
            forward: Axes (..., time, output).
            backward: The same axes.
        """
        return self._squash(forward + backward)

    def predict(self, inputs: Series) -> Any:
        """Outputs of the network for one or several whole sequences.

        Args:
            inputs: Axes (time, input), or (time) with one input; or a list of such arrays.

        Returns:
            Axes (time, output); a list of such arrays for a list.
        """
        self._own()
        sequences, single = self._sequences(inputs)
        forward = self.forward.predict(sequences)
        backward = self.backward.predict([x[::-1] for x in sequences])
        pairs = zip(forward, backward, strict=True)
        outputs = [self.combine(y, z[::-1]) for y, z in pairs]
        return outputs[0] if single else outputs

    def states(self, inputs: Series) -> Any:
        """Every state by name, axes (time, state); a list for a list.

        The names start with "forward_" or "backward_". Row t of a backward state is the one that
        the readout sees at t: it has read the sequence from its end down to t.
        """
        self._own()
        sequences, single = self._sequences(inputs)
        forward = self.forward.states(sequences)
        backward = self.backward.states([x[::-1] for x in sequences])
        states = [
            {f"forward_{name}": s for name, s in one.items()}
            | {f"backward_{name}": s[::-1] for name, s in other.items()}
            for one, other in zip(forward, backward, strict=True)
        ]
        return states[0] if single else states

    def _sequences(self, inputs: Series) -> tuple[list[np.ndarray], bool]:
        return as_sequences(inputs, next(iter(self.forward.sizes.values())))

    # --- on disk ----------------------------------------------------------------------------

    def describe(self) -> dict[str, Any]:
        """Everything that makes this architecture, as JSON-able data."""
        ways = {way: getattr(self, way).describe() for way in WAYS}
        return {"kind": "bidirectional", "readout": self.readout, **ways}

    def save(self, path: str | os.PathLike[str], **metadata: Any) -> None:
        """Write architecture and weights to a safetensors file (no pickle), atomically.

        Args:
            path: The file; replaced if it exists.
            **metadata: More to keep, JSON-able, e.g. the scale of the data.
        """
        write_saved(path, self.describe(), self.unpack(), metadata)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Bidirectional:
        """The network in a file of `save`; it needs no Python code of the cell's author.

        Raises:
            ValueError: If the file is no saved bidirectional network, or of a newer version.
        """
        data, weights = read_saved(path)
        if data.get("kind") != "bidirectional":
            raise ValueError(f"{path} needs to hold a bidirectional network, use Network.load")
        try:
            forward, backward = (_network_of(data[way]) for way in WAYS)
            network = cls._of_networks(forward, backward, data["readout"])
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"the network in {path} is damaged: {error} is wrong") from error
        return network.with_chromosome(network.pack(weights))

    def __repr__(self) -> str:
        return f"Bidirectional({self.forward!r}, {self.backward!r})"


def _network_of(data: Mapping[str, Any]) -> Network:
    return Network._of_graph(
        graph_from_data(data["graph"]),
        inputs=data["inputs"],
        outputs=data["outputs"],
        dtype=data["dtype"],
        sizes=data["sizes"],
        chromosome=None,
    )
