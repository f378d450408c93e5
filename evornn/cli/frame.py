"""One picture of the live view: finished runs in numbers, running ones with their curves."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import numpy as np
from rich.console import Group
from rich.text import Text

from evornn.cli.text import age, shown
from evornn.experiment.display import clock
from evornn.experiment.glance import curve, last_row
from evornn.experiment.listing import Listed

BLOCKS = " ▁▂▃▄▅▆▇█"
TALLEST = 6  # lines of a curve
STYLES = {"interrupted": "yellow", "failed to start": "red", "damaged": "red"}


def frame(runs: Sequence[Listed], planned: int, width: int, height: int) -> Group:
    """The view as rich draws it.

    Args:
        runs: All runs there are.
        planned: How many there will be.
        width: Columns of the terminal.
        height: Its lines; the view keeps within them.
    """
    running = [run for run in runs if run.status == "running"]
    lines = [_summary(runs, planned), *_contenders(runs)]
    others = [run for run in runs if run.status in STYLES]
    lines += [
        Text(
            f"{run.name}: {run.status} at generation {shown(run.generation, 'd')}"
            + (f", {run.problem}" if run.problem else ""),
            STYLES[run.status],
        )
        for run in others[:3]
    ]
    if len(others) > 3:
        lines.append(Text(f"and {len(others) - 3} more that nobody works on", "yellow"))
    room = max(2, height - len(lines) - 2)
    seen = running[: max(1, room // 2)]
    tall = max(1, min(TALLEST, room // max(1, len(seen)) - 1))
    for run in seen:
        lines.append(_running(run))
        lines += [Text(line, "cyan") for line in fitness_curve(run.folder, width - 2, tall)]
    if len(running) > len(seen):
        lines.append(Text(f"and {len(running) - len(seen)} more running"))
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return Group(*lines)


def _summary(runs: Sequence[Listed], planned: int) -> Text:
    counts = {s: sum(run.status == s for run in runs) for s in ("finished", "running", *STYLES)}
    parts = [f"{counts['finished']} of {planned} runs finished"]
    parts += [f"{count} {s}" for s, count in counts.items() if count and s != "finished"]
    waiting = planned - len(runs)
    return Text(", ".join(parts + ([f"{waiting} to come"] if waiting > 0 else [])), "bold")


def _contenders(runs: Sequence[Listed]) -> list[Text]:
    """One line a contender that has finished runs."""
    errors: dict[tuple[str, str], list[float]] = {}
    for run in runs:
        if run.test_nmse is not None:
            errors.setdefault((run.experiment, run.contender), []).append(run.test_nmse)
    several = len({experiment for experiment, _ in errors}) > 1
    lines = []
    for (experiment, contender), values in errors.items():
        name = f"{experiment} / {contender}" if several else contender
        seeds = "seed" if len(values) == 1 else "seeds"
        lines.append(
            Text(
                f"{name}: median test NMSE {np.median(values):.4f} over {len(values)} {seeds} "
                f"({min(values):.4f} - {max(values):.4f})",
                "green",
            )
        )
    return lines


def _running(run: Listed) -> Text:
    try:
        elapsed = (last_row(f"{run.folder}/timing.csv") or {}).get("elapsed_s", 0.0)
    except (OSError, ValueError):
        elapsed = 0.0
    if run.generation is None:
        return Text(f"{run.name}: compiling")
    rate = f", {run.generation / elapsed:.3g} generations/s" if elapsed > 0 else ""
    quiet = time.time() - run.changed
    still = f", nothing new for {age(quiet)}" if quiet > 10 else ""
    best = shown(run.best_mse, ".5f")
    return Text(
        f"{run.name}: generation {run.generation}, best MSE {best}, {clock(elapsed)}{rate}{still}"
    )


def fitness_curve(folder: str, width: int, height: int) -> list[str]:
    """The best fitness over the generations so far, from the least to the largest.

    Args:
        folder: A run's folder.
        width: Columns.
        height: Lines.

    Returns:
        The lines from top to bottom; none if there are no generations yet.
    """
    for column in ("best_fitness", "best_mse"):
        try:
            points = curve(f"{folder}/history.csv", column, width)
        except (OSError, ValueError):
            continue
        return blocks([value for _, value in points], width, height)
    return []


def blocks(values: Sequence[float], width: int, height: int) -> list[str]:
    """A curve of block characters, eight levels a line, stretched to a width.

    Args:
        values: What is not finite leaves a gap.
        width: Columns.
        height: Lines.

    Returns:
        The lines from top to bottom; none if no value is finite.
    """
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return []
    low, high = min(finite), max(finite)
    levels = []
    for k in range(width):
        value = values[k * len(values) // width]
        share = (value - low) / (high - low) if high > low else 0.0
        # The least value still shows one eighth of a line, to be told from a gap.
        levels.append(1 + round(share * (8 * height - 1)) if math.isfinite(value) else 0)
    return [
        "".join(BLOCKS[min(8, max(0, level - 8 * row))] for level in levels).rstrip()
        for row in reversed(range(height))
    ]
