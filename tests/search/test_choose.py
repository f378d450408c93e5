"""A choice among settings, against the same fits one by one."""

import numpy as np
import pytest

import evornn as en
from evornn.search import Choose, Windows, every, fit_model
from evornn.search.fitting import answers
from evornn.workers import Workers

CANDIDATES = every(delays=(1, 2, 3, 4), degree=(1, 2), ridge=(1e-8, 1e2))


def run_of(contender, task, jobs=1, seed=5):
    return contender.start(task, np.random.SeedSequence(seed), Workers(jobs))


def ended(contender, task, jobs=1):
    run, rows = run_of(contender, task, jobs), []
    while run.reason is None:
        rows.append(run.advance())
    return run, rows


def by_hand(make, candidates, task):
    errors, models = [], []
    for settings in candidates:
        models.append(make(**settings))
        fit_model(models[-1], task.train, task.kind)
        errors.append(task.validation.mse(answers(models[-1], task.validation.inputs)))
    return errors, models[int(np.argmin(errors))]


def test_the_candidate_with_the_least_validation_error_is_taken(task):
    run, rows = ended(Choose(en.NGRC, CANDIDATES, together=6), task)
    errors, best = by_hand(en.NGRC, CANDIDATES, task)
    assert run.best_settings == CANDIDATES[int(np.argmin(errors))]
    assert run.best_settings["delays"] >= 3  # the task's answer is a product of delays
    told = run.best.predict(task.test.inputs)
    np.testing.assert_array_equal(told[0], answers(best, task.test.inputs)[0])
    assert [row.evaluations for row in rows] == [6, 12, 16]
    assert [row.generation for row in rows] == [0, 1, 2]
    assert rows[-1].validation_mse == min(errors)
    assert rows[-1].best_mse == task.train.mse(answers(best, task.train.inputs))
    assert rows[1].median_mse == pytest.approx(np.median(errors[6:12]))
    assert rows[1].network_steps == 12 * (task.train.steps + task.validation.steps)
    assert run.reason == "candidates: all 16 are fitted."


def test_the_test_part_has_no_say(task):
    other = en.Task.from_arrays(
        np.concatenate([x[:, 0] for p in task.parts.values() for x in p.inputs[:1]])[:400],
        np.zeros(400) + np.arange(400) % 2,
        washout=10,
    )
    spoiled = en.Task(
        task.name,
        1,
        1,
        task.train,
        task.validation,
        other.test,
        task.settings,
        task.input_scale,
        task.target_scale,
    )
    first, _ = ended(Choose(en.NGRC, CANDIDATES), task)
    second, _ = ended(Choose(en.NGRC, CANDIDATES), spoiled)
    assert first.best_settings == second.best_settings


def test_any_number_of_threads_chooses_the_same(task):
    contender = Choose(en.ESN, every(units=(10, 20), leak=(0.3, 1.0)), together=3)
    alone, rows = ended(contender, task)
    shared, others = ended(contender, task, jobs=2)
    assert rows == others
    np.testing.assert_array_equal(
        alone.best.predict(task.test.inputs)[0], shared.best.predict(task.test.inputs)[0]
    )


def test_every_candidate_of_a_run_has_its_seed(task):
    contender = Choose(en.ESN, every(units=(10, 12)))
    seed = int(np.random.SeedSequence(5).generate_state(1)[0])
    run, _ = ended(contender, task)
    assert run.best.model.seed == seed
    given = Choose(en.ESN, every(units=(10, 12), seed=(3,)))
    assert ended(given, task)[0].best.model.seed == 3


def test_an_interrupted_choice_ends_as_one_that_was_not(task):
    contender = Choose(en.NGRC, CANDIDATES, together=5)
    whole, rows = ended(contender, task)
    for after in (1, 2, 3):
        first = run_of(contender, task)
        for _ in range(after):
            first.advance()
        again = run_of(contender, task)
        again.restore(first.state())
        found = []
        while again.reason is None:
            found.append(again.advance())
        assert found == rows[after:]
        assert again.best_settings == whole.best_settings
        np.testing.assert_array_equal(
            again.best.predict(task.test.inputs)[0], whole.best.predict(task.test.inputs)[0]
        )


