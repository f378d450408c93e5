"""Both ways between DEAP's toolbox and this package.

`toolbox` gives this package's operators DEAP's names, on whole matrices. `vary` lets a user's own
toolbox, with DEAP's per-individual operators, breed a generation.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from .breed import Children, breed
from .crossover import NO_CROSSOVER, CrossoverPlan
from .individuals import individual_class

if TYPE_CHECKING:
    from .genetic import GA

OPERATORS = ("select", "mate", "mutate")


def toolbox(ga: GA, rng: np.random.Generator) -> Any:
    """A `deap.base.Toolbox` of a genetic algorithm's operators, acting on matrices.

    - `select(population, k, fitness)` returns k rows, axes (k, gene);
    - `mate(mothers, fathers)` returns two matrices of children, row by row;
    - `mutate(population)` returns a tuple of one mutated matrix.

    None changes its arguments. Step sizes are those of the settings: they adapt in a learner only.

    Args:
        ga: The settings.
        rng: Drawn from by all three.
    """
    from deap import base

    def select(population: np.ndarray, k: int, fitness: np.ndarray) -> np.ndarray:
        from .fitness import sanitised

        return population[ga.selection.draw(sanitised(fitness), k, rng)]

    def mate(mothers: np.ndarray, fathers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        pairs = np.stack((mothers, fathers), axis=1).reshape(-1, mothers.shape[1])
        still = ga.mutation_plan(pairs.shape[1])._replace(rate_digits=np.uint64(0), tau=0.0)
        children = _bred(ga, pairs, ga.crossover_plan(), still, rng)
        return children[0::2].copy(), children[1::2].copy()

    def mutate(population: np.ndarray) -> tuple[np.ndarray]:
        alone = CrossoverPlan(NO_CROSSOVER, 0.0, 0.0, np.uint64(0))
        plan = ga.mutation_plan(population.shape[1])
        return (_bred(ga, population, alone, plan, rng),)

    box = base.Toolbox()
    box.register("select", select)
    box.register("mate", mate)
    box.register("mutate", mutate)
    return box


def _bred(ga: GA, rows: np.ndarray, crossover: Any, mutation: Any, rng: Any) -> np.ndarray:
    """Children of every row with its neighbour."""
    count = len(rows)
    parents = np.arange(count + count % 2) % count
    children = Children(np.empty_like(rows), np.empty(count), np.empty(count, np.bool_))
    steps = np.full(count, mutation.step)
    breed(rows, steps, parents, crossover, mutation, ga.encoding, rng, children)
    return children.rows


def check_toolbox(box: Any) -> None:
    """Refuse a toolbox that lacks one of DEAP's three operators.

    Raises:
        ValueError: Naming what is missing.
    """
    missing = [name for name in OPERATORS if not callable(getattr(box, name, None))]
    if missing:
        raise ValueError(
            f"`GA(toolbox=...)` needs a DEAP toolbox with select, mate and mutate, got one without "
            f"{' and '.join(missing)}; register {'it' if len(missing) == 1 else 'them'}."
        )


@contextmanager
def seeded_globals(rng: np.random.Generator) -> Iterator[None]:
    """Seed Python's and NumPy's global generators, which DEAP draws from, and restore them after.

    Args:
        rng: The run's generator; gives the seeds.
    """
    python_state = random.getstate()
    numpy_state = np.random.get_state()  # noqa: NPY002 (DEAP operators may draw from it)
    try:
        random.seed(int(rng.integers(2**63)))
        np.random.seed(int(rng.integers(2**32)))  # noqa: NPY002
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)  # noqa: NPY002


def vary(
    box: Any,
    population: np.ndarray,
    fitness: np.ndarray,
    count: int,
    cxpb: float,
    mutpb: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """One generation of children by a user's DEAP operators, as `deap.algorithms.varAnd` means it.

    Args:
        box: A toolbox with `select(individuals, k)`, `mate(a, b)` and `mutate(individual)`.
        population: Axes (individual, gene); individuals are made from copies of its rows.
        fitness: Axes (individual).
        count: How many children.
        cxpb: Chance of two neighbours to mate.
        mutpb: Chance of a child to mutate.
        rng: The run's generator.

    Returns:
        The children, axes (child, gene), and each one's fitness where it is a parent unchanged, NaN
        where it has to be evaluated.

    Raises:
        ValueError: If an operator returns too few children or children of another length.
    """
    from deap import algorithms

    make = individual_class()
    individuals = [make(row) for row in population]
    # An infinite fitness makes DEAP's selRoulette choose only one; show it the worst finite.
    finite = fitness[np.isfinite(fitness)]
    worst = float(finite.min()) if finite.size else 0.0
    for individual, value in zip(individuals, fitness, strict=True):
        individual.fitness.values = (float(value) if np.isfinite(value) else worst,)
        individual.told = float(value)
    with seeded_globals(rng):
        children = algorithms.varAnd(box.select(individuals, count), box, cxpb, mutpb)
    if len(children) != count:
        raise ValueError(
            f"`GA(toolbox=...)` needs `select` to return {count} individuals, got {len(children)}; "
            "let it return as many as its `k` says."
        )
    rows = np.empty((count, population.shape[1]), population.dtype)
    for row, child in zip(rows, children, strict=True):
        genes = np.asarray(child)
        if genes.shape != row.shape:
            raise ValueError(
                f"`GA(toolbox=...)` needs children of {row.size} genes, got shape {genes.shape}; "
                "`mate` must return two individuals and `mutate` a tuple of one."
            )
        row[:] = genes
    known = [child.told if child.fitness.valid else np.nan for child in children]
    return rows, np.array(known)
