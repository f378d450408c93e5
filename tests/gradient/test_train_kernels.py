"""Training by BPTT's kernels against training by hand, and losses of probabilities."""

import numpy as np
import pytest
from elman_by_hand import ElmanByHand

import evornn as en
from evornn.gradient import BPTT, LBFGS, SGD, Adam, Train
from evornn.gradient.logits import network_of_logits
from evornn.gradient.loss import loss_named


@pytest.fixture(scope="module")
def task():
    rng = np.random.default_rng(5)
    inputs = [rng.standard_normal((n, 2)) for n in (9, 12, 7, 10, 11, 8, 12, 9)]
    targets = [np.cumsum(x.sum(1)) / np.arange(1, len(x) + 1) for x in inputs]
    return en.Task.from_arrays(inputs, [y[:, None] for y in targets], name="mean", washout=2)


def finish(run):
    rows = []
    while run.reason is None:
        rows.append(run.advance())
    return rows


def trained(task, method, jobs=1, **more):
    settings = {"stop": en.Stop(updates=8), "optimizer": Adam(0.02)}
    contender = Train(
        en.Network(en.cells.elman, hidden=3, dtype="float64"), method, **(settings | more)
    )
    run = contender.start(task, np.random.SeedSequence(8), en.Workers(jobs))
    finish(run)
    return run


# One kernel serves all tests with this loss, because each takes seconds to compile: four networks
# side by side, on four sequences at a time.
@pytest.mark.parametrize(
    "more",
    [
        {"population": 3},
        {"population": 3, "batch_size": 4, "clip_norm": 0.05},
        {"population": 3, "optimizer": LBFGS()},
    ],
    ids=["whole", "batches", "lbfgs"],
)
def test_kernels_train_as_plain_numpy_does(task, more):
    kernels = trained(task, BPTT(), **more)
    by_hand = trained(task, ElmanByHand(), **more)
    np.testing.assert_allclose(kernels.lanes.weights, by_hand.lanes.weights, atol=1e-9)
    assert kernels._counts == by_hand._counts


def test_kernels_train_online_as_plain_numpy_does(task):
    settings = {"every": 4, "population": 2, "stop": en.Stop(epochs=2)}
    kernels = trained(task, BPTT(), **settings)
    by_hand = trained(task, ElmanByHand(), **settings)
    np.testing.assert_allclose(kernels.lanes.weights, by_hand.lanes.weights, atol=1e-9)


def test_a_lane_that_diverges_leaves_the_bytes_of_the_others_alone(task):
    settings = {"population": 3, "stop": en.Stop(updates=20)}
    one = trained(task, BPTT(), optimizer=SGD((0.1, 1e30, 0.02)), **settings)
    none = trained(task, BPTT(), optimizer=SGD((0.1, 0.05, 0.02)), **settings)
    assert one.lanes.reasons[1].startswith("diverged at update")
    for lane in (0, 2):
        assert (one.lanes.weights[lane] == none.lanes.weights[lane]).all()


def test_the_bytes_do_not_depend_on_the_number_of_jobs(task):
    one, two = (trained(task, BPTT(), jobs=j, population=6) for j in (1, 2))  # two blocks
    assert (one.lanes.weights == two.lanes.weights).all()


@pytest.fixture(scope="module")
def classes():
    """Which of two inputs was the larger one at the first step; told at every step."""
    rng = np.random.default_rng(7)
    inputs = [rng.uniform(-1, 1, (6, 2)) for _ in range(40)]
    first = [np.tile((x[0] == x[0].max()).astype(float), (6, 1)) for x in inputs]
    return en.Task.from_arrays(inputs, first, name="first", normalise=False)


@pytest.mark.parametrize(
    ("loss", "readout"),
    [("cross_entropy", "softmax"), ("last_cross_entropy", "softmax"), ("bernoulli", "sigmoid")],
)
def test_losses_of_logits_train_a_network_that_answers_with_probabilities(classes, loss, readout):
    network = en.Network(en.cells.elman, hidden=3, readout=readout, dtype="float64")
    contender = Train(network, BPTT(), Adam(0.05), loss, en.Stop(updates=200), population=4)
    run = contender.start(classes, np.random.SeedSequence(2), en.Workers(1))
    rows = finish(run)
    answers = run.best.predict(list(classes.test.inputs))
    if readout == "softmax":
        np.testing.assert_allclose([y.sum(axis=1) for y in answers], 1, atol=1e-5)
    right = [
        (y[-1] > 0.5) == (target[-1] > 0.5)
        for y, target in zip(answers, classes.test.targets, strict=True)
    ]
    assert np.mean(right) >= 0.85
    assert rows[-1].loss < 0.3  # of chance, log 2
    assert rows[-1].best_mse < rows[0].best_mse


def test_the_loss_of_logits_is_that_of_the_probabilities(classes):
    rng = np.random.default_rng(1)
    part = classes.train
    for name, readout in (("cross_entropy", "softmax"), ("bernoulli", "sigmoid")):
        network = en.Network(en.cells.elman, hidden=3, readout=readout, dtype="float64")
        network = network.bound(2, 2)
        chromosomes = network.initial(rng, 2)
        loss = loss_named(name)
        bare = network_of_logits(network, loss)
        found, _ = BPTT().start(bare, part, loss, en.Workers(1))(chromosomes)
        for chromosome, value in zip(chromosomes, found, strict=True):
            answers = network.with_chromosome(chromosome).predict(list(part.inputs))
            p, y = np.concatenate(answers), np.concatenate(part.targets)
            if readout == "softmax":
                expected = -(y * np.log(p)).sum(axis=1).mean()
            else:
                expected = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
            assert value == pytest.approx(expected, rel=1e-9)


def test_a_network_of_numbers_keeps_its_output_under_the_squared_error():
    network = en.Network(en.cells.elman, hidden=2, inputs=1, outputs=1, readout="softmax")
    assert network_of_logits(network, loss_named("mse")) is network


def test_memetic_evolution_learns_by_kernels(task):
    ga = en.GA(population=6, elites=2, refine=BPTT(steps=2, learning_rate=0.02))
    network = en.Network(en.cells.elman, hidden=3, dtype="float64")
    contender = en.Evolve(network, ga, en.Stop(generations=1))
    run = contender.start(task, np.random.SeedSequence(8), en.Workers(1))
    first = run.learner.population.copy()
    run.advance()
    from evornn.gradient.refine import refiner

    by_hand = refiner(
        ElmanByHand(), run.network, task.train, en.Workers(1), steps=2, learning_rate=0.02
    )
    np.testing.assert_allclose(run.learner.population, by_hand(first)[0], atol=1e-9)
