"""Tangent steps: a run for each weight gives what the transposed graph gives for all of them."""

import numpy as np
import pytest
from drawn_cells import cells
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import readout_of
from taped_by_interpreter import Drawn, by_vjp, gap

from evornn.cells import ZOO
from evornn.flow import Constant, cell, matrix, scalar, state, vector
from evornn.flow.derive import vjp
from evornn.flow.language import (
    concatenate,
    dot,
    largest,
    relu,
    sigmoid,
    softmax,
    spread,
    square,
    tanh,
    total,
    truncate_here,
)
from evornn.gradient.loss import LOSSES, with_loss
from evornn.network import Network
from evornn.simd.locality import is_diagonal
from evornn.simd.tangent_builder import make_local_tangent, make_tangent

SIZES = {"input": 2, "hidden": 3, "other": 4, "output": 2}
DIAGONAL = {"min_gru", "min_lstm", "indrnn", "lru"}
TRUNCATED = {"lstm", "lstm_1997", "lstm_peephole", "lstm_coupled"}


def of_zoo(name, loss="mse", hidden=3):
    cell = ZOO[name]
    network = Network(cell, inputs=2, outputs=2, hidden=hidden, readout=readout_of(cell))
    return with_loss(network.graph, LOSSES[loss]), network.sizes


@settings(max_examples=60)
@given(cells(10), st.sampled_from(sorted(LOSSES)), st.integers(0, 2**32 - 1))
def test_the_tangent_step_of_a_drawn_cell_gives_the_gradient(drawn_cell, loss, seed):
    graph = with_loss(drawn_cell.graph, LOSSES[loss])
    if any(node.op == "transpose" for node in graph.nodes()):  # it has no row of its own
        with pytest.raises(ValueError, match="computed or transposed one in drawn; use BPTT"):
            make_tangent(graph)
        return
    tangent = make_tangent(graph)
    drawn = Drawn(graph, SIZES, np.random.default_rng(seed), steps=3)
    assert gap(drawn.by_tangent(tangent), by_vjp(drawn, vjp(graph))) < 1e-11


@pytest.mark.parametrize("name", ZOO)
def test_the_tangent_step_of_every_cell_gives_the_gradient(name, rng):
    graph, sizes = of_zoo(name)
    drawn = Drawn(graph, sizes, rng, steps=3)
    assert gap(drawn.by_tangent(make_tangent(graph)), by_vjp(drawn, vjp(graph))) < 1e-12


ONE = {
    "mark": truncate_here,
    "tanh": tanh,
    "sigmoid": sigmoid,
    "square": square,
    "neg": lambda a: -a,
    "relu": relu,
}
TWO = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: tanh(a) * b,
    "div": lambda a, b: a / (2 + square(b)),
}
WEIGHT = Constant(0.0, noise=0.6)


@st.composite
def diagonal_cells(draw):
    """Cells whose units see only themselves, with whatever output."""
    starts = draw(st.sampled_from([0.25, "b"]))

    @cell
    def separate(
        x,
        h=state("hidden", initial=starts),
        m=state("hidden"),
        s=state(None),
        *,
        W=matrix("hidden", "input"),
        W_m=matrix("hidden", "input"),
        u=vector("hidden"),
        b=vector("hidden"),
        gain=scalar(WEIGHT),
        bias=scalar(WEIGHT),
        V=matrix("output", "hidden"),
        M=matrix("hidden", "hidden"),
        R=matrix("output", "input"),
    ):
        pool = [h, m, u, b, W @ x, W_m @ x, spread(gain, "hidden"), s * h, tanh(gain * h)]
        for _ in range(draw(st.integers(1, 8))):
            if draw(st.booleans()):
                made = draw(st.sampled_from(sorted(ONE.items())))[1](draw(st.sampled_from(pool)))
            else:
                pair = draw(st.sampled_from(pool)), draw(st.sampled_from([*pool, gain, bias, s]))
                made = draw(st.sampled_from(sorted(TWO.items())))[1](*pair)
            pool += [made, made]
        out = [
            lambda v: V @ v,
            lambda v: V @ tanh(M @ v),
            lambda v: V @ tanh(truncate_here(M @ v)) + V @ v,
            lambda v: V @ softmax(v),
            lambda v: V @ (v / (1 + square(total(v)))),
            lambda v: V @ v + spread(dot(v, v), "output"),
            lambda v: (V @ v) * largest(v) + R @ x,
            lambda v: concatenate(v[0:1], v[1:2] * gain),
            lambda v: V @ v + bias * gain,
        ]
        following = [tanh(draw(st.sampled_from(pool))) for _ in range(2)]
        scalar_following = tanh(draw(st.sampled_from([gain * s + bias, s * bias, bias + 0 * s])))
        read = draw(st.sampled_from([*following, h, m, *pool]))
        output = draw(st.sampled_from(out))(read)
        if output.axes == ("output",) and draw(st.booleans()):
            output = output + V @ truncate_here(draw(st.sampled_from([h, m, *following])))
        return output, *following, scalar_following

    return separate


@settings(max_examples=100)
@given(diagonal_cells(), st.sampled_from(sorted(LOSSES)), st.booleans(), st.integers(0, 2**32 - 1))
def test_local_traces_are_exact_for_drawn_diagonal_cells(drawn_cell, loss, truncated, seed):
    graph = with_loss(drawn_cell.graph, LOSSES[loss])
    assert is_diagonal(graph, truncated=truncated)
    drawn = Drawn(graph, SIZES, np.random.default_rng(seed), steps=3)
    found = drawn.by_tangent(make_local_tangent(graph, truncated=truncated))
    assert gap(found, by_vjp(drawn, vjp(graph, truncated=truncated))) < 1e-11


def test_the_cells_of_the_zoo_with_separate_units_are_known():
    found = {name for name in ZOO if is_diagonal(of_zoo(name)[0])}
    assert found == DIAGONAL
    marked = {name for name in ZOO if is_diagonal(of_zoo(name)[0], truncated=True)}
    assert marked == DIAGONAL | TRUNCATED


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", sorted(DIAGONAL))
def test_local_traces_are_exact_for_separate_units(name, loss, rng):
    graph, sizes = of_zoo(name, loss)
    drawn = Drawn(graph, sizes, rng)
    found = drawn.by_tangent(make_local_tangent(graph))
    assert gap(found, by_vjp(drawn, vjp(graph))) < 1e-12
    found = drawn.by_tangent(make_local_tangent(graph, diagonal=True))
    assert gap(found, by_vjp(drawn, vjp(graph))) < 1e-12


@pytest.mark.parametrize("name", sorted(TRUNCATED))
def test_traces_of_a_marked_cell_are_the_truncated_gradient(name, rng):
    graph, sizes = of_zoo(name)
    drawn = Drawn(graph, sizes, rng)
    wanted = by_vjp(drawn, vjp(graph, truncated=True))
    assert gap(drawn.by_tangent(make_local_tangent(graph, truncated=True)), wanted) < 1e-12
    assert gap(by_vjp(drawn, vjp(graph)), wanted) > 1e-3  # which is not the whole gradient
