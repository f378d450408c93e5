"""Who remembers two numbers over hundreds and thousands of steps?

    python experiments/adding_problem.py [--smoke] [--lengths 100 500 1000] [--jobs 2] [--out DIR]
                                         [--fresh]

The adding problem in the form of the IndRNN paper (Li et al. 2018, section 5.1): numbers from
U(0, 1), one mark in each half, the sum at the last step. Always answering 1 has a mean square error
of 1/6 = .167; below .01 counts as solved. A tanh network, an LSTM and two layers of independently
recurrent units are trained by backpropagation through time with Adam, 50 sequences an update drawn
from 5000, gradient norm clipped at 10, recurrent weights of the IndRNN bounded to 2^(1/steps).
Deviations from the paper, for the sake of a CPU: 64 units a layer instead of 128, a learning rate
of 2e-3 instead of 2e-4, and as many updates as the table says. 5000 steps are for the IndRNN alone.

Every network that is done is kept in results/adding_problem/, and read from there the next time.
Writes results/adding_problem.md and results/adding_problem.png: validation error against updates.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import time

import numpy as np
from benchmark_report import RESULTS, Report, arguments, machine, progress

import evornn as en

HIDDEN, BATCH, RATE = 64, 50, 2e-3
SOLVED = 0.01
CHANCE = 1 / 6
UPDATES = {100: 3000, 500: 2400, 1000: 2400, 5000: 600}
Curve = tuple[list[int], list[float]]


def contender(name: str, steps: int, hidden: int, updates: int) -> en.Train:
    """A network of a kind, and how it is trained."""
    cells = {"RNN": en.cells.recurrent, "LSTM": en.cells.lstm}
    bounds: list[en.Bound] = []
    if name == "IndRNN":
        network = en.Network(
            en.cells.deep_indrnn(2, steps=steps, residual=False, weight_std=0.001),
            hidden=(hidden, hidden),
        )
        bounds = [en.Bound.of_memory(steps)]
    else:
        network = en.Network(cells[name], hidden=hidden)
    return en.Train(
        network,
        en.BPTT(),
        en.Adam(learning_rate=RATE),
        stop=en.Stop(updates=updates, mse=SOLVED / 4),
        batch_size=BATCH,
        clip_norm=10.0,
        constraints=bounds,
        validate_every=60 if updates > 60 else updates,
    )


def train(name: str, task: en.Task, steps: int, hidden: int, updates: int, jobs: int) -> tuple:
    """Train until solved or out of updates; the curve, and a row of the table."""
    run = contender(name, steps, hidden, updates).start(
        task, np.random.SeedSequence([7, steps]), en.Workers(jobs)
    )
    curve: Curve = ([0], [CHANCE])
    began = time.process_time()
    row = None
    while run.reason is None:
        row = run.advance()
        curve[0].append(row.generation)
        curve[1].append(row.validation_mse)
        progress(f"{steps} steps, {name}: update {row.generation}, {row.validation_mse:.4f}")
        if row.validation_mse < SOLVED / 4:
            break
    answers = run.best.predict(list(task.test.inputs))
    error = task.mse(task.test, answers)
    first = next((u for u, e in zip(*curve, strict=True) if e < SOLVED), None)
    return curve, [
        name,
        str(run.best.genes),
        str(curve[0][-1]),
        str(first) if first is not None else "-",
        f"{error:.5f}",
        "yes" if error < SOLVED else "no",
        f"{time.process_time() - began:.0f}",
    ]


def kept(
    folder: pathlib.Path | None, name: str, steps: int, updates: int, fresh: bool
) -> tuple[pathlib.Path | None, tuple[Curve, list[str]] | None]:
    """The file of a network's result, and what stands in it from an earlier start."""
    if folder is None:
        return None, None
    path = folder / "adding_problem" / f"{name}-{steps}-{updates}.json"
    if fresh or not path.exists():
        return path, None
    found = json.loads(path.read_text(encoding="utf-8"))
    return path, ((found["updates"], found["errors"]), found["row"])


def keep(path: pathlib.Path | None, curve: Curve, row: list[str]) -> None:
    """Write a network's result for the next start."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {"updates": curve[0], "errors": curve[1], "row": row}
        path.write_text(json.dumps(content), encoding="utf-8")


def draw(curves: dict[tuple[int, str], Curve], path: str) -> None:
    """Validation error against updates, one panel a length."""
    import matplotlib.pyplot as plt

    lengths = sorted({steps for steps, _ in curves})
    figure, panels = plt.subplots(
        1, len(lengths), figsize=(3.4 * len(lengths), 3.2), sharey=True, squeeze=False
    )
    for panel, steps in zip(panels[0], lengths, strict=True):
        for (length, name), (updates, errors) in curves.items():
            if length == steps:
                panel.plot(updates, errors, label=name)
        panel.axhline(CHANCE, color="grey", linestyle=":", linewidth=1)
        panel.axhline(SOLVED, color="grey", linestyle="--", linewidth=1)
        panel.set(title=f"{steps} steps", xlabel="update", yscale="log")
    panels[0][0].set_ylabel("mean square error, validation")
    panels[0][0].legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=150)


def parse() -> argparse.Namespace:
    """Options from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--lengths", type=int, nargs="+", default=list(UPDATES))
    parser.add_argument("--jobs", type=int, default=-1, help="threads (default: all cores)")
    parser.add_argument("--fresh", action="store_true", help="train again what is already done")
    return parser.parse_args()


def main() -> None:
    """Train all, print and write the table and the figure."""
    options = parse()
    lengths = [20] if options.smoke else options.lengths
    hidden, size = (8, 100) if options.smoke else (HIDDEN, 5000)
    report = Report("adding_problem", "The adding problem")
    report.say(
        f"Machine: {machine()}. {hidden} units a layer, two layers of the IndRNN, Adam "
        f"{RATE:g}, {BATCH} sequences an update. Chance is {CHANCE:.3f}, solved is below {SOLVED}: "
        "the first update whose validation error is. CPU seconds of all threads."
    )
    curves: dict[tuple[int, str], Curve] = {}
    columns = ["Network", "Weights", "Updates", "Solved at", "Test error", "Solved", "CPU s"]
    folder = options.out or (None if options.smoke else RESULTS)
    for steps in lengths:
        rows = []
        task = en.tasks.adding(steps, form="indrnn", train=size, validation=200, test=1000)
        for name in ("RNN", "LSTM", "IndRNN") if steps < 5000 else ("IndRNN",):
            updates = 20 if options.smoke else UPDATES.get(steps, 2400)
            path, known = kept(folder, name, steps, updates, options.fresh)
            curve, row = known or train(name, task, steps, hidden, updates, options.jobs)
            keep(path, curve, row)
            curves[steps, name] = curve
            rows.append(row)
        # After every length: the long ones take an hour, and a table cut short is worth having.
        report.table(f"{steps} steps", columns, rows)
        if folder is not None:
            report.write(folder)
            draw(curves, str(folder / "adding_problem.png"))
    report.finish(options)


if __name__ == "__main__":
    main()
