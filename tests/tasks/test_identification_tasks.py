"""Tasks of system identification: their plants, and teacher forcing."""

import numpy as np
import pytest
from scipy.signal import lfilter

from evornn.tasks import back_tsoi, narendra_plant, series_parallel


def test_back_and_tsois_plant_is_a_filter_and_a_sine():
    task = back_tsoi(train=300, validation=0, test=100, washout=20)
    u = task.input_scale.restore(task.train.inputs[0])[:, 0]
    z = lfilter([0.0154, 0.0462, 0.0462, 0.0154], [1, -1.99, 1.572, -0.4583], u)
    y = task.target_scale.restore(task.train.targets[0])[:, 0]
    np.testing.assert_allclose(y, np.sin(np.pi * z), rtol=0, atol=1e-12)
    assert np.abs(u).max() <= 1
    assert (task.train.scored, task.test.scored, task.validation) == (300, 100, None)


def test_narendras_plant_follows_its_equation_and_is_tested_on_a_sine():
    task = narendra_plant(train=200, validation=50, test=100, washout=25)
    for part in (task.train, task.test):
        u = task.input_scale.restore(part.inputs[0])[:, 0]
        y = task.target_scale.restore(part.targets[0])[:, 0]
        last, before = y[1:-1], y[:-2]
        wanted = last * before * (last + 2.5) / (1 + last**2 + before**2) + u[2:]
        np.testing.assert_allclose(y[2:], wanted, rtol=0, atol=1e-12)
    sine = np.sin(2 * np.pi * np.arange(125) / 25)
    np.testing.assert_allclose(u, sine, rtol=0, atol=1e-12)
    assert task.test.scored == 100


def test_series_parallel_inputs_are_the_last_target_and_the_input():
    task = narendra_plant(train=100, validation=0, test=50)
    forced = series_parallel(task)
    for name, part in forced.parts.items():
        x, y = task.parts[name].inputs[0], task.parts[name].targets[0]
        np.testing.assert_array_equal(part.inputs[0][:, 1:], x)
        np.testing.assert_array_equal(part.inputs[0][1:, :1], y[:-1])
        assert part.inputs[0][0, 0] == 0
        np.testing.assert_array_equal(part.targets[0], y)
        np.testing.assert_array_equal(part.mask[0], task.parts[name].mask[0])
    assert (forced.inputs, forced.outputs) == (2, 1)
    restored = forced.input_scale.restore(forced.train.inputs[0])
    own = task.target_scale.restore(task.train.targets[0])
    np.testing.assert_allclose(restored[1:, 0], own[:-1, 0])
    assert forced.settings["arguments"]["task"] == task.settings
    assert forced.fingerprint() != task.fingerprint()


def test_a_step_knows_more_of_the_plant_with_its_last_output():
    task = narendra_plant()
    assert series_parallel(task).controls()["linear AR(16)"] < task.controls()["linear AR(16)"] / 2


@pytest.mark.parametrize("task", [back_tsoi, narendra_plant])
def test_a_plant_without_training_steps_is_refused(task):
    with pytest.raises(ValueError, match="`train` needs to be at least 1, got 0"):
        task(train=0)
