"""How this project's figures look, and how they are saved."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterable

from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe & Ito 2008: distinguishable with any colour vision; black is kept for the truth.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")


def colours(names: Iterable[str]) -> dict[str, str]:
    """One colour per contender, in the order of the names."""
    return {name: COLOURS[k % len(COLOURS)] for k, name in enumerate(names)}


def tidy(axes: Axes) -> None:
    """Drop the frame's upper and right side, and lay a faint grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, which="major", alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> pathlib.Path:
    """Write <path>.png and <path>.svg; the PNG's path.

    The files hold no date, so that the same figure gives the same bytes.
    """
    path = pathlib.Path(path)
    png = path.with_name(path.name + ".png")
    figure.savefig(png, dpi=150, metadata={"Software": None})
    import matplotlib as mpl

    with mpl.rc_context({"svg.hashsalt": "evornn"}):
        figure.savefig(path.with_name(path.name + ".svg"), metadata={"Date": None})
    return png
