"""The weights of a network as coloured matrices."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from evornn.network import Network
from evornn.plot.style import DIVERGING

COLUMNS = 4
THINNEST = 0.08  # share of a panel that a single row or column of a large network still gets


def weights_figure(network: Network, title: str = "") -> Figure:
    """One panel a parameter, all on one colour scale that is white at 0.

    All panels have squares of one size. Vectors are one column, scalars one square; of a tensor,
    all axes but the first lie side by side.

    Args:
        network: With weights.
        title: Above the figure; default: the network's name and number of weights.

    Raises:
        ValueError: If the network has no weights.
    """
    matrices = {
        name: values.reshape(values.shape[0] if values.ndim else 1, -1)
        for name, values in network.unpack().items()
    }
    count = len(matrices)
    columns = min(COLUMNS, count)
    rows = -(-count // columns)
    figure = Figure(figsize=(2.1 * columns + 1.2, 2.2 * rows + 0.5), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False)
    for panel in panels.flat[count:]:
        panel.set_axis_off()
    limit = max(float(np.abs(matrix).max(initial=0)) for matrix in matrices.values()) or 1.0
    longest = max(max(matrix.shape) for matrix in matrices.values())
    for panel, (name, matrix) in zip(panels.flat, matrices.items(), strict=False):
        drawn = _draw(panel, matrix, limit, longest)
        axes = network.graph.parameters[name].axes
        panel.set_title(name, fontsize=10, loc="left")
        panel.set_ylabel(axes[0] if axes else "", fontsize=8, loc="top")
        panel.set_xlabel(" x ".join(axes[1:]), fontsize=8, loc="left")
    figure.colorbar(drawn, ax=panels, label="weight", shrink=0.8)
    figure.suptitle(title or f"{network.graph.name}: {network.genes} weights", fontsize=11)
    return figure


def _draw(panel: Axes, matrix: np.ndarray, limit: float, longest: int) -> AxesImage:
    """A matrix in the upper left of a panel that has room for the longest."""
    height, width = (max(size / longest, THINNEST) for size in matrix.shape)
    drawn = panel.imshow(
        matrix,
        cmap=DIVERGING,
        vmin=-limit,
        vmax=limit,
        interpolation="nearest",
        extent=(0, width, height, 0),
    )
    panel.add_patch(Rectangle((0, 0), width, height, fill=False, linewidth=0.8, clip_on=False))
    panel.set_xlim(0, 1)
    panel.set_ylim(1, 0)
    panel.spines[:].set_visible(False)
    panel.spines["bottom"].set_position(("data", height))  # and with it the ticks
    panel.tick_params(labelsize=7, length=2)
    for size, extent, set_ticks in (
        (matrix.shape[0], height, panel.set_yticks),
        (matrix.shape[1], width, panel.set_xticks),
    ):
        found = MaxNLocator(4, integer=True).tick_values(0, size - 1) if size > 1 else []
        numbers = [int(number) for number in found if 0 <= number < size]
        set_ticks([(n + 0.5) * extent / size for n in numbers], [str(n) for n in numbers])
    return drawn
