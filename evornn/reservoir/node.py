"""evornn's reservoir as a node of reservoirpy: for its models, with its names, at our speed.

Importing this module imports reservoirpy.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from reservoirpy import activationsfunc, mat_gen, nodes

from evornn.reservoir.layer import Layer, as_operator
from evornn.reservoir.operators import Hadamard, Operator
from evornn.reservoir.plan import topology_named
from evornn.reservoir.spectrum import as_matrix
from evornn.reservoir.topologies import TOPOLOGIES

SHOWN = 4096  # units up to which a structured transform is also written out, as the attribute W
_OURS = {
    activationsfunc.tanh: "tanh",
    np.tanh: "tanh",
    activationsfunc.identity: "linear",
    activationsfunc.sigmoid: "sigmoid",
    activationsfunc.relu: "relu",
}


class Reservoir(nodes.Reservoir):  # type: ignore[misc]  # reservoirpy has no types
    """A reservoir that stands where reservoirpy's stands: `Reservoir(100) >> Ridge()`.

    All arguments of reservoirpy's node mean what they mean there, and the same seed gives the same
    matrices and so the same states. Beside them there is what its version 0.4 no longer has. A
    series with NaN or infinity in it is an error, where reservoirpy's states silently become NaN.

    Args:
        units: Number of units.
        topology: A name of `TOPOLOGIES`, or a function f(units, rng, spectral_radius=sr, ...), in
            place of W.
        equation: "internal", "external" or "es2n"; see evornn.reservoir.update.
        O: Orthogonal matrix of "es2n", axes (unit, unit); None: a random one.
        noise: Standard deviation of normal noise inside the activation, at every run; series that
            run in several processes at once share it.
        feedback_dim: How many of the last columns of the input are fed back, for models such as
            `reservoir << readout`: they get the matrix Wfb of their own.
        Wfb: Feedback weights, axes (unit, feedback), or a function of reservoirpy.mat_gen.
        fb_scaling: What a drawn Wfb is scaled with.
        fb_connectivity: Share of a drawn Wfb's entries that are not zero.
        **settings: lr, sr, input_scaling, input_connectivity, rc_connectivity, Win, W, bias,
            activation, input_dim, seed, name: see reservoirpy.nodes.Reservoir.

    Raises:
        ValueError: If a setting is unknown or does not go with another.
    """

    units: int
    input_dim: Any
    W: Any
    Win: Any
    bias: Any
    lr: Any
    activation: Any

    def __init__(
        self,
        units: int | None = None,
        *,
        topology: str | Callable[..., Any] | None = None,
        equation: str = "internal",
        O: Any = None,  # noqa: E741
        noise: float = 0.0,
        feedback_dim: int = 0,
        Wfb: Any = mat_gen.bernoulli,
        fb_scaling: float = 1.0,
        fb_connectivity: float = 0.1,
        **settings: Any,
    ) -> None:
        if topology is not None and "W" in settings:
            raise ValueError("a Reservoir needs either W or a topology, got both")
        if not noise >= 0 or feedback_dim < 0:
            raise ValueError(
                f"noise and feedback_dim need to be at least 0, got {noise} and {feedback_dim}"
            )
        if np.dtype(settings.get("dtype", np.float64)) != np.float64:
            raise ValueError(f"evornn's Reservoir computes in float64, got {settings['dtype']}")
        super().__init__(units, **settings)
        self.topology = None if topology is None else topology_named(topology)
        self.equation, self.O, self.noise = equation, O, noise
        self.feedback_dim, self.Wfb = feedback_dim, Wfb
        self.fb_scaling, self.fb_connectivity = fb_scaling, fb_connectivity
        self._layer: Layer | None = None
        self._operator: Operator | None = None
        self._drawn_W: Any = None
        self._made_of: tuple[Any, ...] = ()

    def initialize(self, x: Any, y: None = None) -> None:
        """Draw the matrices; reservoirpy calls it before the first run."""
        self._set_input_dim(x)
        heard = self.input_dim
        if self.feedback_dim > heard:
            raise ValueError(
                f"feedback_dim={self.feedback_dim} needs as many inputs, this node hears {heard}"
            )
        draws_W_in = callable(self.Win)
        if draws_W_in and self.feedback_dim:
            self.input_dim = heard - self.feedback_dim
            if self.input_dim == 0:
                self.Win = np.zeros((self.units, 0))
        if self.topology is not None:
            self.W = None  # or reservoirpy would draw one
        super().initialize(np.zeros(self.input_dim))
        of_topology, of_feedback, of_O, self._noise_rng = self.rng.spawn(4)
        if draws_W_in and self.feedback_dim:
            self.Win = _beside(self.Win, self._feedback_weights(of_feedback))
            self.input_dim = heard
        if self.topology is not None:
            self._operator = as_operator(
                self.topology(self.units, of_topology, **self._radius(self.topology))
            )
            small = not isinstance(self._operator, Hadamard) or self.units <= SHOWN
            self.W = as_matrix(self._operator) if small else None
        if self.equation == "es2n" and self.O is None:
            self.O = mat_gen.orthogonal(self.units, self.units, seed=of_O)
        self._drawn_W = self.W
        self._layer, self._made_of = None, ()
        if self.equation == "external":
            self.state["internal"] = np.zeros(self.units)

    def _radius(self, topology: Any) -> dict[str, float]:
        """The topology's argument `spectral_radius`, unless it is a plain delay line's."""
        return {} if topology is TOPOLOGIES["delay-line"] else {"spectral_radius": self.sr}

    def _feedback_weights(self, rng: np.random.Generator) -> Any:
        if not callable(self.Wfb):
            weights = self.Wfb if hasattr(self.Wfb, "tocsr") else np.asarray(self.Wfb)
            if weights.shape != (self.units, self.feedback_dim):
                raise ValueError(
                    f"Wfb needs axes ({self.units}, {self.feedback_dim}), got shape {weights.shape}"
                )
            return weights
        return self.Wfb(
            self.units, self.feedback_dim, input_scaling=self.fb_scaling,
            connectivity=self.fb_connectivity, seed=rng,
        )  # fmt: skip

    def _current(self) -> Layer | None:
        """The layer that computes; None if the activation is a function of the user's own.

        Made again when an attribute was given another value: reservoirpy's users set them.
        """
        parts = (self.W, self.Win, self.bias, self.lr, self.activation, self.O)
        if len(parts) == len(self._made_of) and all(map(operator.is_, parts, self._made_of)):
            return self._layer
        name = _OURS.get(self.activation)
        if name is None and (self.equation != "internal" or self.noise > 0):
            raise ValueError(
                "an activation of your own goes with the internal equation without noise, got "
                f"{self.equation!r} and noise {self.noise}"
            )
        self._made_of, self._layer = parts, None
        if name is not None:
            ours = self._operator is not None and self.W is self._drawn_W
            self._layer = Layer(
                self._operator if ours else self.W, self.Win, bias=_flat(self.bias),
                leak=_flat(self.lr), equation=self.equation, activation=name, O=self.O,
            )  # fmt: skip
        return self._layer

    def _step(self, state: dict[str, np.ndarray], x: np.ndarray) -> dict[str, np.ndarray]:
        # For a single step the way into compiled code costs more than NumPy's products.
        if self.W is not None and self.equation == "internal" and self.noise == 0:
            return super()._step(state, x)
        return self._run(state, np.asarray(x)[None])[0]

    def _run(
        self, state: dict[str, np.ndarray], x: np.ndarray
    ) -> tuple[dict[str, np.ndarray], np.ndarray]:
        x = np.asarray(x)
        if not np.isfinite(x).all():  # one NaN would stay in all states from there on
            step, feature = np.argwhere(~np.isfinite(x))[0]
            raise ValueError(
                f"{self.name or 'a Reservoir'} needs finite inputs, got {x[step, feature]} at step "
                f"{step}, feature {feature}; fill the gap or cut the series there"
            )
        layer = self._current()
        if layer is None:
            return super()._run(state, x)
        memory = layer.clean()
        memory.x[: layer.units] = state["out"]
        if "internal" in state:
            memory.v[: layer.units] = state["internal"]
        noise = None
        if self.noise > 0:
            noise = self.noise * self._noise_rng.standard_normal((len(x), layer.units))
        states = layer.run(x, memory, noise=noise)
        after = {"out": memory.x[: layer.units].copy()}
        if "internal" in state:
            after["internal"] = memory.v[: layer.units].copy()
        return after, states


def _flat(values: Any) -> Any:
    """A number, or axes (unit), of what reservoirpy takes as a vector."""
    dense = values.toarray() if hasattr(values, "tocsr") else np.asarray(values)
    return dense.reshape(-1) if dense.ndim else dense


def _beside(left: Any, right: Any) -> Any:
    """Two matrices side by side, each dense or sparse."""
    parts = [m.toarray() if hasattr(m, "tocsr") else np.asarray(m) for m in (left, right)]
    return np.concatenate(parts, axis=1)
