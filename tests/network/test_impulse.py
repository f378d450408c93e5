"""Finite and infinite impulse: the digraph of the equations, and networks without memory."""

import numpy as np
import pytest
from drawn_cells import cells
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import interpreted

from evornn.cells import elman, fir, iir, jordan, narx, recurrent, stack
from evornn.flow import cell, matrix, state, vector
from evornn.flow.interpret import evaluate
from evornn.flow.language import concatenate, shift, tanh
from evornn.network import Network, is_finite_impulse, memory, unroll
from evornn.network.dependence import dependence


def network_of(cell, inputs=2, outputs=2, **settings):
    return Network(cell, inputs=inputs, outputs=outputs, dtype="float64", **settings)


@pytest.mark.parametrize(
    ("cell", "finite"),
    [
        (fir(1), True),
        (fir(5), True),
        (stack(fir(3), fir(1), fir(4)), True),
        (stack(fir(3), fir(2), skip="both"), True),
        (narx(3, 2, feedback="series-parallel"), True),
        (narx(3, 2), False),
        (iir(2, 1), False),
        (stack(fir(3), iir(2, 1, inputs=2)), False),
        (elman, False),
        (jordan, False),
        (jordan.with_fixed(memory=0.0), False),
    ],
)
def test_a_cell_is_finite_exactly_if_its_digraph_has_no_cycle(cell, finite):
    assert is_finite_impulse(cell) is finite


def lower(shape):
    return np.tril(np.ones(shape), -1)


def test_weights_that_are_not_there_make_no_cycle():
    assert not is_finite_impulse(network_of(recurrent, hidden=4))
    chain = network_of(recurrent.with_mask(U=lower), hidden=4)
    assert is_finite_impulse(chain)
    assert memory(chain) == 3  # the first unit sees the input at once, the last 3 steps later
    assert memory(network_of(recurrent.with_fixed(U=np.eye(4, k=-1)), hidden=4)) == 3
    assert memory(network_of(recurrent.with_fixed(U=0.0), hidden=4)) == 0
    assert not is_finite_impulse(network_of(recurrent.with_fixed(U=np.eye(4)), hidden=4))


@settings(max_examples=60)
@given(cells(), st.integers(0, 2**32 - 1))
def test_no_derivative_is_without_an_edge(drawn, seed):
    """Where a state's slope, by central differences, is not 0, the digraph has an edge."""
    rng = np.random.default_rng(seed)
    sizes = {"input": 2, "hidden": 3, "other": 2}
    graph = drawn.graph
    values, present = {}, {}
    for name, p in graph.parameters.items():
        free, held = p.free(sizes, name), p.held(sizes, name)
        values[graph.parameter_leaves[name]] = np.where(free, rng.standard_normal(free.shape), held)
        present[name] = free | (held != 0)
    values[graph.inputs[drawn.input]] = rng.standard_normal(2)
    states = [rng.standard_normal([sizes[a] for a in s.leaf.axes]) for s in graph.states]

    def following(vector):
        parts = np.split(vector, np.cumsum([s.size for s in states])[:-1])
        leaves = {
            slot.leaf: part.reshape(s.shape)
            for slot, part, s in zip(graph.states, parts, states, strict=True)
        }
        found = evaluate(graph.nodes(), {**values, **leaves}, sizes)
        return np.concatenate([np.ravel(found[s.following]) for s in graph.states])

    at = np.concatenate([np.ravel(s) for s in states])
    edges = dependence(graph, sizes, present).states
    for j in range(at.size):
        step = np.zeros(at.size)
        step[j] = 1e-4
        slopes = following(at + step) - following(at - step)
        assert edges[np.abs(slopes) > 1e-9, j].all()


