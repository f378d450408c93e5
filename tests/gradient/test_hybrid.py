"""The hybrid of BPTT and RTRL: the same gradient for any block."""

import numpy as np
import pytest
from gradient_probe import ALL, CELLS, EVERYTHING, add_up, network_of, started
from interpreted_gradient import ByInterpreter, assert_gradients_agree, drawn_part, perturbed

from evornn.gradient import Hybrid

LENGTHS = (9, 4, 1, 7)


@pytest.mark.parametrize("name", ALL if EVERYTHING else ["elman", "probe"])
def test_blocks_of_any_length_give_the_whole_gradient(name, rng):
    network = network_of(ALL[name])
    part = drawn_part(rng, LENGTHS, share=0.3)
    genes = perturbed(network, rng, 2)
    by_hand = ByInterpreter(network, part)
    wanted = [by_hand.gradient(row) for row in genes]
    for block in (1, 3, None, 50):
        at_work = started(Hybrid(block=block), network, part)
        losses, found = at_work(genes)
        np.testing.assert_allclose(losses, [by_hand.value(row) for row in genes], rtol=1e-12)
        assert_gradients_agree(found, wanted)
        _, passing = add_up(at_work.online(4), genes)
        assert_gradients_agree(passing, wanted)


def test_threads_leave_the_bytes_as_they_are(rng):
    network = network_of(CELLS["elman"])
    part = drawn_part(rng, LENGTHS)
    genes = perturbed(network, rng, 3)
    _, found = started(Hybrid(), network, part)(genes)
    _, other = started(Hybrid(), network, part, jobs=2)(genes)
    np.testing.assert_array_equal(other, found)


def test_a_block_without_steps_is_refused():
    with pytest.raises(ValueError, match="block"):
        Hybrid(block=0)
