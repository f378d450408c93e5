"""A layer: one reservoir's matrices and equation, ready to run; no learning, no reservoirpy."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from evornn.reservoir.operators import FORMS, Dense, Nothing, Operator, Sparse
from evornn.reservoir.update import ACTIVATIONS, EQUATIONS, Form, Memory, run_driven, run_heard
from evornn.reservoir.vectors import padded, padded_size
from evornn.simd.lanes import aligned_zeros

# Entries of an input matrix up to which a sparse one is written out: over a whole series, a dense
# product is faster than a sparse one for any number of inputs that fits memory.
WRITTEN_OUT = 4_000_000
# Inputs up to which their products are done step by step, beside the reservoir's own; more are
# faster in one product over the whole series.
FEW_INPUTS = 8


def as_operator(matrix: Any) -> Operator:
    """The form of a matrix: itself, or dense or sparse by how many entries are zero.

    Args:
        matrix: An operator, an array or a SciPy sparse matrix, axes (row, column).
    """
    if isinstance(matrix, FORMS):
        return matrix
    if hasattr(matrix, "tocsr"):
        form = Sparse.of(matrix)
        if not np.isfinite(form.weights).all():
            raise ValueError("a reservoir's matrix needs finite weights, got NaN or infinity")
        return form
    array = np.asarray(matrix, dtype=np.float64)
    if array.ndim != 2:
        raise ValueError(f"a reservoir's matrix needs axes (unit, unit), got shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("a reservoir's matrix needs finite weights, got NaN or infinity")
    # Dense registers do about four weights in the time of one gathered weight.
    return Sparse.of(array) if np.count_nonzero(array) < array.size / 4 else Dense.of(array)


class Layer:
    """One reservoir: x' = (1 - leak) x + leak f(W x + W_in u + W_fb y + b), or another equation.

    Args:
        W: Recurrent weights, axes (unit, unit): an array, a SciPy sparse matrix, or what a function
            of `topologies` returns.
        W_in: Input weights, axes (unit, input): an array or a SciPy sparse matrix.
        bias: A number, or axes (unit).
        W_fb: Output feedback's weights, axes (unit, output); None without feedback.
        leak: Share of the state replaced per step, in [0, 1]; a number, or axes (unit). For
            equation "es2n" the proximity.
        equation: "internal", "external" or "es2n"; see evornn.reservoir.update.
        activation: "tanh", "linear", "sigmoid" or "relu".
        O: Orthogonal matrix for "es2n", axes (unit, unit), like W.
        gain: What the activation's argument is multiplied with; a number, or axes (unit).
        shift: What is added to it then; a number, or axes (unit).

    Raises:
        ValueError: If a shape does not fit, a number is not finite, the leak lies outside [0, 1],
            or a name is unknown.
    """

    def __init__(
        self,
        W: Any,
        W_in: Any,
        *,
        bias: Any = 0.0,
        W_fb: Any = None,
        leak: Any = 1.0,
        equation: str = "internal",
        activation: str = "tanh",
        O: Any = None,  # noqa: E741
        gain: Any = 1.0,
        shift: Any = 0.0,
    ) -> None:
        self.W = as_operator(W)
        self.units = self.W.units
        width = getattr(self.W, "width", getattr(self.W, "columns", None))
        if isinstance(width, int) and width != self.units:
            raise ValueError(f"W needs to be square, got shape ({self.units}, {width})")
        self.O = self._orthogonal(O, equation)
        self.W_in = self._weights("W_in", W_in)
        self.W_fb = np.zeros((self.units, 0)) if W_fb is None else self._weights("W_fb", W_fb)
        self.equation = _known("equation", equation, EQUATIONS)
        self.activation = _known("activation", activation, ACTIVATIONS)
        self.bias = self._vector("bias", bias)
        self.leak = self._vector("leak", leak)
        self.gain = self._vector("gain", gain)
        self.shift = self._vector("shift", shift)
        least, most = self.leak[: self.units].min(), self.leak[: self.units].max()
        if least < 0 or most > 1:
            raise ValueError(f"leak needs to lie in [0, 1], got {least:g} to {most:g}")

    def _orthogonal(self, matrix: Any, equation: str) -> Operator:
        if (matrix is not None) != (equation == "es2n"):
            raise ValueError(
                "the equation es2n, and no other, needs an orthogonal matrix O, got "
                f"{'none' if matrix is None else 'one'} for equation {equation!r}"
            )
        form = Nothing(self.units) if matrix is None else as_operator(matrix)
        if form.units != self.units:
            raise ValueError(f"O needs {self.units} units like W, got {form.units}")
        return form

    def _weights(self, name: str, matrix: Any) -> Any:
        sparse = hasattr(matrix, "tocsr")
        if sparse and np.prod(matrix.shape) <= WRITTEN_OUT:
            matrix, sparse = matrix.toarray(), False
        weights = matrix if sparse else np.asarray(matrix, dtype=np.float64)
        if weights.ndim != 2 or weights.shape[0] != self.units:
            raise ValueError(
                f"{name} needs axes ({self.units}, n) for {self.units} units, got shape "
                f"{weights.shape}"
            )
        return weights

    def _vector(self, name: str, values: Any) -> np.ndarray:
        given = np.asarray(values, dtype=np.float64)
        if given.shape not in ((), (self.units,), (self.units, 1)):
            raise ValueError(
                f"{name} needs to be a number or to have axes ({self.units}), got shape "
                f"{given.shape}"
            )
        if not np.isfinite(given).all():
            raise ValueError(f"{name} needs finite numbers, got {given[~np.isfinite(given)][0]}")
        return padded(given.reshape(-1), self.units)

    @property
    def inputs(self) -> int:
        """Number of inputs."""
        return int(self.W_in.shape[1])

    @property
    def feedbacks(self) -> int:
        """Number of outputs that are fed back."""
        return int(self.W_fb.shape[1])

    @property
    def hears_few(self) -> bool:
        """Whether inputs are so few that their products are done step by step."""
        return self.inputs <= FEW_INPUTS and not hasattr(self.W_in, "tocsr")

    @property
    def form(self) -> Form:
        """What the kernels read."""
        return Form(
            self.W,
            self.O,
            self.leak,
            self.gain,
            self.shift,
            EQUATIONS[self.equation],
            ACTIVATIONS[self.activation],
        )

    def replaced(self, **vectors: Any) -> Layer:
        """A copy with another bias, leak, gain or shift."""
        other = copy.copy(self)
        for name, values in vectors.items():
            setattr(other, name, self._vector(name, values))
        return other

    def clean(self) -> Memory:
        """The memory of a reservoir that has seen nothing."""
        size = padded_size(self.units)
        block = aligned_zeros(4 * size, "float64")
        return Memory(*(block[k * size : (k + 1) * size] for k in range(4)))

    def begun(self, state: np.ndarray) -> Memory:
        """The memory of a reservoir in a given state, axes (unit).

        Raises:
            ValueError: If it has other axes, a number is not finite, or the equation is "external",
                whose state is not what the units give out.
        """
        if self.equation == "external":
            raise ValueError(
                'a reservoir starts from the outputs of its units with equation "internal" or '
                '"es2n", got "external"'
            )
        given = np.asarray(state, dtype=np.float64)
        if given.shape != (self.units,) or not np.isfinite(given).all():
            raise ValueError(
                f"a start needs {self.units} finite numbers, one a unit, got shape {given.shape}"
            )
        memory = self.clean()
        memory.x[: self.units] = given
        return memory

    def drive(self, u: np.ndarray, feedback: np.ndarray | None, noise: np.ndarray | None) -> Any:
        """What drives the units from outside: W_in u + b (+ W_fb y) (+ noise), axes (time, unit).

        Args:
            u: Axes (time, input).
            feedback: The outputs of the step before each, axes (time, output), if they are fed.
            noise: Axes (time, unit), added inside the activation.
        """
        drive = _driven(self.W_in, u, self.units)
        if self.feedbacks:
            if feedback is None:
                raise ValueError(
                    f"this reservoir hears {self.feedbacks} outputs; pass them as feedback, axes "
                    f"(time, {self.feedbacks})"
                )
            drive += _driven(self.W_fb, feedback, self.units)
        drive += self.bias[: self.units]
        if noise is not None:
            drive += noise
        return drive

    def run(
        self,
        u: np.ndarray,
        memory: Memory | None = None,
        *,
        feedback: np.ndarray | None = None,
        noise: np.ndarray | None = None,
    ) -> np.ndarray:
        """The states after every step, axes (time, unit).

        Args:
            u: Axes (time, input).
            memory: Where to begin; left as it is after the last step. None: from a clean state.
            feedback: The outputs of the step before each, axes (time, output).
            noise: Axes (time, unit), added inside the activation.

        Raises:
            ValueError: If the axes do not fit.
        """
        u = np.asarray(u, dtype=np.float64)
        if u.ndim != 2 or u.shape[1] != self.inputs:
            raise ValueError(
                f"this reservoir needs inputs with axes (time, {self.inputs}), got shape {u.shape}"
            )
        memory = self.clean() if memory is None else memory
        if self.hears_few and not self.feedbacks and noise is None:
            states = np.empty((len(u), self.units))
            W_in = np.ascontiguousarray(self.W_in.T)
            run_heard(self.form, memory, W_in, self.bias, np.ascontiguousarray(u), states)
            return states
        states = self.drive(u, feedback, noise)
        run_driven(self.form, memory, states)
        return states


def _driven(weights: Any, series: np.ndarray, units: int) -> np.ndarray:
    """Weights times every step of a series, axes (time, unit), C-contiguous."""
    if series.shape[1] == 0:
        return np.zeros((len(series), units))
    if hasattr(weights, "tocsr"):
        return np.ascontiguousarray((weights @ series.T).T)
    return series @ weights.T


def _known(name: str, value: str, table: dict[str, int]) -> str:
    if value not in table:
        raise ValueError(f"{name} is one of {', '.join(table)}, got {value!r}")
    return value
