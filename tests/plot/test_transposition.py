"""The drawn graph and its transpose, read back from the figure."""

import pytest
from matplotlib.patches import FancyArrowPatch

from evornn.cells import ZOO, elman
from evornn.flow.signal_flow import signal_flow
from evornn.network import Network
from evornn.plot import save_figure, transposition_figure
from evornn.plot.transposition import layered


def texts(axes):
    return sorted(text.get_text() for text in axes.texts)


def arrows(axes):
    """Start and end of every arrow."""
    return [p._posA_posB for p in axes.patches if isinstance(p, FancyArrowPatch)]


def test_each_side_shows_its_own_junctions():
    graph = Network(elman, hidden=2).graph
    flow = signal_flow(graph)
    left, right = transposition_figure(graph).axes
    assert texts(left) == sorted(j.label for j in flow.junctions)
    assert texts(right) == sorted(j.transposed for j in flow.junctions)


def test_the_transpose_has_the_same_lines_with_every_arrow_reversed():
    graph = Network(elman, hidden=2).graph
    flow = signal_flow(graph)
    places = layered(flow)
    left, right = transposition_figure(graph).axes
    straight = [b for b in flow.branches if flow.junctions[b.target].kind != "state"]
    expected = [(places[b.source], places[b.target]) for b in straight]
    assert [a for a in map(tuple, arrows(left)) if a in expected] == expected
    assert [a[::-1] for a in map(tuple, arrows(right)) if a[::-1] in expected] == expected
    loops = [axes.lines[0].get_xydata()[0].tolist() for axes in (left, right)]
    (back,) = [b for b in flow.branches if flow.junctions[b.target].kind == "state"]
    assert loops == [list(places[back.source]), list(places[back.target])]


@pytest.mark.parametrize("cell", ZOO.values(), ids=list(ZOO))
def test_signals_run_from_left_to_right_and_no_two_junctions_share_a_place(cell):
    flow = signal_flow(cell.graph)
    places = layered(flow)
    assert len(set(places)) == len(places)
    for branch in flow.branches:
        if flow.junctions[branch.target].kind != "state":
            assert places[branch.source][0] < places[branch.target][0]


def test_the_same_graph_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        save_figure(transposition_figure(elman.graph), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
