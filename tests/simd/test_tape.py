"""Tapes: the transposed step on frames gives what the transposed graph gives."""

import numpy as np
import pytest
from drawn_cells import cells
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import readout_of
from taped_by_interpreter import Drawn, by_vjp, gap

from evornn.cells import ZOO
from evornn.flow.derive import vjp
from evornn.gradient.loss import LOSSES, with_loss
from evornn.network import Network
from evornn.simd.tape import make_tape

SIZES = {"input": 2, "hidden": 3, "other": 4, "output": 2}


@settings(max_examples=100)
@given(cells(), st.sampled_from(sorted(LOSSES)), st.integers(0, 2**32 - 1))
def test_a_tape_of_a_drawn_cell_gives_the_gradient_of_the_transposed_graph(cell, loss, seed):
    graph = with_loss(cell.graph, LOSSES[loss])
    drawn = Drawn(graph, SIZES, np.random.default_rng(seed))
    assert gap(drawn.by_tape(make_tape(graph)), by_vjp(drawn, vjp(graph))) < 1e-11


@pytest.mark.parametrize("truncated", [False, True])
@pytest.mark.parametrize("name", ZOO)
def test_a_tape_of_every_cell_gives_the_gradient_of_the_transposed_graph(name, truncated, rng):
    network = Network(ZOO[name], inputs=2, outputs=2, hidden=3, readout=readout_of(ZOO[name]))
    graph = with_loss(network.graph, LOSSES["mse"])
    drawn = Drawn(graph, network.sizes, rng)
    tape = make_tape(graph, truncated=truncated)
    assert gap(drawn.by_tape(tape), by_vjp(drawn, vjp(graph, truncated=truncated))) < 1e-12
