"""Mean ranks of contenders, and which of them cannot be told apart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

ROW = 0.42  # height of a label's row, in the unit of the vertical axis
BAR = 0.22  # distance of two bars


def critical_difference_figure(
    ranks: Mapping[str, float], critical_difference: float, seeds: int, alpha: float = 0.05
) -> Figure:
    """Critical-difference diagram: contenders on the axis of mean ranks, 1 (best) on the left.

    Contenders joined by a bar have mean ranks that differ by less than the critical difference of
    the Nemenyi test, whose length stands above the axis.

    Args:
        ranks: Mean rank by contender, from 1 to their number.
        critical_difference: In ranks.
        seeds: Over how many seeds the ranks are means.
        alpha: Level of significance.

    Raises:
        ValueError: If there are less than two contenders, or no critical difference.

    Source: Demsar 2006 (J. Mach. Learn. Res. 7), section 3.2.2.
    """
    if len(ranks) < 2:
        raise ValueError(f"the diagram needs at least 2 contenders, got {len(ranks)}")
    if not critical_difference > 0:
        raise ValueError(f"the diagram needs a critical difference, got {critical_difference}")
    ordered = sorted(ranks.items(), key=lambda item: item[1])
    values = np.array([rank for _, rank in ordered])
    bars = groups(values, critical_difference)
    k = len(ordered)
    under = 0.25 + BAR * len(bars)
    depth = under + ROW * ((k + 1) // 2)
    letters = max(len(name) for name in ranks)
    width = max(7.5, 4.5 + 0.18 * letters)  # inches: names stand on either side of the axis
    figure = Figure(figsize=(width, 0.9 + 0.62 * (depth + 0.9)), layout="constrained")
    axes = figure.add_subplot()
    _axis(axes, k, critical_difference, alpha)
    for level, (first, last) in enumerate(bars):
        y = -0.25 - BAR * level
        axes.plot(
            [values[first] - 0.008 * (k - 1), values[last] + 0.008 * (k - 1)],
            [y, y],
            color="black",
            linewidth=4,
            solid_capstyle="butt",
        )
    left = (k + 1) // 2
    for place, (name, rank) in enumerate(ordered):
        on_left = place < left
        row = place if on_left else k - 1 - place
        y = -under - ROW * (row + 0.5)
        end = 1 - 0.03 * (k - 1) if on_left else k + 0.03 * (k - 1)
        axes.plot([rank, rank, end], [0, y, y], color="black", linewidth=0.9)
        axes.annotate(
            f"{name}  {rank:.2f}" if on_left else f"{rank:.2f}  {name}",
            (end, y),
            (-4 if on_left else 4, 0),
            textcoords="offset points",
            ha="right" if on_left else "left",
            va="center",
        )
    axes.set_ylim(-depth - 0.1, 0.95)
    axes.set_title(f"Mean ranks over {seeds} seeds (1 is best)", fontsize=11)
    return figure


def groups(ranks: np.ndarray, critical_difference: float) -> list[tuple[int, int]]:
    """Largest runs of contenders that cannot be told apart: first and last place of each.

    Args:
        ranks: Ascending, axes (contender).
        critical_difference: Ranks that differ by less are not told apart.
    """
    found: list[tuple[int, int]] = []
    for first in range(len(ranks)):
        last = int(np.flatnonzero(ranks - ranks[first] < critical_difference)[-1])
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return found


def _axis(axes: Axes, k: int, critical_difference: float, alpha: float) -> None:
    """The axis of ranks, and above it the critical difference as a ruler."""
    axes.set_axis_off()
    axes.set_xlim(1 - 0.04 * (k - 1), k + 0.04 * (k - 1))
    axes.plot([1, k], [0, 0], color="black", linewidth=1.2)
    for rank in range(1, k + 1):
        axes.plot([rank, rank], [0, 0.1], color="black", linewidth=1.2)
        axes.annotate(str(rank), (rank, 0.12), ha="center", va="bottom")
    shown = min(critical_difference, k - 1)
    axes.plot([1, 1 + shown], [0.62, 0.62], color="black", linewidth=1.2)
    for end in (1, 1 + shown) if shown == critical_difference else (1,):
        axes.plot([end, end], [0.55, 0.69], color="black", linewidth=1.2)
    beyond = "" if shown == critical_difference else " (longer than the axis)"
    axes.annotate(
        f"critical difference {critical_difference:.2f} at level {alpha:g}{beyond}",
        (1, 0.7),
        ha="left",
        va="bottom",
        fontsize=9,
    )
