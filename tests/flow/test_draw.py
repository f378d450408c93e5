"""A graph as text, as DOT, and as data."""

import copy
import json
import re

import numpy as np
import pytest
from oracle import readout_of

from evornn.cells import ZOO, elman, gru, leaky, lstm
from evornn.flow import Normal, cell, matrix, state, to_dot, vector
from evornn.flow.graph import Graph
from evornn.flow.language import concatenate, shift, tanh, total, transpose
from evornn.flow.serial import graph_from_data, graph_to_data
from evornn.network import Network


def test_elmans_network_prints_its_equation():
    assert str(elman).splitlines() == [
        "cell elman",
        "  input      x (input)",
        "  state      h (hidden), starts at 0.0",
        "  parameter  W (hidden, input)",
        "  parameter  U (hidden, hidden)",
        "  parameter  b (hidden)",
        "  %1 = W @ x                                (hidden)",
        "  %2 = U @ h                                (hidden)",
        "  %3 = %1 + %2                              (hidden)",
        "  %4 = %3 + b                               (hidden)",
        "  %5 = tanh(%4)                             (hidden)",
        "  h' = %5",
        "  output %5",
    ]


def test_masked_and_fixed_parameters_are_marked():
    assert "leak scalar, fixed" in str(leaky)
    assert "U (hidden, hidden), masked" in str(elman.with_mask(U=np.ones((2, 2))))


@pytest.mark.parametrize("drawn", ZOO.values(), ids=list(ZOO))
def test_dot_draws_every_signal_once_and_a_delay_for_every_state(drawn):
    text = to_dot(drawn.graph)
    declared = re.findall(r"^  (n\d+) \[", text, re.MULTILINE)
    assert len(declared) == len(set(declared)) >= len(drawn.graph.nodes())
    edges = re.findall(r"^  (n\d+) -> (n\d+|out\d+)", text, re.MULTILINE)
    arguments = sum(len(n.args) for n in drawn.graph.nodes())
    assert len(edges) == arguments + len(drawn.graph.states) + len(drawn.graph.outputs)
    assert {name for edge in edges for name in edge if name[0] == "n"} <= set(declared)
    assert text.count('label="delay"') == len(drawn.graph.states)
    assert text.count("{") == text.count("}")


@cell
def everything(
    x,
    h=state("hidden", initial="first"),
    line=state("taps"),
    s=state(None, initial=-0.5),
    unused=state("hidden"),
    *,
    W=matrix("hidden", "input+hidden", mask=lambda shape: np.eye(*shape, dtype=int)),
    U=matrix("input", "hidden", initial=Normal(2.0)),
    first=vector("hidden", fixed=0.25),
):
    """Moves, a transposed matrix, a mask, fixed values, a state that nobody reads."""
    taps = shift(line, x)
    h_new = tanh(W @ concatenate(x, h) + transpose(U, (1, 0)) @ x * s) + h[1]
    return h_new, h_new, taps, total(taps), h


@pytest.mark.parametrize("drawn", [*ZOO.values(), everything], ids=[*ZOO, "everything"])
def test_a_graph_survives_being_written_as_json(drawn):
    sizes = {"input": 2, "output": 2, "hidden": 3, "taps": 4}
    data = graph_to_data(drawn.graph, sizes)
    again = graph_from_data(json.loads(json.dumps(data)))
    assert isinstance(again, Graph)
    assert str(again) == str(drawn.graph)
    assert to_dot(again) == to_dot(drawn.graph)
    assert list(again.parameters) == list(drawn.graph.parameters)
    for name, parameter in drawn.graph.parameters.items():
        copied = again.parameters[name]
        assert copied.initial == parameter.initial
        np.testing.assert_array_equal(copied.free(sizes, name), parameter.free(sizes, name))
        np.testing.assert_array_equal(copied.held(sizes, name), parameter.held(sizes, name))
    assert graph_to_data(again, sizes) == data


DAMAGES = {
    "a missing part": lambda d: d.pop("states"),
    "an unknown operation": lambda d: d["nodes"][-1].update(op="explode"),
    "an argument that does not exist": lambda d: d["nodes"][-1].update(args=[999]),
    "axes that are wrong": lambda d: d["nodes"][-1].update(axes=["input"]),
    "a state's name that is code": lambda d: d["states"][0].update(name="h = __import__('os')"),
    "a leaf's name that is code": lambda d: d["nodes"][0].update(meta="W\nraise SystemExit"),
    "an axis that is code": lambda d: d["nodes"][0].update(axes=["hidden; print()", "input"]),
    "a constant that is code": lambda d: d["nodes"].append(
        {"op": "constant", "args": [], "axes": [], "meta": "print()"}
    ),
    "an initial distribution that is unknown": lambda d: d["parameters"]["W"].update(
        initial={"kind": "cauchy"}
    ),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=list(DAMAGES))
def test_damaged_data_are_refused(damage):
    data = copy.deepcopy(graph_to_data(elman.graph, {"input": 1, "output": 1, "hidden": 2}))
    damage(data)
    with pytest.raises(ValueError, match=r"the graph in this file is damaged|needs a name"):
        graph_from_data(data)


@pytest.mark.parametrize("drawn", [gru, lstm], ids=["gru", "lstm"])
def test_a_readout_adds_its_weights_to_the_text(drawn):
    text = str(Network(drawn, hidden=2, readout=readout_of(drawn)).graph)
    assert "V (output, hidden)" in text
    assert "c (output)" in text
