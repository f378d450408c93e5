"""Guessing weights: a control has to be as trustworthy as what it controls."""

import numpy as np
import pytest

import evornn as en
from evornn.evolution import RandomSearch
from evornn.experiment import Outcome
from evornn.experiment.checkpoint import checkpoints, read_checkpoint, write_checkpoint


def contender(**more):
    settings = {
        "network": en.Network(en.cells.elman, hidden=3),
        "weights": en.Uniform(-2.0, 2.0),
        "population": 40,
        "stop": en.Stop(generations=6),
    }
    return RandomSearch(**{**settings, **more})


def start(task=None, jobs=1, seed=3, **more):
    task = task or en.tasks.narma10(train=200, validation=100, test=100)
    return contender(**more).start(task, np.random.SeedSequence(seed), en.Workers(jobs))


def finish(run):
    rows = []
    while run.reason is None:
        rows.append(run.advance())
        assert len(rows) < 300
    return rows


def test_the_best_of_all_guesses_is_reported():
    run = start()
    rng = np.random.default_rng(np.random.SeedSequence(3))
    part, errors = run.task.train, []
    for _ in range(3):
        row = run.advance()
        guesses = rng.uniform(-2, 2, (40, run.network.genes)).astype(np.float32)
        for genes in guesses:
            outputs = run.network.with_chromosome(genes).predict(list(part.inputs))
            errors.append(part.mse(outputs))
        assert row.best_mse == pytest.approx(min(errors), rel=1e-5)
        assert row.median_mse == pytest.approx(np.median(errors[-40:]), rel=1e-5)
    assert row.best_fitness == pytest.approx(1 / row.best_mse)
    assert (row.evaluations, row.network_steps) == (120, 120 * part.steps)
    assert row.diversity == pytest.approx(4 / np.sqrt(12), rel=0.1)


def test_the_network_handed_over_has_the_least_validation_error_of_those_that_improved():
    run = start(stop=en.Stop(generations=30), seed=11)
    rows = finish(run)
    part = run.task.validation
    handed = part.mse(run.best.predict(list(part.inputs)))
    assert handed == pytest.approx(min(row.validation_mse for row in rows), rel=1e-5)
    assert handed < 0.99 * rows[-1].validation_mse  # not simply the last that improved
    best = [row.best_mse for row in rows]
    assert best == sorted(best, reverse=True)


def test_without_a_validation_part_the_least_training_error_counts():
    run = start(en.tasks.sunspots())
    row = finish(run)[-1]
    assert np.isnan(row.validation_mse)
    part = run.task.train
    assert part.mse(run.best.predict(list(part.inputs))) == pytest.approx(row.best_mse, rel=1e-5)


@pytest.mark.parametrize("weights", [None, en.Normal(0.5)])
def test_weights_come_from_the_distribution_that_was_asked_for(weights):
    run = start(weights=weights, population=4000)
    drawn = run.network.unpack(run._guess())
    spread = {name: float(values.std()) for name, values in drawn.items()}
    if weights is None:  # a matrix by its fan-in, a bias .1, as the cell declares
        wanted = {"W": 1.0, "U": 3**-0.5, "b": 0.1, "V": 3**-0.5, "c": 0.1}
    else:
        wanted = dict.fromkeys(drawn, 0.5)
    assert spread == pytest.approx(wanted, rel=0.05)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"weights": en.Uniform(-3e19, 3e19)},  # some of these overflow
        {"stop": en.Stop(stagnation=5)},
        {"stop": en.Stop(learned=0.9, generations=6), "weights": en.Normal(3.0)},
    ],
)
def test_a_run_that_was_saved_goes_on_with_the_same_bytes(more, tmp_path):
    task = en.tasks.narma10(train=200, validation=100, test=100)
    whole = start(task, **more)
    rows = finish(whole)
    for saved_at in (0, 2, 5):
        first = start(task, **more)
        for _ in range(saved_at):
            first.advance()
        write_checkpoint(tmp_path, saved_at, first.state())
        again = start(task, jobs=2, seed=99, **more)  # its own seed no longer counts
        again.restore(read_checkpoint(checkpoints(tmp_path)[0]))
        np.testing.assert_array_equal(finish(again), rows[saved_at:])  # NaN included
        assert (again.best.chromosome == whole.best.chromosome).all()
        assert again.reason == whole.reason


