"""Losses against plain NumPy, and their gradients in kernels."""

import numpy as np
import pytest
from gradient_probe import CELLS, network_of, started
from interpreted_gradient import ByInterpreter, assert_gradients_agree, drawn_part, perturbed
from oracle import interpreted

from evornn.flow import cell, matrix, state
from evornn.flow.language import log, square, tanh, total, where
from evornn.gradient import BPTT, RTRL, Loss
from evornn.gradient.loss import LOSSES, loss_named
from evornn.tasks.part import Part

LENGTHS = (6, 3, 5)


def log_cosh_like(y, target, scored):
    """A loss of a user's own: quadratic near 0, slow far away."""
    return total(where(scored, log(1 + square(y - target)), 0.0))


OWN = Loss("own", log_cosh_like)


def part_for(loss, rng):
    """Sequences whose targets suit a loss: classes for a distribution, probabilities for bits."""
    part = drawn_part(rng, LENGTHS)
    if "cross_entropy" in loss.name:
        classes = [np.eye(2)[rng.integers(0, 2, len(x))] for x in part.inputs]
        masks = [np.repeat(m[:, :1], 2, axis=1) for m in part.mask]
        return Part(part.inputs, tuple(classes), tuple(masks))
    if loss.name == "bernoulli":
        bits = tuple(rng.random(y.shape) for y in part.targets)
        return Part(part.inputs, bits, part.mask)
    return part


def plain(loss, outputs, targets, masks):
    """The mean loss by the book."""
    costs = []
    for y, target, mask in zip(outputs, targets, masks, strict=True):
        if loss.name == "mse":
            costs += list(((y - target) ** 2)[mask])
        elif loss.name == "own":
            costs += list(np.log(1 + (y - target) ** 2)[mask])
        elif loss.name == "bernoulli":
            p = 1 / (1 + np.exp(-y))
            costs += list(-(target * np.log(p) + (1 - target) * np.log(1 - p))[mask])
        else:
            p = np.exp(y) / np.exp(y).sum(axis=1, keepdims=True)
            steps = -np.log((p * target).sum(axis=1))[mask.any(axis=1)]
            costs += list(steps[-1:] if loss.last else steps)
    return np.mean(costs)


ALL = pytest.mark.parametrize("loss", [*LOSSES.values(), OWN], ids=lambda loss: loss.name)


@ALL
def test_a_loss_is_what_the_book_says(loss, rng):
    network = network_of(CELLS["elman"])
    part = part_for(loss, rng)
    genes = perturbed(network, rng, 1)[0]
    outputs = [interpreted(network, genes, x)[0] for x in part.inputs]
    by_hand = ByInterpreter(network, part, loss)
    wanted = plain(loss, outputs, part.targets, part.mask)
    assert by_hand.value(genes) == pytest.approx(wanted, rel=1e-12)
    assert_gradients_agree(by_hand.gradient(genes), by_hand.differences(genes), 1e-8)


@ALL
def test_kernels_give_the_loss_and_its_gradient(loss, rng):
    network = network_of(CELLS["elman"])
    part = part_for(loss, rng)
    genes = perturbed(network, rng, 3)
    by_hand = ByInterpreter(network, part, loss)
    losses, found = started(BPTT(), network, part, loss)(genes)
    np.testing.assert_allclose(losses, [by_hand.value(row) for row in genes], rtol=1e-12)
    assert_gradients_agree(found, [by_hand.gradient(row) for row in genes])


def test_large_logits_do_not_overflow(rng):
    network = network_of(CELLS["elman"])
    part = part_for(LOSSES["cross_entropy"], rng)
    genes = perturbed(network, rng, 3)
    genes[:, network.map.addresses["c"]] = [2000.0, -3000.0]
    for loss in ("cross_entropy", "bernoulli"):
        losses, found = started(BPTT(), network, part, loss)(genes)
        assert np.isfinite(losses).all()
        assert np.isfinite(found).all()


def test_targets_that_are_not_scored_are_never_read(rng):
    network = network_of(CELLS["elman"])
    part = drawn_part(rng, LENGTHS)
    elsewhere = tuple(np.where(m, y, 1e300) for y, m in zip(part.targets, part.mask, strict=True))
    genes = perturbed(network, rng, 3)
    loss, found = started(BPTT(), network, part)(genes)
    other_loss, other = started(BPTT(), network, Part(part.inputs, elsewhere, part.mask))(genes)
    np.testing.assert_array_equal(other_loss, loss)
    np.testing.assert_array_equal(other, found)


def test_unknown_losses_are_refused():
    assert loss_named("mse") is LOSSES["mse"]
    assert loss_named(OWN) is OWN
    with pytest.raises(ValueError, match=r"one of mse, cross_entropy, .*, got 'mae'"):
        loss_named("mae")
    with pytest.raises(TypeError, match=r"a name or a `Loss`, got 3"):
        loss_named(3)


@pytest.mark.parametrize("method", [BPTT(), RTRL()], ids=["bptt", "rtrl"])
def test_a_state_called_as_what_the_loss_reads_is_refused(method, rng):
    @cell
    def confusing(x, target=state("hidden"), *, W=matrix("hidden", "input")):
        return tanh(W @ x + target)

    network = network_of(confusing)
    with pytest.raises(ValueError, match=r"other names than target, scored and loss.*confusing"):
        started(method, network, drawn_part(rng, (3,)))
