"""A network's states over time."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evornn.network import Network
from evornn.plot.style import DIVERGING


def states_figure(
    network: Network, inputs: np.ndarray, steps: int = 200, title: str = ""
) -> Figure:
    """Heat map of every state while the network reads a sequence, below the inputs.

    Each state has a colour scale of its own that is white at 0: the states of one network can lie
    orders of magnitude apart, such as an LSTM's output and its memory.

    Args:
        network: With weights.
        inputs: Axes (time, input), or (time) with one input; read from the start.
        steps: The last this many steps are shown.
        title: Above the figure; default: the network's name.

    Raises:
        ValueError: If the network has no weights, or the inputs do not fit.
    """
    states = network.states(inputs)
    signals = np.asarray(inputs, dtype=np.float64).reshape(len(inputs), -1)
    first = max(0, len(signals) - steps)
    time = np.arange(first, len(signals))
    heights = [1.0, *(max(1.0, min(3.0, 0.25 * s.shape[1])) for s in states.values())]
    figure = Figure(figsize=(9, 1.0 + 1.1 * sum(heights)), layout="constrained")
    panels = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)
    upper, *lower = panels[:, 0]
    upper.plot(time, signals[first:], color="black", linewidth=1)
    upper.set_ylabel("input")
    upper.spines[["top", "right"]].set_visible(False)
    for panel, (name, values) in zip(lower, states.items(), strict=True):
        shown = values[first:].T
        largest = float(np.abs(shown[np.isfinite(shown)]).max(initial=0)) or 1.0
        drawn = panel.imshow(
            shown,
            cmap=DIVERGING,
            vmin=-largest,
            vmax=largest,
            aspect="auto",
            interpolation="nearest",
            extent=(first - 0.5, len(signals) - 0.5, len(shown) - 0.5, -0.5),
        )
        panel.set_ylabel(f"unit of {name}")
        panel.yaxis.set_major_locator(MaxNLocator(6, integer=True))
        figure.colorbar(drawn, ax=panel, pad=0.01)
    lower[-1].set_xlabel("step")
    figure.suptitle(title or f"{network.graph.name}: states over time", fontsize=11)
    return figure
