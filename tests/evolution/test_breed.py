"""A generation's children do not depend on how the work is divided."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from evornn.evolution import (
    GA,
    BitFlipMutation,
    BlendCrossover,
    CauchyMutation,
    GaussianMutation,
    GrayGenes,
    OnePointCrossover,
    PolynomialMutation,
    SimulatedBinaryCrossover,
    TwoPointCrossover,
    UniformCrossover,
    UniformMutation,
)

CHOICES = [
    (UniformCrossover(), GaussianMutation(), None),
    (OnePointCrossover(), CauchyMutation(), None),
    (TwoPointCrossover(), PolynomialMutation(), None),
    (BlendCrossover(), UniformMutation(0.2), None),
    (SimulatedBinaryCrossover(), GaussianMutation(self_adaptive=False), None),
    (UniformCrossover(), BitFlipMutation(), GrayGenes()),
    (TwoPointCrossover(), BitFlipMutation(), GrayGenes()),
]


def row_by_row(function, rows):
    """Each row alone, the last one first."""
    for row in reversed(range(rows)):
        function(row, row + 1)


def on_threads(function, rows):
    """Uneven ranges on four threads."""
    edges = [0, rows // 7, rows // 3, rows // 2, rows]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(function, edges[:-1], edges[1:]))


@pytest.mark.parametrize("map_ranges", [row_by_row, on_threads])
@pytest.mark.parametrize(("crossover", "mutation", "genes"), CHOICES)
def test_any_division_of_the_rows_gives_the_same_bytes(
    crossover, mutation, genes, map_ranges, bred, rng
):
    population = rng.uniform(-1, 1, (60, 77)).astype(np.float32)
    if genes:
        population = genes.represent(population)
    parents = rng.integers(60, size=60)
    seed = rng.integers(2**32)
    one, other = (
        bred(
            population,
            crossover=crossover,
            mutation=mutation,
            genes=genes,
            parents=parents,
            rng=np.random.default_rng(seed),
            **division,
        )
        for division in ({}, {"map_ranges": map_ranges})
    )
    assert one.rows.tobytes() == other.rows.tobytes()
    assert one.steps.tobytes() == other.steps.tobytes()
    assert one.fresh.tobytes() == other.fresh.tobytes()
    assert np.isfinite(one.rows).all()


def test_a_whole_run_on_threads_gives_the_same_bytes(rng):
    first = rng.standard_normal((40, 30))
    ga = GA(population=40, elites=3)
    alone = ga.start(first, np.random.default_rng(5))
    divided = ga.start(first, np.random.default_rng(5), map_ranges=on_threads)
    for _ in range(8):
        for learner in (alone, divided):
            learner.tell(-(learner.ask() ** 2).sum(1))
    assert alone.population.tobytes() == divided.population.tobytes()


@pytest.mark.parametrize(("crossover", "mutation", "genes"), CHOICES)
def test_children_do_not_write_over_their_parents(crossover, mutation, genes, bred, rng):
    population = rng.uniform(-1, 1, (20, 9))
    if genes:
        population = genes.represent(population)
    before = population.copy()
    bred(population, crossover=crossover, mutation=mutation, genes=genes)
    np.testing.assert_array_equal(population, before)
