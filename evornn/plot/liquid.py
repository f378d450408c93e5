"""Figures of spiking networks: spikes, potentials, wiring in space, weights and degrees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from evornn.plot.style import COLOURS, tidy

if TYPE_CHECKING:  # figures of other things need not wait for the liquids' kernels
    from evornn.liquid import Activity, Liquid, Spikes

EXCITATORY, INHIBITORY = COLOURS[0], COLOURS[1]


def raster_figure(
    spikes: Spikes,
    inputs: Spikes | None = None,
    inhibitory: np.ndarray | None = None,
    title: str = "",
) -> Figure:
    """A dash for every spike, above the mean rate over time.

    Args:
        spikes: Of a liquid's neurons.
        inputs: Of the input channels, shown above if given.
        inhibitory: Which neurons inhibit, axes (neuron); they get a colour of their own.
        title: Above the figure.

    Raises:
        ValueError: If `inhibitory` has another number of neurons.
    """
    kind = np.zeros(spikes.neurons, dtype=bool) if inhibitory is None else np.asarray(inhibitory)
    if kind.shape != (spikes.neurons,):
        raise ValueError(
            f"`raster_figure` needs `inhibitory` for {spikes.neurons} neurons, got {kind.shape}."
        )
    top = min(2.0, 0.5 + 0.15 * inputs.neurons) if inputs is not None else 0.0
    heights = [*([top] if top else []), 4.0, 1.2]
    figure = Figure(figsize=(9, 1.0 + sum(heights)), layout="constrained")
    panels = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)
    *above, main, below = panels[:, 0]
    if inputs is not None:
        _dashes(above[0], inputs.time_ms, inputs.neuron, "black", inputs.neurons)
        above[0].set_ylim(-0.6, inputs.neurons - 0.4)
        above[0].set_ylabel("input")
        above[0].yaxis.set_major_locator(MaxNLocator(4, integer=True))
        above[0].spines[["top", "right"]].set_visible(False)
    for colour, chosen in ((EXCITATORY, ~kind), (INHIBITORY, kind)):
        shown = chosen[spikes.neuron]
        _dashes(main, spikes.time_ms[shown], spikes.neuron[shown], colour, spikes.neurons)
    main.set_ylim(-1, spikes.neurons)
    main.set_ylabel("neuron")
    main.spines[["top", "right"]].set_visible(False)
    if kind.any():
        _kinds_legend(main)
    bins = max(10, min(200, round(spikes.duration_ms / 5)))
    counts, edges = np.histogram(spikes.time_ms, bins=bins, range=(0, spikes.duration_ms))
    rate = counts / (spikes.neurons * (edges[1] - edges[0]) / 1000)
    below.stairs(rate, edges, color="black", fill=True, alpha=0.6)
    below.set_xlim(0, spikes.duration_ms)
    below.set_ylabel("Hz a neuron")
    below.set_xlabel("time (ms)")
    tidy(below)
    figure.suptitle(title or "Spikes", fontsize=11)
    return figure


def _dashes(axes: Axes, time: np.ndarray, row: np.ndarray, colour: str, rows: int) -> None:
    # One artist for all spikes: thousands of single lines would take seconds.
    size = float(np.clip(700 / max(rows, 1), 3, 60))
    axes.scatter(time, row, marker="|", s=size, color=colour, linewidths=0.9)


def _kinds_legend(axes: Axes) -> None:
    entries = [
        Line2D([], [], color=colour, marker="o", linestyle="", markersize=5, label=label)
        for colour, label in ((EXCITATORY, "excitatory"), (INHIBITORY, "inhibitory"))
    ]
    axes.legend(
        handles=entries, frameon=False, fontsize=9, loc="lower right", bbox_to_anchor=(1.0, 1.0),
        ncols=2,
    )  # fmt: skip


def membrane_figure(
    activity: Activity, threshold_mV: float | None = None, title: str = ""
) -> Figure:
    """Potentials of the watched neurons over time, with their spikes marked.

    Args:
        activity: Of a run with `watch`.
        threshold_mV: Drawn as a dashed line if given.
        title: Above the figure.

    Raises:
        ValueError: If no neuron was watched.
    """
    count = len(activity.watched)
    if count == 0:
        raise ValueError("`membrane_figure` needs potentials; run the liquid with `watch=[...]`.")
    time = activity.dt_ms * np.arange(1, len(activity.trace_mV) + 1)
    figure = Figure(figsize=(9, 1.0 + 1.3 * count), layout="constrained")
    panels = figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0]
    for panel, neuron, trace in zip(panels, activity.watched, activity.trace_mV.T, strict=True):
        panel.plot(time, trace, color=EXCITATORY, linewidth=1)
        fired = activity.spikes.of(int(neuron))
        top = trace.max() if threshold_mV is None else threshold_mV
        panel.plot(fired, np.full(len(fired), top), "|", color=INHIBITORY, markersize=9)
        if threshold_mV is not None:
            panel.axhline(threshold_mV, color="black", linestyle="--", linewidth=0.7)
        panel.set_ylabel(f"neuron {neuron}\nmV")
        tidy(panel)
    panels[-1].set_xlim(0, time[-1])
    panels[-1].set_xlabel("time (ms)")
    figure.suptitle(title or "Membrane potentials; a mark is a spike", fontsize=11)
    return figure


def wiring_figure(liquid: Liquid, strongest: int = 1000, title: str = "") -> Figure:
    """The liquid in space: neurons as points, synapses as lines in the colour of their source.

    Args:
        liquid: With positions.
        strongest: Most synapses that are drawn; the strongest are.
        title: Above the figure.

    Raises:
        ValueError: If its neurons have no place.
    """
    from mpl_toolkits.mplot3d.art3d import Line3DCollection  # type: ignore[import-untyped]

    if liquid.positions is None:
        raise ValueError("`wiring_figure` needs a liquid with `positions`, this one has none.")
    weight = np.asarray(liquid.synapses.weight_nA)
    chosen = np.argsort(-np.abs(weight), kind="stable")[:strongest]
    ends = np.stack([liquid.synapses.source, liquid.synapses.target], axis=1)[chosen]
    place = np.asarray(liquid.positions)
    kind = np.zeros(liquid.count, bool) if liquid.inhibitory is None else liquid.inhibitory
    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.add_subplot(projection="3d")
    # The longest side lies along the page, where there is room for it.
    x, y, z = (int(k) for k in np.argsort(-np.ptp(place, axis=0), kind="stable"))
    turned = place[:, [x, y, z]]
    largest = np.abs(weight).max(initial=0.0) or 1.0
    colours = np.where(weight[chosen] < 0, INHIBITORY, EXCITATORY)
    lines = Line3DCollection(
        list(turned[ends]),
        colors=list(colours),
        linewidths=0.3 + 1.5 * np.abs(weight[chosen]) / largest,
        alpha=0.45,
    )
    lines.set_clip_on(False)  # the box is wider than the square that matplotlib clips to
    axes.add_collection3d(lines)
    for colour, members in ((EXCITATORY, ~kind), (INHIBITORY, kind)):
        points = axes.scatter(
            *turned[members].T, s=22, color=colour, depthshade=False, edgecolors="white",
            linewidths=0.4,
        )  # fmt: skip
        points.set_clip_on(False)
    axes.set_box_aspect(np.ptp(turned, axis=0) + 1.0, zoom=1.5)
    names = ("xyz"[k] for k in (x, y, z))
    for axis, name in zip((axes.xaxis, axes.yaxis, axes.zaxis), names, strict=True):
        axis.set_major_locator(MaxNLocator(4, integer=True))
        axis.set_label_text(name)
    axes.view_init(elev=22, azim=-62)
    _kinds_legend(axes)
    shown = f"{len(weight)} synapses"
    if len(chosen) < len(weight):
        shown = f"the {len(chosen)} strongest of {shown}"
    figure.suptitle(title or f"{liquid.count} neurons, {shown}", fontsize=11)
    return figure


def synapses_figure(liquid: Liquid, title: str = "") -> Figure:
    """Histograms of the weights, and of the numbers of incoming and outgoing synapses.

    Args:
        liquid: With synapses between its neurons.
        title: Above the figure.

    Raises:
        ValueError: If it has none.
    """
    weight = np.asarray(liquid.synapses.weight_nA)
    if len(weight) == 0:
        raise ValueError("`synapses_figure` needs synapses between neurons, got none.")
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    left, *others = figure.subplots(1, 3)
    width = np.ptp([0.0, *weight]) / 40 or 1.0
    # No bar across 0, where excitation and inhibition meet.
    bins = width * np.arange(np.floor(weight.min() / width), np.floor(weight.max() / width) + 2)
    for colour, label, chosen in (
        (EXCITATORY, "excitatory", weight >= 0),
        (INHIBITORY, "inhibitory", weight < 0),
    ):
        if chosen.any():
            left.hist(weight[chosen], bins=bins, color=colour, alpha=0.8, label=label)
    left.set_xlabel("weight (nA)")
    left.set_ylabel("synapses")
    left.legend(frameon=False, fontsize=9)
    tidy(left)
    for panel, name, ends in zip(
        others,
        ("incoming synapses", "outgoing synapses"),
        (liquid.synapses.target, liquid.synapses.source),
        strict=True,
    ):
        degree = np.bincount(np.asarray(ends), minlength=liquid.count)
        values, counts = np.unique(degree, return_counts=True)
        panel.bar(values, counts, width=0.85, color="0.45")
        panel.axvline(degree.mean(), color="black", linestyle="--", linewidth=0.9)
        panel.set_xlabel(f"{name} (mean {degree.mean():.1f})")
        panel.set_ylabel("neurons")
        panel.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        tidy(panel)
    figure.suptitle(title or f"{len(weight)} synapses of {liquid.count} neurons", fontsize=11)
    return figure
