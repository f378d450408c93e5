"""How this project's figures look, and how they are saved."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterable
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

# Okabe & Ito 2008: distinguishable with any colour vision; black is kept for the truth, and their
# yellow is left out because it is hardly seen on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
# Contenders beyond the sixth have a colour again, with another line and another marker.
LINES = ("-", "--", ":")
MARKERS = ("o", "s", "^")
DIVERGING = "RdBu_r"
Corner = Literal["lower right", "upper right", "upper left"]


def colours(names: Iterable[str]) -> dict[str, str]:
    """One colour per contender, in the order of the names."""
    return {name: COLOURS[k % len(COLOURS)] for k, name in enumerate(names)}


def lines(names: Iterable[str]) -> dict[str, str]:
    """One line style per contender: solid for the first six, dashed for the next, then dotted."""
    return {name: LINES[k // len(COLOURS) % len(LINES)] for k, name in enumerate(names)}


def markers(names: Iterable[str]) -> dict[str, str]:
    """One marker per contender: round for the first six, then square, then triangle."""
    return {name: MARKERS[k // len(COLOURS) % len(MARKERS)] for k, name in enumerate(names)}


def legend_beside(axes: Axes, loc: Corner = "lower right") -> None:
    """A legend inside the axes for up to three entries, on their right for more."""
    if len(axes.get_legend_handles_labels()[0]) <= 3:
        axes.legend(frameon=False, loc=loc, fontsize=9)
    else:
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=9)


def logarithmic(axis: Axis) -> None:
    """Make an axis logarithmic; its numbers are plain if it spans less than two decades."""
    axes = axis.axes
    (axes.set_xscale if axis is axes.xaxis else axes.set_yscale)("log")
    low, high = sorted(axis.get_view_interval())
    if 0 < low < high < 100 * low:
        steps = (1, 2, 5) if high > 8 * low else (1, 1.5, 2, 3, 4, 5, 6, 8)
        axis.set_major_locator(LogLocator(subs=steps, numticks=12))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())


def tidy(axes: Axes) -> None:
    """Drop the frame's upper and right side, and lay a faint grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, which="major", alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> pathlib.Path:
    """Write <path>.png and <path>.svg; the PNG's path.

    The files hold no date, so that the same figure gives the same bytes.
    """
    import matplotlib as mpl

    path = pathlib.Path(path)
    png = path.with_name(path.name + ".png")
    figure.savefig(png, dpi=150, metadata={"Software": None})
    layout = figure.get_layout_engine()
    figure.set_layout_engine("none")  # the layout stands; finding it again costs as much as drawing
    with mpl.rc_context({"svg.hashsalt": "evornn"}):
        figure.savefig(path.with_name(path.name + ".svg"), metadata={"Date": None})
    figure.set_layout_engine(layout)
    return png
