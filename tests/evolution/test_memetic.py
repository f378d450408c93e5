"""Individuals that learn by gradients: what is inherited, what is charged, what is handed over."""

from dataclasses import replace

import numpy as np
import pytest
from elman_by_hand import ElmanByHand

import evornn as en
from evornn.evolution.memetic import Memetic

SIZE = 12


@pytest.fixture(scope="module")
def task():
    rng = np.random.default_rng(5)
    x = rng.standard_normal((60, 1))
    y = np.convolve(x[:, 0], [0.5, 0.3, 0.2])[:60, None]
    return en.Task.from_arrays(x, y, name="filter")


def start(task, generations=3, **ga):
    learner = en.GA(population=SIZE, elites=2, **ga)
    contender = en.Evolve(
        en.Network(en.cells.elman, hidden=2), learner, en.Stop(generations=generations)
    )
    return contender.start(task, np.random.SeedSequence(3), en.Workers(1))


def finish(run):
    rows = []
    while run.reason is None:
        rows.append(run.advance())
    return rows


def learned_by_hand(run, chromosomes):
    refine = ElmanByHand().refiner(run.network, run.task.train, run.workers)
    return refine(chromosomes)[0]


def test_lamarckian_children_inherit_what_was_learned(task):
    run = start(task, refine=ElmanByHand())
    first = run.learner.population.copy()
    row = run.advance()
    learned = learned_by_hand(run, first)
    assert (learned != first).any(axis=1).all()
    np.testing.assert_array_equal(run.learner.population, learned)
    errors = run._train.mse(learned)
    np.testing.assert_array_equal(run.learner.fitness, 1 / (errors + 1e-12))
    assert row.best_mse == pytest.approx(errors.min())


def test_later_children_take_their_learned_place(task):
    run = start(task, refine=ElmanByHand(), generations=2)
    run.advance()
    asked = run.learner.ask().copy()
    run.advance()
    learned = learned_by_hand(run, asked)
    rows = {row.tobytes() for row in run.learner.population}
    assert {row.tobytes() for row in learned} <= rows
    assert not {row.tobytes() for row in asked} & rows
    errors = run._train.mse(run.learner.population)  # each beside its own fitness
    np.testing.assert_array_equal(run.learner.fitness, 1 / (errors + 1e-12))


def test_under_the_baldwin_effect_only_the_fitness_is_learned(task):
    run = start(task, refine=ElmanByHand(), inheritance="baldwinian")
    first = run.learner.population.copy()
    run.advance()
    np.testing.assert_array_equal(run.learner.population, first)
    errors = run._train.mse(learned_by_hand(run, first))
    np.testing.assert_array_equal(run.learner.fitness, 1 / (errors + 1e-12))


@pytest.mark.parametrize("inheritance", ["lamarckian", "baldwinian"])
@pytest.mark.parametrize("share", [1.0, 0.25])
def test_the_network_handed_over_has_the_error_that_was_reported(task, inheritance, share):
    run = start(
        task, refine=ElmanByHand(), inheritance=inheritance, refine_share=share, generations=6
    )
    rows = finish(run)
    best = run.found.best
    assert task.mse(
        task.train, run.network.with_chromosome(best).predict(list(task.train.inputs))
    ) == pytest.approx(rows[-1].best_mse, rel=1e-5)
    answers = run.best.predict(list(task.validation.inputs))
    reported = [row.validation_mse for row in rows]
    assert task.mse(task.validation, answers) == pytest.approx(min(reported), rel=1e-5)


def test_learning_is_charged(task):
    plain, memetic = start(task), start(task, refine=ElmanByHand())
    first, row = plain.advance(), memetic.advance()
    steps = task.train.steps
    assert first.network_steps == SIZE * steps
    assert row.network_steps == SIZE * (steps + 3 * 3 * steps)  # three gradients of cost 3
    assert row.evaluations == first.evaluations == SIZE


def test_a_share_that_learns_is_evaluated_twice(task):
    run = start(task, refine=ElmanByHand(), refine_share=0.2)  # 3 of 12
    row = run.advance()
    assert row.evaluations == SIZE + 3
    assert row.network_steps == (SIZE + 3 + 3 * 3 * 3) * task.train.steps