def test_an_unrolled_stack_answers_every_window_as_the_recurrent_one(rng):
    network = network_of(stack(fir(4), fir(3)), hidden=(3, 2))
    network = network.with_chromosome(network.initial(rng, 1)[0])
    unrolled = unroll(network)
    assert unrolled.window == 4 + 3 - 1
    assert unrolled.network.graph.states == ()
    assert unrolled.network.map.names == network.map.names
    x = rng.standard_normal((20, 2))
    wanted = network.predict(x)[unrolled.window - 1 :]
    np.testing.assert_allclose(unrolled.predict(x), wanted, rtol=0, atol=1e-12)


@cell
def delayed_sum(x, line, *, W=matrix("hidden", "input"), b=vector("hidden")):
    """A line that is fed with more than the input's size, so that it is no plain delay line."""
    return tanh(line + b), shift(0.5 * tanh(line), W @ x)


@cell
def odd_line(
    x,
    line=state("input+input+input"),
    *,
    W=matrix("hidden", "input"),
    U=matrix("hidden", "input+input+input"),
):
    """A line that moves by another axis than its own blocks."""
    return tanh(U @ line), shift(line, W @ x)


@cell
def gap(x, a=state("input"), b=state("input"), *, W=matrix("hidden", "input+input")):
    """Sees the present input and the one before the last."""
    return tanh(W @ concatenate(x, b)), x, a


@pytest.mark.parametrize(
    ("make", "window"),
    [
        (lambda: network_of(recurrent.with_mask(U=lower), hidden=3), 3),
        (lambda: network_of(stack(fir(3), fir(2), skip="both"), hidden=2), 4),
        (lambda: network_of(fir(1), hidden=2), 1),
        (lambda: network_of(delayed_sum, hidden=2), 2),
        (lambda: network_of(odd_line, hidden=2), 4),
        (lambda: network_of(odd_line, hidden=3), 3),
        (lambda: network_of(gap, hidden=2), 3),
        (
            lambda: network_of(
                narx(1, 3, feedback="series-parallel"), inputs=3, input=1, hidden=2, readout=None
            ),
            3,
        ),
    ],
)
def test_any_network_without_cycles_unrolls(make, window, rng):
    network = make()
    genes = network.initial(rng, 1)[0]
    unrolled = unroll(network)
    assert unrolled.window == window
    x = rng.standard_normal((9, network.inputs))
    wanted, _ = interpreted(network, genes, x)
    got, _ = interpreted(unrolled.network, genes, unrolled.windows(x))
    np.testing.assert_allclose(got, wanted[window - 1 :], rtol=0, atol=1e-12)


def test_the_memory_is_as_far_back_as_an_input_is_felt(rng):
    network = network_of(stack(fir(3), fir(4)), hidden=2)
    genes = network.initial(rng, 1)[0]
    x = rng.standard_normal((12, 2))
    moved = x.copy()
    moved[2] += 1.0
    changed = interpreted(network, genes, x)[0] != interpreted(network, genes, moved)[0]
    assert np.flatnonzero(changed.any(axis=1)).tolist() == list(range(2, 2 + memory(network) + 1))


def test_layers_are_repeated_only_where_they_are_needed():
    network = network_of(stack(fir(25), fir(5), fir(5)), inputs=1, outputs=1, hidden=12)
    unrolled = unroll(network)
    assert unrolled.window == 33
    ops = [node.op for node in unrolled.network.graph.nodes()]
    assert ops.count("tanh") == 9 + 5 + 1


def test_a_network_with_a_cycle_cannot_be_unrolled():
    network = network_of(stack(fir(2), elman), hidden=3)
    text = r"in the network elman_on_fir the state layer2_h\[0\] depends on its own past"
    with pytest.raises(ValueError, match=text):
        unroll(network)
    with pytest.raises(TypeError, match="needs a cell or a network, got str"):
        is_finite_impulse("elman")


def test_a_sequence_shorter_than_the_window_is_refused():
    unrolled = unroll(network_of(fir(4), hidden=2))
    with pytest.raises(ValueError, match=r"the unrolled network .* needs at least 4 steps, got 3"):
        unrolled.windows(np.zeros((3, 2)))
