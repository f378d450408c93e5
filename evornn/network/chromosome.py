"""The chromosome: a network's weights as one vector of genes, in a documented order.

One gene stands for one weight. Scalars come first, in the order of their declaration. Then, for
each row axis in order of first use (usually hidden, then output), unit after unit: everything
that leads into one unit is contiguous. Within a unit its parameters follow their declaration, and
within a parameter its columns. For an Elman network that is, for every hidden unit i, W[i, :],
U[i, :], b[i], and then for every output k, V[k, :], c[k]. Weights that are masked or fixed have no
gene.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from evornn.flow.declare import Parameter


class Chromosome:
    """The map between named weights and genes.

    Attributes:
        genes: Number of genes.
        addresses: For every parameter, an integer array of its shape: the gene of each entry, or
            -1 - k for the k-th constant.
        constants: Axes (constant), float64: values without genes; the first is 0.
        names: A name such as "U[3,5]" for every gene.
    """

    def __init__(self, parameters: Mapping[str, Parameter], sizes: Mapping[str, int]) -> None:
        self.parameters = dict(parameters)
        free = {name: p.free(sizes, name) for name, p in parameters.items()}
        held = {name: p.held(sizes, name) for name, p in parameters.items()}
        self.addresses = {name: np.full(f.shape, -1) for name, f in free.items()}
        constants = [0.0]
        for name, values in held.items():
            for index in zip(*np.nonzero(values), strict=True) if values.ndim else [()]:
                if not free[name][index] and values[index] != 0:
                    constants.append(float(values[index]))
                    self.addresses[name][index] = -len(constants)
        self.constants = np.array(constants)
        self.names: list[str] = []
        axes = list(dict.fromkeys(p.axes[0] for p in parameters.values() if p.axes))
        for name, p in parameters.items():
            if not p.axes and free[name]:
                self.addresses[name][()] = len(self.names)
                self.names.append(name)
        for axis in axes:
            members = [n for n, p in parameters.items() if p.axes and p.axes[0] == axis]
            for unit in range(len(free[members[0]])):
                for name in members:
                    for rest in zip(*np.nonzero(np.atleast_1d(free[name][unit])), strict=True):
                        index = (unit, *rest) if free[name].ndim > 1 else (unit,)
                        self.addresses[name][index] = len(self.names)
                        self.names.append(f"{name}[{','.join(str(int(i)) for i in index)}]")
        self.genes = len(self.names)

    def describe(self) -> str:
        """What weights there are, e.g. "W (5, 1), U (5, 5), b (5)"."""
        return ", ".join(
            f"{name} {a.shape if a.ndim != 1 else f'({a.size})'}" if a.ndim else name
            for name, a in self.addresses.items()
        )

    def pack(self, weights: Mapping[str, np.ndarray]) -> np.ndarray:
        """The chromosome of named weights, axes (gene), float64.

        Raises:
            ValueError: If a name is missing or unknown, a shape is wrong, or an entry without a
                gene has another value than it is held at.
        """
        if set(weights) != set(self.addresses):
            raise ValueError(
                f"pack needs the weights {', '.join(self.addresses)}, got "
                f"{', '.join(weights) or 'none'}"
            )
        chromosome = np.empty(self.genes)
        for name, address in self.addresses.items():
            value = np.asarray(weights[name])
            if value.shape != address.shape:
                raise ValueError(f"weight {name} needs shape {address.shape}, got {value.shape}")
            free = address >= 0
            held = self.constants[-1 - np.where(free, -1, address)].astype(value.dtype)
            if not np.array_equal(value[~free], held[~free]):
                raise ValueError(
                    f"weight {name} needs its masked or fixed entries unchanged, got other values "
                    "there"
                )
            chromosome[address[free]] = value[free]
        return chromosome

    def unpack(self, chromosome: np.ndarray) -> dict[str, np.ndarray]:
        """Named weights; a leading axis of the chromosome (individual) is kept."""
        genes = np.asarray(chromosome)
        weights = {}
        for name, address in self.addresses.items():
            free = address >= 0
            value = np.empty((*genes.shape[:-1], *address.shape), dtype=genes.dtype)
            value[...] = self.constants[-1 - np.where(free, -1, address)]
            value[..., free] = genes[..., address[free]]
            weights[name] = value
        return weights

    def draw(self, rng: np.random.Generator, count: int, sizes: Mapping[str, int]) -> np.ndarray:
        """Random chromosomes from the declared distributions, axes (count, gene), float64."""
        chromosomes = np.empty((count, self.genes))
        for name, address in self.addresses.items():
            free = address >= 0
            if free.any():
                parameter = self.parameters[name]
                values = parameter.initial.draw(rng, count, parameter.shape(sizes))
                chromosomes[:, address[free]] = values[:, free]
        return chromosomes
