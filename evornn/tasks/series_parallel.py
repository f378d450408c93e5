"""Teacher forcing as a task: the true output of the step before among the inputs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evornn.tasks.part import Part
from evornn.tasks.scale import Scale
from evornn.tasks.task import Task


def series_parallel(task: Task) -> Task:
    """The task whose inputs are [y[t - 1], u[t]]: what a series-parallel network sees.

    The first step of every sequence sees 0 in place of an output before it (the mean, where the
    task is normalised). The targets of unscored steps are seen as they stand in the task. A score
    on it is one of one-step-ahead prediction; close the loop to judge a model of the system
    (`Evaluator(teacher_forced=...)`, or the parallel network with the same chromosome).

    Args:
        task: Any task whose targets are known at every step.
    """
    parts = {name: _with_last_targets(part) for name, part in task.parts.items()}
    scale = Scale(
        np.concatenate([task.target_scale.mean, task.input_scale.mean]),
        np.concatenate([task.target_scale.std, task.input_scale.std]),
    )
    return replace(
        task,
        name=f"{task.name}_series_parallel",
        inputs=task.outputs + task.inputs,
        train=parts["train"],
        validation=parts.get("validation"),
        test=parts["test"],
        input_scale=scale,
        settings={"function": "series_parallel", "arguments": {"task": task.settings}},
    )


def _with_last_targets(part: Part) -> Part:
    inputs = []
    for x, y in zip(part.inputs, part.targets, strict=True):
        last = np.concatenate([np.zeros((1, y.shape[1])), y[:-1]])
        inputs.append(np.concatenate([last, x], axis=1))
    return Part(tuple(inputs), part.targets, part.mask)
