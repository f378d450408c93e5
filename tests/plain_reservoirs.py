"""Reservoirs in plain NumPy whose measures are known."""

import numpy as np


def drive(W, v, u, f=lambda x: x, start=None):
    """States x' = f(W x + v u), axes (time, unit)."""
    x = np.zeros(len(W)) if start is None else np.asarray(start, dtype=float)
    states = np.empty((len(u), len(W)))
    for t, now in enumerate(np.asarray(u).reshape(len(u))):
        x = states[t] = f(W @ x + v * now)
    return states


def delay_line(units):
    """A shift register: unit k holds the input of k steps ago."""
    return np.eye(units, k=-1), np.eye(units)[0]


def cycle(units, radius, rng):
    """A ring with one weight, its inputs of one size and random signs."""
    W = radius * np.roll(np.eye(units), 1, axis=0)
    return W, rng.choice([-0.5, 0.5], size=units)


def random(units, radius, rng):
    """Normal weights, scaled to a spectral radius, and uniform input weights."""
    W = rng.normal(size=(units, units))
    W *= radius / np.abs(np.linalg.eigvals(W)).max()
    return W, rng.uniform(-0.5, 0.5, size=units)
