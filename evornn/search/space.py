"""Reservoirs as chromosomes: of hyper-parameters, or of the weights themselves."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from evornn.readout import Ridge
from evornn.reservoir import ESN, TOPOLOGIES, LayerPlan, layer_genes, with_layer_genes
from evornn.reservoir.layer import Layer
from evornn.reservoir.stack import Stack
from evornn.search.genes import Gene, Genes, Log, Real
from evornn.search.matrices import Matrices

DEFAULT_GENES: dict[str, Gene] = {
    "spectral_radius": Real(0.1, 1.5),
    "leak": Real(0.1, 1.0),
    "input_scaling": Log(0.05, 5.0),
    "bias_scaling": Real(0.0, 1.0),
    "ridge": Log(1e-9, 1e-1),
}
NOT_TO_SEARCH = ("self", "layers", "readout", "pooling", "samples", "classify", "seed", "settings")
NETWORK = tuple(n for n in inspect.signature(ESN).parameters if n not in NOT_TO_SEARCH)
LAYER = tuple(field.name for field in dataclasses.fields(LayerPlan))
# Settings that leave open who hears whom.
NUMBERS_ONLY = (
    "spectral_radius", "leak", "input_scaling", "bias_scaling", "feedback_scaling", "ridge",
)  # fmt: skip
BY_TOPOLOGY = ("spectral_radius", "density")  # settings that not every topology takes


class Space(Protocol):
    """What a search asks of the reservoirs that it searches among.

    Attributes:
        width: Genes of a chromosome.
    """

    width: int

    def initial(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """First chromosomes, axes (individual, gene), float64."""

    def networks(self, chromosome: np.ndarray) -> list[ESN]:
        """The networks that stand for a chromosome, not fitted yet, one for each draw."""

    def connections(self, chromosome: np.ndarray) -> str:
        """What candidates whose units hear the same others have in common."""


class Hyperparameters:
    """Networks drawn from settings, some of which are genes in [0, 1].

    Args:
        reservoir: Settings of the `ESN` that stay.
        genes: By the name of a setting of `ESN`, `LayerPlan` or a topology, or "ridge", the
            readout's penalty.
        seeds: Of the networks that are drawn for each candidate.
    """

    def __init__(self, reservoir: Mapping[str, Any], genes: Genes, seeds: Sequence[int]) -> None:
        self.reservoir, self.genes, self.seeds = dict(reservoir), dict(genes), list(seeds)
        self.width = len(self.genes)
        self._matrices = Matrices()

    def initial(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Chromosomes spread evenly over the unit cube, axes (individual, gene)."""
        return rng.random((count, self.width))

    def settings(self, chromosome: np.ndarray) -> dict[str, Any]:
        """The settings that a chromosome stands for, by name."""
        pairs = zip(self.genes.items(), chromosome, strict=True)
        return {name: gene.value(unit) for (name, gene), unit in pairs}

    def networks(self, chromosome: np.ndarray) -> list[ESN]:
        """One network for each seed, axes of the chromosome (gene)."""
        settings = network_settings(self.reservoir, self.settings(chromosome))
        return [ESN(**self._matrices.with_matrix(settings, s), seed=s) for s in self.seeds]

    def connections(self, chromosome: np.ndarray) -> str:
        """The settings that decide who hears whom, in words; axes of the chromosome (gene)."""
        found = self.settings(chromosome)
        return repr([found[name] for name in self.genes if name not in NUMBERS_ONLY])


