"""What a run remembers beside its population: DEAP's hall of fame and logbook, as arrays too.

DEAP's classes keep the record in the form that its users know; `fame_arrays` and `logbook_columns`
turn it into plain arrays for a checkpoint, and `load_fame` and `load_logbook` turn it back exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .individuals import individual_class

COLUMNS = ("gen", "nevals", "best", "mean", "worst", "step")


def new_fame(size: int) -> Any:
    """An empty `deap.tools.HallOfFame` that compares whole chromosomes."""
    from deap import tools

    return tools.HallOfFame(size, similar=np.array_equal)


def remember(fame: Any, rows: np.ndarray, fitness: np.ndarray) -> None:
    """Show rows to a hall of fame, best first, until none can enter any more.

    Args:
        fame: A `deap.tools.HallOfFame`.
        rows: Chromosomes, axes (individual, gene).
        fitness: Axes (individual); rows of fitness `-inf` never enter.
    """
    make = individual_class()
    for i in np.argsort(-fitness, kind="stable"):
        full = len(fame) == fame.maxsize
        if np.isneginf(fitness[i]) or (full and fitness[i] <= fame[-1].fitness.values[0]):
            return
        individual = make(rows[i])
        individual.fitness.values = (float(fitness[i]),)
        fame.update([individual])


def fame_arrays(fame: Any, genes: int, dtype: np.dtype[Any]) -> tuple[np.ndarray, np.ndarray]:
    """A hall of fame's chromosomes, axes (place, gene), and fitness, axes (place), best first."""
    rows = np.array([np.asarray(one) for one in fame], dtype=dtype).reshape(len(fame), genes)
    return rows, np.array([one.fitness.values[0] for one in fame], dtype=np.float64)


def load_fame(size: int, rows: np.ndarray, fitness: np.ndarray) -> Any:
    """The hall of fame of `fame_arrays`, in the same order."""
    fame = new_fame(size)
    make = individual_class()
    # DEAP puts a newcomer before its equals, so the last place goes first.
    for row, value in zip(rows[::-1], fitness[::-1], strict=True):
        individual = make(row)
        individual.fitness.values = (float(value),)
        fame.insert(individual)
    return fame


def new_logbook() -> Any:
    """An empty `deap.tools.Logbook` with this project's columns."""
    from deap import tools

    logbook = tools.Logbook()
    logbook.header = list(COLUMNS)
    return logbook


def new_statistics() -> Any:
    """A `deap.tools.Statistics` of one population's fitness, given as one array."""
    from deap import tools

    statistics = tools.Statistics(key=np.asarray)
    statistics.register("best", lambda data: float(np.max(data)))
    statistics.register("mean", _finite_mean)
    statistics.register("worst", lambda data: float(np.min(data)))
    return statistics


def _finite_mean(data: Any) -> float:
    """Mean over the individuals that did not fail; `-inf` if all did."""
    values = np.asarray(data)
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else -np.inf


def logbook_columns(logbook: Any) -> dict[str, np.ndarray]:
    """A logbook as one array a column, axes (generation)."""
    integers = ("gen", "nevals")
    return {
        name: np.array(logbook.select(name), dtype=np.int64 if name in integers else np.float64)
        for name in COLUMNS
    }


def load_logbook(columns: Mapping[str, np.ndarray]) -> Any:
    """The logbook of `logbook_columns`."""
    logbook = new_logbook()
    lists = {name: np.asarray(columns[name]).tolist() for name in COLUMNS}
    for row in range(len(lists["gen"])):
        logbook.record(**{name: lists[name][row] for name in COLUMNS})
    return logbook
