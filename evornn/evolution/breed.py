"""Make the children of one generation: gather, cross and mutate, each row in one go.

Rows are independent: child i reads the stream of its pair (i // 2) to be crossed and its own to be
mutated. So any division of the rows among threads gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from evornn.compiled import kernel

from .crossover import NO_CROSSOVER, CrossoverPlan, cross_codes, cross_row
from .genes import GrayGenes, RealGenes, decode_row, encode_row
from .mutation import MutationPlan, mutate_row
from .normal import normal
from .streams import draw_places, uniform

MapRanges = Callable[[Callable[[int, int], None], int], object]
"""Calls a function on ranges (start, stop) that cover n rows, on as many threads as it likes."""


class Children(NamedTuple):
    """What one call of `breed` writes.

    Attributes:
        rows: Chromosomes, axes (child, gene).
        steps: Step sizes, axes (child); left alone for Gray-coded genes, which have none.
        fresh: False where a child is its parent, unchanged, axes (child).
    """

    rows: np.ndarray
    steps: np.ndarray
    fresh: np.ndarray


def in_this_thread(function: Callable[[int, int], None], rows: int) -> None:
    """All rows in the calling thread."""
    function(0, rows)


def breed(
    population: np.ndarray,
    steps: np.ndarray,
    parents: np.ndarray,
    crossover: CrossoverPlan,
    mutation: MutationPlan,
    genes: RealGenes | GrayGenes,
    rng: np.random.Generator,
    children: Children,
    map_ranges: MapRanges = in_this_thread,
) -> None:
    """Write the children of the given parents.

    Args:
        population: Chromosomes, axes (individual, gene).
        steps: Step sizes, axes (individual).
        parents: Row of each child's parent; neighbours 2k and 2k + 1 mate, so there is an even
            number of them and as many children, or one child fewer.
        crossover: Plan of the crossover.
        mutation: Plan of the mutation.
        genes: The encoding.
        rng: The run's generator; it gives each pair and each child the start of its stream.
        children: Written.
        map_ranges: How to share the rows among threads.
    """
    count = len(children.rows)
    pair_seeds = rng.integers(2**64, size=len(parents) // 2, dtype=np.uint64)
    seeds = rng.integers(2**64, size=count, dtype=np.uint64)

    def rows(start: int, stop: int) -> None:
        if isinstance(genes, GrayGenes):
            _gray_rows(
                start, stop, population, parents, pair_seeds, seeds, crossover, mutation,
                genes.plan(), children.rows, children.fresh,
            )  # fmt: skip
        else:
            _real_rows(
                start, stop, population, steps, parents, pair_seeds, seeds, crossover, mutation,
                *genes.range, children.rows, children.steps, children.fresh,
            )  # fmt: skip

    map_ranges(rows, count)


@kernel
def _pair(child, parents, pair_seeds, crossover):
    """Own and other parent of a child, whether they recombine, and the pair's stream."""
    own, other = parents[child], parents[child ^ 1]
    stream, u = uniform(pair_seeds[child >> 1])
    crossed = crossover.kind != NO_CROSSOVER and own != other and u < crossover.rate
    return own, other, crossed, stream


@kernel
def _real_rows(
    start, stop, population, steps, parents, pair_seeds, seeds, crossover, mutation,
    low, high, children, child_steps, fresh,
):  # fmt: skip
    """Children `start` to `stop` of real genes; see `breed`."""
    places = np.empty(population.shape[1], np.int64)
    deviates = np.empty(population.shape[1], np.float64)
    bounded = np.isfinite(low) or np.isfinite(high)
    for i in range(start, stop):
        own, other, crossed, pair_stream = _pair(i, parents, pair_seeds, crossover)
        child = children[i]
        step = steps[own]
        if crossed:
            cross_row(population[own], population[other], child, pair_stream, crossover)
            step = np.sqrt(step * steps[other])
        else:
            child[:] = population[own]
        stream = seeds[i]
        if mutation.tau > 0.0:
            stream, z = normal(stream)
            step = max(step * np.exp(mutation.tau * z), mutation.least_step)
        child_steps[i] = step
        fresh[i] = mutate_row(child, step, stream, mutation, places, deviates) or crossed
        if bounded:
            for j in range(child.size):
                child[j] = min(max(child[j], low), high)


@kernel
def _gray_rows(
    start, stop, population, parents, pair_seeds, seeds, crossover, mutation, plan, children, fresh,
):  # fmt: skip
    """Children `start` to `stop` of Gray-coded genes; see `breed`."""
    genes = population.shape[1]
    codes, other_codes = np.empty(genes, np.uint32), np.empty(genes, np.uint32)
    places = np.empty(genes * plan.bits, np.int64)
    for i in range(start, stop):
        own, other, crossed, pair_stream = _pair(i, parents, pair_seeds, crossover)
        encode_row(population[own], codes, plan)
        if crossed:
            encode_row(population[other], other_codes, plan)
            cross_codes(codes, other_codes, plan.bits, pair_stream, crossover)
        _, count = draw_places(places, places.size, mutation.rate_digits, seeds[i])
        for k in range(count):
            gene, bit = divmod(places[k], plan.bits)
            codes[gene] ^= np.uint32(1) << np.uint32(plan.bits - 1 - bit)
        decode_row(codes, children[i], plan)
        fresh[i] = count > 0 or crossed
