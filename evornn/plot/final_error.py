"""The errors that contenders ended with: boxes, and every run as a dot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evornn.plot.style import colours, logarithmic, markers, tidy

BINS = 60  # widths of a dot across the axes: dots closer than this are set beside each other
LOG_FROM = 8.0  # largest over smallest error from which the axis is logarithmic


def final_error_figure(
    errors: Mapping[str, Sequence[float]],
    label: str = "test NMSE",
    controls: Mapping[str, float] | None = None,
    task: str = "",
) -> Figure:
    """One row a contender: a box (quartiles, median, whiskers to 1.5 of its length), a dot a run.

    Failed runs (NaN, infinity) are crosses at the right edge.

    Args:
        errors: By contender, axes (seed).
        label: What the errors are.
        controls: Errors of simple predictors, drawn as lines across all rows.
        task: The task's name, for the title.

    Raises:
        ValueError: If there is no contender.
    """
    if not errors:
        raise ValueError("`final_error_figure` needs at least one contender, got none")
    samples = {name: np.asarray(values, dtype=np.float64) for name, values in errors.items()}
    below = 0.22 * (len(controls) + 1) // 2 if controls else 0.0
    figure = Figure(figsize=(7.5, 1.3 + 0.55 * len(samples) + below), layout="constrained")
    axes = figure.add_subplot()
    lines = dict(controls or {})
    finite = np.concatenate([v[np.isfinite(v)] for v in samples.values()] + [[*lines.values()]])
    low, high = _limits(axes, finite)
    shapes = markers(samples)
    for row, (name, colour) in enumerate(colours(samples).items()):
        ended = samples[name][np.isfinite(samples[name])]
        _box(axes, ended, row, colour)
        place = (ended - low) / (high - low)
        if axes.get_xscale() == "log":
            place = np.log(ended / low) / np.log(high / low)
        axes.scatter(
            ended,
            row + swarm(place),
            s=14,
            marker=shapes[name],
            color=colour,
            alpha=0.8,
            linewidths=0,
            zorder=3,
        )
        failed = len(samples[name]) - len(ended)
        if failed:
            axes.plot([high], [row], "x", color="black", clip_on=False, zorder=4)
            axes.annotate(f"{failed} failed", (high, row), (6, -3), textcoords="offset points")
    dashes = ("--", ":", "-.", (0, (6, 1, 1, 1, 1, 1)))
    for k, (name, value) in enumerate(lines.items()):
        axes.axvline(
            value, color="black", linewidth=1, linestyle=dashes[k % 4], label=f"{name}: {value:.3g}"
        )
    if lines:
        figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    axes.set_yticks(range(len(samples)), list(samples))
    axes.set_ylim(len(samples) - 0.5, -0.5)
    axes.set_xlabel(f"{label} (less is better)")
    axes.set_title(f"{task}: final error of every run".lstrip(": "), fontsize=11)
    tidy(axes)
    axes.grid(visible=False, axis="y")
    return figure


def _limits(axes: Axes, finite: np.ndarray) -> tuple[float, float]:
    """Set the scale and the limits of the error axis; the limits."""
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    if low > 0 and high / low >= LOG_FROM:
        low, high = low / (high / low) ** 0.04, high * (high / low) ** 0.04
        axes.set_xlim(low, high)
        logarithmic(axes.xaxis)
    else:
        room = 0.04 * (high - low) or max(abs(high), 1.0) * 0.1
        low, high = low - room, high + room
        axes.set_xlim(low, high)
    return low, high


def _box(axes: Axes, ended: np.ndarray, row: int, colour: str) -> None:
    if len(ended) < 2:
        return
    axes.boxplot(
        [ended],
        positions=[row],
        widths=0.6,
        orientation="horizontal",
        showfliers=False,
        manage_ticks=False,
        patch_artist=True,
        boxprops={"facecolor": colour, "alpha": 0.25, "edgecolor": colour},
        medianprops={"color": "black", "linewidth": 1.6},
        whiskerprops={"color": colour},
        capprops={"color": colour},
    )


def swarm(place: np.ndarray) -> np.ndarray:
    """Offsets across the row that keep dots of about the same place apart, within +-0.3.

    Args:
        place: Along the axis, in [0, 1].
    """
    bins = np.floor(place * BINS).astype(int)
    found, counts = np.unique(bins, return_counts=True)
    step = min(0.11, 0.6 / counts.max(initial=1))
    offsets = np.zeros(len(place))
    for one in found:
        (members,) = np.nonzero(bins == one)
        offsets[members] = step * (np.arange(len(members)) - (len(members) - 1) / 2)
    return offsets
