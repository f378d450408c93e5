"""From spike trains to the numbers that a readout sees, at chosen times.

A filter is an object with `sample(spikes, times_ms) -> (sample, feature)` and
`features(neurons)`, the number of its features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evornn.checks import check_range
from evornn.compiled import kernel
from evornn.liquid.spikes import Spikes


@kernel
def _decaying(
    neuron: np.ndarray, time_ms: np.ndarray, times_ms: np.ndarray, tau_ms: float, out: np.ndarray
) -> None:
    """Fill out (sample, neuron) with the sum of exp(-(t - spike) / tau) over spikes up to t."""
    level = np.zeros(out.shape[1])
    when = np.zeros(out.shape[1])
    spike = 0
    for sample in range(times_ms.size):
        time = times_ms[sample]
        while spike < neuron.size and time_ms[spike] <= time:
            i = neuron[spike]
            level[i] = level[i] * np.exp((when[i] - time_ms[spike]) / tau_ms) + 1.0
            when[i] = time_ms[spike]
            spike += 1
        for i in range(out.shape[1]):
            if level[i] != 0.0:
                out[sample, i] = level[i] * np.exp((when[i] - time) / tau_ms)
            else:
                out[sample, i] = 0.0


def sample_times(times_ms: ArrayLike) -> np.ndarray:
    """Checked times of samples, axes (sample).

    Raises:
        ValueError: If they are not finite or not ascending.
    """
    times = np.atleast_1d(np.array(times_ms, dtype=np.float64))
    if times.ndim != 1 or not np.isfinite(times).all() or (np.diff(times) < 0).any():
        raise ValueError("a filter needs finite, ascending `times_ms`, got others.")
    return times


@dataclass(frozen=True)
class ExponentialFilter:
    """Each neuron's spikes, every one forgotten exponentially.

    x(t) = sum over spikes s <= t of exp(-(t - s) / tau).

    Args:
        tau_ms: Above 0.

    Source: Maass, Natschlaeger & Markram 2002 (Neural Computation 14), 30 ms.
    """

    tau_ms: float = 30.0

    def __post_init__(self) -> None:
        """Check the time constant."""
        check_range("ExponentialFilter", "tau_ms", self.tau_ms, 0.0, above=True)

    def features(self, neurons: int) -> int:
        """One for each neuron."""
        return neurons

    def sample(self, spikes: Spikes, times_ms: ArrayLike) -> np.ndarray:
        """Filtered spikes at ascending times, axes (sample, neuron)."""
        times = sample_times(times_ms)
        out = np.empty((len(times), spikes.neurons))
        # Copies: the loop is compiled for writable arrays only.
        _decaying(spikes.neuron.copy(), spikes.time_ms.copy(), times, float(self.tau_ms), out)
        return out


@dataclass(frozen=True)
class CountFilter:
    """Each neuron's number of spikes in a window that ends at the sample.

    Args:
        window_ms: Spikes in (t - window, t] count; above 0.
    """

    window_ms: float = 30.0

    def __post_init__(self) -> None:
        """Check the window."""
        check_range("CountFilter", "window_ms", self.window_ms, 0.0, above=True)

    def features(self, neurons: int) -> int:
        """One for each neuron."""
        return neurons

    def sample(self, spikes: Spikes, times_ms: ArrayLike) -> np.ndarray:
        """Counts at ascending times, axes (sample, neuron)."""
        times = sample_times(times_ms)
        out = np.empty((len(times), spikes.neurons))
        order = np.argsort(spikes.neuron, kind="stable")
        bounds = np.searchsorted(spikes.neuron[order], np.arange(spikes.neurons + 1))
        for neuron in range(spikes.neurons):
            own = spikes.time_ms[order[bounds[neuron] : bounds[neuron + 1]]]
            ends = np.searchsorted(own, times, side="right")
            out[:, neuron] = ends - np.searchsorted(own, times - self.window_ms, side="right")
        return out


@dataclass(frozen=True)
class FilterBank:
    """Several exponential filters of each neuron, side by side.

    On the input itself, without any liquid, it is the control that a liquid has to beat.

    Args:
        taus_ms: Their time constants, each above 0.
    """

    taus_ms: tuple[float, ...] = (10.0, 30.0, 100.0, 300.0, 1000.0)

    def __post_init__(self) -> None:
        """Check the time constants."""
        if not self.taus_ms:
            raise ValueError("`FilterBank` needs at least one of `taus_ms`, got none.")
        for tau in self.taus_ms:
            check_range("FilterBank", "taus_ms", tau, 0.0, above=True)

    def features(self, neurons: int) -> int:
        """One for each neuron and time constant."""
        return neurons * len(self.taus_ms)

    def sample(self, spikes: Spikes, times_ms: ArrayLike) -> np.ndarray:
        """Filtered spikes at ascending times, axes (sample, time constant x neuron)."""
        parts = [ExponentialFilter(tau).sample(spikes, times_ms) for tau in self.taus_ms]
        return np.concatenate(parts, axis=1)


Filter = ExponentialFilter | CountFilter | FilterBank
