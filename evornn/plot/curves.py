"""Columns of histories as curves: median over seeds, quartiles, and every seed thin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from evornn.plot.style import Corner, colours, legend_beside, lines, logarithmic, tidy

History = Mapping[str, np.ndarray]
Histories = Mapping[str, Sequence[History]]
GRID = 1000  # points of a median curve at most
RASTER_POINTS = 30_000  # from here on the thin curves are a picture inside an SVG, not paths
X_LABELS = {
    "generation": "generation",
    "evaluations": "evaluations (networks)",
    "network_steps": "network-steps",
    "elapsed_s": "time [s]",
}


def curves_figure(
    histories: Histories,
    x: str,
    y: str,
    label: str,
    title: str,
    loc: Corner = "lower right",
    held: bool = True,
) -> Figure:
    """Column `y` against column `x`: median over seeds, quartiles, and every seed thin.

    Runs may have different lengths and different x: between two rows a run has the value of the
    first. A median starts where all its runs have. The y axis is logarithmic if all values are
    positive.

    Args:
        histories: For every contender, one history a seed: columns by name, axes (generation).
        x: A column, usually one of `X_LABELS`.
        y: A column.
        label: Of the y axis.
        title: Of the figure.
        loc: Where a legend of at most three contenders stands.
        held: A run that has ended counts with its last value; else a median ends with the first of
            its runs.

    Raises:
        ValueError: If a history lacks a column.
    """
    check_columns(histories, x, y)
    figure = Figure(figsize=(7.5, 4.5), layout="constrained")
    axes = figure.add_subplot()
    dashes = lines(histories)
    points = sum(len(h[x]) for runs in histories.values() for h in runs)
    for name, colour in colours(histories).items():
        runs = histories[name]
        alpha = max(0.08, 0.25 * min(1.0, (8 / len(runs)) ** 0.5))
        for run in runs:
            axes.plot(
                run[x],
                run[y],
                color=colour,
                alpha=alpha,
                linewidth=0.7,
                rasterized=points > RASTER_POINTS,
            )
        grid, values = on_one_grid(runs, x, y, held)
        with np.errstate(invalid="ignore"):  # quartiles between failed runs are a gap
            low, median, high = np.quantile(values, (0.25, 0.5, 0.75), axis=0)
        axes.fill_between(grid, low, high, color=colour, alpha=0.18, linewidth=0)
        seeds = f"{len(runs)} seed{'s' if len(runs) != 1 else ''}"
        axes.plot(
            grid,
            median,
            color=colour,
            linestyle=dashes[name],
            linewidth=2,
            label=f"{name} ({seeds})",
        )
    if all((run[y][np.isfinite(run[y])] > 0).all() for runs in histories.values() for run in runs):
        logarithmic(axes.yaxis)
    if x in ("evaluations", "network_steps"):
        axes.xaxis.set_major_formatter(EngFormatter())
    axes.set_xlabel(X_LABELS.get(x, x))
    axes.set_ylabel(label)
    axes.set_title(title, fontsize=11)
    axes.margins(x=0.01)
    legend_beside(axes, loc)
    tidy(axes)
    return figure


def on_one_grid(
    runs: Sequence[History], x: str, y: str, held: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Runs brought to one x: the grid, axes (point), and the values, axes (run, point)."""
    start = max(run[x][0] for run in runs)
    grid = np.unique(np.concatenate([run[x] for run in runs]))
    end = grid[-1] if held else max(start, min(run[x][-1] for run in runs))
    grid = grid[(grid >= start) & (grid <= end)]
    if len(grid) > GRID:
        grid = grid[np.linspace(0, len(grid) - 1, GRID).round().astype(int)]
    places = [np.searchsorted(run[x], grid, side="right") - 1 for run in runs]
    return grid, np.array([run[y][at] for run, at in zip(runs, places, strict=True)])


def check_columns(histories: Histories, *columns: str) -> None:
    """Raise if a history lacks a column, or there is no history.

    Raises:
        ValueError: Names the contender and the columns there are.
    """
    if not histories:
        raise ValueError("a figure of histories needs at least one contender, got none")
    for name, runs in histories.items():
        if not runs:
            raise ValueError(f"a figure needs a history of contender {name!r}, got none")
        for run in runs:
            for column in columns:
                if column not in run or len(run[column]) == 0:
                    raise ValueError(
                        f"a figure of {' and '.join(columns)} needs these columns with at least "
                        f"one row, contender {name!r} has {', '.join(run)}"
                    )
