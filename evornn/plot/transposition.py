"""A graph and its transpose side by side: the same lines, every arrow reversed."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from matplotlib.text import Text

from evornn.flow.graph import Graph
from evornn.flow.signal_flow import SignalFlow, branch_gain, signal_flow
from evornn.plot.style import COLOURS

Places = list[tuple[float, float]]
SHAPES = {"source": "square", "output": "square", "state": "square"}
SHAPES |= {"branch": "circle", "sum": "circle"}
FILLS = {"source": "#e8eef7", "output": "#e8eef7", "state": "#fdebd9"}
BESIDE = 10  # columns; wider graphs stand one above the other
BEND = 0.2
LOOP = 0.4  # between the lines of two states
SWEEPS = 4  # over the columns, each row moving to the middle of its neighbours


def transposition_figure(graph: Graph, title: str = "") -> Figure:
    """A step's signal-flow graph and, with the same layout, its transpose.

    In the first, signals flow from inputs (and states, through the delay) to the output; in the
    second, derivatives flow from the output's error back to inputs, weights and, through an
    advance, to the step before. A branch point is a dot, and it is a sum in the other.

    Args:
        graph: One time step.
        title: Above the figure; default: the graph's name.
    """
    flow = signal_flow(graph)
    places = layered(flow)
    wide = 1 + max(x for x, _ in places)
    rows = [y for _, y in places]
    loops = LOOP * sum(junction.kind == "state" for junction in flow.junctions)
    tall = max(rows) - min(rows) + 1.4 + loops
    shape = (1, 2) if wide <= BESIDE else (2, 1)
    size = (0.75 * wide * shape[1] + 0.8, 0.7 * tall * shape[0] + 0.9)
    figure = Figure(figsize=size, layout="constrained")
    first, second = figure.subplots(*shape)
    for axes, forwards in ((first, True), (second, False)):
        _draw(axes, flow, places, forwards)
        axes.set_xlim(-0.4 - loops / 2, wide - 0.4)
        axes.set_ylim(min(rows) - 0.8 - loops, max(rows) + 0.6)
        axes.set_axis_off()
    first.set_title("the graph: signals, forwards in time", fontsize=10)
    second.set_title("its transpose: derivatives, backwards in time", fontsize=10)
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
        # A source stands next to whoever reads it; a state on the left, where its loop arrives.
        if k not in entered and readers and flow.junctions[k].kind != "state":
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
    below = min(y for _, y in places) - 0.5
    beside = -0.2
    boxes = []
    for (x, y), junction in zip(places, flow.junctions, strict=True):
        shape = {
            "boxstyle": f"{SHAPES.get(junction.kind, 'round')},pad=0.3",
            "facecolor": FILLS.get(junction.kind, "white"),
            "edgecolor": "black",
            "linewidth": 0.8,
        }
        text = junction.label if forwards else junction.transposed
        boxes.append(axes.text(x, y, text, ha="center", va="center", fontsize=10, bbox=shape))
    for branch in flow.branches:
        first, last = branch.source, branch.target
        (x, y), (u, v) = places[first], places[last]
        if flow.junctions[last].kind == "state":  # under everything else, through the delay
            below, beside = below - LOOP, beside - LOOP / 2
            corners = [(x, y), (x, below), (beside, below), (beside, v), (u, v)]
            first, last = (first, last) if forwards else (last, first)
            corners = corners if forwards else corners[::-1]
            axes.plot(*zip(*corners[:-1], strict=True), color=colour, linewidth=1.2, zorder=0)
            _arrow(axes, corners[-2], corners[-1], 0.0, colour, None, boxes[last])
            continue
        # A long way is bent, so that it does not run through what stands between.
        bend = BEND if abs(u - x) > 1 else 0.0
        if forwards:
            _arrow(axes, (x, y), (u, v), bend, colour, boxes[first], boxes[last])
        else:
            _arrow(axes, (u, v), (x, y), -bend, colour, boxes[last], boxes[first])
        if gain := branch_gain(branch, forwards):
            lower = bend * (u - x) / 2
            place = ((x + u) / 2, (y + v) / 2 - lower + 0.1)
            axes.text(*place, gain, fontsize=8, ha="center", color=colour)


def _arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    bend: float,
    colour: str,
    left: Text | None,
    reached: Text,
) -> None:
    """An arrow from box to box."""
    arrow = FancyArrowPatch(
        start,
        end,
        arrowstyle="-|>",
        connectionstyle=f"arc3,rad={bend}",
        mutation_scale=11,
        patchA=None if left is None else left.get_bbox_patch(),
        patchB=reached.get_bbox_patch(),
        shrinkA=0,
        shrinkB=1,
        color=colour,
        linewidth=1.2,
        zorder=4,  # after the boxes, whose sizes are known once they are drawn
    )
    axes.add_patch(arrow)
