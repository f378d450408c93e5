"""The end of an experiment: tables and figures from what lies on disk."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evornn.experiment import summary
from evornn.experiment.best import answers_of
from evornn.experiment.store import RunFolder, write_json, write_text
from evornn.tasks.task import Task


@dataclass(frozen=True)
class Outcome:
    """What an experiment found.

    Attributes:
        folder: Where everything lies.
        results: For every contender, one result a seed, as result.json has it.
        controls: Test NMSE of the task's controls.
        figures: Picture files.
    """

    folder: pathlib.Path
    results: dict[str, list[dict[str, Any]]]
    controls: dict[str, float]
    figures: tuple[pathlib.Path, ...]


def conclude(
    task: Task,
    folder: pathlib.Path,
    folders: Mapping[tuple[str, int], RunFolder],
    facts: Mapping[str, Any],
) -> Outcome:
    """Write experiment.json, table.md and the figures.

    Args:
        task: The task.
        folder: The experiment's folder.
        folders: By contender and number of the seed, all finished.
        facts: What experiment.json says besides results and controls.
    """
    from evornn.plot import fitness_figure, forecast_figure, save_figure

    runs: dict[str, list[RunFolder]] = {}
    for (name, _), run_folder in folders.items():
        runs.setdefault(name, []).append(run_folder)
    results = {name: [run.result() for run in each] for name, each in runs.items()}
    controls = task.controls()
    body = summary.rows(results, controls)
    write_text(folder / "table.md", summary.markdown(body))
    write_json(folder / "experiment.json", {**facts, "results": results, "controls": controls})
    histories = {name: [run.history() for run in each] for name, each in runs.items()}
    figures = [save_figure(fitness_figure(histories, task.name), folder / "fitness")]
    outputs = {}
    for name, found in results.items():
        # The seed with the median test error stands for its contender, not the luckiest one.
        order = np.argsort([r["test_nmse"] for r in found], kind="stable")
        network = runs[name][int(order[(len(order) - 1) // 2])].network()
        outputs[name] = answers_of(network, task.test.inputs)
    figures.append(save_figure(forecast_figure(task, outputs), folder / "forecast"))
    return Outcome(folder, results, controls, tuple(figures))
