"""Spike trains: which neuron fired when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evornn.checks import check_count, check_range


@dataclass(frozen=True, eq=False, repr=False)
class Spikes:
    """The spikes of several neurons or input channels, in the order of their times.

    Args:
        neuron: Which one fired, axes (spike), whole numbers from 0 to `neurons` - 1 (as floats
            too: a table of neurons and times is `Spikes(*table.T, neurons, duration_ms)`).
        time_ms: When, axes (spike), in [0, `duration_ms`]; sorted here if it is not yet.
        neurons: How many neurons or channels there are, silent ones included.
        duration_ms: How long they were watched; above 0.

    Raises:
        TypeError: If `neuron` holds no whole numbers, or a count or duration is no number.
        ValueError: If the arrays do not fit each other or the bounds.
    """

    neuron: np.ndarray
    time_ms: np.ndarray
    neurons: int
    duration_ms: float

    def __post_init__(self) -> None:
        """Check, sort by time and make read-only."""
        check_count("Spikes", "neurons", self.neurons, 1)
        check_range("Spikes", "duration_ms", self.duration_ms, 0.0, above=True)
        neuron, time = np.asarray(self.neuron), np.array(self.time_ms, dtype=np.float64)
        if neuron.size == 0:
            neuron = neuron.astype(np.int64)
        if neuron.shape != time.shape or neuron.ndim != 1:
            raise ValueError(
                "`Spikes` needs `neuron` and `time_ms` with one entry for each spike, got shapes "
                f"{neuron.shape} and {time.shape}."
            )
        whole = np.issubdtype(neuron.dtype, np.floating) and (neuron == np.rint(neuron)).all()
        if not (whole or np.issubdtype(neuron.dtype, np.integer)):
            raise TypeError(f"`Spikes` needs whole numbers for `neuron`, got {neuron.dtype}.")
        if neuron.size and not 0 <= neuron.min() <= neuron.max() < self.neurons:
            wrong = neuron[(neuron < 0) | (neuron >= self.neurons)][0]
            raise ValueError(
                f"`Spikes` needs `neuron` from 0 to {self.neurons - 1}, got {wrong}; `neurons` "
                "says how many there are."
            )
        outside = ~((time >= 0) & (time <= self.duration_ms))  # NaN is outside too
        if outside.any():
            raise ValueError(
                f"`Spikes` needs `time_ms` from 0 to duration_ms={self.duration_ms:g}, got "
                f"{time[outside][0]}."
            )
        neuron = neuron.astype(np.int64)
        later = np.diff(time)
        # A liquid's spikes come in order already, and sorting them takes as long as many steps.
        if ((later < 0) | ((later == 0) & (np.diff(neuron) < 0))).any():
            order = np.lexsort((neuron, time))
            neuron, time = neuron[order], time[order]
        for name, values in (("neuron", neuron), ("time_ms", time)):
            values.setflags(write=False)
            object.__setattr__(self, name, values)
        object.__setattr__(self, "duration_ms", float(self.duration_ms))

    @classmethod
    def from_trains(cls, trains: Sequence[ArrayLike], duration_ms: float) -> Spikes:
        """From one array of times (ms) for each neuron."""
        times = [np.atleast_1d(np.asarray(t, dtype=np.float64)) for t in trains]
        neuron = np.repeat(np.arange(len(times)), [len(t) for t in times])
        joined = np.concatenate(times) if times else np.empty(0)
        return cls(neuron, joined, len(times), duration_ms)

    def __repr__(self) -> str:
        """How many there are, in a line."""
        return f"Spikes({len(self)} of {self.neurons} neurons in {self.duration_ms:g} ms)"

    def __len__(self) -> int:
        """Number of spikes."""
        return len(self.neuron)

    def of(self, neuron: int) -> np.ndarray:
        """Times in ms of one neuron's spikes, axes (spike), ascending."""
        return self.time_ms[self.neuron == neuron]

    def rates_hz(self) -> np.ndarray:
        """Mean rate of each neuron, axes (neuron)."""
        return np.bincount(self.neuron, minlength=self.neurons) / self.duration_ms * 1000.0

    def between(self, start_ms: float, stop_ms: float) -> Spikes:
        """The spikes in [start, stop), with times counted from the start.

        Raises:
            ValueError: If the part is empty or reaches outside.
        """
        if not 0 <= start_ms < stop_ms <= self.duration_ms:
            raise ValueError(
                f"`Spikes.between` needs 0 <= start_ms < stop_ms <= {self.duration_ms:g}, got "
                f"{start_ms:g} and {stop_ms:g}."
            )
        first, last = np.searchsorted(self.time_ms, (start_ms, stop_ms))
        return Spikes(
            self.neuron[first:last],
            self.time_ms[first:last] - start_ms,
            self.neurons,
            stop_ms - start_ms,
        )

    def jittered(self, jitter_ms: float, rng: np.random.Generator) -> Spikes:
        """Every spike moved by a normal number of SD `jitter_ms`; those moved outside are lost."""
        check_range("Spikes.jittered", "jitter_ms", jitter_ms, 0.0)
        time = self.time_ms + jitter_ms * rng.standard_normal(len(self))
        kept = (time >= 0) & (time <= self.duration_ms)
        return Spikes(self.neuron[kept], time[kept], self.neurons, self.duration_ms)


def joined(parts: Sequence[Spikes]) -> Spikes:
    """Spike trains of the same channels, one part after the other in time.

    Raises:
        ValueError: If there is no part, or they have different numbers of channels.
    """
    if not parts or len({part.neurons for part in parts}) != 1:
        raise ValueError(
            "`joined` needs at least one part, all with the same number of channels, got "
            f"{[part.neurons for part in parts]}."
        )
    starts = np.cumsum([0.0, *(part.duration_ms for part in parts)])
    return Spikes(
        np.concatenate([part.neuron for part in parts]),
        np.concatenate([p.time_ms + start for p, start in zip(parts, starts[:-1], strict=True)]),
        parts[0].neurons,
        float(starts[-1]),
    )
