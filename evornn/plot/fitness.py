"""Fitness, error and diversity as a run goes on."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from evornn.plot.curves import Histories, History, curves_figure
from evornn.plot.style import Corner

LABELS = {
    "best_fitness": "best fitness, 1 / MSE on the training part",
    "best_mse": "best MSE on the training part",
    "validation_mse": "MSE on the validation part",
}


def fitness_figure(
    histories: Histories, task: str = "", x: str = "generation", y: str = "best_fitness"
) -> Figure:
    """Best fitness, or an error, as a run goes on: median over seeds, quartiles, every seed thin.

    Args:
        histories: For every contender, one history a seed: columns by name, axes (generation). Runs
            may have different lengths; a run that has ended counts with its last value.
        task: The task's name, for the title.
        x: "generation", "evaluations", "network_steps" or "elapsed_s".
        y: "best_fitness", "best_mse" or "validation_mse".

    Raises:
        ValueError: If a history lacks a column.
    """
    loc: Corner = "lower right" if y == "best_fitness" else "upper right"
    title = f"{task}: median, quartiles and every seed".lstrip(": ")
    label = LABELS.get(y, y)
    if y == "best_fitness" and not all(_reciprocal(run) for h in histories.values() for run in h):
        label = "best fitness"
    return curves_figure(histories, x, y, label, title, loc)


def _reciprocal(run: History) -> bool:
    """Whether a fitness is 1 / MSE, as far as the history tells, and not a user's own."""
    if "best_mse" not in run or "best_fitness" not in run:
        return True
    sound = np.isfinite(run["best_mse"])  # the fitness of a failed generation is 0
    return bool(np.allclose(run["best_fitness"][sound] * run["best_mse"][sound], 1, rtol=1e-3))


def diversity_figure(histories: Histories, task: str = "", x: str = "generation") -> Figure:
    """How different the individuals of a population are, as a run goes on.

    The diversity is the mean over genes of the genes' standard deviation over the population. A
    median ends where the first of its runs does.

    Args:
        histories: As for `fitness_figure`, with a column `diversity`.
        task: The task's name, for the title.
        x: As for `fitness_figure`.

    Raises:
        ValueError: If a history lacks a column.
    """
    title = f"{task}: diversity of the population".lstrip(": ")
    label = "mean standard deviation of a gene"
    return curves_figure(histories, x, "diversity", label, title, "upper right", held=False)
