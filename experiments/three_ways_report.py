"""What three_ways.py found, as tables, sentences and a figure."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from benchmark_report import Report
from three_ways_contenders import FAMILIES, ONCE

from evornn.experiment.comparison import Comparison, compare
from evornn.experiment.statistics import summarise
from evornn.experiment.verdict import p_text

TITLES = {
    "laser": "Santa Fe laser",
    "sunspots": "Sunspots",
    "mackey_glass": "Mackey-Glass, 84 ahead",
    "narma10": "NARMA10",
    "lorenz": "Lorenz, 10 ahead",
    "temporal_order": "Temporal order",
    "digits": "Digits, row by row",
}
COLOURS = {  # of Okabe & Ito 2008
    "evolved": "#009E73",
    "gradient": "#0072B2",
    "reservoir": "#D55E00",
    "control": "#777777",
}
WORDS = {
    "evolved": "evolution",
    "gradient": "gradients",
    "reservoir": "reservoirs",
    "control": "the linear control",
}
FAMILY = {name: family for family, names in FAMILIES.items() for name in names}


@dataclass(frozen=True)
class Found:
    """One task's outcome.

    Attributes:
        task: Its name.
        results: By contender, one result a seed, as result.json has it.
        nmse: Test NMSE by contender, axes (seed).
        errors: Share of wrong classes by contender, axes (seed); empty for a series.
        charged: Multiply-adds of a run by contender, median.
        controls: Test NMSE of the task's own controls.
        kind: "series" or "sequences".
    """

    task: str
    results: Mapping[str, Sequence[Mapping[str, Any]]]
    nmse: Mapping[str, np.ndarray]
    errors: Mapping[str, np.ndarray]
    charged: Mapping[str, float]
    controls: Mapping[str, float]
    kind: str

    @property
    def medians(self) -> dict[str, float]:
        """Median test NMSE by contender; infinity where half of the runs failed."""
        return {name: summarise(values).median for name, values in self.nmse.items()}

    @property
    def untaught(self) -> tuple[str, float]:
        """The control that learns nothing, and its test NMSE."""
        name = "persistence" if self.kind == "series" else "mean"
        return name, self.controls[name]

    @property
    def comparison(self) -> Comparison:
        """All contenders against each other."""
        return compare(self.nmse)

    def best(self, names: Sequence[str] | None = None) -> str:
        """The contender with the least median, of all or of some."""
        medians = self.medians
        return min(medians if names is None else names, key=lambda name: medians[name])

    def champions(self) -> list[str]:
        """The best contender of each family, the best family first."""
        medians = self.medians
        return sorted((self.best(names) for names in FAMILIES.values()), key=lambda n: medians[n])


def number(value: float) -> str:
    """An error with three digits."""
    return (
        "failed" if not np.isfinite(value) else f"{value:.3g}" if value >= 1e-3 else f"{value:.1e}"
    )


def cell(found: Found, name: str) -> str:
    """Median test NMSE, and the error rate of classes: an entry of the first table."""
    text = number(found.medians[name])
    if name in found.errors:
        text += f" ({100 * np.median(found.errors[name]):.1f} %)"
    comparison, best = found.comparison, found.best()
    if name == best:
        return f"**{text}**"
    return text if comparison.differ(best, name) else f"{text} ="


def write(
    report: Report, all_found: Sequence[Found], seeds: int, budget: float, machine: str
) -> None:
    """Fill in the whole report from the tasks that are done."""
    report.say(
        f"Machine: {machine}. Budget: {budget:.3g} multiply-adds a run; {seeds} seeds. Median test "
        "NMSE (mean squared error over the variance of the test targets; 1 is as good as their "
        'mean), and of classes the share that is wrong. Bold: the least on the task. "=": the '
        "tests show no difference from it (Friedman over all, then Wilcoxon signed ranks over "
        "paired seeds, Holm-corrected over all pairs, at 5 %). All choose by the validation error."
    )
    say_who_wins(report, all_found)
    rows = [
        [name, family, *(cell(found, name) for found in all_found)]
        for name, family in FAMILY.items()
    ]
    untaught = [number(found.untaught[1]) for found in all_found]
    rows.append(["persistence, or mean of classes", "control", *untaught])
    columns = ["Contender", "Family", *(TITLES[found.task] for found in all_found)]
    report.table("Test NMSE, medians over seeds", columns, rows)
    for found in all_found:
        write_task(report, found)
        report.say(sentences(found))
    report.say(
        f"{' and '.join(ONCE)} draw no random numbers: their one run stands for every seed. "
        "Multiply-adds are those charged (for liquids without their spikes); seconds are those of "
        "one core that was shared with others."
    )


def write_task(report: Report, found: Found) -> None:
    """One task's table, the best contender first."""
    medians, comparison, best = found.medians, found.comparison, found.best()
    rows = []
    for name in sorted(medians, key=lambda each: medians[each]):
        runs, against = found.results[name], "the best"
        if name != best:
            pair = comparison.pair(best, name)
            effect = pair.a12 if pair.first == best else 1 - pair.a12
            against = f"{p_text(pair.holm)}, A12 {effect:.2f}"
        summary = summarise(found.nmse[name])
        row = [
            name,
            str(runs[0]["genes"]),
            number(summary.median),
            f"{number(summary.quartiles[0])} - {number(summary.quartiles[1])}",
            against,
            f"{found.charged[name]:.1e}",
            f"{np.median([each['elapsed_s'] for each in runs]):.1f}",
        ]
        if found.errors:
            wrong = 100 * np.quantile(found.errors[name], (0.5, 0.25, 0.75))
            row.insert(4, "{:.1f} % ({:.1f} - {:.1f})".format(*wrong))
        rows.append(row)
    for control, error in found.controls.items():
        blanks = [""] * (5 if found.errors else 4)
        rows.append([f"{control} (control)", "", number(error), *blanks])
    columns = [
        "Contender",
        "Weights",
        "Test NMSE",
        "Quartiles",
        *(["Wrong classes"] if found.errors else []),
        "Against the best",
        "Multiply-adds",
        "Seconds",
    ]
    report.table(TITLES[found.task], columns, rows)


