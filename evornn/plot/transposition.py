"""A graph and its transpose side by side: the same lines, every arrow reversed."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from evornn.flow.graph import Graph
from evornn.flow.signal_flow import SignalFlow, branch_gain, signal_flow
from evornn.plot.style import COLOURS

Places = list[tuple[float, float]]
SHAPES = {"source": "square", "output": "square", "state": "square", "branch": "circle"}
FILLS = {"source": "#e8eef7", "output": "#e8eef7", "state": "#fdebd9"}
SWEEPS = 4  # over the columns, each row moving to the middle of its neighbours


def transposition_figure(graph: Graph, title: str = "") -> Figure:
    """A step's signal-flow graph and, with the same layout, its transpose.

    Left, signals flow from inputs (and states, through the delay) to the output; right,
    derivatives flow from the output's error back to inputs, weights and, through an advance, to
    the step before. A branch point is a dot, and a dot on one side is a sum on the other.

    Args:
        graph: One time step.
        title: Above the figure; default: the graph's name.
    """
    flow = signal_flow(graph)
    places = layered(flow)
    wide = 1 + max(x for x, _ in places)
    rows = [y for _, y in places]
    tall = max(rows) - min(rows) + 2.2
    figure = Figure(figsize=(1.5 * wide + 0.8, 0.75 * tall + 1.0), layout="constrained")
    left, right = figure.subplots(1, 2)
    for axes, forwards in ((left, True), (right, False)):
        _draw(axes, flow, places, forwards)
        axes.set_xlim(-0.6, wide - 0.4)
        axes.set_ylim(min(rows) - 1.6, max(rows) + 0.6)
        axes.set_axis_off()
    left.set_title("the graph: signals, forwards in time", fontsize=10)
    right.set_title("its transpose: derivatives, backwards in time", fontsize=10)
    figure.suptitle(title or graph.name, fontsize=12)
    return figure


def layered(flow: SignalFlow) -> Places:
    """A place (x, y) for every junction: columns by the longest way from a source."""
    ahead = [b for b in flow.branches if flow.junctions[b.target].kind != "state"]
    column = [0] * len(flow.junctions)
    for _ in flow.junctions:  # as many rounds as the longest way can have
        for branch in ahead:
            column[branch.target] = max(column[branch.target], column[branch.source] + 1)
    entered = {b.target for b in ahead}
    for k in range(len(column)):
        readers = [column[b.target] for b in ahead if b.source == k]
        if k not in entered and readers:  # a source stands next to whoever reads it
            column[k] = min(readers) - 1
    height = [0.0] * len(column)
    members = [[k for k, c in enumerate(column) if c == n] for n in range(max(column) + 1)]
    for mine in members:
        _stack(mine, height)
    for sweep in range(SWEEPS):
        for mine in members if sweep % 2 == 0 else reversed(members):
            for k in mine:
                beside = [b.source for b in ahead if b.target == k]
                beside += [b.target for b in ahead if b.source == k]
                if beside:
                    height[k] = sum(height[n] for n in beside) / len(beside)
            _stack(sorted(mine, key=lambda k: -height[k]), height)
    return [(float(x), y) for x, y in zip(column, height, strict=True)]


def _stack(mine: list[int], height: list[float]) -> None:
    """Give the junctions of a column heights around 0, from the first down."""
    for place, k in enumerate(mine):
        height[k] = (len(mine) - 1) / 2 - place


def _draw(axes: Axes, flow: SignalFlow, places: Places, forwards: bool) -> None:
    colour = COLOURS[0] if forwards else COLOURS[1]
    below = min(y for _, y in places) - 1.0
    for branch in flow.branches:
        gain = branch_gain(branch, forwards)
        if flow.junctions[branch.target].kind == "state":
            _loop(axes, places[branch.source], places[branch.target], below, forwards, colour)
            continue
        ends = (places[branch.source], places[branch.target])
        _arrow(axes, *(ends if forwards else reversed(ends)), colour)
        if gain:
            (x, y), (u, v) = ends
            axes.text((x + u) / 2, (y + v) / 2 + 0.12, gain, fontsize=8, ha="center")
    for (x, y), junction in zip(places, flow.junctions, strict=True):
        axes.text(
            x,
            y,
            junction.label if forwards else junction.transposed,
            ha="center",
            va="center",
            fontsize=10,
            bbox={
                "boxstyle": f"{SHAPES.get(junction.kind, 'round')},pad=0.3",
                "facecolor": FILLS.get(junction.kind, "white"),
                "edgecolor": "black",
                "linewidth": 0.8,
            },
            zorder=3,
        )


def _arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str
) -> None:
    axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=11,
            shrinkA=13,
            shrinkB=15,
            color=colour,
            linewidth=1.2,
        )
    )


def _loop(
    axes: Axes,
    following: tuple[float, float],
    state: tuple[float, float],
    below: float,
    forwards: bool,
    colour: str,
) -> None:
    """The way from a following state to the state, under everything else."""
    corners = [following, (following[0], below), (state[0], below), state]
    if not forwards:
        corners.reverse()
    axes.plot(*zip(*corners[:3], strict=True), color=colour, linewidth=1.2, zorder=1)
    _arrow(axes, corners[2], corners[3], colour)