class Weights:
    """One network whose every weight is a gene; who hears whom stays as it was drawn.

    Args:
        reservoir: Settings of the `ESN`.
        genes: "ridge" or nothing: its gene stands before the weights.
        seed: Of the connections.
        inputs: Number of inputs.
        outputs: Number of outputs.

    Raises:
        ValueError: If a gene is another setting, or the network has more than one layer.
    """

    def __init__(
        self, reservoir: Mapping[str, Any], genes: Genes, seed: int, inputs: int, outputs: int
    ) -> None:
        self.reservoir, self.genes, self.seed = dict(reservoir), dict(genes), seed
        drawn = ESN(**network_settings(reservoir, {}), seed=seed).draw(inputs, outputs).reservoir
        if not isinstance(drawn, Stack) or len(drawn.layers) != 1 or drawn.backward:
            raise ValueError("a search among weights needs a network of one layer, got another")
        self.noise = drawn.noise
        self.layer: Layer = drawn.layers[0]
        self.shape = inputs, outputs
        self.first = layer_genes(self.layer)
        self.width = len(self.genes) + len(self.first)

    def initial(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """The drawn weights with random signs, the first individual with its own."""
        signs = rng.choice([-1.0, 1.0], (count, len(self.first)))
        signs[0] = 1.0
        return np.hstack([rng.random((count, len(self.genes))), signs * self.first])

    def networks(self, chromosome: np.ndarray) -> list[ESN]:
        """The one network, axes of the chromosome (gene)."""
        cut = len(self.genes)
        pairs = zip(self.genes.items(), chromosome[:cut], strict=True)
        found = {name: gene.value(unit) for (name, gene), unit in pairs}
        network = ESN(**network_settings(self.reservoir, found), seed=self.seed)
        front = network.draw(*self.shape)
        layer = with_layer_genes(self.layer, np.asarray(chromosome[cut:], dtype=np.float64))
        network.front = dataclasses.replace(front, reservoir=Stack([layer], self.noise, []))
        return [network]

    def connections(self, chromosome: np.ndarray) -> str:
        """The same for all."""
        return ""


def network_settings(reservoir: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of an `ESN`, fixed and found ones.

    Settings that the topology does not take are left out, if either they or it were found: a
    delay line has no density.
    """
    settings = {**reservoir, **found}
    if "ridge" in found:
        settings["readout"] = Ridge(settings.pop("ridge"))
    topology = settings.get("topology", "random")
    draw = TOPOLOGIES[topology] if isinstance(topology, str) else topology
    if callable(draw):
        takes = inspect.signature(draw).parameters
        for name in BY_TOPOLOGY:
            if name not in takes and ("topology" in found or name in found):
                settings.pop(name, None)
        others = [n for n in settings if n in found and n not in (*NETWORK, *LAYER, "readout")]
        chosen = {name: settings.pop(name) for name in others}
        inner = {**settings.get("topology_settings", {}), **chosen}
        if "topology" in found or chosen:
            inner = {name: value for name, value in inner.items() if name in takes}
        if inner:
            settings["topology_settings"] = inner
    return settings


def check_space(owner: str, reservoir: Mapping[str, Any], genes: Genes, weights: bool) -> None:
    """Refuse settings and genes that no network has, or that contradict each other.

    Raises:
        ValueError: If there is nothing to search, or a name is unknown or given twice.
    """
    for name in ("pooling", "classify", "layers", "seed"):
        if reservoir.get(name):
            raise ValueError(
                f"`{owner}` needs a network of one answer at every step that it draws itself, got "
                f"{name}={reservoir[name]!r}; leave it out."
            )
    settings = {*inspect.signature(ESN).parameters, *LAYER} - {"settings"}
    for name in reservoir:
        if name not in settings:
            raise ValueError(
                f"`{owner}` needs settings of an ESN, {', '.join(sorted(settings))}, got {name!r}."
            )
    if not genes and not weights:
        raise ValueError(f"`{owner}` needs at least one gene, or weights=True, got neither.")
    topologies = {n for draw in TOPOLOGIES.values() for n in inspect.signature(draw).parameters}
    known = ({*NETWORK, *LAYER, *topologies, "ridge"}) - {"rng", "topology_settings"}
    for name in genes:
        options = getattr(genes.get("topology"), "options", ())
        if name not in known and not any(callable(option) for option in options):
            raise ValueError(
                f"`{owner}` needs genes out of {', '.join(sorted(known))}, got {name!r}."
            )
        if weights and name != "ridge":
            raise ValueError(
                f'`{owner}` with weights=True can search "ridge" besides, got the gene {name!r}; '
                "give it as a fixed setting."
            )
        if name in reservoir or (name == "ridge" and "readout" in reservoir):
            raise ValueError(f"`{owner}` needs {name!r} as a gene or as a setting, got both.")
    for option in getattr(genes.get("topology"), "options", ()):
        if not callable(option) and option not in TOPOLOGIES:
            raise ValueError(
                f"`{owner}` needs topologies out of {', '.join(TOPOLOGIES)}, got {option!r}."
            )
