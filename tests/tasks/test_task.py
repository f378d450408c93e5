"""Tasks from arrays and series: which samples are scored, what is normalised, what is refused."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evornn.tasks import Task


def scored_targets(part, task):
    """The targets that count, in their own units."""
    restored = task.target_scale.restore(part.targets[0])
    return restored[part.mask[0]]


@given(
    st.integers(1, 5),
    st.integers(0, 9),
    st.integers(0, 15),
    st.booleans(),
)
def test_exactly_the_named_samples_are_scored(horizon, washout, start, normalise):
    series = np.arange(60.0) ** 1.5
    task = Task.from_series(
        series,
        horizon,
        train=slice(start, 35),
        validation=slice(35, 40),
        test=slice(45, 60),
        washout=washout,
        normalise=normalise,
    )
    first = max(start, horizon + washout)  # with less history than that, nothing can be told
    np.testing.assert_allclose(scored_targets(task.train, task), series[first:35], rtol=1e-12)
    np.testing.assert_allclose(scored_targets(task.validation, task), series[35:40], rtol=1e-12)
    np.testing.assert_allclose(scored_targets(task.test, task), series[45:60], rtol=1e-12)


def test_an_input_is_the_sample_horizon_steps_before_its_target():
    series = np.random.default_rng(1).normal(size=100)
    task = Task.from_series(series, 7, washout=4)
    for part in task.parts.values():
        x = task.input_scale.restore(part.inputs[0])[:, 0]
        y = task.target_scale.restore(part.targets[0])[:, 0]
        np.testing.assert_allclose(x[7:], y[:-7], rtol=1e-12)


def test_context_precedes_a_later_part_and_is_masked():
    task = Task.from_series(np.arange(100.0) % 17, 1, washout=10)
    assert [len(p.inputs[0]) for p in task.parts.values()] == [59, 30, 30]
    for name, part in task.parts.items():
        assert not part.mask[0][:10].any(), name
        assert part.mask[0][10:].all(), name


def test_normalisation_sees_the_training_samples_only():
    series = np.random.default_rng(2).normal(3.0, 2.0, size=200)
    changed = series.copy()
    changed[120:] = 1e6 * np.arange(80)
    a, b = Task.from_series(series, 2, washout=5), Task.from_series(changed, 2, washout=5)
    assert a.input_scale.mean[0] == b.input_scale.mean[0] == pytest.approx(series[:120].mean())
    assert a.target_scale.std[0] == b.target_scale.std[0] == pytest.approx(series[:120].std())
    np.testing.assert_array_equal(a.train.inputs[0], b.train.inputs[0])


def test_an_output_of_a_series_can_be_fed_back_as_input():
    task = Task.from_series(np.random.default_rng(3).normal(5.0, 3.0, size=50))
    np.testing.assert_array_equal(task.train.inputs[0][1:], task.train.targets[0][:-1])


def test_inputs_and_targets_may_be_different_columns():
    values = np.random.default_rng(4).normal([0.0, 10.0, 20.0], size=(50, 3))
    task = Task.from_series(values, 0, columns=[2, 0], target=[1])
    assert (task.inputs, task.outputs, task.lag) == (2, 1, 1)
    np.testing.assert_allclose(
        task.input_scale.restore(task.train.inputs[0]), values[:30, [2, 0]], rtol=1e-12
    )
    np.testing.assert_allclose(scored_targets(task.test, task), values[40:, 1], rtol=1e-12)


def test_sequences_are_shared_out_whole_with_their_own_lengths():
    rng = np.random.default_rng(5)
    xs = [rng.normal(size=(n, 2)) for n in range(4, 14)]
    ys = [rng.normal(size=n) for n in range(4, 14)]
    task = Task.from_arrays(
        xs, ys, washout=3, validation=slice(6, 8), train=slice(0, 6), test=slice(8, 10)
    )
    assert task.kind == "sequences"
    assert [len(x) for x in task.train.inputs] == [4, 5, 6, 7, 8, 9]
    assert [len(x) for x in task.test.inputs] == [12, 13]
    assert task.train.scored == sum(n - 3 for n in range(4, 10))
    np.testing.assert_allclose(task.input_scale.mean, np.concatenate(xs[:6]).mean(axis=0))
    np.testing.assert_allclose(task.target_scale.std[0], np.concatenate(ys[:6]).std())


def test_a_three_dimensional_array_is_a_list_of_sequences():
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(10, 7, 2)), rng.normal(size=(10, 7, 1))
    assert Task.from_arrays(x, y).fingerprint() == Task.from_arrays(list(x), list(y)).fingerprint()


def test_targets_may_be_missing_where_the_mask_says_so():
    x, y = np.arange(20.0), np.arange(20.0)
    y[::4] = np.nan
    task = Task.from_arrays(x, y, mask=np.isfinite(y), normalise=False)
    assert task.train.scored == 9
    np.testing.assert_array_equal(task.train.targets[0][[0, 4, 8], 0], 0.0)
    scale = Task.from_arrays(x, y, mask=np.isfinite(y)).target_scale
    assert scale.mean[0] == pytest.approx(np.nanmean(y[:12]))
    with pytest.raises(ValueError, match=r"needs finite targets, got nan at step 0, column 0"):
        Task.from_arrays(x, y)


def test_without_normalisation_data_keep_their_units():
    task = Task.from_arrays(np.arange(10.0), np.arange(10.0) * 7, normalise=False)
    np.testing.assert_array_equal(task.test.targets[0][:, 0], [56.0, 63.0])


def test_the_fingerprint_changes_with_data_settings_and_name():
    series = np.random.default_rng(9).normal(size=80)
    other = series.copy()
    other[75] += 1e-9
    tasks = [
        Task.from_series(series),
        Task.from_series(other),
        Task.from_series(series, name="other"),
        Task.from_series(series, washout=1),
        Task.from_series(series, normalise=False),
        Task.from_series(series, 2),
        dataclasses.replace(Task.from_series(series), lag=2),
        dataclasses.replace(Task.from_series(series), name="renamed"),
    ]
    assert len({task.fingerprint() for task in tasks}) == len(tasks)
    assert Task.from_series(series).fingerprint() == tasks[0].fingerprint()
    assert Task.from_series(list(series)).fingerprint() == tasks[0].fingerprint()


def test_settings_are_json():
    task = Task.from_series(np.arange(50.0), np.int64(2), train=slice(0, np.int64(30)),
                            validation=None, test=slice(30, 50))  # fmt: skip
    assert json.loads(json.dumps(task.settings)) == task.settings


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (
            lambda: Task.from_series([1.0, 2.0, np.inf] * 9),
            ValueError,
            r"got inf at step 2, column 0",
        ),
        (
            lambda: Task.from_series(np.arange(9.0), 0),
            ValueError,
            r"`horizon` needs to be at least 1",
        ),
        (
            lambda: Task.from_series(np.arange(9.0), 1.5),
            TypeError,
            r"`horizon` needs a whole number",
        ),
        (
            lambda: Task.from_series(np.arange(9.0), washout=-1),
            ValueError,
            r"`washout` needs to be",
        ),
        (
            lambda: Task.from_series(np.arange(50.0), 40),
            ValueError,
            r"The train part needs samples beyond the horizon of 40, got samples 0 to 30; give it",
        ),
        (
            lambda: Task.from_series(np.arange(50.0), washout=30),
            ValueError,
            r"The train part needs at least 1 scored step, got 29 steps and a washout of 30;",
        ),
        (
            lambda: Task.from_series(np.zeros((20, 2)), target=[2]),
            ValueError,
            r"`target` needs different columns out of 0 to 1, got \[2\]\.",
        ),
        (lambda: Task.from_series([[1.0, 2.0]] * 3), ValueError, r"needs one series .* got 3 sequ"),
        (lambda: Task.from_series(["a", "b"]), ValueError, r"needs numbers as inputs"),
        (
            lambda: Task.from_series([]),
            ValueError,
            r"needs at least 1 sequence of inputs, got an emp",
        ),
        (
            lambda: Task.from_series(np.zeros((0, 2))),
            ValueError,
            r"at least 1 step, got shape \(0, 2\)",
        ),
        (
            lambda: Task.from_arrays(np.zeros(9), np.zeros(8)),
            ValueError,
            r"the same length, got 9 and 8 steps in sequence 0\.",
        ),
        (
            lambda: Task.from_arrays([np.zeros(9)] * 5, [np.zeros(9)] * 4),
            ValueError,
            r"got 5 of inputs and 4 of targets\.",
        ),
        (
            lambda: Task.from_arrays([np.zeros((9, 1)), np.zeros((9, 2))], [np.zeros(9)] * 2),
            ValueError,
            r"the same columns in all sequences, got \[1, 2\] columns\.",
        ),
        (
            lambda: Task.from_arrays(np.zeros(9), np.zeros(9), mask=np.ones(9)),
            TypeError,
            r"needs booleans, got float64\.",
        ),
        (
            lambda: Task.from_arrays(np.zeros(9), np.zeros(9), mask=[True] * 8),
            ValueError,
            r"needs shape \(9, 1\) like the targets, got \(8, 1\)",
        ),
        (
            lambda: Task.from_arrays([np.zeros(9)] * 9, [np.zeros(9)] * 9, mask=[[True] * 9]),
            ValueError,
            r"needs 9 sequences like the targets, got 1\.",
        ),
    ],
)
def test_bad_data_are_refused_in_one_sentence(make, error, text):
    with pytest.raises(error, match=text):
        make()


def test_fields_that_contradict_the_parts_are_refused():
    task = Task.from_series(np.arange(50.0))
    with pytest.raises(ValueError, match=r"needs 2 inputs and 1 outputs in each part, got 1 and 1"):
        dataclasses.replace(task, inputs=2)
    with pytest.raises(ValueError, match=r"kind out of series, sequences, got 'stream'\."):
        dataclasses.replace(task, kind="stream")
    with pytest.raises(TypeError, match=r"needs settings that JSON can hold, but: .*ndarray"):
        dataclasses.replace(task, settings={"a": np.zeros(2)})
    with pytest.raises(ValueError, match=r"lag of at least 1 step, got 0\."):
        dataclasses.replace(task, lag=0)
