"""Echo state networks that hear their own outputs: forecasting and generating."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evornn.reservoir.cell_reservoir import CellReservoir
from evornn.reservoir.freerun import run_free
from evornn.reservoir.front import Front
from evornn.reservoir.series import as_series, check_lengths, delayed
from evornn.reservoir.update import Memory


@dataclass(frozen=True)
class Start:
    """Where training ended: what a forecast goes on from.

    Attributes:
        memories: Of each layer, after the last input.
        u: The last sequence's inputs, axes (time, input).
        y: Its last target, axes (output).
    """

    memories: list[Memory]
    u: np.ndarray
    y: np.ndarray


@dataclass(frozen=True)
class ClosedLoop:
    """A fitted network's own outputs, heard in the next step.

    With `feedback` they come back by weights of their own, beside the inputs; otherwise each output
    takes an input's place, the first output the first input's and so on.

    Attributes:
        front: Reservoir and features.
        readout: Fitted.
        inputs: Number of inputs.
        outputs: Number of outputs.
        feedback: Whether outputs come back by weights of their own.
    """

    front: Front
    readout: Any
    inputs: int
    outputs: int
    feedback: bool

    def __post_init__(self) -> None:
        if not isinstance(self.front.reservoir, CellReservoir) and self.front.reservoir.backward:
            raise ValueError("a bidirectional network cannot run free: it hears the future")
        if not self.feedback and self.outputs > self.inputs:
            raise ValueError(
                f"free running needs an input for every output, got {self.inputs} inputs and "
                f"{self.outputs} outputs; fit with feedback=True to have weights for them"
            )

    def forecast(
        self, steps: int, start: Start, context: Any, teacher: Any, inputs: np.ndarray | None
    ) -> np.ndarray:
        """Outputs after a context, or after the training data; see `ESN.forecast`."""
        _check_steps(steps)
        if context is None and teacher is None:
            u, y, memories = start.u, start.y, [_copy(m) for m in start.memories]
        else:
            u, y, memories = self._listen(context, teacher)
        if isinstance(self.front.reservoir, CellReservoir):
            _check_alone(inputs, 0.0)
            whole = u if context is not None else np.concatenate([u, self._next(u, y)[None]])
            return self._by_cells(self.front.reservoir, whole, steps)
        first = u[-1:] if self.feedback else self._next(u, y)[None]
        later = np.repeat(first if len(first) else np.zeros((1, self.inputs)), steps, axis=0)
        return self.run(memories, self._outside(later, inputs), y)

    def generate(
        self,
        steps: int,
        start: np.ndarray | None,
        inputs: np.ndarray | None,
        noise: float,
        seed: int,
    ) -> np.ndarray:
        """Outputs from a clean state; see `ESN.generate`."""
        _check_steps(steps)
        y = np.zeros(self.outputs) if start is None else np.array(start, dtype=np.float64)
        y = np.full(self.outputs, y) if y.ndim == 0 else y
        if y.shape != (self.outputs,) or not np.isfinite(y).all():
            raise ValueError(
                f"start needs a finite number for each of {self.outputs} outputs, got {start!r}"
            )
        later = np.zeros((steps, self.inputs))
        if not self.feedback:
            later[0, : self.outputs] = y
        if isinstance(self.front.reservoir, CellReservoir):
            _check_alone(inputs, noise)
            return self._by_cells(self.front.reservoir, later[:1], steps)
        rng = np.random.default_rng(np.random.SeedSequence(seed))
        jitter = noise * rng.standard_normal((steps, self.outputs))
        return self.run(self.front.stack.clean(), self._outside(later, inputs), y, jitter)

    def run(
        self,
        memories: list[Memory],
        inputs: np.ndarray,
        y: np.ndarray,
        jitter: np.ndarray | None = None,
    ) -> np.ndarray:
        """Free running in one compiled loop if the readout is linear, else step by step.

        Args:
            memories: Where each layer begins; overwritten.
            inputs: Axes (time, input).
            y: The output before the first step, axes (output).
            jitter: Added to outputs where they are heard, axes (time, output).
        """
        jitter = np.zeros((len(inputs), self.outputs)) if jitter is None else jitter
        weights, bias = getattr(self.readout, "weights", None), getattr(self.readout, "bias", None)
        if weights is None or bias is None or callable(self.front.transform):
            return self.run_stepwise(memories, inputs, y, jitter)
        return run_free(
            self.front.stack.layers, memories, weights, bias, inputs, y, jitter=jitter,
            closed=not self.feedback, with_inputs=self.front.with_inputs,
            transform=self.front.transform,
        )  # fmt: skip

    def run_stepwise(
        self, memories: list[Memory], inputs: np.ndarray, y: np.ndarray, jitter: np.ndarray
    ) -> np.ndarray:
        """The same in Python, for any readout and transformation."""
        inputs, out = np.array(inputs), np.empty((len(inputs), self.outputs))
        for t in range(len(inputs)):
            if not self.feedback and t > 0:
                inputs[t, : self.outputs] = y
            u, fed = inputs[t : t + 1], y[None] if self.feedback else None
            states = self.front.stack.states(u, memories, fed)
            out[t] = self.readout.predict(self.front.features(states, u))[0]
            y = out[t] + jitter[t]
        return out

    def _next(self, u: np.ndarray, y: np.ndarray) -> np.ndarray:
        """The input after a series: its last target in the first places, the others unchanged."""
        following = u[-1].copy()
        following[: self.outputs] = y
        return following

    def _listen(self, context: Any, teacher: Any) -> tuple[np.ndarray, np.ndarray, list[Memory]]:
        """Hear a context: the inputs that are heard, the last output, and the memories after it."""
        if self.feedback:
            if teacher is None:
                raise ValueError("with feedback a context needs its outputs: pass teacher too")
            (y,) = _one("teacher", teacher, self.outputs)
            u = (
                np.zeros((len(y), 0))
                if context is None
                else _one("context", context, self.inputs)[0]
            )
            check_lengths([u], [y])
            memories = self.front.stack.clean()
            self.front.stack.states(u, memories, delayed(y))
            return u, y[-1], memories
        if teacher is not None:
            raise ValueError("teacher belongs to networks with feedback; this one hears its inputs")
        (u,) = _one("context", context, self.inputs)
        if isinstance(self.front.reservoir, CellReservoir):
            return u, u[-1, : self.outputs], []
        memories = self.front.stack.clean()
        if len(u) > 1:
            self.front.stack.states(u[:-1], memories)
        return u, u[-1, : self.outputs], memories

    def _outside(self, later: np.ndarray, inputs: np.ndarray | None) -> np.ndarray:
        """The inputs of every step with what comes from outside in its place."""
        if inputs is None:
            return later
        first = 0 if self.feedback else self.outputs
        given = np.asarray(inputs, dtype=np.float64)
        given = given[:, None] if given.ndim == 1 else given
        if given.shape != (len(later), self.inputs - first):
            raise ValueError(
                f"inputs need axes ({len(later)}, {self.inputs - first}): the steps, and the "
                f"inputs whose place no output takes; got shape {given.shape}"
            )
        if not np.isfinite(given).all():
            raise ValueError("inputs during free running need finite numbers, got NaN or infinity")
        later[:, first:] = given
        return later

    def _by_cells(self, cells: CellReservoir, u: np.ndarray, steps: int) -> np.ndarray:
        """Cells free-run as the network that they are with the readout on top."""
        linear = hasattr(self.readout, "weights") and hasattr(self.readout, "bias")
        if self.front.transform is not None or not linear:
            raise ValueError(
                "a CellReservoir runs free with a linear readout alone; take transform=None and a "
                "linear readout"
            )
        weights, bias = self.readout.weights, self.readout.bias
        network = cells.with_readout(weights, bias, self.front.with_inputs)
        forecast: np.ndarray = network.forecast(u, steps)
        return forecast


def _one(name: str, given: Any, width: int) -> list[np.ndarray]:
    series, single = as_series(name, given, width)
    if not single:
        raise ValueError(f"{name} needs to be one series, got a list of {len(series)}")
    return series


def _copy(memory: Memory) -> Memory:
    return Memory(*(part.copy() for part in memory))


def _check_alone(inputs: np.ndarray | None, noise: float) -> None:
    if inputs is not None or noise:
        raise ValueError(
            "a CellReservoir runs free alone: without inputs from outside and without noise"
        )


def _check_steps(steps: int) -> None:
    if steps < 1:
        raise ValueError(f"free running needs at least 1 step, got {steps}")
