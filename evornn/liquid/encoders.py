"""From signals to spike trains: what an input channel tells a liquid.

An encoder is an object with `encode(signal, rng) -> Spikes` and `channels(signals)`, the number of
its spike channels for a number of signals. Signals have axes (time, signal), or (time) if there is
one; each sample holds for `step_ms`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evornn.checks import check_count, check_range
from evornn.liquid.spikes import Spikes


def poisson_spikes(
    rate_hz: ArrayLike, step_ms: float, rng: np.random.Generator, refractory_ms: float = 0.0
) -> Spikes:
    """Poisson spike trains with rates that are constant over each step.

    Args:
        rate_hz: Axes (time, channel), or (time) with one channel; at least 0.
        step_ms: How long each entry holds, above 0.
        rng: Of the spikes.
        refractory_ms: Spikes closer than this to the one before are left out; at least 0.

    Raises:
        ValueError: If a rate is negative or not finite, or a time out of range.
    """
    rates = _rates("poisson_spikes", rate_hz, step_ms)
    check_range("poisson_spikes", "refractory_ms", refractory_ms, 0.0)
    counts = rng.poisson(rates * (step_ms / 1000.0))
    step, channel = np.repeat(np.argwhere(counts), counts[counts > 0], axis=0).T
    time = (step + rng.random(len(step))) * step_ms
    duration = len(rates) * step_ms
    if refractory_ms == 0.0:
        return Spikes(channel, time, rates.shape[1], duration)
    trains = [np.sort(time[channel == k]) for k in range(rates.shape[1])]
    return Spikes.from_trains([_thinned(t, refractory_ms) for t in trains], duration)


def _thinned(times: np.ndarray, refractory_ms: float) -> np.ndarray:
    """The times that lie at least `refractory_ms` after the one kept before."""
    kept: list[float] = []
    for time in times:
        if not kept or time - kept[-1] >= refractory_ms:
            kept.append(float(time))
    return np.array(kept)


def regular_spikes(rate_hz: ArrayLike, step_ms: float, phase: float = 0.5) -> Spikes:
    """A spike whenever the integral of the rate reaches phase, 1 + phase, 2 + phase and so on.

    A noiseless integrate-and-fire encoder: the number of spikes up to a time is the integral of
    the rate there to within one.

    Args:
        rate_hz: Axes (time, channel), or (time) with one channel; at least 0.
        step_ms: How long each entry holds, above 0.
        phase: Value of the integral at the first spike, in (0, 1].

    Raises:
        ValueError: If a rate is negative or not finite, or another number out of range.
    """
    rates = _rates("regular_spikes", rate_hz, step_ms)
    if not 0.0 < phase <= 1.0:
        raise ValueError(f"`regular_spikes` needs `phase` in (0, 1], got {phase}.")
    time = step_ms * np.arange(len(rates) + 1)
    trains = []
    for rate in rates.T:
        area = np.concatenate([[0.0], np.cumsum(rate) * (step_ms / 1000.0)])
        levels = np.arange(phase, area[-1] + 1e-9, 1.0)
        # The last place of each level: where the rate is 0 the area is flat, and flat is not yet.
        rising = np.concatenate([[True], np.diff(area) > 0])
        trains.append(np.minimum(np.interp(levels, area[rising], time[rising]), time[-1]))
    return Spikes.from_trains(trains, float(time[-1]))


def _rates(owner: str, rate_hz: ArrayLike, step_ms: float) -> np.ndarray:
    """Checked rates, axes (time, channel)."""
    check_range(owner, "step_ms", step_ms, 0.0, above=True)
    rates = np.asarray(rate_hz, dtype=np.float64)
    rates = rates[:, None] if rates.ndim == 1 else rates
    if rates.ndim != 2 or rates.size == 0:
        raise ValueError(f"`{owner}` needs `rate_hz` of axes (time, channel), got {rates.shape}.")
    if not (np.isfinite(rates) & (rates >= 0)).all():
        raise ValueError(f"`{owner}` needs finite `rate_hz` of at least 0, got {rates.min():g}.")
    return rates


@dataclass(frozen=True)
class _Scaled:
    """What the encoders share: a signal's range, and how long a sample holds.

    Args:
        low: Value that is encoded as least; smaller ones count as it.
        high: Value that is encoded as most, above `low`; larger ones count as it.
        step_ms: How long a sample holds, above 0.
    """

    low: float = 0.0
    high: float = 1.0
    step_ms: float = 1.0

    def __post_init__(self) -> None:
        """Check the range."""
        name = type(self).__name__
        check_range(name, "low", self.low, -math.inf)
        check_range(name, "step_ms", self.step_ms, 0.0, above=True)
        check_range(name, "high", self.high, self.low, above=True)

    def channels(self, signals: int) -> int:
        """Number of spike channels for so many signals."""
        return signals

    def _shares(self, signal: ArrayLike) -> np.ndarray:
        """The signal between `low` (0) and `high` (1), axes (time, signal)."""
        values = np.asarray(signal, dtype=np.float64)
        values = values[:, None] if values.ndim == 1 else values
        name = type(self).__name__
        if values.ndim != 2 or values.size == 0:
            raise ValueError(f"`{name}` needs a signal of axes (time, signal), got {values.shape}.")
        if not np.isfinite(values).all():
            raise ValueError(f"`{name}` needs a finite signal, got NaN or infinity.")
        return np.clip((values - self.low) / (self.high - self.low), 0.0, 1.0)


@dataclass(frozen=True)
class PoissonEncoder(_Scaled):
    """Random spikes whose rate follows the signal, one channel for each.

    Args:
        low: Value at `silent_hz`.
        high: Value at `most_hz`.
        step_ms: How long a sample holds.
        most_hz: Highest rate, above `silent_hz`.
        silent_hz: Lowest rate, at least 0.
    """

    most_hz: float = 100.0
    silent_hz: float = 0.0

    def __post_init__(self) -> None:
        """Check the range and the rates."""
        super().__post_init__()
        check_range(type(self).__name__, "silent_hz", self.silent_hz, 0.0)
        check_range(type(self).__name__, "most_hz", self.most_hz, self.silent_hz, above=True)

    def rates_hz(self, signal: ArrayLike) -> np.ndarray:
        """Rate of each channel, axes (time, signal)."""
        return self.silent_hz + (self.most_hz - self.silent_hz) * self._shares(signal)

    def encode(self, signal: ArrayLike, rng: np.random.Generator) -> Spikes:
        """Spikes of a signal with axes (time, signal)."""
        return poisson_spikes(self.rates_hz(signal), self.step_ms, rng)


@dataclass(frozen=True)
class RateEncoder(PoissonEncoder):
    """Regular spikes whose rate follows the signal, without chance; arguments as for Poisson."""

    def encode(self, signal: ArrayLike, rng: np.random.Generator | None = None) -> Spikes:
        """Spikes of a signal with axes (time, signal); `rng` is not used."""
        return regular_spikes(self.rates_hz(signal), self.step_ms)


@dataclass(frozen=True)
class LatencyEncoder(_Scaled):
    """One spike for each sample and signal, the earlier the larger the value.

    `high` fires at the sample's beginning, `low` after `window_ms`.

    Args:
        low: Value with the latest spike.
        high: Value with the earliest spike.
        step_ms: How long a sample holds.
        window_ms: Longest latency, above 0 and at most `step_ms`; None for `step_ms`.
        silent: Whether values of `low` and less give no spike.
    """

    window_ms: float | None = None
    silent: bool = False

    def __post_init__(self) -> None:
        """Check the range and the window."""
        super().__post_init__()
        if self.window_ms is not None and not 0.0 < self.window_ms <= self.step_ms:
            raise ValueError(
                f"`LatencyEncoder` needs `window_ms` above 0 and at most step_ms={self.step_ms:g}, "
                f"got {self.window_ms}."
            )

    def encode(self, signal: ArrayLike, rng: np.random.Generator | None = None) -> Spikes:
        """Spikes of a signal with axes (time, signal); `rng` is not used."""
        shares = self._shares(signal)
        window = self.step_ms if self.window_ms is None else self.window_ms
        step, channel = np.nonzero((shares > 0.0) | (not self.silent))
        time = step * self.step_ms + (1.0 - shares[step, channel]) * window
        duration = len(shares) * self.step_ms
        return Spikes(channel, np.minimum(time, duration), shares.shape[1], duration)


@dataclass(frozen=True)
class PopulationEncoder(_Scaled):
    """Several channels for each signal, each with a bell-shaped tuning curve of its own.

    Unit k of a signal answers with exp(-(x - c_k)^2 / (2 sigma^2)), its centres c_k evenly from
    `low` to `high`; the answer, 0 to 1, is then encoded by `each`. Channel = signal * units + k.

    Args:
        low: First centre.
        high: Last centre.
        step_ms: How long a sample holds.
        units: Channels for each signal, at least 2.
        width: Sigma over the distance of two centres, above 0.
        each: How an answer becomes spikes: any other encoder, for signals from 0 to 1; its
            `step_ms` must be this one's.

    Source: population coding with Gaussian receptive fields, Bohte, La Poutre & Kok 2002 (IEEE
    Trans. Neural Networks 13).
    """

    units: int = 8
    width: float = 1.0
    each: PoissonEncoder | RateEncoder | LatencyEncoder = PoissonEncoder()

    def __post_init__(self) -> None:
        """Check the range and the units."""
        super().__post_init__()
        check_count("PopulationEncoder", "units", self.units, 2)
        check_range("PopulationEncoder", "width", self.width, 0.0, above=True)
        if self.each.step_ms != self.step_ms:
            raise ValueError(
                "`PopulationEncoder` needs the same `step_ms` as its encoder `each`, got "
                f"{self.step_ms:g} and {self.each.step_ms:g}."
            )

    def channels(self, signals: int) -> int:
        """Number of spike channels for so many signals."""
        return signals * self.units

    def answers(self, signal: ArrayLike) -> np.ndarray:
        """Answer of each unit, axes (time, signal x unit), in (0, 1]."""
        centres = np.linspace(0.0, 1.0, self.units)
        sigma = self.width / (self.units - 1)
        shares = self._shares(signal)
        bells = np.exp(-0.5 * ((shares[:, :, None] - centres) / sigma) ** 2)
        return bells.reshape(len(shares), -1)

    def encode(self, signal: ArrayLike, rng: np.random.Generator) -> Spikes:
        """Spikes of a signal with axes (time, signal)."""
        return self.each.encode(self.answers(signal), rng)


Encoder = PoissonEncoder | RateEncoder | LatencyEncoder | PopulationEncoder