def test_a_bidirectional_network_is_guessed_and_resumed_as_well(tmp_path):
    task = en.tasks.narma10(train=60, validation=40, test=40)
    more = {"network": en.Bidirectional(en.cells.elman, hidden=3), "stop": en.Stop(generations=3)}
    whole = start(task, **more)
    rng = np.random.default_rng(np.random.SeedSequence(3))
    rows, part, errors = finish(whole), task.train, []
    for genes in rng.uniform(-2, 2, (4 * 40, whole.network.genes)).astype(np.float32):
        found = whole.network.with_chromosome(genes).predict(list(part.inputs))
        errors.append(part.mse(found))
    assert rows[-1].best_mse == pytest.approx(min(errors), rel=1e-4)
    assert isinstance(whole.best, en.Bidirectional)
    first, again = start(task, **more), start(task, jobs=2, seed=99, **more)
    for _ in range(3):
        first.advance()
    write_checkpoint(tmp_path, 2, first.state())
    again.restore(read_checkpoint(checkpoints(tmp_path)[0]))
    np.testing.assert_array_equal(finish(again), rows[3:])
    assert (again.best.chromosome == whole.best.chromosome).all()


def test_a_guess_that_is_only_as_good_is_no_improvement():
    run = start(weights=en.Constant(0.0), stop=en.Stop(stagnation=3))
    assert len(finish(run)) == 4


def test_another_seed_guesses_otherwise():
    assert start(seed=1).advance().best_mse != start(seed=2).advance().best_mse


def test_a_state_of_another_architecture_is_refused():
    run, other = start(), start(network=en.Network(en.cells.elman, hidden=2))
    run.advance()
    with pytest.raises(ValueError, match="needs a state of networks with 11 genes, got 19"):
        other.restore(run.state())


def test_guesses_that_overflow_are_the_worst_and_counted():
    run = start(weights=en.Uniform(1e37, 3e38))
    row = run.advance()
    assert row.failed == 40
    assert row.best_mse == np.inf
    assert row.best_fitness == row.median_fitness == 0.0
    assert run.best.chromosome is not None


def test_each_rule_ends_a_search_with_its_reason():
    rules = {
        "learned": en.Stop(learned=0.05, learned_tolerance=0.5),
        "mse": en.Stop(mse=5.0),
        "stagnation": en.Stop(stagnation=1),
        "evaluations": en.Stop(evaluations=50),
        "seconds": en.Stop(seconds=0.0),
        "network_steps": en.Stop(network_steps=20_000),
    }
    for name, stop in rules.items():
        run = start(en.tasks.sunspots(), stop=stop)
        assert run.share() in (0.0, None)
        for _ in range(200):
            run.advance()
            if run.reason is not None:
                break
        assert run.reason is not None, name
        assert run.reason.startswith(name)


def test_the_smoke_version_is_small():
    small = contender(population=512).smoke()
    assert (small.population, small.stop.generations) == (32, 3)
    assert small.weights == contender().weights


def test_everything_that_determines_a_run_is_in_its_settings():
    task = en.tasks.sunspots()
    settings = contender().settings(task)
    changes = [
        {"network": en.Network(en.cells.elman, hidden=4)},
        {"weights": None},
        {"weights": en.Uniform(-2.0, 1.0)},
        {"weights": en.Normal(2.0)},
        {"population": 41},
        {"stop": en.Stop(generations=7)},
    ]
    for change in changes:
        assert contender(**change).settings(task) != settings


def test_before_the_first_guess_there_is_no_best():
    with pytest.raises(ValueError, match="no best network yet"):
        _ = start().best


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"network": "elman"}, "needs a Network for `network`, got 'elman'"),
        ({"stop": 600}, "needs a Stop for `stop`, got 600"),
        ({"weights": 10.0}, r"needs a distribution such as Uniform\(-10, 10\).*got 10.0"),
        ({"weights": en.Normal()}, "needs a standard deviation in Normal"),
        ({"population": 0}, "needs `population` of at least 1, got 0"),
        ({"stop": en.Stop(updates=3)}, "needs a rule that counts without gradients"),
    ],
)
def test_wrong_settings_are_refused(change, text):
    with pytest.raises((TypeError, ValueError), match=text):
        contender(**change)


def test_files_are_the_same_bytes_however_many_threads_guess(tmp_path, monkeypatch):
    nothing = lambda _task, folder, *_: Outcome(folder, {}, {}, ())  # noqa: E731
    monkeypatch.setattr("evornn.experiment.experiment.conclude", nothing)
    found = []
    for jobs in (1, 2):
        experiment = en.Experiment(en.tasks.sunspots(), {"guess": contender()}, name="same")
        experiment.run(out=tmp_path / str(jobs), jobs=jobs, quiet=True)
        folder = tmp_path / str(jobs) / "same" / "guess" / "seed-0"
        found.append([(folder / n).read_bytes() for n in ("history.csv", "best.safetensors")])
    assert found[0] == found[1]