def sentences(found: Found) -> str:
    """Who wins on a task and by how much, in plain words."""
    medians, comparison = found.medians, found.comparison
    best, *others = found.champions()
    if not comparison.enough_seeds:
        return (
            f"Nothing can be concluded from so few seeds ({comparison.seeds}): at least "
            f"{comparison.seeds_needed} are needed."
        )
    alike = [n for n in medians if n != best and not comparison.differ(best, n)]
    said = [f"{best} has the least error, {number(medians[best])}"]
    said[0] += (
        f", not shown to differ from {listed(alike)}." if alike else ", and all others differ."
    )
    told = []
    for name in others:
        factor = medians[name] / medians[best] if medians[best] > 0 else np.inf
        told.append(
            f"{name} ({WORDS[FAMILY[name]]}) {number(medians[name])}, {times(factor)} as much"
        )
    said.append(f"The best of the other ways: {'; '.join(told)}.")
    name, error = found.untaught
    worse = [each for each in medians if medians[each] >= error]
    if worse:
        said.append(f"No better than {name} ({number(error)}): {listed(worse)}.")
    return " ".join(said)


def say_who_wins(report: Report, all_found: Sequence[Found]) -> None:
    """The tasks by the family that wins them, and the ones that nobody wins alone."""
    all_found = [found for found in all_found if found.comparison.enough_seeds]
    won: dict[str, list[str]] = {}
    shared = []
    for found in all_found:
        best, *others = found.champions()
        rivals = [name for name in others if not found.comparison.differ(best, name)]
        if rivals:
            families = [WORDS[FAMILY[name]] for name in (best, *rivals)]
            shared.append(f"{TITLES[found.task]} ({listed(families)})")
        else:
            told = f"{TITLES[found.task]} ({best}, {times_less(found, best, others[0])})"
            won.setdefault(FAMILY[best], []).append(told)
    for family, tasks in won.items():
        word = WORDS[family]
        verb = "wins" if family in ("evolved", "control") else "win"
        report.say(f"{word[0].upper()}{word[1:]} {verb} on {len(tasks)}: {'; '.join(tasks)}.")
    if shared:
        report.say(f"No way is shown to win alone on {len(shared)}: {'; '.join(shared)}.")


