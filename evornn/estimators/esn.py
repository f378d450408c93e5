"""Echo state networks as scikit-learn estimators."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.utils.metaestimators import available_if

from evornn.estimators.base import SequenceEstimator
from evornn.estimators.classification import SequenceClassifier
from evornn.estimators.regression import SequenceRegressor
from evornn.estimators.series import scale_of
from evornn.readout import RLS, Ridge
from evornn.reservoir import ESN

USUAL_WASHOUT = 100


def _is_online(estimator: Any) -> bool:
    return bool(estimator.readout == "rls")


class _Reservoir(SequenceEstimator):
    """The reservoir and its readout, as regressor and classifier share them."""

    def __init__(
        self,
        units: int = 100,
        *,
        spectral_radius: float | None = None,
        leak: float = 1.0,
        input_scaling: float = 1.0,
        bias_scaling: float = 0.0,
        density: float | int | None = None,
        topology: Any = "random",
        activation: str = "tanh",
        equation: str = "internal",
        noise: float = 0.0,
        bidirectional: bool = False,
        inputs_to_readout: bool = True,
        state_transform: Any = None,
        washout: int | None = None,
        readout: str = "ridge",
        ridge: float | str = 1e-6,
        forgetting: float = 1.0,
        pooling: str | None = None,
        random_state: Any = None,
    ) -> None:
        self.units = units
        self.spectral_radius = spectral_radius
        self.leak = leak
        self.input_scaling = input_scaling
        self.bias_scaling = bias_scaling
        self.density = density
        self.topology = topology
        self.activation = activation
        self.equation = equation
        self.noise = noise
        self.bidirectional = bidirectional
        self.inputs_to_readout = inputs_to_readout
        self.state_transform = state_transform
        self.washout = washout
        self.readout = readout
        self.ridge = ridge
        self.forgetting = forgetting
        self.pooling = pooling
        self.random_state = random_state

    def _network(self, shortest: int) -> ESN:
        """The network, not fitted yet, for sequences of at least so many steps."""
        washout = self.washout
        if washout is None:
            washout = 0 if self.pooling else min(USUAL_WASHOUT, shortest // 10)
        if self.readout not in ("ridge", "rls"):
            raise ValueError(
                f"{type(self).__name__} needs `readout` 'ridge' or 'rls', got {self.readout!r}."
            )
        online = self.readout == "rls"
        return ESN(
            self.units,
            spectral_radius=self.spectral_radius,
            leak=self.leak,
            input_scaling=self.input_scaling,
            bias_scaling=self.bias_scaling,
            density=self.density,
            topology=self.topology,
            activation=self.activation,
            equation=self.equation,
            noise=self.noise,
            bidirectional=self.bidirectional,
            inputs_to_readout=self.inputs_to_readout,
            transform=self.state_transform,
            washout=washout,
            readout=RLS(self._alpha(), forgetting=self.forgetting) if online else Ridge(self.ridge),
            pooling=self.pooling,
            seed=self._drawn_seed(),
        )

    def _alpha(self) -> float:
        if isinstance(self.ridge, str):
            raise ValueError(
                f"{type(self).__name__} needs a number for `ridge` with readout='rls', got "
                f"{self.ridge!r}."
            )
        return self.ridge

    def _learn(self, us: list[np.ndarray], ys: list[np.ndarray]) -> None:
        network = self._network(min(len(u) for u in us))
        network.fit(us, np.concatenate(ys) if self.pooling else ys)
        self.network_ = network
        self.__dict__.pop("_memories", None)

    def _outputs(self, us: list[np.ndarray]) -> list[np.ndarray]:
        found = self.network_.predict(us)
        return [row[None] for row in found] if self.pooling else found

    def _go_on(self, us: list[np.ndarray], ys: list[np.ndarray]) -> None:
        """Learn further steps; a single series goes on from the state where the last one ended."""
        if self.pooling or self.bidirectional:
            raise ValueError(
                f"{type(self).__name__} learns online from steps as they come, got "
                f"pooling={self.pooling!r} and bidirectional={self.bidirectional}."
            )
        outputs = ys[0].shape[1]
        if not hasattr(self, "network_"):
            self.network_ = self._network(min(len(u) for u in us))
            self.network_.readout = self.network_.fresh_readout
        front = self.network_.draw(us[0].shape[1], outputs)
        readout = self.network_.readout
        for u, y in zip(us, ys, strict=True):
            if not hasattr(self, "_memories") or len(us) > 1:
                self._memories, self._to_lose = front.stack.clean(), self.network_.washout
            for begin, features in front.pieces(u, len(u), self._memories):
                if not hasattr(readout, "table"):
                    readout.begin(features.shape[1], outputs)
                lost = min(self._to_lose, len(features))
                self._to_lose -= lost
                if lost < len(features):
                    readout.partial_fit(features[lost:], y[begin + lost : begin + len(features)])


class ESNRegressor(SequenceRegressor, _Reservoir):
    """An echo state network with a linear readout, for numbers.

        series = np.sin(np.arange(600) / 5)[:, None]
        model = ESNRegressor(units=50, random_state=0)
        model.fit(series[:400], series[1:401]).score(series[400:-1], series[401:])

    Args:
        units: Units of the reservoir, or a tuple with those of each layer.
        spectral_radius: Largest absolute eigenvalue; None: the topology's default.
        leak: Share of the state replaced per step, in [0, 1].
        input_scaling: Range of the input weights; inputs are normalised before.
        bias_scaling: Range of the biases.
        density: Share of the units that each unit hears, or their number.
        topology: A name of `evornn.reservoir.TOPOLOGIES`, or a function.
        activation: "tanh", "linear", "sigmoid" or "relu".
        equation: "internal", "external" or "es2n": where the leak stands.
        noise: Standard deviation of the noise inside the activation while training.
        bidirectional: Whether a second reservoir reads every sequence from its end.
        inputs_to_readout: Whether the readout sees the inputs beside the states.
        state_transform: None, "squares" or "alternate": what is done to the states.
        washout: First steps of every sequence that training leaves out; None: a tenth of the
            shortest sequence, at most 100, and none with pooling.
        readout: "ridge", or "rls" for recursive least squares, which can `partial_fit`.
        ridge: Penalty on the squares of the readout's weights; a number, or with readout "ridge"
            also "loo" or "cv".
        forgetting: Of "rls": what a row weighs a step later, in (0, 1].
        pooling: None for an answer at every step; "last", "mean" or "samples" for one a sequence.
        random_state: Seed of the weights.

    Attributes:
        network_: The fitted `ESN`.
    """

    POOLINGS = ("last", "mean", "samples")

    @available_if(_is_online)
    def partial_fit(self, X: Any, y: Any) -> Self:
        """Go on learning from further steps, with readout "rls".

        A single series goes on from the state where the one before ended; many sequences begin
        from clean states. After a clean state the washout is left out. The scales of the first call
        stay, and so does its washout if that follows from the length of its sequences.

        Args:
            X: As for `fit`.
            y: As for `fit`.
        """
        first = not hasattr(self, "network_")
        us, ys = self._pairs(X, y, reset=first)
        if first:
            self.target_scale_ = scale_of(ys)
        ys = [self.target_scale_.normalise(each) for each in ys]
        self._go_on(self._normalised(us, reset=first), ys)
        return self


class ESNClassifier(SequenceClassifier, _Reservoir):
    """An echo state network with a linear readout, for labels.

        model = ESNClassifier(units=50, pooling="mean", random_state=0)
        model.fit(sequences, labels).predict(sequences)

    The arguments and attributes are those of `ESNRegressor`.
    """

    POOLINGS = ("last", "mean", "samples")

    @available_if(_is_online)
    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """Go on learning from further steps, with readout "rls".

        Args:
            X: As for `fit`.
            y: As for `fit`.
            classes: All labels that will ever come, axes (class); needed in the first call.

        Raises:
            ValueError: If the first call has no classes, or a label is not among them.
        """
        first = not hasattr(self, "network_")
        us, labels = self._pairs(X, y, reset=first)
        if first:
            if classes is None:
                raise ValueError(
                    f"{type(self).__name__} needs all `classes` in the first call of partial_fit, "
                    "got none."
                )
            self.classes_ = np.unique(classes)
        unknown = np.setdiff1d(np.concatenate(labels), self.classes_)
        if len(unknown):
            raise ValueError(
                f"{type(self).__name__} needs labels among {self.classes_.tolist()}, got "
                f"{unknown.tolist()}."
            )
        self._go_on(self._normalised(us, reset=first), self._one_hot(labels))
        return self
