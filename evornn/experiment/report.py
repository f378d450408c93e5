"""The report of an experiment, from its results folder alone."""

from __future__ import annotations

import json
import math
import os
import pathlib
import shlex
from collections.abc import Mapping
from typing import Any

import numpy as np

from evornn.experiment.best import answers_of
from evornn.experiment.comparison import Comparison
from evornn.experiment.page import (
    Block,
    Code,
    Picture,
    Section,
    Table,
    Text,
    html_page,
    markdown_page,
    save_pictures,
)
from evornn.experiment.recorded import (
    Recorded,
    history,
    median_network,
    read_json,
    read_results,
    task_again,
)
from evornn.experiment.statistics import as_errors
from evornn.experiment.store import write_text
from evornn.experiment.verdict import Verdict, column, number, p_text, verdict
from evornn.network import Network

MEASURE = "test_nmse"


def write_report(folder: str | os.PathLike[str]) -> tuple[pathlib.Path, pathlib.Path]:
    """Write report.html (one self-contained file) and report.md with its figures beside it.

    Args:
        folder: results/<experiment>.

    Returns:
        The paths of the HTML and the Markdown file.

    Raises:
        RunFolderError: If the folder holds no finished run, or a file in it is damaged.
    """
    recorded = read_results(folder)
    title = recorded.folder.name
    sections = report_sections(recorded)
    page, text = recorded.folder / "report.html", recorded.folder / "report.md"
    save_pictures(sections, recorded.folder)
    write_text(page, html_page(title, sections, recorded.folder))
    write_text(text, markdown_page(title, sections))
    return page, text


def report_sections(recorded: Recorded) -> list[Section]:
    """All that the report says: question, verdict, tables, figures, settings, how to rerun."""
    controls = recorded.facts.get("controls") or {}
    judged = verdict(recorded.results, controls, MEASURE)
    sections = []
    question = str(recorded.facts.get("question") or "").strip()
    if question:
        sections.append(Section("Question", [Text(tuple(question.split("\n\n")))]))
    first, *others = judged.sentences
    for runs, why in (
        (recorded.unfinished, "they are not finished"),
        (recorded.unpaired, "another contender has not finished the seed"),
    ):
        if runs:
            others.append(f"Left out because {why}: {', '.join(runs)}.")
    sections.append(Section("Verdict", [Text((first,), strong=True), Text(tuple(others))]))
    tables = [_results_table(recorded, judged, controls), _costs_table(recorded)]
    sections.append(Section("Results", tables))
    if judged.comparison is not None:
        sections.append(Section("Every two contenders", [_pairs_table(judged.comparison)]))
    sections.append(Section("Figures", _pictures(recorded, judged, controls)))
    sections.append(Section("Settings", _settings(recorded)))
    sections.append(Section("How to rerun", _rerun(recorded)))
    return sections


def _results_table(recorded: Recorded, judged: Verdict, controls: Mapping[str, float]) -> Table:
    header = (
        "contender",
        "genes",
        "seeds",
        "failed",
        "median test NMSE",
        "95 % interval",
        "quartiles",
        "best",
    )
    rows = []
    for name, summary in judged.summaries.items():
        runs = recorded.results[name]
        low, high = summary.interval
        rows.append(
            (
                name,
                str(runs[0].get("genes", "")),
                str(summary.seeds),
                str(summary.failed),
                number(summary.median),
                "" if math.isnan(low) else f"{number(low)} - {number(high)}",
                " - ".join(number(quartile) for quartile in summary.quartiles),
                number(float(as_errors(column(runs, MEASURE)).min())),
            )
        )
    rows += [(f"{k} (control)", "", "", "", number(v), "", "", "") for k, v in controls.items()]
    return Table(header, tuple(rows))


def _costs_table(recorded: Recorded) -> Table:
    """What the contenders spent, medians over seeds."""
    header = ("medians over seeds", "generations", "evaluations", "network-steps", "seconds")
    rows = []
    for name, runs in recorded.results.items():
        counts = ("generations", "evaluations", "network_steps")
        whole = [f"{np.median(column(runs, key)):,.0f}" for key in counts]
        rows.append((name, *whole, f"{np.median(column(runs, 'elapsed_s')):.3g}"))
    return Table(header, tuple(rows))


def _pairs_table(comparison: Comparison) -> Table:
    header = (
        "first against second",
        "A12",
        "Wilcoxon",
        "Holm-corrected",
        "Mann-Whitney",
        "Nemenyi",
        "told apart",
    )
    rows = []
    for pair in comparison.pairs:
        told = comparison.enough_seeds and comparison.differ(pair.first, pair.second)
        tests = (pair.wilcoxon, pair.holm, pair.mann_whitney, pair.nemenyi)
        shown = ["" if math.isnan(p) else p_text(p) for p in tests]
        name = f"{pair.first} against {pair.second}"
        rows.append((name, f"{pair.a12:.2f}", *shown, "yes" if told else "no"))
    return Table(header, tuple(rows))


