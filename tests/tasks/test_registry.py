"""What holds for every task in the registry."""

import inspect
import json

import numpy as np
import pytest

from evornn.tasks import TASKS

RANDOM = [
    name for name, function in TASKS.items() if "seed" in inspect.signature(function).parameters
]


@pytest.fixture(scope="module", params=list(TASKS))
def task(request):
    return TASKS[request.param]()


def test_shapes_agree_and_numbers_are_finite(task):
    for part in task.parts.values():
        assert part.sequences == len(part.inputs) == len(part.targets) == len(part.mask)
        for x, y, m in zip(part.inputs, part.targets, part.mask, strict=True):
            assert x.shape == (len(y), task.inputs)
            assert y.shape == m.shape == (len(x), task.outputs)
            assert x.dtype == y.dtype == np.float64
            assert m.dtype == np.bool_
            assert np.isfinite(x).all()
            assert np.isfinite(y).all()
        assert part.steps == sum(len(x) for x in part.inputs)
        assert 0 < part.scored <= part.steps * task.outputs


def test_the_truth_scores_zero_and_the_mean_scores_one(task):
    for part in task.parts.values():
        assert task.nmse(part, part.targets) == 0.0
        targets, mask = np.concatenate(part.targets), np.concatenate(part.mask)
        mean = [targets[m, k].mean() for k, m in enumerate(mask.T)]
        assert task.nmse(part, [np.tile(mean, (len(y), 1)) for y in part.targets]) == pytest.approx(
            1.0
        )


def test_the_same_call_gives_the_same_bytes(task):
    assert TASKS[task.name]().fingerprint() == task.fingerprint()


def test_settings_make_the_task_again(task):
    settings = json.loads(json.dumps(task.settings))
    assert settings["function"] == task.name
    again = TASKS[settings["function"]](**settings["arguments"])
    assert again.fingerprint() == task.fingerprint()


def test_settings_name_every_argument(task):
    parameters = inspect.signature(TASKS[task.name]).parameters
    assert set(task.settings["arguments"]) == set(parameters)


def test_controls_are_finite_and_named_for_the_kind(task):
    controls = task.controls()
    expected = {"series": ["persistence", "linear AR(16)"], "sequences": ["mean", "memoryless"]}
    assert list(controls) == expected[task.kind]
    assert all(np.isfinite(value) and value >= 0 for value in controls.values())


def test_training_data_of_a_series_are_normalised(task):
    if task.kind == "series":
        x = task.train.inputs[0]
        np.testing.assert_allclose(x.mean(axis=0), 0.0, atol=0.05)
        np.testing.assert_allclose(x.std(axis=0), 1.0, atol=0.05)
    else:
        assert (task.target_scale.mean == 0).all()
        assert (task.target_scale.std == 1).all()


@pytest.mark.parametrize("name", RANDOM)
def test_another_seed_gives_other_data_and_the_global_generator_rests(name):
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - that it is not used is the claim
    first, second = TASKS[name](seed=1), TASKS[name](seed=2)
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # noqa: NPY002
    for part in first.parts:
        a, b = first.parts[part].inputs[0], second.parts[part].inputs[0]
        assert a.shape != b.shape or not np.array_equal(a, b)


@pytest.mark.parametrize("name", RANDOM)
def test_parts_are_drawn_apart(name):
    task = TASKS[name]()
    assert not np.array_equal(task.train.inputs[0][-20:], task.test.inputs[0][-20:])


def test_numpy_numbers_as_arguments_change_nothing():
    task = TASKS["sunspots"](horizon=np.int64(2), test_years=np.array([1956, 1979]))
    assert task.fingerprint() == TASKS["sunspots"](2, test_years=(1956, 1979)).fingerprint()


@pytest.mark.parametrize("name", RANDOM)
def test_a_negative_seed_is_refused(name):
    with pytest.raises(ValueError, match=r"`seed` needs to be at least 0, got -1\."):
        TASKS[name](seed=-1)
