"""UORO: right on average, with an error that shrinks as the root of the number of draws."""

import numpy as np
import pytest
from gradient_probe import CELLS, network_of, started
from interpreted_gradient import ByInterpreter, assert_gradients_agree, drawn_part, perturbed

from evornn.flow import cell, matrix, state, vector
from evornn.flow.language import tanh
from evornn.gradient import UORO


@cell
def starting(
    x,
    h=state("hidden", initial="start"),
    *,
    W=matrix("hidden", "input"),
    U=matrix("hidden", "hidden"),
    start=vector("hidden"),
):
    """Elman units whose first state is learned."""
    return tanh(W @ x + U @ h)


def draws_of(network, part, genes, draws, count):
    """Independent estimates, each the mean of so many draws; axes (estimate, gene)."""
    return np.array(
        [started(UORO(draws, seed=k), network, part)(genes)[1][0] for k in range(count)]
    )


@pytest.mark.parametrize("which", [CELLS["elman"], starting], ids=["elman", "starting"])
def test_the_mean_of_many_draws_is_the_gradient(which, rng):
    network = network_of(which, hidden=3)
    part = drawn_part(rng, (6, 3))
    genes = perturbed(network, rng, 1)
    wanted = ByInterpreter(network, part).gradient(genes[0])
    found = draws_of(network, part, genes, 64, 24)
    error = np.abs(found.mean(axis=0) - wanted)
    standard = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    assert np.all(error < 4 * standard + 1e-12)
    noisy = standard > 1e-9  # the readout's derivative needs no product, and is exact
    assert 0.5 < noisy.mean() < 1
    assert np.linalg.norm(standard) < 0.2 * np.linalg.norm(wanted)  # a bias would be seen


def test_the_error_shrinks_as_the_root_of_the_draws(rng):
    network = network_of(CELLS["elman"], hidden=3)
    part = drawn_part(rng, (6,))
    genes = perturbed(network, rng, 1)
    wanted = ByInterpreter(network, part).gradient(genes[0])
    errors = [
        np.sqrt(np.mean((draws_of(network, part, genes, draws, 12) - wanted) ** 2))
        for draws in (8, 128)
    ]
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.4)


def test_the_loss_is_exact_and_the_same_seed_gives_the_same_bytes(rng):
    network = network_of(CELLS["elman"], hidden=3)
    part = drawn_part(rng, (6, 3))
    genes = perturbed(network, rng, 2)
    by_hand = ByInterpreter(network, part)
    losses, found = started(UORO(5, seed=1), network, part)(genes)
    np.testing.assert_allclose(losses, [by_hand.value(row) for row in genes], rtol=1e-12)
    np.testing.assert_array_equal(started(UORO(5, seed=1), network, part, jobs=2)(genes)[1], found)
    other = started(UORO(5, seed=2), network, part)(genes)[1]
    assert np.abs(other - found).max() > 1e-6


def test_one_step_needs_no_product_and_is_exact(rng):
    network = network_of(CELLS["elman"], hidden=3)
    part = drawn_part(rng, (1,))
    genes = perturbed(network, rng, 1)
    _, found = started(UORO(), network, part)(genes)
    assert_gradients_agree(found[0], ByInterpreter(network, part).gradient(genes[0]))


def test_no_draws_are_refused():
    with pytest.raises(ValueError, match="draws"):
        UORO(draws=0)
