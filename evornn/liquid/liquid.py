"""A liquid: spiking neurons, their synapses, and the synapses of its input channels."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from evornn.checks import check_count, check_range
from evornn.liquid.neurons import Cells, Neurons
from evornn.liquid.simulate import simulate
from evornn.liquid.spikes import Spikes
from evornn.liquid.state import NEVER, State
from evornn.liquid.vectors import padded, padded_size
from evornn.liquid.wiring import Synapses, Wiring


@dataclass(frozen=True, eq=False)
class Activity:
    """What a liquid did.

    Attributes:
        spikes: Of its neurons; a spike's time is the end of the step in which it fired.
        trace_mV: Potential of the watched neurons after each step, axes (step, watched).
        watched: Their numbers, axes (watched).
        dt_ms: The step.
        state: Where it ended, to go on from.
    """

    spikes: Spikes
    trace_mV: np.ndarray  # noqa: N815 (units as they are written)
    watched: np.ndarray
    dt_ms: float
    state: State


@dataclass(frozen=True, eq=False, repr=False)
class Liquid:
    """A spiking network on a grid of time steps; it holds no state, each run starts clean.

    An input spike at time t reaches the neurons at t + delay, a neuron's spike at its time plus
    delay; both are rounded to the grid. Between the steps `LIF` and `AdaptiveLIF` neurons and all
    synaptic currents are exact.

    Args:
        neurons: `LIF`, `AdaptiveLIF` or `Izhikevich`.
        count: Number of neurons.
        synapses: Between the neurons.
        input_synapses: From the input channels.
        inputs: Number of input channels.
        dt_ms: The step, above 0.
        tau_excitatory_ms: Decay of the currents from positive weights, above 0.
        tau_inhibitory_ms: Decay of the currents from negative weights, above 0.
        positions: Where the neurons sit, axes (neuron, 3); None if they have no place.
        inhibitory: Which neurons inhibit, axes (neuron), for figures; None if unknown.
        dtype: "float64" or "float32": what potentials and currents are computed in.

    Raises:
        TypeError: If neurons, synapses or a number is none.
        ValueError: If a number is out of range, or synapses reach beyond neurons or channels.
    """

    neurons: Neurons
    count: int
    synapses: Synapses = field(default_factory=Synapses.none)
    input_synapses: Synapses = field(default_factory=Synapses.none)
    inputs: int = 1
    dt_ms: float = 0.2
    tau_excitatory_ms: float = 3.0
    tau_inhibitory_ms: float = 6.0
    positions: np.ndarray | None = None
    inhibitory: np.ndarray | None = None
    dtype: str = "float64"
    _cells: Cells = field(init=False, repr=False)
    _wiring: Wiring = field(init=False, repr=False)
    _incoming: Wiring = field(init=False, repr=False)
    _clean: State = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Check, and lay out the arrays of the compiled loop."""
        if not isinstance(self.neurons, Neurons):
            raise TypeError(
                "`Liquid` needs `LIF`, `AdaptiveLIF` or `Izhikevich` neurons, got "
                f"{type(self.neurons).__name__}."
            )
        for name in ("synapses", "input_synapses"):
            if not isinstance(getattr(self, name), Synapses):
                raise TypeError(
                    f"`Liquid` needs `Synapses` for `{name}`, got "
                    f"{type(getattr(self, name)).__name__}."
                )
        check_count("Liquid", "count", self.count, 1)
        check_count("Liquid", "inputs", self.inputs, 1)
        for name in ("dt_ms", "tau_excitatory_ms", "tau_inhibitory_ms"):
            check_range("Liquid", name, getattr(self, name), 0.0, above=True)
        if self.dtype not in ("float64", "float32"):
            raise ValueError(f"`Liquid` needs dtype float64 or float32, got {self.dtype!r}.")
        for name, axes in (("positions", (self.count, 3)), ("inhibitory", (self.count,))):
            values = getattr(self, name)
            if values is not None and np.shape(values) != axes:
                raise ValueError(
                    f"`Liquid` needs `{name}` of shape {axes}, got {np.shape(values)}."
                )
        kind = np.dtype(self.dtype)
        taus = (self.tau_excitatory_ms, self.tau_inhibitory_ms)
        cells = self.neurons.cells(self.count, self.dt_ms, taus)
        object.__setattr__(self, "_cells", cells.in_registers(kind))
        ends = (("synapses", self.count, "_wiring"), ("input_synapses", self.inputs, "_incoming"))
        for name, sources, kept in ends:
            wiring = getattr(self, name).compiled(name, sources, self.count, self.dt_ms, kind)
            object.__setattr__(self, kept, wiring)
        object.__setattr__(self, "_clean", self._cleaned())

    def __repr__(self) -> str:
        """What it is made of, in a line."""
        return (
            f"Liquid({self.count} {type(self.neurons).__name__} neurons, {len(self.synapses)} "
            f"synapses, {self.inputs} inputs, dt_ms={self.dt_ms:g}, {self.dtype})"
        )

    def with_settings(self, **settings: Any) -> Liquid:
        """A copy with some arguments changed: other neurons at the same places, or another step."""
        return replace(self, **settings)

    def steps(self, duration_ms: float) -> int:
        """Steps that a duration needs: rounded up, but for rounding errors."""
        return max(1, int(np.ceil(duration_ms / self.dt_ms - 1e-6)))

    def start(self) -> State:
        """The clean state in which each sequence starts."""
        return self._clean.copy()

    def _cleaned(self) -> State:
        """The clean state, made once."""
        kind = np.dtype(self.dtype)
        potential, second = self.neurons.start(self.count)
        longest = max(int(w.delay.max(initial=0)) for w in (self._wiring, self._incoming))
        slots = 1 << longest.bit_length()
        recurrent, incoming = len(self._wiring.use), len(self._incoming.use)
        rows = padded_size(self.count)
        return State(
            potential=padded(potential.astype(kind)),
            second=padded(second.astype(kind)),
            currents=np.zeros(2 * rows, kind),
            ring=np.zeros((slots, 2 * rows), kind),
            coming=np.zeros(slots, np.uint8),
            u=np.zeros(recurrent, kind),  # with u = 0 and R = 1, any first interval gives U and 1
            r=np.ones(recurrent, kind),
            last=np.full(self.count, NEVER),
            in_u=np.zeros(incoming, kind),
            in_r=np.ones(incoming, kind),
            in_last=np.full(self.inputs, NEVER),
            until=np.full(rows, -1),
            clock=np.zeros(1, np.int64),
        )

    def run(
        self,
        inputs: Spikes | None = None,
        duration_ms: float | None = None,
        *,
        current_nA: ArrayLike | None = None,
        watch: ArrayLike = (),
        state: State | None = None,
    ) -> Activity:
        """The liquid's answer to input spikes, an injected current, or both.

        Args:
            inputs: Spikes of the input channels; those at the very end come too late.
            duration_ms: How long; default: as long as the inputs, or the current.
            current_nA: Constant over each step, axes (step, neuron).
            watch: Neurons whose potential is kept, axes (watched).
            state: Where to go on from, as an earlier `Activity` left it (it is not changed);
                default: clean.

        Raises:
            TypeError: If `inputs` are no `Spikes`, `state` is none, or `watch` no whole numbers.
            ValueError: If neither says how long, shapes do not fit, a current is not finite, or
                the state is another liquid's.
        """
        event_channel, event_step = self._events(inputs)
        current = self._current(current_nA)
        if duration_ms is not None:
            check_range("Liquid.run", "duration_ms", duration_ms, 0.0, above=True)
            steps = self.steps(duration_ms)
        elif inputs is not None:
            steps = self.steps(inputs.duration_ms)
        elif len(current):
            steps = len(current)
        else:
            raise ValueError("`Liquid.run` needs `inputs`, `duration_ms` or `current_nA`.")
        if current_nA is not None and len(current) != steps:
            raise ValueError(
                f"`Liquid.run` needs `current_nA` for {steps} steps of {self.dt_ms:g} ms, got "
                f"{len(current)}."
            )
        watched = np.atleast_1d(np.asarray(watch))
        if watched.size and not np.issubdtype(watched.dtype, np.integer):
            raise TypeError(f"`Liquid.run` needs whole numbers for `watch`, got {watched.dtype}.")
        watched = watched.astype(np.int64)
        if watched.size and not 0 <= watched.min() <= watched.max() < self.count:
            raise ValueError(
                f"`Liquid.run` needs `watch` from 0 to {self.count - 1}, got {watched.tolist()}."
            )
        trace = np.empty((steps, watched.size), self.dtype)
        after = self.start() if state is None else self._own(state).copy()
        began = int(after.clock[0])
        neuron, step = simulate(
            self.neurons.kind,
            steps,
            self._cells,
            self._wiring,
            self._incoming,
            after,
            event_channel,
            event_step,
            current,
            watched,
            trace,
        )
        times = (step - began + 1) * self.dt_ms
        duration = steps * self.dt_ms
        spikes = Spikes(neuron, np.minimum(times, duration), self.count, duration)
        return Activity(spikes, trace, watched, self.dt_ms, after)

    def _own(self, state: State) -> State:
        """The state, if it may be one of this liquid's: the compiled loop checks no bounds."""
        if not isinstance(state, State):
            raise TypeError(
                f"`Liquid.run` needs the `state` of an `Activity`, got {type(state).__name__}."
            )
        for name, array, clean in zip(State._fields, state, self._clean, strict=True):
            if array.shape != clean.shape or array.dtype != clean.dtype:
                raise ValueError(
                    f"`Liquid.run` needs a `state` of this liquid, got one whose `{name}` has "
                    f"shape {array.shape} and dtype {array.dtype} and not {clean.shape} and "
                    f"{clean.dtype}."
                )
        return state

    def _events(self, inputs: Spikes | None) -> tuple[np.ndarray, np.ndarray]:
        """Channel and step of every input spike, axes (event)."""
        if inputs is None:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        if not isinstance(inputs, Spikes):
            raise TypeError(
                f"`Liquid.run` needs `Spikes` for `inputs`, got {type(inputs).__name__}; an "
                "encoder turns signals into spikes."
            )
        if inputs.neurons != self.inputs:
            raise ValueError(
                f"`Liquid.run` needs spikes of {self.inputs} channels, got {inputs.neurons}."
            )
        step = np.rint(inputs.time_ms / self.dt_ms).astype(np.int64)
        # Not the read-only array: the loop is compiled for one kind of array only.
        return inputs.neuron.copy(), step

    def _current(self, current_nA: ArrayLike | None) -> np.ndarray:
        """Injected currents, axes (step, neuron), without steps if there are none."""
        if current_nA is None:
            return np.empty((0, self.count), self.dtype)
        current = np.array(current_nA, dtype=self.dtype, order="C")
        if current.ndim != 2 or current.shape[1] != self.count or len(current) == 0:
            raise ValueError(
                f"`Liquid.run` needs `current_nA` of shape (step, {self.count}), got "
                f"{current.shape}."
            )
        if not np.isfinite(current).all():
            raise ValueError("`Liquid.run` needs finite `current_nA`, got NaN or infinity.")
        return current
