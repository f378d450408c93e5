"""What all ways to compute gradients promise to training."""

import json

import numpy as np
import pytest
from gradient_probe import CELLS, network_of, started
from interpreted_gradient import drawn_part, perturbed

from evornn.cells import ZOO
from evornn.gradient import BPTT, RFLO, RTRL, UORO, EProp, Hybrid, SnAp1, TruncatedRTRL

METHODS = (
    *(BPTT(), BPTT(window=4, every=2), BPTT(checkpoint=3), BPTT(truncated=True), RTRL(), Hybrid()),
    *(Hybrid(block=2), TruncatedRTRL(), SnAp1(), EProp(), EProp("random"), RFLO(), UORO(), UORO(4)),
)


def test_settings_are_plain_and_tell_methods_apart():
    written = [json.dumps(method.settings(), sort_keys=True) for method in METHODS]
    assert len(set(written)) == len(METHODS)


@pytest.mark.parametrize("method", [BPTT(), RTRL(), Hybrid()], ids=["bptt", "rtrl", "hybrid"])
def test_losses_and_gradients_have_the_networks_dtype_and_leave_the_weights_alone(method, rng):
    network = network_of(CELLS["elman"])
    part = drawn_part(rng, (5, 3))
    genes = perturbed(network, rng, 1)
    before = genes.copy()
    at_work = started(method, network, part)
    losses, gradient = at_work(genes)
    np.testing.assert_array_equal(genes, before)
    assert losses.dtype == np.float64
    assert gradient.dtype == network.dtype
    again, same = at_work(genes)
    np.testing.assert_array_equal(again, losses)
    np.testing.assert_array_equal(same, gradient)
    with pytest.raises(ValueError, match="every"):
        at_work.online(0)


def test_the_price_of_a_step_follows_the_published_orders(rng):
    part = drawn_part(rng, (3,))

    def costs(method, name="elman"):
        networks = [network_of(ZOO[name], hidden=n) for n in (16, 32)]
        return [started(method, network, part).cost for network in networks]

    assert costs(BPTT()) == [3.0, 3.0]
    assert costs(BPTT(window=10, every=5)) == [5.0, 5.0]
    small, large = costs(Hybrid())
    assert large / small == pytest.approx(2, rel=0.1)  # n^3 over the n^2 of a step
    small, large = costs(RTRL())
    assert large / small == pytest.approx(4, rel=0.2)  # n^4 over n^2
    small, large = costs(RTRL(), "indrnn")
    assert large / small < 1.2  # as many traces as weights
