"""What a results folder holds, read from disk alone."""

from __future__ import annotations

import csv
import json
import math
import os
import pathlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from evornn.experiment.best import Best
from evornn.experiment.store import RunFolder, RunFolderError
from evornn.experiment.verdict import column
from evornn.tasks.registry import TASKS
from evornn.tasks.task import Task


@dataclass(frozen=True)
class Recorded:
    """What a results folder holds.

    Attributes:
        folder: The folder.
        facts: experiment.json; empty if the experiment has not come to its end.
        results: For every contender, one result a seed; the same seeds for all, so that they stay
            paired.
        folders: The run folders of these results.
        unfinished: Runs without a result.
        unpaired: Runs with a result whose seed another contender has not finished.
    """

    folder: pathlib.Path
    facts: dict[str, Any]
    results: dict[str, list[dict[str, Any]]]
    folders: dict[str, list[RunFolder]]
    unfinished: tuple[str, ...]
    unpaired: tuple[str, ...]


def read_results(folder: str | os.PathLike[str]) -> Recorded:
    """The runs of a results folder whose seeds all contenders have finished, in order.

    Raises:
        RunFolderError: If there is no such run, or a file in it is damaged.
    """
    root = pathlib.Path(folder).resolve()
    file = root / "experiment.json"
    facts = read_json(file) if file.is_file() else {}
    found = sorted(root.glob("*/seed-*")) if root.is_dir() else []
    names = facts.get("contenders") or sorted({path.parent.name for path in found})
    finished: dict[str, dict[int, RunFolder]] = {}
    unfinished = []
    for name in names:
        for path in found:
            seed = path.name.removeprefix("seed-")
            if path.parent.name != name or not seed.isdigit():
                continue
            if int(seed) >= facts.get("seeds", math.inf):
                continue
            if (path / "result.json").is_file():
                finished.setdefault(name, {})[int(seed)] = RunFolder(path, {})
            else:
                unfinished.append(f"{name} {path.name}")
    shared = set.intersection(*(set(runs) for runs in finished.values())) if finished else set()
    if not shared:
        raise RunFolderError(
            f"a report needs a results folder with a seed that all contenders have finished, "
            f"{root} has none; run the experiment first, or name the folder that holds its "
            "contenders"
        )
    unpaired = [f"{name} seed-{k}" for name, runs in finished.items() for k in set(runs) - shared]
    folders = {name: [runs[k] for k in sorted(shared)] for name, runs in finished.items()}
    results = {
        name: [read_json(run.path / "result.json") for run in runs]
        for name, runs in folders.items()
    }
    return Recorded(root, facts, results, folders, tuple(unfinished), tuple(sorted(unpaired)))


def history(run: RunFolder) -> dict[str, np.ndarray]:
    """A run's history with the column `elapsed_s` of its timing, axes (generation)."""
    columns = run.history()
    with (run.path / "timing.csv").open(newline="", encoding="utf-8") as file:
        rows = np.array([[float(v) for v in row[:2]] for row in list(csv.reader(file))[1:]])
    # By generation, because a run that was resumed may have timed one twice.
    elapsed = dict(zip(rows[:, 0].tolist(), rows[:, 1].tolist(), strict=True))
    seconds = [elapsed.get(generation, math.nan) for generation in columns["generation"].tolist()]
    columns["elapsed_s"] = np.maximum.accumulate(np.nan_to_num(seconds))
    return columns


def task_again(recorded: Recorded) -> Task | None:
    """The task, made from its settings; None if that is not possible or gives other data."""
    first = next(iter(recorded.folders.values()))[0]
    settings = read_json(first.path / "settings.json")["run"]["task"]
    make = TASKS.get(settings.get("function", ""))
    if make is None:
        return None
    try:
        task = make(**settings["arguments"])
    except (OSError, TypeError, ValueError):
        return None
    return task if task.fingerprint() == settings["fingerprint"] else None


def median_network(recorded: Recorded, name: str, measure: str) -> Best:
    """The network of the seed with the median test error, not of the luckiest one."""
    errors = column(recorded.results[name], measure)
    order = np.argsort(errors, kind="stable")
    return recorded.folders[name][int(order[(len(order) - 1) // 2])].network()


def read_json(path: pathlib.Path) -> dict[str, Any]:
    """A JSON file that holds one object.

    Raises:
        RunFolderError: If it does not.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise RunFolderError(f"{path} is damaged: {error}") from error
    if not isinstance(data, dict):
        raise RunFolderError(f"{path} needs to hold one JSON object, it holds something else")
    return data
