"""How soon targets are reached: evaluations to target, over all runs."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from evornn.plot.curves import X_LABELS, Histories, check_columns
from evornn.plot.style import colours, legend_beside, lines, logarithmic, tidy

TARGETS = 51


def targets_figure(histories: Histories, task: str = "", x: str = "evaluations") -> Figure:
    """Share of (run, target) pairs reached, against evaluations: the further left, the sooner.

    The targets are errors of the training part, evenly spaced on a logarithmic axis, the same for
    all contenders. A cross ends each curve where its longest run does.

    Args:
        histories: For every contender, one history a seed: columns `best_mse` and x, axes
            (generation).
        task: The task's name, for the title.
        x: "evaluations", "generation", "network_steps" or "elapsed_s".

    Raises:
        ValueError: If a history lacks a column.

    Source: the runtime distributions of COCO, Hansen et al. 2021 (Optim. Methods Softw. 36).
    """
    check_columns(histories, x, "best_mse")
    targets = error_targets(histories)
    figure = Figure(figsize=(7.5, 4.5), layout="constrained")
    axes = figure.add_subplot()
    dashes = lines(histories)
    for name, colour in colours(histories).items():
        runs = histories[name]
        first = np.concatenate([reached(run[x], run["best_mse"], targets) for run in runs])
        hits = np.sort(first[np.isfinite(first)])
        share = np.arange(1, len(hits) + 1) / len(first)
        start = min(run[x][0] for run in runs)
        last = max(run[x][-1] for run in runs)
        axes.step(
            [start, *hits, last],
            [0, *share, share[-1] if len(share) else 0],
            where="post",
            color=colour,
            linestyle=dashes[name],
            linewidth=2,
            label=name,
        )
        axes.plot([last], [share[-1] if len(share) else 0], "x", color=colour, clip_on=False)
    if x in ("evaluations", "network_steps"):
        logarithmic(axes.xaxis)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel(X_LABELS.get(x, x))
    axes.set_ylabel("share of runs and targets reached")
    span = f"{len(targets)} targets, training MSE {targets[0]:.3g} to {targets[-1]:.3g}"
    axes.set_title(f"{task}: {span}".lstrip(": "), fontsize=11)
    legend_beside(axes, "upper left")
    tidy(axes)
    return figure


def error_targets(histories: Histories, count: int = TARGETS) -> np.ndarray:
    """Targets from easy to hard, evenly spaced in the logarithm.

    The easiest is the median error that the worst contender starts with, the hardest the least
    error that any run reached.

    Args:
        histories: As for `targets_figure`.
        count: How many.

    Raises:
        ValueError: If no run has a finite error above 0.
    """
    errors = np.concatenate([run["best_mse"] for runs in histories.values() for run in runs])
    usable = errors[np.isfinite(errors) & (errors > 0)]
    if len(usable) == 0:
        raise ValueError("targets need training errors above 0, got none")
    starts = [np.median([run["best_mse"][0] for run in runs]) for runs in histories.values()]
    finite = [start for start in starts if np.isfinite(start) and start > 0]
    targets = np.geomspace(max(finite, default=usable.max()), usable.min(), count)
    targets[-1] = usable.min()  # exactly, so that the best run reaches it
    return targets


def reached(x: np.ndarray, errors: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Where a run first reached each target, axes (target); infinity for never.

    Args:
        x: Axes (generation), ascending.
        errors: Least error so far, axes (generation).
        targets: Axes (target).
    """
    met = np.where(np.isnan(errors), np.inf, errors)[:, None] <= targets
    return np.where(met.any(axis=0), x[met.argmax(axis=0)], np.inf)
