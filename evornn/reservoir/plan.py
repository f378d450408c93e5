"""How to draw a layer: the settings that users turn, apart from the matrices they lead to."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from evornn.flow.trace import Cell
from evornn.reservoir.cell_reservoir import CellReservoir
from evornn.reservoir.layer import Layer, as_operator
from evornn.reservoir.operators import Operator
from evornn.reservoir.topologies import TOPOLOGIES, degree_of, draw_weights


@dataclass(frozen=True)
class LayerPlan:
    """Settings of one reservoir; `draw` makes it.

    Attributes:
        units: Number of units.
        spectral_radius: Largest absolute eigenvalue of W; None: the topology's default, .9.
        leak: Share of the state replaced per step, in [0, 1]; the proximity of "es2n".
        input_scaling: Range of the input weights; one number, or one per input.
        bias_scaling: Range of the biases. 0 leaves tanh and linear units odd: inputs of the other
            sign give the states of the other sign, which cannot tell what depends on the inputs'
            size alone; a bias, or `transform` of the `ESN`, mends that.
        feedback_scaling: Range of the output feedback's weights.
        density: Share of the units that each unit hears, or their number; None: the topology's
            default.
        input_density: Share of the units that hear an input, in (0, 1].
        topology: A name of `TOPOLOGIES`; a function f(units, rng, **settings); or a matrix, which
            is taken as it is.
        topology_settings: More arguments of the topology.
        weights: Distribution of input, bias and feedback weights: "uniform", "normal" or "sign".
        equation: "internal", "external" or "es2n".
        activation: "tanh", "linear", "sigmoid" or "relu".
        orthogonal: Topology of the orthogonal matrix of "es2n": "orthogonal", "cycle", "hadamard".
        noise: Standard deviation of the normal noise inside the activation while training.
    """

    units: int = 300
    spectral_radius: float | None = None
    leak: float = 1.0
    input_scaling: float | Sequence[float] = 1.0
    bias_scaling: float = 0.0
    feedback_scaling: float = 1.0
    density: float | int | None = None
    input_density: float = 1.0
    topology: Any = "random"
    topology_settings: Mapping[str, Any] = field(default_factory=dict)
    weights: str = "uniform"
    equation: str = "internal"
    activation: str = "tanh"
    orthogonal: str = "orthogonal"
    noise: float = 0.0

    def __post_init__(self) -> None:
        whole = isinstance(self.units, int | np.integer) and not isinstance(self.units, bool)
        if not whole or self.units < 1:
            raise ValueError(f"units need to be a whole number of at least 1, got {self.units!r}")
        if not self.noise >= 0:
            raise ValueError(f"noise needs to be at least 0, got {self.noise}")
        if not 0 < self.input_density <= 1:
            raise ValueError(f"input_density needs to lie in (0, 1], got {self.input_density}")

    def draw(self, inputs: int, feedbacks: int, rng: np.random.Generator) -> Layer:
        """A layer with random weights.

        Args:
            inputs: Number of inputs.
            feedbacks: Number of outputs that are fed back; 0 without feedback.
            rng: Where randomness comes from; each matrix has a generator of its own.
        """
        of_W, of_in, of_fb, of_bias, of_O = rng.spawn(5)
        bias = draw_weights(of_bias, self.units, self.weights) * self.bias_scaling
        W_fb = draw_weights(of_fb, self.units * feedbacks, self.weights)
        orthogonal = None
        if self.equation == "es2n":
            orthogonal = topology_named(self.orthogonal)(self.units, of_O, spectral_radius=1.0)
        return Layer(
            self._recurrent(of_W),
            self._input_weights(inputs, of_in),
            bias=bias,
            W_fb=W_fb.reshape(self.units, feedbacks) * self.feedback_scaling,
            leak=self.leak,
            equation=self.equation,
            activation=self.activation,
            O=orthogonal,
        )

    def _recurrent(self, rng: np.random.Generator) -> Operator:
        if not isinstance(self.topology, str) and not callable(self.topology):
            W = as_operator(self.topology)
            if W.units != self.units:
                raise ValueError(f"the given W has {W.units} units, the plan {self.units}")
            return W
        draw = topology_named(self.topology)
        settings = dict(self.topology_settings)
        for name in ("spectral_radius", "density"):
            if getattr(self, name) is not None:
                settings[name] = getattr(self, name)
        takes = inspect.signature(draw).parameters
        unknown = [name for name in settings if name not in takes]
        if unknown and not any(p.kind is p.VAR_KEYWORD for p in takes.values()):
            raise ValueError(
                f"the topology {self.topology!r} has no {', '.join(unknown)}; it takes "
                f"{', '.join(n for n in takes if n not in ('units', 'rng'))}"
            )
        return as_operator(draw(self.units, rng, **settings))

    def _input_weights(self, inputs: int, rng: np.random.Generator) -> np.ndarray:
        """Input weights, axes (unit, input)."""
        scaling = np.asarray(self.input_scaling, dtype=np.float64)
        if scaling.shape not in ((), (inputs,)):
            raise ValueError(
                f"input_scaling needs one number, or one for each of {inputs} inputs, got shape "
                f"{scaling.shape}"
            )
        W_in = draw_weights(rng, self.units * inputs, self.weights).reshape(self.units, inputs)
        if self.input_density < 1:
            heard = degree_of(float(self.input_density), self.units)
            for j in range(inputs):
                W_in[rng.permutation(self.units)[heard:], j] = 0.0
        return W_in * scaling


def topology_named(topology: Any) -> Any:
    """The function that draws a topology: itself, or by its name.

    Raises:
        ValueError: If there is no such name.
    """
    if callable(topology):
        return topology
    if topology not in TOPOLOGIES:
        raise ValueError(f"topology is one of {', '.join(TOPOLOGIES)}, got {topology!r}")
    return TOPOLOGIES[topology]


def as_plans(
    units: int | Sequence[int],
    layers: Sequence[LayerPlan | Layer] | CellReservoir | None,
    settings: dict[str, Any],
) -> list[LayerPlan | Layer] | CellReservoir:
    """The layers of a network from what its author gave: units and settings, or the layers.

    Raises:
        ValueError: If both are given, or there is no layer.
        TypeError: If a layer is something else, or a setting is unknown.
    """
    if isinstance(layers, Cell):
        raise TypeError(
            f"layers need to be a CellReservoir, or a list of LayerPlan or Layer, got the cell "
            f"{layers.name}; wrap it: CellReservoir({layers.name}, hidden=...)"
        )
    names = [f.name for f in fields(LayerPlan) if f.name != "units"]
    unknown = [name for name in settings if name not in names]
    if unknown:
        raise TypeError(f"an ESN has no setting {unknown[0]!r}; its layers take {', '.join(names)}")
    if layers is None:
        sizes = units if isinstance(units, Sequence) else (units,)
        if not sizes:
            raise ValueError("units need a number for at least one layer, got none")
        return [LayerPlan(units=size, **settings) for size in sizes]
    if settings:
        raise ValueError(
            f"{', '.join(settings)} belong to the layers where layers are given; put them into a "
            "LayerPlan"
        )
    if isinstance(layers, CellReservoir):
        return layers
    if not layers or not all(isinstance(plan, LayerPlan | Layer) for plan in layers):
        raise TypeError("layers need to be a CellReservoir, or a list of LayerPlan or Layer")
    return list(layers)