def test_a_candidate_that_cannot_be_fitted_does_not_stop_the_others(task):
    candidates = [{"delays": 500}, {"delays": 3}, {"delays": 0}]
    run, rows = ended(Choose(en.NGRC, candidates), task)
    assert run.best_settings == {"delays": 3}
    assert rows[-1].failed == 2
    with pytest.raises(ValueError, match=r"none of 1 candidates could be fitted: .*more than 499"):
        ended(Choose(en.NGRC, candidates[:1]), task)


def test_it_is_a_contender_whose_run_can_be_read_again(task, tmp_path):
    contenders = {
        "ngrc": Choose(en.NGRC, CANDIDATES),
        "linear": Choose(Windows, every(order=(1, 3))),
    }
    experiment = en.Experiment(task, contenders, name="choices")
    outcome = experiment.run(out=tmp_path, jobs=1, quiet=True)
    run, _ = ended(contenders["ngrc"], task)
    test = task.nmse(task.test, run.best.predict(task.test.inputs))
    assert outcome.results["ngrc"][0]["test_nmse"] == pytest.approx(test)
    again = experiment.run(out=tmp_path, jobs=1, quiet=True)
    assert again.results == outcome.results
    other = en.Experiment(task, {"ngrc": Choose(en.NGRC, CANDIDATES[1:])}, name="choices")
    with pytest.raises(ValueError, match="holds a run with other settings"):
        other.run(out=tmp_path, jobs=1, quiet=True)


def test_its_smoke_version_tries_two(task):
    assert len(Choose(en.NGRC, CANDIDATES).smoke().candidates) == 2


def test_all_combinations_are_made_in_order():
    assert every(a=(1, 2), b="xy") == [
        {"a": 1, "b": "x"},
        {"a": 1, "b": "y"},
        {"a": 2, "b": "x"},
        {"a": 2, "b": "y"},
    ]


@pytest.mark.parametrize(
    ("make", "candidates", "kind", "words"),
    [
        (en.NGRC, [], ValueError, "a list of settings, at least one, got"),
        (en.NGRC, {"delays": 2}, ValueError, "a list of settings, at least one, got"),
        (en.NGRC, [{"delay": 2}], TypeError, "got 'delay'"),
        ("NGRC", [{}], TypeError, "a class or a function that makes a model"),
    ],
)
def test_what_cannot_be_chosen_among_is_refused(make, candidates, kind, words):
    with pytest.raises(kind, match=words):
        Choose(make, candidates)


def test_a_task_without_validation_is_refused(rng):
    task = en.Task.from_arrays(rng.random(50), rng.random(50), validation=None)
    with pytest.raises(ValueError, match="needs a validation part, task 'arrays' has none"):
        run_of(Choose(en.NGRC, CANDIDATES), task)


def test_polynomials_of_many_sequences_are_fitted_to_their_scored_steps(rng):
    sequences = [rng.uniform(-1, 1, (n, 2)) for n in (6, 8, 7, 9, 5) * 12]
    targets = [np.full((len(x), 1), 1e6) for x in sequences]
    masks = [np.zeros(y.shape, bool) for y in targets]
    for x, y, m in zip(sequences, targets, masks, strict=True):
        for t in (len(x) - 3, len(x) - 1):  # the step between is not scored
            y[t], m[t] = x[t, 0] * x[t - 2, 1], True
    task = en.Task.from_arrays(sequences, targets, mask=masks, normalise=False)
    run, rows = ended(Choose(en.NGRC, every(delays=(1, 2, 3), degree=(2,), ridge=(1e-9,))), task)
    assert run.best_settings["delays"] == 3
    assert rows[-1].validation_mse < 1e-12
    assert task.nmse(task.test, run.best.predict(list(task.test.inputs))) < 1e-10
