"""A network: a cell with sizes, a readout, and, once it has evolved, its weights."""

from __future__ import annotations

import copy
import functools
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from evornn.cells.compose import with_readout
from evornn.flow.axes import axis_size
from evornn.flow.derive import without_marks
from evornn.flow.graph import Graph
from evornn.flow.serial import graph_from_data, graph_to_data
from evornn.flow.trace import Cell
from evornn.network.answers import answers
from evornn.network.chromosome import Chromosome
from evornn.network.saved import read_saved, write_saved
from evornn.network.series import Series, as_sequences
from evornn.network.sizes import check_slices, private_sizes, whole_size
from evornn.simd.kernel import Kernel
from evornn.simd.lanes import fitting_lanes

KERNELS = ("many_sequences", "one_sequence")


class Network:
    """A recurrent network of one architecture; immutable.

    Args:
        cell: A cell of the zoo, your own, or a `stack`.
        inputs: Number of inputs; None until a task decides.
        outputs: Number of outputs; None until a task decides.
        readout: "linear" (y = V h + c), "tanh", "sigmoid" or "softmax" of that; None if the cell's
            output is the network's.
        dtype: "float32" or "float64": what the network computes in.
        **sizes: Size of each of the cell's axes, usually hidden=...; for a stack a tuple with one
            size per layer, or one number for all.

    Raises:
        ValueError: If a size is missing, unknown or not positive, or the readout does not fit.
    """

    def __init__(
        self,
        cell: Cell,
        *,
        inputs: int | None = None,
        outputs: int | None = None,
        readout: str | None = "linear",
        dtype: str = "float32",
        **sizes: int | tuple[int, ...],
    ) -> None:
        if not isinstance(cell, Cell):
            raise TypeError(
                f"Network needs a cell, such as cells.elman or a function under @cell, got "
                f"{type(cell).__name__}"
            )
        self._set(with_readout(cell, readout), inputs, outputs, dtype, sizes, None)

    def _set(
        self,
        graph: Graph,
        inputs: int | None,
        outputs: int | None,
        dtype: str,
        sizes: Mapping[str, Any],
        chromosome: np.ndarray | None,
    ) -> None:
        if dtype not in ("float32", "float64"):
            raise ValueError(f"dtype needs float32 or float64, got {dtype!r}")
        self.graph = graph
        self.inputs = whole_size("inputs", inputs)
        self.outputs = whole_size("outputs", outputs)
        self.dtype = dtype
        self._asked = dict(sizes)
        self._private = private_sizes(graph, sizes)
        self.chromosome = chromosome

    @classmethod
    def _of_graph(cls, graph: Graph, **settings: Any) -> Network:
        network = cls.__new__(cls)
        network._set(graph, **settings)
        return network

    def __getstate__(self) -> dict[str, Any]:
        # Compiled code stays behind; another process takes its own from the cache.
        return {name: value for name, value in self.__dict__.items() if name not in KERNELS}

    def bound(self, inputs: int, outputs: int) -> Network:
        """The network with as many inputs and outputs as a task has.

        Raises:
            ValueError: If it already has other numbers.
        """
        for name, mine, theirs in (
            ("inputs", self.inputs, inputs),
            ("outputs", self.outputs, outputs),
        ):
            if mine is not None and mine != theirs:
                raise ValueError(f"the task has {theirs} {name}, the network was given {mine}")
        return Network._of_graph(
            self.graph,
            inputs=inputs,
            outputs=outputs,
            dtype=self.dtype,
            sizes=self._asked,
            chromosome=None,
        )

    def with_chromosome(self, chromosome: np.ndarray) -> Network:
        """The network with the given weights, axes (gene)."""
        genes = np.ascontiguousarray(chromosome, dtype=self.dtype)
        if genes.shape != (self.genes,):
            raise ValueError(self._needs("with_chromosome", genes.shape))
        network = copy.copy(self)  # with the compiled kernel, if there is one
        network.chromosome = genes
        return network

    # --- sizes and genes --------------------------------------------------------------------

    @functools.cached_property
    def sizes(self) -> dict[str, int]:
        """Size of every axis.

        Raises:
            ValueError: If the numbers of inputs and outputs are not known yet, or the cell's input
                has another size.
        """
        if self.inputs is None or self.outputs is None:
            raise ValueError(
                f"the network {self.graph.name} needs to know its inputs and outputs; pass "
                "inputs=... and outputs=..., or use network.bound(inputs, outputs)"
            )
        (leaf,) = self.graph.inputs.values()
        axis = leaf.axes[0]
        others = {"output": self.outputs, **self._private}
        if axis in others or not axis.isidentifier():  # its size is decided elsewhere
            size = axis_size(axis, others)
            if size != self.inputs:
                raise ValueError(
                    f"inputs of the network {self.graph.name} need to be {size}, the size of its "
                    f"input axis {axis!r}, got {self.inputs}"
                )
        return {axis: self.inputs, **others}

    @functools.cached_property
    def map(self) -> Chromosome:
        """The map between genes and named weights.

        Raises:
            ValueError: If a cell's slice such as v[7] reaches beyond its vector.
        """
        check_slices(self.graph, self.sizes)
        return Chromosome(self.graph.parameters, self.sizes)

    @property
    def genes(self) -> int:
        """Number of genes: one per weight that is neither masked nor fixed."""
        return self.map.genes

    def pack(self, weights: Mapping[str, np.ndarray]) -> np.ndarray:
        """The chromosome of named weights; see `Chromosome.pack`."""
        return self.map.pack(weights).astype(self.dtype)

    def unpack(self, chromosome: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Named weights of a chromosome, axes (gene) or (individual, gene); default: its own.

        Raises:
            ValueError: If the chromosome has another number of genes.
        """
        genes = self.own() if chromosome is None else np.asarray(chromosome)
        if genes.ndim not in (1, 2) or genes.shape[-1] != self.genes:
            raise ValueError(self._needs("unpack", genes.shape))
        return self.map.unpack(genes)

    def initial(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """An initial population from the declared distributions, axes (individual, gene)."""
        return self.map.draw(rng, count, self.sizes).astype(self.dtype)

    def _needs(self, method: str, shape: tuple[int, ...]) -> str:
        inputs = f"{self.inputs} input{'s' if self.inputs != 1 else ''}"
        outputs = f"{self.outputs} output{'s' if self.outputs != 1 else ''}"
        return (
            f"`Network.{method}` needs chromosomes of {self.genes} genes, got shape {shape}. The "
            f"network {self.graph.name} with {inputs} and {outputs} has {self.map.describe()}."
        )

    def own(self) -> np.ndarray:
        """The network's weights, axes (gene).

        Raises:
            ValueError: If it has none yet.
        """
        if self.chromosome is None:
            raise ValueError(
                "this network has no weights yet; evolve it, load it, or use with_chromosome"
            )
        return self.chromosome

    # --- running ----------------------------------------------------------------------------

    def kernel(
        self,
        *,
        lanes: int | None = None,
        sequences: int = 1,
        shared: bool = False,
        units: bool = False,
    ) -> Kernel:
        """The compiled kernel of this network; see `Kernel`."""
        return Kernel(
            without_marks(self.graph),
            self.sizes,
            self.map.addresses,
            self.map.constants,
            dtype=self.dtype,
            lanes=lanes,
            sequences=sequences,
            shared=shared,
            units=units,
        )

    @functools.cached_property
    def many_sequences(self) -> Kernel:
        """The kernel that runs this network on many sequences at once."""
        return self.kernel(shared=True)

    @functools.cached_property
    def one_sequence(self) -> Kernel:
        """The kernel that runs this network on one sequence."""
        widest = max(self.sizes.values())
        return self.kernel(lanes=fitting_lanes(widest, self.dtype), units=True)

    def predict(self, inputs: Series) -> Any:
        """Outputs of the network for one or several sequences, each from a clean state.

        Args:
            inputs: Axes (time, input), or (time) with one input; or a list of such arrays.

        Returns:
            Axes (time, output); a list of such arrays for a list.
        """
        sequences, single = as_sequences(inputs, next(iter(self.sizes.values())))
        outputs, _ = answers(self, sequences, [len(x) for x in sequences], False)
        return outputs[0] if single else outputs

    def states(self, inputs: Series) -> Any:
        """Every state after every step, by name, axes (time, state); a list for a list."""
        sequences, single = as_sequences(inputs, next(iter(self.sizes.values())))
        _, states = answers(self, sequences, [len(x) for x in sequences], True)
        return states[0] if single else states

    def forecast(self, inputs: Series, steps: int) -> Any:
        """Free running: read the inputs, then go on alone, each output fed back as the next input.

        Args:
            inputs: Axes (time, input): the beginning, teacher-forced; or a list.
            steps: Steps to go on after it, at least 1.

        Returns:
            The outputs of those steps, axes (steps, output). The first is the network's answer to
            the last given input; the fed-back outputs stand in place of the first inputs, and
            further inputs, if the network has more inputs than outputs, keep their last value.

        Raises:
            ValueError: If there are more outputs than inputs, or less than one step.
        """
        if steps < 1:
            raise ValueError(f"forecast needs at least 1 step, got {steps}")
        self.check_free_running()
        sequences, single = as_sequences(inputs, next(iter(self.sizes.values())))
        longer = [np.concatenate([x, np.repeat(x[-1:], steps - 1, axis=0)]) for x in sequences]
        outputs, _ = answers(self, longer, [len(x) for x in sequences], False)
        ends = [y[len(x) - 1 :] for x, y in zip(sequences, outputs, strict=True)]
        return ends[0] if single else ends

    def check_free_running(self) -> None:
        """Raise if the outputs cannot be fed back as inputs."""
        if self.sizes["output"] > next(iter(self.sizes.values())):
            raise ValueError(
                f"free running feeds outputs back as inputs and needs at least as many inputs, "
                f"got {self.inputs} inputs and {self.outputs} outputs"
            )

    # --- on disk ----------------------------------------------------------------------------

    def describe(self) -> dict[str, Any]:
        """Everything that makes this architecture, as JSON-able data."""
        return {
            "graph": graph_to_data(self.graph, self.sizes),
            "inputs": self.inputs,
            "outputs": self.outputs,
            "dtype": self.dtype,
            "sizes": self._private,
        }

    def save(self, path: str | os.PathLike[str], **metadata: Any) -> None:
        """Write architecture and weights to a safetensors file (no pickle), atomically.

        Args:
            path: The file; replaced if it exists.
            **metadata: More to keep, JSON-able, e.g. the scale of the data.
        """
        write_saved(path, self.describe(), self.unpack(), metadata)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Network:
        """The network in a file of `save`; it needs no Python code of the cell's author.

        Raises:
            ValueError: If the file is no saved network, or of a newer version.
        """
        data, weights = read_saved(path)
        try:
            network = cls._of_graph(
                graph_from_data(data["graph"]),
                inputs=data["inputs"],
                outputs=data["outputs"],
                dtype=data["dtype"],
                sizes=data["sizes"],
                chromosome=None,
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"the network in {path} is damaged: {error} is wrong") from error
        return network.with_chromosome(network.pack(weights))

    def __repr__(self) -> str:
        sizes = ", ".join(f"{k}={v}" for k, v in self._private.items())
        return (
            f"Network({self.graph.name}, {sizes}, inputs={self.inputs}, outputs={self.outputs}, "
            f"{self.dtype})"
        )
