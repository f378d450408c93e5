"""Evolve it, train it, or leave it as it was drawn: which way is best when all compute as much?

    python experiments/three_ways.py [--smoke] [--tasks NAME] [--seeds 20] [--jobs 2] [--out DIR]
                                    [--budget 1e10]

Seven tasks: the Santa Fe laser one step ahead, yearly sunspots (50 years for validation),
Mackey-Glass 84 steps ahead, NARMA10, the Lorenz system 10 samples (0.25 units of time) ahead,
temporal order with sequences of 100 steps, and scikit-learn's digits read row by row.

Contenders: an Elman network with 16 units and an LSTM with 8, evolved by a genetic algorithm with
128 individuals, trained by BPTT (4 networks side by side, each with a learning rate of its own), or
by exact RTRL (online, an update every 20 steps; on sequences, after every 10 sequences); echo state
networks of 300 units, whose settings a genetic algorithm searches; liquid state machines of 135
neurons, next-generation reservoirs and linear regression on the last inputs, chosen among stated
settings. Persistence (on classes: their mean) is the control without learning.

Budget: 1e10 multiply-adds a run, whatever they are done for. A network with W weights is charged W
for a step forwards, 3 W for a step of BPTT, and of RTRL for each of its tangents; how reservoirs
are charged says `cost` in three_ways_contenders.py. Evolution and gradients stop there; searches
get as many candidates as it pays for. The 8 liquids and the linear regressions cost less than it.
All choose by the validation error, the test error decides. Next-generation reservoirs and linear
regression draw no random numbers, so that one run stands for all seeds.

Each task is an experiment in three_ways/<task> (and <task>-once) beside the table, which goes on
where it stopped; tasks run side by side, one on each of --jobs cores. Writes, after every task,
results/three_ways.md and results/three_ways.png.
"""

from __future__ import annotations

import argparse
import pathlib
import signal
import sys
import tempfile
from typing import Any

import numpy as np
from benchmark_report import RESULTS, Report, arguments, machine, progress
from three_ways_contenders import FAMILIES, ONCE, TASKS, contenders, spent, without_chance
from three_ways_report import Found, draw, write

import evornn as en
from evornn.experiment.best import answers_of, load_best
from evornn.experiment.verdict import column

BUDGET = 1e10
SMOKE = 2e7
SLOWEST_FIRST = (
    "temporal_order",
    "digits",
    "laser",
    "narma10",
    "mackey_glass",
    "lorenz",
    "sunspots",
)


def told(event: dict[str, Any]) -> None:
    """A line for each run that ends."""
    if event["event"] == "end":
        result = event["result"]
        progress(
            f"{event['experiment']} {event['contender']} seed {event['replicate']}: "
            f"test NMSE {result['test_nmse']:.4g}, {result['elapsed_s']:.1f} s"
        )


def run(name: str, seeds: int, budget: float, smoke: bool, folder: pathlib.Path) -> Found:
    """One task's experiments, finished; on one core."""
    task = TASKS[name]()
    groups = {
        name: (contenders(task, budget), seeds),
        f"{name}-once": (without_chance(task, budget), 1),
    }
    results: dict[str, list[dict[str, Any]]] = {}
    errors: dict[str, list[float]] = {}
    charged: dict[str, float] = {}
    controls: dict[str, float] = {}
    for title, (group, count) in groups.items():
        experiment = en.Experiment(task, group, seeds=count, name=title)
        if smoke:
            experiment = experiment.smoke()
        outcome = experiment.run(out=folder, quiet=True, jobs=1, callbacks=[told])
        controls = outcome.controls
        for who, runs in outcome.results.items():
            results[who] = list(runs) * (seeds if who in ONCE else 1)
            charges = [spent(task, who, experiment.contenders[who], each) for each in runs]
            charged[who] = float(np.median(charges))
            if task.kind == "sequences":
                paths = [outcome.folder / who / f"seed-{k}" for k in range(len(runs))]
                rates = [error_rate(task, path / "best.safetensors") for path in paths]
                errors[who] = rates * (seeds if who in ONCE else 1)
    order = [who for family in FAMILIES.values() for who in family]
    return Found(
        name,
        {who: results[who] for who in order},
        {who: column(results[who], "test_nmse") for who in order},
        {who: np.array(errors[who]) for who in order if who in errors},
        charged,
        controls,
        task.kind,
    )


def error_rate(task: en.Task, path: pathlib.Path) -> float:
    """Share of test sequences whose largest output at the last step is another class."""
    outputs = answers_of(load_best(path), task.test.inputs)
    pairs = zip(outputs, task.test.targets, strict=True)
    return float(np.mean([told[-1].argmax() != right[-1].argmax() for told, right in pairs]))


def parse() -> argparse.Namespace:
    """Options from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--seeds", type=int, default=20, help="repetitions (default: 20)")
    parser.add_argument("--tasks", nargs="+", choices=list(TASKS), default=list(TASKS))
    parser.add_argument("--jobs", type=int, default=-1, help="tasks at a time (default: all cores)")
    parser.add_argument(
        "--budget", type=float, default=BUDGET, help=f"multiply-adds a run (default: {BUDGET:.0e})"
    )
    return parser.parse_args()


def main() -> None:
    """Run all tasks and report after each."""
    from joblib import Parallel, delayed

    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # or the other processes would go on
    names = options.tasks[:1] if options.smoke else options.tasks
    seeds, budget = (1, SMOKE) if options.smoke else (options.seeds, options.budget)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.out or (pathlib.Path(temporary) if options.smoke else RESULTS)
        runs = Parallel(
            n_jobs=1 if options.smoke else options.jobs,
            return_as="generator_unordered",
            batch_size=1,
        )(
            delayed(run)(name, seeds, budget, options.smoke, folder / "three_ways")
            for name in sorted(names, key=SLOWEST_FIRST.index)
        )
        found: dict[str, Found] = {}
        report = Report("three_ways", "")
        for each in runs:
            found[each.task] = each
            ordered = [found[name] for name in TASKS if name in found]
            report = Report("three_ways", "Evolved, trained by gradients, or a reservoir")
            write(report, ordered, seeds, budget, machine())
            if options.out or not options.smoke:
                progress(f"{each.task} is done: {report.write(folder)}")
                draw(ordered, folder / "three_ways.png")
        report.finish(options)


if __name__ == "__main__":
    main()
