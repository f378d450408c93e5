"""Searches among reservoirs: fitness by another route, and the same bytes however they run."""

import numpy as np
import pytest

import evornn as en
from evornn.readout import Ridge
from evornn.search import Choice, EvolveReservoir, Log, Optuna, Real, Whole
from evornn.search.score import Scorer
from evornn.search.space import Hyperparameters, network_settings
from evornn.workers import Workers

GENES = {
    "topology": Choice("random", "cycle", "delay-line", "cycle-jumps"),
    "jump": Whole(2, 5),
    "spectral_radius": Real(0.1, 1.5),
    "leak": Real(0.1, 1.0),
    "input_scaling": Log(0.05, 5.0),
    "density": Whole(2, 8),
    "ridge": Log(1e-9, 1e-1),
}
SMALL = {"units": 12, "washout": 20}
EVOLVE = EvolveReservoir(
    SMALL, GENES, en.GA(population=8, elites=1), en.Stop(generations=4), draws=2
)
WEIGHTS = EvolveReservoir(
    SMALL, learner=en.GA(population=8, elites=1), stop=en.Stop(generations=4), weights=True
)
OPTUNA = EvolveReservoir(
    SMALL, GENES, Optuna(population=6, startup=8), en.Stop(generations=4), draws=2
)
SEARCHES = {"genetic": EVOLVE, "weights": WEIGHTS, "optuna": OPTUNA}


def started(search, task, jobs=1):
    return search.start(task, np.random.SeedSequence(7), Workers(jobs))


def ended(run):
    rows = [run.advance()]
    while run.reason is None:
        rows.append(run.advance())
    return rows


def test_a_candidates_error_is_that_of_networks_fitted_by_hand(task):
    space = Hyperparameters(SMALL, GENES, [3, 4])
    chromosome = np.array([0.1, 0.0, 0.6, 0.7, 0.5, 0.4, 0.8])
    found = space.settings(chromosome)
    assert found["topology"] == "random"
    errors = []
    for seed in (3, 4):
        esn = en.ESN(
            12,
            washout=20,
            topology="random",
            spectral_radius=found["spectral_radius"],
            leak=found["leak"],
            input_scaling=found["input_scaling"],
            density=found["density"],
            readout=Ridge(found["ridge"]),
            seed=seed,
        )
        esn.fit(task.train.inputs[0], task.train.targets[0])
        answer = esn.predict(task.validation.inputs[0])
        scored = task.validation.mask[0]
        errors.append(np.mean((answer - task.validation.targets[0])[scored] ** 2))
    error, refused = Scorer(space, task).error(chromosome)
    assert refused == ""
    assert error == pytest.approx(np.mean(errors), rel=1e-6)


def test_settings_that_a_topology_does_not_take_are_silent():
    found = {"topology": "cycle", "jump": 3, "spectral_radius": 0.5, "density": 4}
    assert network_settings({"units": 9}, found) == {
        "units": 9,
        "topology": "cycle",
        "spectral_radius": 0.5,
    }
    found["topology"] = "cycle-jumps"
    assert network_settings({}, found)["topology_settings"] == {"jump": 3}


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_finds_better_than_its_first_candidates(name, task):
    run = started(SEARCHES[name], task)
    rows = ended(run)
    assert rows[-1].validation_mse < rows[0].validation_mse
    errors = [row.validation_mse for row in rows]
    assert errors == sorted(errors, reverse=True)
    assert rows[-1].best_fitness == pytest.approx(1 / (rows[-1].validation_mse + 1e-12))
    best = run.best
    train = task.train
    assert rows[-1].best_mse == pytest.approx(train.mse(best.predict(train.inputs)), rel=1e-9)
    draws = SEARCHES[name].draws if name != "weights" else 1
    steps = train.steps + task.validation.steps
    assert rows[-1].network_steps == rows[-1].evaluations * draws * steps


def test_the_best_draw_is_the_best(task):
    run = started(EVOLVE, task)
    rows = ended(run)
    best = task.validation.mse(run.best.predict(task.validation.inputs))
    assert best <= rows[-1].validation_mse
    assert set(run.best_settings) == set(GENES)


@pytest.mark.parametrize("name", SEARCHES)
def test_the_history_is_the_same_for_any_number_of_workers(name, task):
    rows = [ended(started(SEARCHES[name], task, jobs)) for jobs in (1, 2)]
    assert repr(rows[0]) == repr(rows[1])


