"""A user's own fitness: plain Python, called for one individual at a time, in processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from evornn.network import Bidirectional, Network
from evornn.tasks.task import Task
from evornn.workers import Workers

Fitness = Callable[[Any, Task], float]


def own_fitness(
    fitness: Fitness,
    network: Network | Bidirectional,
    task: Task,
    chromosomes: np.ndarray,
    workers: Workers,
    generation: int,
    on_error: str = "raise",
) -> np.ndarray:
    """A user's own fitness of every chromosome, in processes.

    Raises:
        RuntimeError: If the function raises or returns no number; names the individual. Not if
            `on_error` is "worst": then the individual's value is NaN, which counts as worst.
    """
    from joblib import Parallel, delayed

    chunks = np.array_split(np.arange(len(chromosomes)), min(len(chromosomes), 4 * workers.jobs))
    call = delayed(_fitness_of_rows)
    answers = Parallel(n_jobs=workers.jobs)(
        call(fitness, network, task, chromosomes[rows], int(rows[0]), generation, on_error)
        for rows in chunks
    )
    return np.concatenate(answers)


def _fitness_of_rows(
    fitness: Fitness,
    network: Network | Bidirectional,
    task: Task,
    chromosomes: np.ndarray,
    first: int,
    generation: int,
    on_error: str,
) -> np.ndarray:
    values = np.empty(len(chromosomes))
    for k, chromosome in enumerate(chromosomes):
        where = f"individual {first + k} of generation {generation}"
        try:
            value = fitness(network.with_chromosome(chromosome), task)
        except Exception as error:
            if on_error == "worst":
                values[k] = np.nan
                continue
            raise RuntimeError(
                f"the fitness function raised {type(error).__name__} on {where}: {error}"
            ) from error
        if not isinstance(value, int | float | np.integer | np.floating):
            raise RuntimeError(
                f"the fitness function needs to return a number, got {value!r} for {where}"
            )
        values[k] = value
    return values
