"""Fitness over generations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from evornn.plot.style import colours, tidy

History = Mapping[str, np.ndarray]


def fitness_figure(histories: Mapping[str, Sequence[History]], task: str = "") -> Figure:
    """Best fitness over generations: median over seeds, quartiles, and every seed thin.

    Args:
        histories: For every contender, one history a seed: columns `generation` and
            `best_fitness`, axes (generation). Runs may have different lengths; a run that has
            ended counts with its last value.
        task: The task's name, for the title.
    """
    figure = Figure(figsize=(7.5, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for name, colour in colours(histories).items():
        runs = histories[name]
        longest = max((h["generation"] for h in runs), key=len)
        curves = np.array([_extended(h["best_fitness"], len(longest)) for h in runs])
        for curve in curves:
            axes.plot(longest, curve, color=colour, alpha=0.25, linewidth=0.7)
        low, median, high = np.quantile(curves, (0.25, 0.5, 0.75), axis=0)
        axes.fill_between(longest, low, high, color=colour, alpha=0.18, linewidth=0)
        seeds = f"{len(runs)} seed{'s' if len(runs) != 1 else ''}"
        axes.plot(longest, median, color=colour, linewidth=2, label=f"{name} ({seeds})")
    if all((h["best_fitness"] > 0).all() for runs in histories.values() for h in runs):
        axes.set_yscale("log")
        axes.set_ylabel("best fitness, 1 / MSE on the training part")
    else:  # a user's own fitness may be negative
        axes.set_ylabel("best fitness")
    axes.set_xlabel("generation")
    axes.set_title(f"{task}: median, quartiles and every seed".lstrip(": "), fontsize=11)
    axes.margins(x=0.01)
    axes.legend(frameon=False, loc="lower right")
    tidy(axes)
    return figure


def _extended(curve: np.ndarray, length: int) -> np.ndarray:
    return np.concatenate([curve, np.full(length - len(curve), curve[-1])])