def times_less(found: Found, best: str, other: str) -> str:
    """How much less the best error is than that of the next family."""
    factor = found.medians[other] / found.medians[best] if found.medians[best] > 0 else np.inf
    return f"{times(factor)} less than {other}"


def times(factor: float) -> str:
    """A ratio in words."""
    return "beyond all measure" if not np.isfinite(factor) else f"{factor:.2g} times"


def listed(parts: Sequence[str]) -> str:
    """Parts as "a", "a and b" or "a, b and c"."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def draw(all_found: Sequence[Found], path: pathlib.Path) -> None:
    """Test errors of all seeds: a panel for each task, contenders in the same order."""
    from matplotlib.figure import Figure

    from evornn.plot.style import logarithmic, tidy

    names = list(FAMILY)
    columns = min(4, len(all_found) + 1)
    rows = -(-(len(all_found) + 1) // columns)
    figure = Figure(figsize=(3.3 * columns, 3.4 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for k, (panel, found) in enumerate(zip(panels, all_found, strict=False)):
        medians, best = found.medians, found.best()
        for row, name in enumerate(names):
            values, colour = found.nmse[name], COLOURS[FAMILY[name]]
            shown = values[np.isfinite(values)]
            shown = shown[:1] if name in ONCE else shown
            panel.plot(
                shown, np.full(len(shown), row), "o", color=colour, markersize=4, alpha=0.45, mew=0
            )
            if np.isfinite(medians[name]):
                panel.plot(medians[name], row, "|", color=colour, markersize=15, mew=2.2)
            if name in found.errors:
                panel.annotate(
                    f"{100 * np.median(found.errors[name]):.0f} %",
                    (1.02, row),
                    xycoords=("axes fraction", "data"),
                    va="center",
                    fontsize=8,
                    color=colour,
                    annotation_clip=False,
                )
        panel.axhspan(names.index(best) - 0.5, names.index(best) + 0.5, color="#f2e9c8", zorder=0)
        panel.axvline(found.untaught[1], color=COLOURS["control"], linestyle=":", linewidth=1.2)
        logarithmic(panel.xaxis)
        tidy(panel)
        panel.set_ylim(len(names) - 0.5, -0.5)
        panel.set_yticks(range(len(names)), names if k % columns == 0 else [""] * len(names))
        panel.tick_params(axis="y", length=0)
        panel.tick_params(axis="x", labelsize=8)
        if found.errors:
            panel.annotate(
                "wrong", (1.02, 1.01), xycoords="axes fraction", fontsize=8, annotation_clip=False
            )
        panel.set_title(TITLES[found.task], fontsize=11)
        panel.set_xlabel("test NMSE", fontsize=9)
        for label in panel.get_yticklabels():
            label.set_color(COLOURS[FAMILY.get(label.get_text(), "control")])
    for panel in panels[len(all_found) :]:
        panel.set_axis_off()
    legend(panels[len(all_found)])
    figure.savefig(path, dpi=150, metadata={"Software": None})


def legend(panel: Any) -> None:
    """What colours and signs mean."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    labels = {
        "evolved": "evolved",
        "gradient": "trained by gradients",
        "reservoir": "reservoirs",
        "control": "linear control",
    }
    signs: list[Any] = [
        Line2D([], [], marker="o", linestyle="", color=COLOURS[family], label=text)
        for family, text in labels.items()
    ]
    grey = COLOURS["control"]
    signs += [
        Line2D([], [], marker="|", linestyle="", color=grey, ms=13, mew=2.2, label="median"),
        Line2D([], [], linestyle=":", color=grey, label="persistence, or mean of classes"),
        Patch(color="#f2e9c8", label="least median"),
    ]
    panel.legend(handles=signs, loc="center left", frameon=False, fontsize=10)
