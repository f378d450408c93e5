"""Evolving a network on a task: what a run reports, and what it hands over."""

import numpy as np
import pytest

import evornn as en
from evornn.evolution.fitness import mse_of, reciprocal_mse
from evornn.evolution.own_fitness import own_fitness


def start(fitness=None, generations=5, task=None, **more):
    ga = en.GA(population=32, elites=2)
    contender = en.Evolve(
        en.Network(en.cells.elman, hidden=3), ga, en.Stop(generations=generations), fitness, **more
    )
    return contender.start(
        task or en.tasks.narma10(train=300, validation=200, test=300), seed(), en.Workers(1)
    )


def seed():
    return np.random.SeedSequence(3)


def test_the_reported_errors_are_those_of_the_best_network():
    run = start()
    while run.reason is None:
        row = run.advance()
    network = run.network.with_chromosome(run.learner.best[0])
    task = run.task
    for part, reported in ((task.train, row.best_mse), (task.validation, row.validation_mse)):
        assert task.mse(part, network.predict(list(part.inputs))) == pytest.approx(
            reported, rel=1e-5
        )
    assert row.median_mse >= row.best_mse
    assert row.best_fitness == pytest.approx(1 / row.best_mse)
    assert row.evaluations == run.learner.evaluations
    assert row.network_steps == row.evaluations * task.train.steps


def test_the_best_network_has_the_least_validation_error_of_all_generations():
    run, best = start(generations=20), []
    while run.reason is None:
        best.append(run.advance().validation_mse)
    part = run.task.validation
    chosen = run.task.mse(part, run.best.predict(list(part.inputs)))
    assert chosen == pytest.approx(min(best), rel=1e-5)


def test_without_a_validation_part_the_least_training_error_counts():
    run = start(task=en.tasks.sunspots())
    while run.reason is None:
        row = run.advance()
    assert np.isnan(row.validation_mse)
    assert (run.best.chromosome == run.learner.best[0]).all()


def test_each_stop_rule_ends_a_run_with_its_reason():
    task = en.tasks.sunspots()
    rules = {
        "learned": en.Stop(learned=0.05, learned_tolerance=0.5),
        "mse": en.Stop(mse=5.0),
        "generations": en.Stop(generations=2),
        "stagnation": en.Stop(stagnation=1),
        "evaluations": en.Stop(evaluations=50),
        "seconds": en.Stop(seconds=0.0),
        "network_steps": en.Stop(network_steps=20_000),
    }
    for name, stop in rules.items():
        network = en.Network(en.cells.elman, hidden=2)
        run = en.Evolve(network, en.GA(population=16, elites=2), stop).start(
            task, seed(), en.Workers(1)
        )
        for _ in range(200):
            run.advance()
            if run.reason is not None:
                break
        assert run.reason is not None, name
        assert run.reason.startswith(name)


def test_the_share_of_learned_targets_is_counted_on_scored_steps():
    run = start(task=en.tasks.sunspots())
    run.contender.stop.__dict__["learned"] = 1.0
    run.advance()
    part = run.task.train
    outputs = run.network.with_chromosome(run.found.best).predict(part.inputs[0])
    near = np.abs(outputs - part.targets[0]) <= run.contender.stop.learned_tolerance
    assert run.found.learned == pytest.approx(near[part.mask[0]].mean(), abs=0.01)


def sum_of_genes(network, task):
    return float(network.chromosome.sum())


def number(network, task):
    return "many"


def test_a_user_s_own_fitness_is_maximised():
    run = start(sum_of_genes, generations=15)
    rows = []
    while run.reason is None:
        rows.append(run.advance())
    assert rows[-1].best_fitness > rows[0].best_fitness + 1
    assert rows[-1].best_fitness == run.network.with_chromosome(
        run.learner.best[0]
    ).chromosome.sum().astype(float)
    assert np.isnan(rows[-1].median_mse)


def test_a_user_s_own_fitness_is_the_same_in_processes():
    run = start(sum_of_genes)
    genes = run.learner.population
    values = [
        own_fitness(sum_of_genes, run.network, run.task, genes, en.Workers(jobs), 0)
        for jobs in (1, 2)
    ]
    assert (values[0] == values[1]).all()


def test_a_fitness_that_is_no_number_is_named():
    with pytest.raises(RuntimeError, match="needs to return a number, got 'many' for individual 0"):
        start(number).advance()


def test_networks_that_overflow_are_the_worst_and_counted():
    run = start()
    population = run.learner._population
    population[:5] = 1e38
    row = run.advance()
    assert row.failed == 5
    assert (run.learner.fitness[:5] == 0).all()
    assert np.isfinite(row.best_mse)


def test_errors_and_fitness_are_each_other_s_reciprocal():
    for mse in (0.0, 1e-9, 0.3, 1e6):
        assert mse_of(float(reciprocal_mse(mse))) == pytest.approx(mse, abs=1e-16)
    assert mse_of(0.0) == np.inf


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"network": "elman"}, "needs a Network for `network`, got 'elman'"),
        ({"learner": 3}, "needs a GA for `learner`, got 3"),
        ({"stop": 600}, "needs a Stop for `stop`, got 600"),
        ({"fitness": 1.0}, "needs a function for `fitness`, got 1.0"),
        ({"on_error": "ignore"}, 'needs "raise" or "worst" for `on_error`'),
    ],
)
def test_wrong_settings_are_refused(change, text):
    arguments = {"network": en.Network(en.cells.elman, hidden=2)}
    with pytest.raises((TypeError, ValueError), match=text):
        en.Evolve(**{**arguments, **change})


def test_a_task_with_other_sizes_than_the_network_is_refused():
    network = en.Network(en.cells.elman, hidden=2, inputs=3, outputs=1)
    with pytest.raises(ValueError, match="the task has 1 inputs, the network was given 3"):
        en.Evolve(network).start(en.tasks.sunspots(), seed(), en.Workers(1))
