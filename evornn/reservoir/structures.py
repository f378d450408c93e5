"""Recurrent matrices without randomness in their connections: rings, delay lines, transforms.

Source of the first three: Rodan & Tino 2011, Minimum complexity echo state network (IEEE
Transactions on Neural Networks 22); the jumps: Rodan & Tino 2012, Simple
deterministically constructed cycle reservoirs with regular jumps (Neural Computation 24).
"""

from __future__ import annotations

import math

import numpy as np

from evornn.reservoir.operators import Hadamard, Ring, Sparse
from evornn.reservoir.spectrum import with_radius


def cycle(
    units: int, rng: np.random.Generator | None = None, *, spectral_radius: float = 0.9
) -> Ring:
    """Each unit hears the one before it, the first one the last: weight = radius, O(N) a step.

    Args:
        units: Number of units.
        rng: Not needed; every topology takes one.
        spectral_radius: The weight, and exactly the spectral radius.
    """
    return Ring(np.full(units, float(spectral_radius)), np.zeros(units))


def delay_line(
    units: int,
    rng: np.random.Generator | None = None,
    *,
    weight: float = 0.9,
    feedback: float = 0.0,
    spectral_radius: float | None = None,
) -> Ring:
    """Each unit hears the one before it; with `feedback` also the one after it.

    Args:
        units: Number of units.
        rng: Not needed; every topology takes one.
        weight: From each unit to the next.
        feedback: From each unit to the one before it; 0 for a plain delay line.
        spectral_radius: If given, the matrix is scaled to it; only with feedback.

    Raises:
        ValueError: If a spectral radius is asked of a delay line without feedback: it is nilpotent.
    """
    forward, backward = np.full(units, float(weight)), np.full(units, float(feedback))
    forward[0] = backward[-1] = 0.0
    line = Ring(forward, backward)
    if spectral_radius is None:
        return line
    # A tridiagonal Toeplitz matrix: eigenvalues 2 sqrt(w f) cos(k pi / (N + 1)), k = 1 .. N.
    now = 2 * math.sqrt(abs(weight * feedback)) * math.cos(math.pi / (units + 1))
    return line.scaled(spectral_radius / now) if now > 0 else with_radius(line, spectral_radius)


def cycle_with_jumps(
    units: int,
    rng: np.random.Generator | None = None,
    *,
    spectral_radius: float = 0.9,
    jump: int = 5,
    share: float = 0.5,
) -> Sparse:
    """A cycle, and two-way connections between every `jump`-th unit and the next such unit.

    Args:
        units: Number of units.
        rng: Not needed; every topology takes one.
        spectral_radius: Largest absolute eigenvalue.
        jump: Distance of the jumps, from 2 to units / 2.
        share: A jump's weight over the cycle's weight.
    """
    from scipy import sparse

    if not 2 <= jump <= units // 2:
        raise ValueError(f"jump needs to be from 2 to {units // 2}, got {jump}")
    here = np.arange(units)
    # Where `jump` does not divide the units, the last jump is left out rather than shortened.
    stops = np.arange(0, units - units % jump, jump)
    following = np.roll(stops, -1) if units % jump == 0 else np.append(stops[1:], stops[-1] + jump)
    fits = following < units
    stops, following = stops[fits], following[fits]
    rows = np.concatenate([here, stops, following])
    columns = np.concatenate([np.roll(here, 1), following, stops])
    values = np.concatenate([np.ones(units), np.full(2 * len(stops), share)])
    matrix = sparse.csr_array((values, (rows, columns)), shape=(units, units))
    form = Sparse.of(matrix)
    if units % jump or share < 0:
        return with_radius(form, spectral_radius)
    # Turning the cycle by one jump changes nothing, and of a matrix without negative weights the
    # largest eigenvalue has an eigenvector without changes of sign: it is the same in every turn,
    # and one turn, closed in itself, has the whole's radius (Perron and Frobenius).
    turn = np.roll(np.eye(jump), 1, axis=0)
    turn[0, 0] += 2 * share
    return form.scaled(spectral_radius / float(np.abs(np.linalg.eigvals(turn)).max()))


def hadamard(
    units: int,
    rng: np.random.Generator,
    *,
    spectral_radius: float = 0.9,
    transforms: int = 3,
) -> Hadamard:
    """A structured random orthogonal matrix: O(N log N) a step, `transforms` N bytes of memory.

    Args:
        units: Number of units: a power of two, at least 8.
        rng: Where the signs come from.
        spectral_radius: Exactly the absolute value of all eigenvalues.
        transforms: Hadamard matrices, each with its random signs; 3 come close to a uniformly drawn
            orthogonal matrix.

    Source: Dong, Ohana, Rafayelyan & Krzakala 2020, Reservoir computing meets recurrent kernels and
    structured transforms (NeurIPS 33).
    """
    if units < 8 or units & (units - 1):
        near = 1 << max(3, (units - 1).bit_length())
        raise ValueError(
            f"a Hadamard reservoir needs a power of two of units, at least 8, got {units}; take "
            f"{near}"
        )
    if transforms < 1:
        raise ValueError(f"transforms need to be at least 1, got {transforms}")
    signs = rng.integers(0, 2, (transforms, units), dtype=np.int8)
    signs *= 2
    signs -= 1
    return Hadamard(signs, float(spectral_radius) * units ** (-transforms / 2))