@pytest.mark.parametrize("name", SEARCHES)
def test_a_resumed_search_goes_on_with_the_same_bits(name, task):
    whole = ended(started(SEARCHES[name], task))
    first = started(SEARCHES[name], task)
    before = [first.advance(), first.advance()]
    second = started(SEARCHES[name], task)
    second.restore(first.state())
    after = ended(second)
    assert repr(before + after) == repr(whole)


def test_evolved_weights_keep_who_hears_whom(task):
    run = started(WEIGHTS, task)
    drawn = run.space.layer.W.weights
    ended(run)
    layer = run.best.model.front.stack.layers[0]
    assert np.array_equal(layer.W.columns, run.space.layer.W.columns)
    assert not np.array_equal(layer.W.weights, drawn)


def test_an_experiment_keeps_and_reads_what_was_found(task, tmp_path):
    contenders = {name: search.smoke() for name, search in SEARCHES.items()}
    experiment = en.Experiment(task, contenders, name="found")
    outcome = experiment.run(out=tmp_path, jobs=1, quiet=True)
    for name, search in contenders.items():
        run = search.start(task, experiment.run_seed(name, 0), Workers(1))
        ended(run)
        esn = en.ESN.load(tmp_path / "found" / name / "seed-0" / "best.safetensors")
        answers = esn.predict(list(task.test.inputs))
        assert np.array_equal(answers[0], run.best.predict(task.test.inputs)[0])
        result = outcome.results[name][0]
        assert result["test_nmse"] == task.nmse(task.test, answers)
        assert result["genes"] == esn.readout.weights.size + 1


def test_one_candidate_that_cannot_be_drawn_does_not_end_the_search(task):
    genes = {"density": Whole(1, 24)}  # of 12 units
    search = EvolveReservoir(
        SMALL, genes, en.GA(population=12, elites=1), en.Stop(generations=1), draws=1
    )
    rows = ended(started(search, task))
    assert rows[0].failed > 0
    assert np.isfinite(rows[0].validation_mse)


def test_when_none_can_be_drawn_the_reason_is_told(task):
    search = EvolveReservoir({**SMALL, "washout": 500}, {"leak": Real(0.1, 1.0)})
    with pytest.raises(ValueError, match="first generation works: a washout of 500 steps"):
        started(search, task).advance()


def test_a_search_needs_a_validation_part():
    task = en.Task.from_arrays(np.arange(50.0), np.arange(50.0) ** 2, validation=None)
    with pytest.raises(ValueError, match="needs a validation part, task 'arrays' has none"):
        started(EVOLVE, task)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"genes": {"sparsity": Real(0.1, 1)}}, "got 'sparsity'"),
        (
            {"reservoir": {"leak": 0.3}, "genes": {"leak": Real(0.1, 1)}},
            "as a gene or as a setting",
        ),
        ({"genes": {}}, "at least one gene"),
        ({"genes": {"topology": Choice("ring", "cycle")}}, "got 'ring'"),
        ({"weights": True, "genes": {"leak": Real(0.1, 1)}}, 'can search "ridge" besides'),
        ({"weights": True, "learner": Optuna()}, "needs a GA to search among weights"),
        ({"reservoir": {"pooling": "last"}}, "one answer at every step"),
        ({"learner": en.GA(refine=en.BPTT(steps=2))}, "cannot refine by gradients"),
        ({"draws": 0}, "`draws` of at least 1"),
        ({"reservoir": {"unitz": 9}}, "needs settings of an ESN, .*, units, .* got 'unitz'"),
    ],
)
def test_what_cannot_be_searched_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        EvolveReservoir(**arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"genes": [Real(0.1, 1)]}, "genes by name"),
        ({"genes": {"leak": 0.5}}, "Real, Log, Whole or Choice for the gene 'leak', got 0.5"),
        ({"learner": "ga"}, "a GA or Optuna"),
        ({"reservoir": en.ESN(10)}, "settings by name"),
    ],
)
def test_what_is_no_setting_is_refused(arguments, words):
    with pytest.raises(TypeError, match=words):
        EvolveReservoir(**arguments)


def test_optuna_is_asked_for_when_it_is_missing(task, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(ImportError, match=r"pip install 'evornn\[optuna\]'"):
        started(OPTUNA, task)
