"""Candidates side by side: the errors that each of them has alone, and the same for any split."""

import numpy as np
import pytest

import evornn as en
from evornn.reservoir import Layer
from evornn.search import Choice, Log, Real, side_by_side
from evornn.search.score import Scorer
from evornn.search.space import Hyperparameters
from evornn.workers import Workers

GENES = {
    "topology": Choice("random", "cycle", "hadamard"),
    "spectral_radius": Real(0.1, 1.5),
    "leak": Real(0.1, 1.0),
    "input_scaling": Log(0.05, 5.0),
    "ridge": Log(1e-9, 1e-1),
}


@pytest.fixture(scope="module")
def scorer():
    task = en.tasks.narma10(train=300, validation=200, test=50)
    return Scorer(Hyperparameters({"units": 16, "washout": 20}, GENES, [3, 4]), task)


def test_errors_are_those_of_networks_fitted_alone(scorer, rng):
    chromosomes = rng.random((11, len(GENES)))
    errors, refused = scorer.errors(chromosomes, Workers(1))
    assert refused == []
    for chromosome, error in zip(chromosomes, errors, strict=True):
        alone = [scorer.fitted_error(network) for network in scorer.space.networks(chromosome)]
        assert error == pytest.approx(np.mean(alone), rel=1e-10)


def test_reservoirs_that_can_run_in_lanes_do_not_run_alone(scorer, rng, monkeypatch):
    def alone(*arguments, **settings):
        raise AssertionError("a small reservoir ran alone")

    chromosomes = rng.random((9, len(GENES)))
    chromosomes[:, 0] = 0.1  # random
    monkeypatch.setattr(Layer, "run", alone)
    errors, _ = scorer.errors(chromosomes, Workers(1))
    assert np.isfinite(errors).all()


@pytest.mark.parametrize("jobs", [2, 3])
def test_errors_are_the_same_bits_for_any_number_of_workers(scorer, rng, jobs):
    chromosomes = rng.random((13, len(GENES)))
    one, many = Workers(1), Workers(jobs)
    expected, _ = scorer.errors(chromosomes, one)
    found, _ = scorer.errors(chromosomes[::-1], many)
    many.close()
    np.testing.assert_array_equal(found[::-1], expected)


def test_a_refused_candidate_leaves_the_others_alone(rng):
    task = en.tasks.narma10(train=300, validation=200, test=50)
    genes = {"activation": Choice("tanh", "linear"), "spectral_radius": Real(0.5, 50.0)}
    scorer = Scorer(Hyperparameters({"units": 16, "washout": 20}, genes, [3]), task)
    errors, refused = scorer.errors(np.array([[0.1, 0.0], [0.9, 1.0], [0.9, 0.0]]), Workers(1))
    assert len(refused) == 1
    assert np.isfinite(errors).tolist() == [True, False, True]


def test_steps_that_are_not_scored_are_not_learned(rng):
    inputs = rng.uniform(-1, 1, (120, 1))
    masks = np.ones((120, 1), dtype=bool)
    masks[40:60] = False
    targets = np.roll(inputs, 1, axis=0)
    spoiled = np.where(masks, targets, 1e3)
    part = en.tasks.Part((inputs,), (targets,), (masks,))
    wrong = en.tasks.Part((inputs,), (spoiled,), (masks,))
    found = [
        side_by_side.validation_errors(
            [en.ESN(10, washout=5, seed=1)], train, part, "series", lambda network: np.nan
        )
        for train in (part, wrong)
    ]
    assert found[0] == found[1]
    assert found[0][0][0] < 0.1
    short = en.ESN(10, washout=120, seed=1)
    ((error, why),) = side_by_side.validation_errors([short], part, part, "series", None)
    assert error == np.inf
    assert "washout" in why
