"""Forecast against truth on the test part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evornn.plot.style import colours, lines, tidy
from evornn.tasks.task import Task

SHOWN_STEPS = 300
PANELS = 4  # side by side
Outputs = Sequence[np.ndarray]


def forecast_figure(task: Task, outputs: Mapping[str, Outputs]) -> Figure:
    """Each contender's outputs against the targets of the test part, in the target's own unit.

    A series is drawn over time, with the error below it, for its first `SHOWN_STEPS` scored steps;
    independent sequences are drawn as output against target.

    Args:
        task: The task.
        outputs: For every contender, its outputs for the test part: one array per sequence, axes
            (time, output), normalised.
    """
    return _over_time(task, outputs) if task.kind == "series" else _against(task, outputs)


def _over_time(task: Task, outputs: Mapping[str, Outputs]) -> Figure:
    figure = Figure(figsize=(9, 5.2), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2.2, 1))
    scored = np.flatnonzero(task.test.mask[0][:, 0])
    shown = scored[:SHOWN_STEPS]
    truth = task.target_scale.restore(task.test.targets[0])[shown, 0]
    time = np.arange(len(shown))
    upper.plot(time, truth, color="black", linewidth=2.2, alpha=0.65, label="truth")
    dashes = lines(outputs)
    for name, colour in colours(outputs).items():
        nmse = task.nmse(task.test, outputs[name])
        answer = task.target_scale.restore(np.asarray(outputs[name][0], float))[shown, 0]
        look = {"color": colour, "linestyle": dashes[name]}
        upper.plot(time, answer, linewidth=1.1, label=f"{name}, NMSE {nmse:.3f}", **look)
        lower.plot(time, answer - truth, linewidth=0.9, **look)
    upper.set_ylabel(_label(task))
    upper.set_title(f"{task.name}: the first {len(shown)} of {len(scored)} test steps", fontsize=11)
    handles, labels = upper.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=min(4, len(labels)),
        frameon=False,
        fontsize=9,
    )
    lower.set_ylabel("error")
    lower.set_xlabel("step of the test part")
    lower.axhline(0, color="black", linewidth=0.6)
    for axes in (upper, lower):
        axes.margins(x=0.01)
        tidy(axes)
    return figure


def _against(task: Task, outputs: Mapping[str, Outputs]) -> Figure:
    columns = min(PANELS, len(outputs))
    rows = -(-len(outputs) // columns)
    figure = Figure(figsize=(3.6 * columns + 0.8, 3.7 * rows + 0.4), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for axes in panels.flat[len(outputs) :]:
        figure.delaxes(axes)
    mask = np.concatenate(task.test.mask)
    truth = task.target_scale.restore(np.concatenate(task.test.targets))[mask]
    for axes, (name, colour) in zip(panels.flat, colours(outputs).items(), strict=False):
        answers = np.concatenate([np.asarray(y, float) for y in outputs[name]])
        answer = task.target_scale.restore(answers)[mask]
        _scatter(axes, truth, answer, colour)
        axes.set_title(f"{name}, NMSE {task.nmse(task.test, outputs[name]):.3f}", fontsize=11)
        tidy(axes)
    for axes in panels.flat[max(0, len(outputs) - columns) : len(outputs)]:
        axes.set_xlabel(f"target: {_label(task)}")
        axes.tick_params(labelbottom=True)  # also above a panel that is missing in the last row
    for axes in panels[:, 0]:
        axes.set_ylabel("output")
    return figure


def _scatter(axes: Axes, truth: np.ndarray, answer: np.ndarray, colour: str) -> None:
    spread = (float(truth.min()), float(truth.max()))
    axes.plot(spread, spread, color="black", linewidth=0.8)
    axes.scatter(truth, answer, s=10, color=colour, alpha=0.5, linewidths=0)


def _label(task: Task) -> str:
    return f"{task.label} [{task.unit}]" if task.unit else task.label
