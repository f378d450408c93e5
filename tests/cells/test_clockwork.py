"""The clockwork network: its clocks, its mask, and the networks that it becomes."""

import re
from itertools import chain

import numpy as np
import pytest
from oracle import interpreted

from evornn.cells import block_upper_triangular, clockwork, clockwork_of, elman
from evornn.network import Network

PERIODS = (1, 2, 4, 8)


def network_of(cell, hidden=7):
    return Network(cell, inputs=2, outputs=1, hidden=hidden, dtype="float64")


def test_units_change_only_when_their_module_ticks(rng):
    network = network_of(clockwork)
    genes = 2 * network.initial(rng, 1)[0]
    w = network.unpack(genes)
    x = rng.standard_normal((33, 2))
    outputs, history = interpreted(network, genes, x)
    modules = [[0, 1], [2, 3], [4, 5], [6]]
    h, wanted = np.zeros(7), []
    for t, row in enumerate(x):
        before = h.copy()
        for k, (units, period) in enumerate(zip(modules, PERIODS, strict=True)):
            if t % period == 0:
                slower = list(chain(*modules[k:]))
                seen = w["U"][np.ix_(units, slower)] @ before[slower]
                h[units] = np.tanh(w["W"][units] @ row + seen + w["b"][units])
        wanted.append(h.copy())
    np.testing.assert_allclose(history["h"], wanted, rtol=0, atol=1e-14)
    np.testing.assert_allclose(outputs, wanted @ w["V"].T + w["c"], rtol=0, atol=1e-14)
    for units, period in zip(modules, PERIODS, strict=True):
        changed = np.flatnonzero(np.any(np.diff(history["h"][:, units], axis=0) != 0, axis=1)) + 1
        assert list(changed) == list(range(period, 33, period))


def test_a_network_whose_modules_tick_in_every_step_is_elmans_with_a_mask(rng):
    masked = elman.with_mask(U=lambda shape: block_upper_triangular(3, shape))
    plain, ticking = network_of(masked), network_of(clockwork_of((1, 1, 1)))
    assert plain.genes == ticking.genes
    genes = plain.initial(rng, 1)[0]
    x = rng.standard_normal((20, 2))
    np.testing.assert_array_equal(
        interpreted(ticking, genes, x)[0], interpreted(plain, genes, x)[0]
    )


def test_one_module_that_ticks_in_every_step_is_the_whole_elman_network(rng):
    plain, ticking = network_of(elman), network_of(clockwork_of([1]))
    genes = plain.initial(rng, 1)[0]
    x = rng.standard_normal((20, 2))
    np.testing.assert_array_equal(
        interpreted(ticking, genes, x)[0], interpreted(plain, genes, x)[0]
    )


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (3, 2, 2, 2), (6,), (4, 3, 3), (2, 2, 2, 1)])
def test_each_module_reads_itself_and_the_slower_ones(sizes):
    modules, units = len(sizes), sum(sizes)
    blocks = np.triu(np.ones((modules, modules)))
    wanted = np.repeat(np.repeat(blocks, sizes, axis=0), sizes, axis=1)
    np.testing.assert_array_equal(block_upper_triangular(modules, (units, units)), wanted)


@pytest.mark.parametrize(
    ("units", "wanted"), [(1, [1]), (2, [1, 4]), (3, [1, 2, 4]), (5, [1, 1, 2, 4, 8])]
)
def test_units_are_spread_over_the_periods_however_few_they_are(units, wanted):
    network = network_of(clockwork, hidden=units)
    assert list(network.unpack(np.zeros(network.genes))["period"]) == wanted


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: clockwork_of([4, 2]),
            ValueError,
            "`clockwork_of` needs periods that do not decrease, got [4, 2].",
        ),
        (
            lambda: clockwork_of(()),
            ValueError,
            "`clockwork_of` needs at least one period, got ().",
        ),
        (
            lambda: clockwork_of([0, 2]),
            ValueError,
            "`clockwork_of` needs `periods` of at least 1, got 0.",
        ),
        (
            lambda: clockwork_of([1.5]),
            TypeError,
            "`clockwork_of` needs a whole number for `periods`, got 1.5.",
        ),
    ],
)
def test_a_clockwork_that_cannot_be_says_why(make, error, message):
    with pytest.raises(error, match=re.escape(message)):
        make()
