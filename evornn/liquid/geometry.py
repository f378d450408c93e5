"""Neurons in space, and connections that are likelier between close ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from evornn.checks import check_count, check_range


def grid_positions(shape: tuple[int, int, int]) -> np.ndarray:
    """Integer points of a box, axes (neuron, 3); the last coordinate changes fastest.

    Raises:
        TypeError: If a side is not a whole number.
        ValueError: If a side is less than 1, or there are not three.
    """
    if len(shape) != 3:
        raise ValueError(f"`grid_positions` needs three sides, got {tuple(shape)}.")
    for side in shape:
        check_count("grid_positions", "shape", side, 1)
    return np.stack(np.unravel_index(np.arange(np.prod(shape)), shape), axis=1).astype(np.float64)


def draw_inhibitory(count: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """Which neurons inhibit, axes (neuron): `share` of them, rounded, at random places."""
    inhibitory = np.zeros(count, dtype=bool)
    inhibitory[rng.permutation(count)[: round(share * count)]] = True
    return inhibitory


def draw_connections(
    positions: np.ndarray,
    scale: ArrayLike,
    length: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Random connections with probability scale * exp(-(distance / length)^2), none to oneself.

    Args:
        positions: Axes (neuron, 3).
        scale: Probability at distance 0, one number or axes (source, target).
        length: The paper's lambda, in the unit of `positions`; above 0.
        rng: Of the draws.

    Returns:
        Source and target of each connection, both axes (connection), ordered by source.

    Raises:
        ValueError: If a probability is outside [0, 1] or the length not above 0.

    Source: Maass, Natschlaeger & Markram 2002 (Neural Computation 14).
    """
    check_range("draw_connections", "length", length, 0.0, above=True)
    count = len(positions)
    highest = np.broadcast_to(np.asarray(scale, dtype=np.float64), (count, count))
    if not ((highest >= 0) & (highest <= 1)).all():
        raise ValueError("`draw_connections` needs `scale` in [0, 1], got values outside.")
    source, target = [], []
    for k in range(count):  # a row at a time: all distances at once would need count^2 memory
        squared = ((positions - positions[k]) ** 2).sum(axis=1)
        probability = highest[k] * np.exp(-squared / length**2)
        probability[k] = 0.0
        (reached,) = np.nonzero(rng.random(count) < probability)
        source.append(np.full(len(reached), k))
        target.append(reached)
    return np.concatenate(source), np.concatenate(target)
