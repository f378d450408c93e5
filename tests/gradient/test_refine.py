"""A few gradient steps for a population."""

import numpy as np
import pytest
from elman_by_hand import ElmanByHand

import evornn as en
from evornn.gradient import SGD
from evornn.gradient.loss import loss_named
from evornn.gradient.refine import GradientRefiner, refiner


@pytest.fixture
def network():
    return en.Network(en.cells.elman, hidden=2, inputs=1, outputs=1, dtype="float64")


@pytest.fixture
def part(rng):
    x = rng.standard_normal((30, 1))
    return en.Task.from_arrays(x, np.roll(x, 1), name="echo").train


class Slopes:
    """A gradient of which each call is known beforehand."""

    cost = 3.0

    def __init__(self, *calls):
        self.calls = list(calls)

    def __call__(self, chromosomes, sequences=None):
        losses, slopes = self.calls.pop(0)
        return np.array(losses), np.array(slopes)[:, None]


def test_each_individual_walks_down_its_own_slope(network, part, rng):
    chromosomes = network.initial(rng, 3)
    before = chromosomes.copy()
    improve = refiner(
        ElmanByHand(), network, part, en.Workers(1), steps=4, learning_rate=0, optimizer=SGD(0.1)
    )
    improved, steps = improve(chromosomes)
    assert (chromosomes == before).all()
    gradient = ElmanByHand().start(network, part, loss_named("mse"), en.Workers(1))
    expected = before.copy()
    for _ in range(4):
        expected -= 0.1 * gradient(expected)[1]
    np.testing.assert_allclose(improved, expected, rtol=1e-12)
    assert steps == 3 * 4 * 3 * part.steps


def test_the_loss_falls(network, part, rng):
    chromosomes = network.initial(rng, 5)
    improve = refiner(ElmanByHand(), network, part, en.Workers(1), steps=5, learning_rate=0.01)
    evaluate = en.Evaluator(network, part.inputs, part.targets, part.mask).mse
    assert (evaluate(improve(chromosomes)[0]) < evaluate(chromosomes)).all()
    again = improve(chromosomes)[0]  # nothing is remembered from the first call
    np.testing.assert_array_equal(again, improve(chromosomes)[0])


def test_an_individual_goes_back_to_where_its_loss_was_finite_and_stays(part):
    calls = [
        ([1.0, 1.0, np.nan], [1.0, 1.0, 1.0]),
        ([1.0, 1.0, 1.0], [1.0, 1.0, 1.0]),
        ([1.0, np.inf, 1.0], [1.0, 1.0, 1.0]),
    ]
    improve = GradientRefiner(Slopes(*calls), part, 3, SGD(1.0))
    improved, _ = improve(np.array([[10.0], [20.0], [30.0]]))
    assert improved.tolist() == [[7.0], [19.0], [30.0]]


def test_a_last_step_into_the_void_is_taken_back(part):
    improve = GradientRefiner(Slopes(([1.0], [1e200]), ([1.0], [1e300])), part, 2, SGD(1e100))
    assert improve(np.array([[1.0]]))[0].tolist() == [[1.0]]


def test_at_least_one_step_is_needed(network, part):
    with pytest.raises(ValueError, match="`refiner` needs `steps` of at least 1, got 0"):
        refiner(ElmanByHand(), network, part, en.Workers(1), steps=0, learning_rate=0.1)