def test_only_the_best_share_learns_and_keeps_what_made_it_better(task):
    run = start(task, refine=ElmanByHand(), refine_share=0.25)
    first = run.learner.population.copy()
    before = run._train.mse(first)
    run.advance()
    best = np.argsort(before, kind="stable")[:3]
    learned = learned_by_hand(run, first[best])
    better = run._train.mse(learned) < before[best]
    expected = first.copy()
    expected[best[better]] = learned[better]
    assert better.any()
    np.testing.assert_array_equal(run.learner.population, expected)


def test_what_makes_an_individual_worse_is_forgotten():
    ga = en.GA(population=4, elites=1, refine=ElmanByHand(), refine_share=0.5)
    memetic = Memetic(lambda rows: (rows + np.array([[1.0], [-1.0]]), 7), ga)
    asked = np.array([[1.0], [5.0], [2.0], [3.0]])
    found, fitness = memetic.evaluate(asked, lambda rows: rows[:, 0])
    # 5 and 3 learn and become 6 and 2.
    assert found.tolist() == [[1.0], [6.0], [2.0], [3.0]]
    assert fitness.tolist() == [1.0, 6.0, 2.0, 3.0]
    assert asked[1, 0] == 5.0
    assert (memetic.evaluations, memetic.network_steps) == (2, 7)


def test_learning_finds_better_networks_than_evolution_alone(task):
    plain, memetic = finish(start(task, 8)), finish(start(task, 8, refine=ElmanByHand()))
    assert memetic[-1].best_mse < 0.9 * plain[-1].best_mse


def test_coded_genes_inherit_only_what_they_can_spell(task):
    genes = en.GrayGenes(bits=6)
    run = start(task, refine=ElmanByHand(), encoding=genes, crossover=None)
    run.advance()
    population = run.learner.population
    np.testing.assert_array_equal(genes.represent(population), population)


def test_a_resumed_run_goes_on_with_the_same_bytes(task):
    settings = {"refine": ElmanByHand(), "refine_share": 0.5, "generations": 6}
    whole = start(task, **settings)
    rows = [whole.advance() for _ in range(3)]
    state = whole.state()
    rows = finish(whole)
    again = start(task, **settings)
    again.restore(state)
    assert finish(again) == rows
    assert (again.best.chromosome == whole.best.chromosome).all()


def test_settings_name_the_refinement_only_where_there_is_one():
    assert "refine" not in en.GA().settings()
    ga = en.GA(refine=ElmanByHand(), inheritance="baldwinian", refine_share=0.5)
    assert ga.settings()["refine"] == {"method": "ElmanByHand"}
    assert ga.settings()["inheritance"] == "baldwinian"
    assert ga.settings()["refine_share"] == 0.5
    assert replace(ga, population=64).settings()["refine"] == {"method": "ElmanByHand"}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"refine": "bptt"}, r"a way to compute gradients such as BPTT\(steps=5\) for `refine`"),
        ({"refine": ElmanByHand}, "for `refine`, got <class"),
        ({"inheritance": "mendelian"}, '"lamarckian" or "baldwinian" .* got .mendelian'),
        ({"refine_share": 0.0}, "`refine_share` in .0, 1., got 0.0"),
    ],
)
def test_wrong_settings_are_refused(change, text):
    with pytest.raises((TypeError, ValueError), match=text):
        en.GA(**change)


def test_learned_chromosomes_of_another_shape_are_refused(rng):
    learner = en.GA(population=4, elites=1).start(rng.standard_normal((4, 3)), rng)
    learner.ask()
    with pytest.raises(ValueError, match=r"learned chromosomes of shape \(4, 3\), got \(3, 3\)"):
        learner.tell(np.ones(4), np.ones((3, 3)))


def test_training_rules_alone_do_not_end_an_evolution():
    with pytest.raises(ValueError, match="`Evolve` needs a rule that counts without gradients"):
        en.Evolve(en.Network(en.cells.elman, hidden=2), stop=en.Stop(updates=5))
