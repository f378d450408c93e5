"""Models that are fitted once, as contenders: against the same fits by hand."""

import numpy as np
import pytest

import evornn as en
from evornn.experiment.best import load_best
from evornn.liquid import MAASS_2002, PoissonEncoder
from evornn.search import Fit, Persistence, RecordedAnswers, Windows, fit_model
from evornn.workers import Workers

LIQUID = {
    "liquid": MAASS_2002.draw(0),
    "encoder": PoissonEncoder(-1.5, 1.5, step_ms=10.0),
    "sample_ms": 10.0,
}


def fitted(contender, task, seed=7):
    run = contender.start(task, np.random.SeedSequence(seed), Workers(1))
    row = run.advance()
    assert run.reason == "fitted"
    return run, row


class Mean:
    """A user's own model."""

    def fit(self, inputs, targets, mask):
        kept = [y[m.all(axis=1)] for y, m in zip(targets, mask, strict=True)]
        self.mean = np.concatenate(kept).mean(axis=0)
        return self

    def predict(self, inputs):
        return [np.tile(self.mean, (len(x), 1)) for x in inputs]


class Unmasked(Mean):
    def fit(self, inputs, targets):
        return super().fit(inputs, targets, [np.ones(y.shape, bool) for y in targets])


def test_windows_are_the_linear_control():
    task = en.tasks.sunspots()
    run, row = fitted(Fit(Windows, {"order": 16}), task)
    test = task.nmse(task.test, run.best.predict(task.test.inputs))
    assert test == pytest.approx(task.controls()["linear AR(16)"], rel=1e-9)
    assert (row.evaluations, row.network_steps) == (1, task.train.steps)
    assert run.best.genes == 17


def test_persistence_is_the_control_of_that_name():
    task = en.tasks.santa_fe_laser(horizon=1)
    run, _ = fitted(Fit(Persistence), task)
    test = task.nmse(task.test, run.best.predict(task.test.inputs))
    assert test == pytest.approx(task.controls()["persistence"], rel=1e-3)


def test_an_echo_state_network_is_fitted_with_the_runs_seed(task):
    run, row = fitted(Fit(en.ESN, {"units": 20, "washout": 30}), task)
    seed = int(np.random.SeedSequence(7).generate_state(1)[0])
    esn = en.ESN(20, washout=30, seed=seed).fit(task.train.inputs[0], task.train.targets[0])
    assert np.array_equal(run.best.predict(task.test.inputs)[0], esn.predict(task.test.inputs[0]))
    assert row.best_mse == task.train.mse([esn.predict(task.train.inputs[0])])
    other, _ = fitted(Fit(en.ESN, {"units": 20, "washout": 30}), task, seed=8)
    assert other.best.model.seed != seed


def test_steps_without_a_target_are_not_learned(rng):
    sequences = [rng.uniform(-1, 1, (n, 1)) for n in (9, 12, 7, 11, 10, 8) * 10]
    targets = [np.full((len(x), 1), 1e6) for x in sequences]
    masks = [np.zeros(y.shape, bool) for y in targets]
    for x, y, m in zip(sequences, targets, masks, strict=True):
        y[-1], m[-1] = x[-2], True
    task = en.Task.from_arrays(sequences, targets, mask=masks, normalise=False)
    esn = en.ESN(25, washout=3, seed=1)
    fit_model(esn, task.train, task.kind)
    states = np.array([np.r_[esn.states(x)[-1], x[-1]] for x in task.train.inputs])
    last = np.array([y[-1] for y in task.train.targets])
    by_hand = en.readout.Ridge().fit(states, last)
    assert np.allclose(esn.readout.weights, by_hand.weights, rtol=1e-9)
    assert task.nmse(task.test, esn.predict(list(task.test.inputs))) < 0.1


def test_next_generation_computing_answers_as_it_was_fitted(task):
    run, _ = fitted(Fit(en.NGRC, {"delays": 3}), task)
    first = 8  # the washout of 10 steps less the two that the delays need
    by_hand = en.NGRC(delays=3).fit(task.train.inputs[0][first:], task.train.targets[0][first:])
    answer = run.best.predict(task.test.inputs)[0]
    assert np.array_equal(answer[2:], by_hand.predict(task.test.inputs[0]))
    assert (answer[:2] == 0).all()
    assert task.nmse(task.test, [answer]) < 1e-6  # a product of delays is a feature


