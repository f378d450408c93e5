"""Information processing capacity: which functions of past inputs the states hold, and how much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evornn.checks import check_count
from evornn.measures.arrays import as_columns, states_under

_BATCH = 256  # target functions at a time

Term = tuple[tuple[int, int], ...]


class Capacity(NamedTuple):
    """One function of the past, and its share that a linear readout of the states can tell.

    Attributes:
        term: Pairs (delay, degree): the product of the Legendre polynomials of those degrees in the
            inputs so many steps ago.
        value: In (0, 1].
    """

    term: Term
    value: float


@dataclass(frozen=True)
class InformationCapacity:
    """Information processing capacity, sorted by what it is made of.

    Attributes:
        total: Sum of the significant capacities, at most `rank` but for chance.
        by_degree: Total degree -> sum of its capacities; 1 is linear memory.
        by_delay: Axes (delay): the capacities by the longest delay in them, from 0 on.
        capacities: The significant ones, largest first.
        threshold: What a capacity must exceed to count.
        rank: Number of linearly independent states, the bound.
        tried: Number of functions tried.
    """

    total: float
    by_degree: dict[int, float]
    by_delay: NDArray[np.float64]
    capacities: list[Capacity]
    threshold: float
    rank: int
    tried: int


def information_capacity(
    system: Any,
    delays: Mapping[int, int],
    *,
    steps: int = 20_000,
    washout: int = 200,
    chance: float = 1e-4,
    amplitude: float = 1.0,
    rng: np.random.Generator,
) -> InformationCapacity:
    """Drive a system with independent random inputs and measure `information_capacity_of` it.

    Args:
        system: A function of inputs (time, 1) that returns states (time, unit), or an object with
            `run` or `states`; see `evornn.measures.arrays.states_under`.
        delays: As for `information_capacity_of`.
        steps: That count, at least 2.
        washout: Steps before them; never less than the longest delay.
        chance: As for `information_capacity_of`.
        amplitude: The system sees U(-amplitude, amplitude).
        rng: Draws them.

    Raises:
        TypeError: A system of another kind.
        ValueError: A setting out of range, or states that do not fit.
    """
    check_count("information_capacity", "steps", steps, 2)
    lead = max(washout, *delays.values()) if delays else washout
    u = rng.uniform(-1.0, 1.0, size=(lead + steps, 1))
    states = states_under("information_capacity", system, amplitude * u)
    return information_capacity_of(u, states, delays, washout=lead, chance=chance)


def information_capacity_of(
    u: ArrayLike,
    states: ArrayLike,
    delays: Mapping[int, int],
    *,
    washout: int = 0,
    chance: float = 1e-4,
) -> InformationCapacity:
    """Information processing capacity of states that a series of independent inputs has driven.

    The capacity for a target z is C = 1 - min_w <(z - w x)^2> / <z^2>. Targets are products
    of Legendre polynomials of the inputs at different delays, orthogonal for
    uniform inputs, so that the capacities of all of them sum to at most the number of linearly
    independent states, and to it exactly if the states forget and depend on the inputs alone.

    Measured over T steps, states of rank r have with an unrelated target the capacity of r out of T
    random directions: Beta(r / 2, (T - r) / 2), mean r / T. What does not exceed the upper quantile
    `chance` of that distribution counts as 0.

    Args:
        u: Inputs, axes (time) or (time, 1), independent, from U(-1, 1).
        states: Axes (time, unit), after each input.
        delays: Total degree, at least 1 -> longest delay in steps, at least 0, among the functions
            of that degree. Their number grows fast: degree d and delay D make
            (D + d)! / (D! d!) functions.
        washout: Steps at the start that are left out, besides the longest delay.
        chance: Probability that an unrelated target counts, in (0, 1).

    Raises:
        ValueError: Different lengths, several inputs, inputs outside [-1, 1], constant states, too
            few steps, or a setting out of range.

    Source: Dambre, Verstraeten, Schrauwen & Massar 2012 (Scientific Reports 2, 514).
    """
    owner = "information_capacity_of"
    inputs, x = as_columns(owner, "inputs", u), as_columns(owner, "states", states)
    _check(owner, inputs, x, delays, chance)
    first = max(washout, max(delays.values()))
    basis = _orthonormal(x[first:])
    rows, rank = basis.shape
    if rows <= rank + 2:
        raise ValueError(
            f"`{owner}` needs more steps than states, got {rows} after the washout for states of "
            f"rank {rank}; give a longer series."
        )
    from scipy.stats import beta

    threshold = float(beta.isf(chance, rank / 2, (rows - rank) / 2))
    legendre = _legendre(inputs[:, 0], max(delays))
    found: list[Capacity] = []
    tried = 0
    for batch in _batches(_terms(delays)):
        targets = np.stack([_target(legendre, term, first) for term in batch], axis=1)
        targets -= targets.mean(axis=0)
        values = np.square(basis.T @ targets).sum(axis=0) / np.square(targets).sum(axis=0)
        tried += len(batch)
        found += [
            Capacity(term, float(value))
            for term, value in zip(batch, values, strict=True)
            if value > threshold
        ]
    by_degree = dict.fromkeys(sorted(delays), 0.0)
    by_delay = np.zeros(max(delays.values()) + 1)
    for term, value in found:
        by_degree[sum(degree for _, degree in term)] += value
        by_delay[max(delay for delay, _ in term)] += value
    found.sort(key=lambda c: (-c.value, c.term))
    total = float(sum(by_degree.values()))
    return InformationCapacity(total, by_degree, by_delay, found, threshold, rank, tried)


def _check(
    owner: str,
    inputs: NDArray[np.float64],
    x: NDArray[np.float64],
    delays: Mapping[int, int],
    chance: float,
) -> None:
    if inputs.shape != (len(x), 1):
        raise ValueError(
            f"`{owner}` needs one input for each of {len(x)} states, got axes {inputs.shape}."
        )
    if np.abs(inputs).max() > 1:
        raise ValueError(
            f"`{owner}` needs inputs from U(-1, 1), got {np.abs(inputs).max():g}; scale them."
        )
    if not delays or min(delays) < 1 or min(delays.values()) < 0:
        raise ValueError(
            f"`{owner}` needs `delays` of degrees from 1 to delays from 0, got {dict(delays)}."
        )
    if not 0 < chance < 1:
        raise ValueError(f"`{owner}` needs a `chance` in (0, 1), got {chance}.")
    if len(x) <= max(delays.values()):
        raise ValueError(
            f"`{owner}` needs more steps than the longest delay of {max(delays.values())}, got "
            f"{len(x)}."
        )


def _orthonormal(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Orthonormal columns that span the centred states, axes (time, rank)."""
    from scipy.linalg import svd

    centred = x - x.mean(axis=0)
    length = np.sqrt(np.square(centred).sum(axis=0))
    least = 1e-13 * np.sqrt(len(x)) * np.abs(x).max(axis=0)
    centred = centred[:, length > least] / length[length > least]
    if not centred.size:
        raise ValueError("The information processing capacity needs states that vary.")
    U, s, _ = svd(centred, full_matrices=False, check_finite=False)
    columns: NDArray[np.float64] = U[:, s > 1e-10 * s[0]]
    return columns


def _legendre(u: NDArray[np.float64], degree: int) -> NDArray[np.float64]:
    """P_0 to P_degree of inputs, axes (degree, time); capacities do not depend on their scale."""
    from numpy.polynomial.legendre import legvander

    return np.ascontiguousarray(legvander(u, degree).T)


def _terms(delays: Mapping[int, int]) -> Iterator[Term]:
    """All products of a total degree: so many delays, those that repeat for higher powers."""
    for degree, longest in sorted(delays.items()):
        for chosen in combinations_with_replacement(range(longest + 1), degree):
            yield tuple((delay, chosen.count(delay)) for delay in sorted(set(chosen)))


def _batches(terms: Iterator[Term]) -> Iterator[list[Term]]:
    batch = []
    for term in terms:
        batch.append(term)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _target(legendre: NDArray[np.float64], term: Term, first: int) -> NDArray[np.float64]:
    """The product of polynomials at each step from `first` on, axes (time)."""
    length = legendre.shape[1]
    product = np.ones(length - first)
    for delay, degree in term:
        product *= legendre[degree, first - delay : length - delay]
    return product
