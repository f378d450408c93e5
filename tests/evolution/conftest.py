"""Shared by the tests of evolution."""

import zlib

import numpy as np
import pytest

from evornn.evolution import RealGenes, UniformMutation
from evornn.evolution.breed import Children, breed, in_this_thread
from evornn.evolution.crossover import NO_CROSSOVER, CrossoverPlan

ALONE = CrossoverPlan(NO_CROSSOVER, 0.0, 0.0, np.uint64(0))


@pytest.fixture
def rng(request):
    """A generator seeded by the test's own name."""
    return np.random.default_rng(zlib.crc32(request.node.name.encode()))


@pytest.fixture
def bred(rng):
    """Children of neighbouring rows, or of the given parents, by one crossover and one mutation."""

    def children_of(
        population,
        *,
        crossover=None,
        mutation=None,
        genes=None,
        parents=None,
        steps=None,
        map_ranges=in_this_thread,
        rng=rng,
    ):
        population = np.asarray(population)
        parents = np.arange(len(population)) if parents is None else np.asarray(parents)
        genes = genes or RealGenes()
        mutation = mutation or UniformMutation(rate=0.0)
        plan = mutation.plan(population.shape[1] * getattr(genes, "bits", 1))
        children = Children(
            np.full((len(parents), population.shape[1]), np.nan, population.dtype),
            np.zeros(len(parents)),
            np.zeros(len(parents), np.bool_),
        )
        steps = np.full(len(population), plan.step) if steps is None else steps
        crossing = crossover.plan() if crossover else ALONE
        breed(population, steps, parents, crossing, plan, genes, rng, children, map_ranges)
        return children

    return children_of