def test_a_liquid_answers_at_every_step():
    task = en.Task.from_arrays(
        np.sin(np.arange(90) / 4), np.cos(np.arange(90) / 4), train=0.5, validation=0.2, test=0.3
    )
    run, row = fitted(Fit(en.LiquidStateMachine, LIQUID), task)
    machine = run.best.model
    features = machine.states(task.train.inputs[0])
    by_hand = en.readout.Ridge().fit(features, task.train.targets[0])
    assert np.allclose(machine.readout.weights, by_hand.weights, rtol=1e-6)
    assert row.best_mse < 1.0


def test_a_models_own_file_or_its_answers_are_kept(task, tmp_path):
    contenders = {
        "esn": Fit(en.ESN, {"units": 10}),
        "ngrc": Fit(en.NGRC, {"delays": 3}),
        "mean": Fit(Mean),
        "liquid": Fit(en.LiquidStateMachine, LIQUID),
        "cells": Fit(reservoir_of_cells),
    }
    outcome = en.Experiment(task, contenders, name="fits").run(out=tmp_path, jobs=1, quiet=True)
    kinds = {
        "esn": en.ESN,
        "liquid": en.LiquidStateMachine,
        "ngrc": RecordedAnswers,
        "mean": RecordedAnswers,
    }
    for name, kind in {**kinds, "cells": RecordedAnswers}.items():
        best = load_best(tmp_path / "fits" / name / "seed-0" / "best.safetensors")
        assert isinstance(best, kind)
        answers = best.predict(list(task.test.inputs))
        assert outcome.results[name][0]["test_nmse"] == task.nmse(task.test, answers)
    with pytest.raises(ValueError, match=r"only the answers of this ESN .* sequence 0 is not"):
        best.predict([np.ones((5, 1))])


def reservoir_of_cells(seed):
    from evornn.reservoir import CellReservoir

    cells = CellReservoir(en.cells.gru, hidden=6)
    return en.ESN(layers=cells, transform=np.square, seed=seed)  # a function: no file holds it


def test_a_bidirectional_network_is_evolved_and_read_again(task, tmp_path):
    network = en.Bidirectional(en.cells.elman, hidden=3)
    contender = en.Evolve(network, en.GA(population=16, elites=1), stop=en.Stop(generations=3))
    experiment = en.Experiment(task, {"both": contender}, name="ways")
    outcome = experiment.run(out=tmp_path, jobs=1, quiet=True)
    best = load_best(tmp_path / "ways" / "both" / "seed-0" / "best.safetensors")
    assert isinstance(best, en.Bidirectional)
    result = outcome.results["both"][0]
    assert result["train_mse"] >= task.train.mse(best.predict(list(task.train.inputs))) * 0.999
    with pytest.raises(ValueError, match="refines networks of one direction"):
        en.Evolve(network, en.GA(refine=en.BPTT(steps=1)))


def test_a_finished_fit_is_not_fitted_again(task, tmp_path):
    experiment = en.Experiment(task, {"mean": Fit(Mean)}, name="again")
    experiment.run(out=tmp_path, jobs=1, quiet=True)
    again = en.Experiment(task, {"mean": Fit(fails)}, name="again")
    with pytest.raises(ValueError, match="holds a run with other settings"):
        again.run(out=tmp_path, jobs=1, quiet=True)
    outcome = experiment.run(out=tmp_path, jobs=1, quiet=True)
    assert outcome.results["mean"][0]["reason"] == "fitted"


def fails():
    raise AssertionError("never called")


@pytest.mark.parametrize(
    ("make", "settings", "kind", "words"),
    [
        (en.ESN(10), {}, TypeError, "a class or a function that makes a model"),
        (Windows, {"length": 3}, TypeError, r"takes \(order, ridge\), got 'length'"),
        (Windows, [3], TypeError, "settings by name"),
    ],
)
def test_what_makes_no_model_is_refused(make, settings, kind, words):
    with pytest.raises(kind, match=words):
        Fit(make, settings)


@pytest.mark.parametrize(
    ("make", "settings", "words"),
    [
        (Unmasked, {}, r"needs a method fit\(inputs, targets, mask\)"),
        (en.ESN, {"pooling": "last"}, "needs an answer at every step"),
        (Persistence, {"columns": [1]}, "an input for each of 1 outputs"),
    ],
)
def test_models_that_do_not_fit_the_task_are_refused(make, settings, words, task):
    with pytest.raises(ValueError, match=words):
        fitted(Fit(make, settings), task)
