"""RTRL against the interpreter's gradient: exact tangents, and one trace per weight."""

import numpy as np
import pytest
from gradient_probe import ALL, CELLS, EVERYTHING, add_up, network_of, started
from interpreted_gradient import ByInterpreter, assert_gradients_agree, drawn_part, perturbed

from evornn.cells import ZOO
from evornn.flow import cell, matrix, state, vector
from evornn.flow.language import tanh
from evornn.gradient import RTRL

LENGTHS = (9, 4, 1, 7)


@cell
def behind(
    x,
    h=state("hidden", initial="start"),
    *,
    W=matrix("hidden", "input"),
    u=vector("hidden"),
    start=vector("hidden"),
    V=matrix("output", "hidden"),
):
    """Separate units whose output is read before the step, and a start that only it can move."""
    h_new = tanh(W @ x + u * h)
    return V @ h, h_new


@cell
def deaf(x, h, *, W=matrix("hidden", "input"), u=vector("hidden"), R=matrix("output", "input")):
    """Separate units that the output does not read."""
    return R @ x, tanh(W @ x + u * h)


def check(method, network, part, genes):
    by_hand = ByInterpreter(network, part)
    at_work = started(method, network, part)
    losses, found = at_work(genes)
    np.testing.assert_allclose(losses, [by_hand.value(row) for row in genes], rtol=1e-12)
    assert_gradients_agree(found, [by_hand.gradient(row) for row in genes])
    losses, passing = add_up(at_work.online(4), genes)
    np.testing.assert_allclose(losses, [by_hand.value(row) for row in genes], rtol=1e-12)
    assert_gradients_agree(passing, found)
    return at_work


@pytest.mark.parametrize("name", ALL if EVERYTHING else ["elman", "probe"])
def test_tangents_give_the_whole_gradient_without_looking_back(name, rng):
    network = network_of(ALL[name])
    part = drawn_part(rng, LENGTHS, share=0.3)
    assert not check(RTRL(diagonal=False), network, part, perturbed(network, rng, 2)).local


SEPARATE = {"indrnn": ZOO["indrnn"], "behind": behind}
if EVERYTHING:
    SEPARATE |= {name: ZOO[name] for name in ("min_gru", "min_lstm", "lru")} | {"deaf": deaf}


@pytest.mark.parametrize("name", SEPARATE)
def test_one_trace_per_weight_is_found_and_exact_for_separate_units(name, rng):
    network = network_of(SEPARATE[name])
    part = drawn_part(rng, LENGTHS, share=0.3)
    assert check(RTRL(), network, part, perturbed(network, rng, 2)).local


def test_threads_leave_the_bytes_as_they_are(rng):
    network = network_of(CELLS["elman"], hidden=7)
    part = drawn_part(rng, LENGTHS)
    genes = perturbed(network, rng, 2)
    loss, found = started(RTRL(), network, part)(genes)
    other_loss, other = started(RTRL(), network, part, jobs=2)(genes)
    np.testing.assert_array_equal(other, found)
    np.testing.assert_array_equal(other_loss, loss)


def test_long_sequences_pass_through_frames_of_a_fixed_number(rng):
    network = network_of(CELLS["elman"], hidden=3)
    part = drawn_part(rng, (300,))  # the frames of 128 steps stand in memory
    by_hand = ByInterpreter(network, part)
    genes = perturbed(network, rng, 1)
    _, found = started(RTRL(), network, part)(genes)
    assert_gradients_agree(found[0], by_hand.gradient(genes[0]))


def test_traces_are_refused_where_they_would_not_be_exact(rng):
    network = network_of(CELLS["elman"])
    with pytest.raises(ValueError, match=r"depends on no other unit's, which is not so in elman"):
        started(RTRL(diagonal=True), network, drawn_part(rng, (3,)))
