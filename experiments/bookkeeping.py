"""What do checkpoints, histories, resuming and listing cost?

Times, for a population of 1024 Elman networks of 32 units (D = 1121), a history row and a
checkpoint (and their share of a run at the default of one checkpoint in 30 s), picking a run up
from its checkpoint in a process whose kernels are loaded, and the listing of a folder of 10,000
runs; and the memory that a checkpoint takes while it is written.

    python experiments/bookkeeping.py

writes results/bookkeeping.md.
"""

import argparse
import pathlib
import shutil
import statistics
import sys
import tempfile
import time
import tracemalloc

import numpy as np

import evornn as en
from evornn.experiment.checkpoint import checkpoints
from evornn.experiment.listing import list_runs
from evornn.experiment.store import RunFolder

CHECKPOINT_S = 30.0


def seconds_of(call, repeats):
    """Median seconds of a call."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def one_run(folder, population, repeats):
    """Rows about one big run."""
    task = en.tasks.mackey_glass(train=1000, validation=0, test=200)
    contender = en.Evolve(
        en.Network(en.cells.elman, hidden=32),
        en.GA(population=population),
        en.Stop(generations=10**6),
    )
    workers, seed = en.Workers(-1), np.random.SeedSequence(0)
    run = contender.start(task, seed, workers)
    rows = [run.advance() for _ in range(3)]
    store = RunFolder(folder / "run", contender.settings(task))
    store.begin(contender.columns)
    generation_s = seconds_of(lambda: rows.append(run.advance()), repeats)
    append_s = seconds_of(lambda: store.append(rows[-1], run.elapsed_s), repeats)
    last = rows[-1].generation
    write_s = seconds_of(lambda: store.checkpoint(last, run.state()), repeats)
    tracemalloc.start()
    store.checkpoint(last, run.state())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    size = checkpoints(store.path)[0].stat().st_size
    store.close()

    def resume():
        again = contender.start(task, seed, workers)
        found = RunFolder(folder / "run", contender.settings(task))
        again.restore(found.resume())
        found.close()

    resume_s = seconds_of(resume, repeats)
    per_generation = append_s / generation_s
    share = per_generation + write_s / CHECKPOINT_S
    return [
        ("a generation", f"{1e3 * generation_s:.1f} ms", ""),
        ("a history row, on disk", f"{1e3 * append_s:.3f} ms", ""),
        ("a checkpoint, flushed to the disk", f"{1e3 * write_s:.1f} ms", ""),
        ("rows and checkpoints, share of a run", f"{share:.2%}", "under 2 %"),
        ("a checkpoint's size", f"{size / 1e6:.1f} MB", ""),
        ("memory while it is written", f"{peak / 1e6:.1f} MB", ""),
        ("resuming, kernels loaded", f"{resume_s:.3f} s", "under 1 s"),
    ]


def many_runs(folder, count, repeats):
    """A row about a folder of finished runs, copies of a small one."""
    small = en.Evolve(
        en.Network(en.cells.elman, hidden=2), en.GA(population=16), en.Stop(generations=2)
    )
    experiment = en.Experiment(en.tasks.sunspots(), {"a": small}, name="many")
    experiment.run(out=folder, jobs=1, quiet=True)
    first = folder / "many" / "a" / "seed-0"
    kept = ("settings.json", "history.csv", "timing.csv", "result.json")
    for k in range(1, count):
        target = first.with_name(f"seed-{k}")
        target.mkdir()
        for name in kept:
            shutil.copy(first / name, target / name)
    seconds = seconds_of(lambda: list_runs(folder), repeats)
    return (f"listing {count:,} runs", f"{seconds:.2f} s", "under 2 s")


def main():
    """Measure and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", default="results", help="where the table goes")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        rows = one_run(folder, 64 if options.smoke else 1024, 3 if options.smoke else 21)
        rows.append(many_runs(folder / "runs", 20 if options.smoke else 10_000, 3))
    lines = ["| what | measured | aim |", "|---|---:|---:|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    table = "\n".join(lines) + "\n"
    sys.stdout.write(table)
    pathlib.Path(options.out).mkdir(parents=True, exist_ok=True)
    pathlib.Path(options.out, "bookkeeping.md").write_text(table, encoding="utf-8")


if __name__ == "__main__":
    main()