def _pictures(recorded: Recorded, judged: Verdict, controls: Mapping[str, float]) -> list[Block]:
    from evornn import plot

    task = task_again(recorded)
    label = task.name if task else str(recorded.facts.get("task", {}).get("function", ""))
    errors = {name: column(runs, MEASURE).tolist() for name, runs in recorded.results.items()}
    pictures = [
        Picture(
            "final_error",
            "Test error of every run, one dot a seed; boxes are quartiles with the median.",
            plot.final_error_figure(errors, "test NMSE", controls, label),
        )
    ]
    comparison = judged.comparison
    if comparison is not None and len(comparison.names) > 2:
        pictures.append(
            Picture(
                "critical_difference",
                "Contenders joined by a bar cannot be told apart by their mean ranks (Nemenyi). "
                "The verdict rests on Holm-corrected signed ranks, which can tell more apart.",
                plot.critical_difference_figure(
                    comparison.ranks, comparison.critical_difference, comparison.seeds
                ),
            )
        )
    histories = {name: [history(run) for run in runs] for name, runs in recorded.folders.items()}
    for x, name, words in (
        ("generation", "fitness", "generations"),
        ("network_steps", "fitness_network_steps", "network-steps, the work charged"),
        ("elapsed_s", "fitness_seconds", "seconds on the machine that ran it"),
    ):
        caption = f"Best fitness against {words}: median and quartiles; thin lines are seeds."
        pictures.append(Picture(name, caption, plot.fitness_figure(histories, label, x)))
    pictures.append(
        Picture(
            "targets",
            "How soon training errors are reached, from easy to hard: the further up and left, "
            "the better. Crosses mark where the longest run ended.",
            plot.targets_figure(histories, label),
        )
    )
    evolved = {name: runs for name, runs in histories.items() if "diversity" in runs[0]}
    if evolved:
        caption = "Diversity of the population: how much its individuals differ, gene by gene."
        pictures.append(Picture("diversity", caption, plot.diversity_figure(evolved, label)))
    networks = {name: median_network(recorded, name, MEASURE) for name in recorded.results}
    if task is not None:
        inputs = list(task.test.inputs)
        outputs = {name: answers_of(network, inputs) for name, network in networks.items()}
        caption = "Test part: truth and the run with the median error of each contender."
        pictures.append(Picture("forecast", caption, plot.forecast_figure(task, outputs)))
    best = networks[judged.best]
    if not isinstance(best, Network):  # of a reservoir or a regression there is no such picture
        return list(pictures)
    if task is not None:
        caption = f"States of {judged.best}'s median network while it reads the test part."
        drawn = plot.states_figure(best, task.test.inputs[0])
        pictures.append(Picture("states", caption, drawn))
    caption = f"Weights of {judged.best}'s median network."
    pictures.append(Picture("weights", caption, plot.weights_figure(best)))
    return list(pictures)


def _settings(recorded: Recorded) -> list[Block]:
    runs = {
        name: read_json(folders[0].path / "settings.json")["run"]
        for name, folders in recorded.folders.items()
    }
    task = next(iter(runs.values()))["task"]
    shared = [(key, _short(value)) for key, value in _flat(task)]
    each = {name: dict(_flat(run["settings"])) for name, run in runs.items()}
    keys = list(dict.fromkeys(key for settings in each.values() for key in settings))
    rows = tuple((key, *(_short(each[name].get(key)) for name in each)) for key in keys)
    return [
        Table(("task", ""), tuple(shared)),
        Table(("contender", *each), rows),
        Text(("Everything that determines a run is in its settings.json.",)),
    ]


def _flat(settings: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Settings as (dotted name, value), without the graph of equations and what is not set."""
    found: list[tuple[str, Any]] = []
    for key, value in settings.items():
        if key == "graph":
            found.append((f"{prefix}cell", value.get("name", "")))
        elif isinstance(value, Mapping):
            found += _flat(value, f"{prefix}{key}.")
        elif value is not None:
            found.append((f"{prefix}{key}", value))
    return found


def _short(value: Any) -> str:
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 48 else text[:45] + "..."


def _rerun(recorded: Recorded) -> list[Block]:
    first = read_json(next(iter(recorded.folders.values()))[0].path / "settings.json")
    facts = recorded.facts
    script = str(facts.get("script") or f"{recorded.folder.name}.py")
    arguments = [str(argument) for argument in facts.get("arguments") or ()]
    seeds = facts.get("seeds", max(len(runs) for runs in recorded.results.values()))
    seed = facts.get("seed", first["run"].get("seed", 0))
    for option, value in (("--seeds", seeds), ("--seed", seed)):
        if option not in arguments:
            arguments += [option, str(value)]
    command = shlex.join(["python", script, *arguments, "--fresh"])
    where = f" in the folder {facts['directory']} from here" if facts.get("directory") else ""
    versions = ", ".join(f"{name} {value}" for name, value in first.get("versions", {}).items())
    return [
        Text(
            (
                f"With the script of this experiment{where}; history and networks come out the "
                "same. --fresh moves these results aside and starts again, without it finished "
                "runs are kept.",
            )
        ),
        Code(f"{command}\nevornn report {shlex.quote(f'results/{recorded.folder.name}')}"),
        Text((f"Computed with {versions}.",)),
    ]
