"""Does a run survive anything, and end with the same bytes?

A small experiment is killed with SIGKILL at random instants, also while it writes a checkpoint;
its newest checkpoint is emptied, cut and given flipped bits; its disk is full, its folder
read-only. After each fault it is started again until it ends, and history and best network are
compared byte for byte with an undisturbed run.

    python experiments/faults.py --kills 200

writes results/faults.md. What it showed: see the table; nothing was lost but the generation under
way.
"""

import argparse
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

CHILD = """
import os
import sys
import numpy as np
import evornn as en

def fitness(network, task):
    first = network.chromosome[0]
    if first > 0.8:
        if os.environ.get("FAULT") == "raise":
            raise KeyError("oh")
        if os.environ.get("FAULT") == "nan":
            return [np.nan, np.inf, -np.inf][int(1000 * first) % 3]
        if os.environ.get("FAULT") == "die":
            os.kill(os.getpid(), 9)
    y = network.predict(task.train.inputs[0])
    return -float(np.abs(y - task.train.targets[0]).mean())

population, generations, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
own = os.environ.get("OWN")
contender = en.Evolve(
    en.Network(en.cells.elman, hidden=8),
    en.GA(population=population),
    en.Stop(generations=5 if own else generations),
    fitness if own else None,
    on_error="worst" if own == "worst" else "raise",
)
experiment = en.Experiment(en.tasks.sunspots(), {"elman": contender}, name="faulty")
experiment.main(["--out", folder, "--jobs", "1", "--checkpoint-generations", "1", "--quiet"])
"""


class Bench:
    """Starts the experiment in a process, and compares what it leaves."""

    def __init__(self, population, generations, folder):
        self.arguments = [sys.executable, "-c", CHILD, str(population), str(generations)]
        self.folder = pathlib.Path(folder)
        self.undisturbed = None

    def start(self, name, **environment):
        """The experiment under way in results folder `name`."""
        return subprocess.Popen(
            [*self.arguments, str(self.folder / name)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )

    def run(self, name, **environment):
        """Exit status and standard error of the experiment, run to its end."""
        process = self.start(name, **environment)
        _, error = process.communicate()
        return process.returncode, error

    def path(self, name):
        """The run's folder."""
        return self.folder / name / "faulty" / "elman" / "seed-0"

    def same(self, name):
        """Whether history and network are what an undisturbed run leaves."""
        found = tuple(
            (self.path(name) / f).read_bytes() if (self.path(name) / f).exists() else None
            for f in ("history.csv", "best.safetensors")
        )
        if self.undisturbed is None:
            self.undisturbed = found
        return found == self.undisturbed

    def generations(self, name):
        """History rows on disk."""
        history = self.path(name) / "history.csv"
        return history.read_bytes().count(b"\n") - 1 if history.exists() else 0


def written(bench, name):
    """When the history was last written; 0 before it is there."""
    history = bench.path(name) / "history.csv"
    return history.stat().st_mtime_ns if history.exists() else 0


def wait_for_start(bench, name, process, before=0):
    """Wait until the run writes its history, so that kills fall into its life."""
    while process.poll() is None:
        if bench.generations(name) >= 1 and written(bench, name) != before:
            return
        time.sleep(0.002)


def kills(bench, count, rng):
    """SIGKILL at random instants, a restart after each; then the run ends undisturbed."""
    name, done, lost, in_write, rounds = "kills-0", 0, 0, 0, 0
    wrong = 0
    while done < count:
        before = written(bench, name)
        process = bench.start(name)
        if rng.random() < 0.1:
            time.sleep(rng.uniform(0, 1.5))  # while it starts and resumes
        else:
            wait_for_start(bench, name, process, before)
            time.sleep(rng.expovariate(1 / 0.15))
        finished = process.poll() is not None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if finished:
            wrong += not bench.same(name)
            rounds += 1
            name = f"kills-{rounds}"
            continue
        done += 1
        leftovers = list(bench.path(name).glob("*.tmp"))
        in_write += bool(leftovers)
        checkpoints = sorted(bench.path(name).glob("checkpoint-*.evo"))
        if checkpoints and bench.generations(name):
            saved = int(checkpoints[-1].stem.split("-")[1])
            lost = max(lost, bench.generations(name) - 1 - saved)
        progress(f"kill {done} of {count}, generation {bench.generations(name) - 1}")
    status, _ = bench.run(name)
    wrong += status != 0 or not bench.same(name)
    return {
        "fault": f"SIGKILL at {count} random instants ({in_write} during a write)",
        "tried": count,
        "survived": count if not wrong else count - wrong,
        "lost": f"at most {max(lost, 1)} generation: the one under way or being saved",
        "outcome": f"{rounds + 1} runs, all byte-identical" if not wrong else f"{wrong} differ",
    }


def damaged(bench, how, name):
    """Interrupt a run, damage its newest checkpoint, start it again."""
    process = bench.start(name)
    while bench.generations(name) < 6 and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    newest = max(bench.path(name).glob("checkpoint-*.evo"))
    data = bytearray(newest.read_bytes())
    if how == "emptied":
        data = b""
    elif how == "truncated":
        data = data[: len(data) // 3]
    else:
        data[len(data) // 2] ^= 16
    newest.write_bytes(data)
    status, _ = bench.run(name)
    log = (bench.path(name) / "log.txt").read_text()
    survived = status == 0 and bench.same(name) and "is damaged" in log
    return row(f"newest checkpoint {how}", survived, "falls back to the one before, and says so")


def full_disk(bench):
    """A small tmpfs fills up; room is made; the run goes on."""
    target = bench.folder / "full"
    target.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(target)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        return {**row("disk full (tmpfs)", True, ""), "tried": 0, "outcome": "no right to mount"}
    try:
        ballast = target / "ballast"
        ballast.write_bytes(bytes(200_000))
        status, error = bench.run("full")
        clear = status == 2 and "No space left on device" in error and "Traceback" not in error
        ballast.unlink()
        subprocess.run(["mount", "-o", "remount,size=40m", str(target)], check=True)
        status, _ = bench.run("full")
        survived = clear and status == 0 and bench.same("full")
    finally:
        subprocess.run(["umount", str(target)], check=False)
    return row("disk full, then room made", survived, "status 2, one sentence; then goes on")


def read_only(bench):
    """A results folder on a read-only file system."""
    target = bench.folder / "read-only"
    target.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(target)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        return {**row("read-only folder", True, ""), "tried": 0, "outcome": "no right to mount"}
    try:
        status, error = bench.run("read-only")
    finally:
        subprocess.run(["umount", str(target)], check=False)
    clear = status == 2 and "Read-only file system" in error and "Traceback" not in error
    return row("read-only results folder", clear, "status 2, one sentence")


def interrupts(bench):
    """Ctrl-C, twice in different runs: status 130 and a checkpoint."""
    name = "interrupt"
    process = bench.start(name)
    wait_for_start(bench, name, process)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate()
    ended = process.returncode == 130 and "Traceback" not in error
    rows = bench.generations(name) - 1
    saved = int(max(bench.path(name).glob("checkpoint-*.evo")).stem.split("-")[1])
    status, _ = bench.run(name)
    survived = ended and saved == rows and status == 0 and bench.same(name)
    return row("Ctrl-C", survived, "status 130 after the generation, nothing lost")


def own_fitness(bench):
    """A user's fitness that raises, answers NaN and inf, or kills its process."""

    def bytes_of(name):
        files = ("history.csv", "best.safetensors")
        return [(bench.path(name) / f).read_bytes() for f in files]

    bench.run("mended", OWN="raise")
    rows = []
    status, error = bench.run("raises", OWN="raise", FAULT="raise")
    stopped = status == 1 and "KeyError on individual" in error and "Traceback" in error
    bench.run("raises", OWN="raise")
    survived = stopped and bytes_of("raises") == bytes_of("mended")
    text = "stops with the individual's number and the traceback; resumes once mended"
    rows.append(row("fitness raises", survived, text))
    for fault, own in (("raise", "worst"), ("nan", "raise")):
        status, _ = bench.run(f"worst-{fault}", OWN=own, FAULT=fault)
        history = (bench.path(f"worst-{fault}") / "history.csv").read_text().splitlines()
        counted = int(history[-1].split(",")[-1]) > 0
        what = 'raises, on_error="worst"' if fault == "raise" else "gives NaN and inf"
        text = "worst fitness, counted as failed"
        rows.append(row(f"fitness {what}", status == 0 and counted, text))
    status, error = bench.run("dies", OWN="raise", FAULT="die")
    bench.run("dies", OWN="raise")
    survived = status != 0 and bytes_of("dies") == bytes_of("mended")
    rows.append(row("the process that computes the fitness is killed", survived, "resumes"))
    return rows


def row(fault, survived, outcome):
    """A row of the table."""
    return {
        "fault": fault,
        "tried": 1,
        "survived": int(survived),
        "lost": "nothing" if survived else "see outcome",
        "outcome": outcome if survived else f"NOT: {outcome}",
    }


def progress(text):
    """A line on standard error."""
    sys.stderr.write(text + "\n")


def main():
    """Try every fault and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200, help="SIGKILLs (default: 200)")
    parser.add_argument("--seed", type=int, default=0, help="of the instants (default: 0)")
    parser.add_argument("--out", default="results", help="where the table goes")
    parser.add_argument("--smoke", action="store_true", help="a few faults only")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(64, 40 if options.smoke else 300, folder)
        status, error = bench.run("undisturbed")
        if status != 0 or not bench.same("undisturbed"):
            sys.exit(error)
        rows = [kills(bench, 2 if options.smoke else options.kills, rng)]
        for how in ("emptied", "truncated", "given a flipped bit"):
            rows.append(damaged(bench, how, f"damaged-{how[:4]}"))
        rows.append(interrupts(bench))
        rows += own_fitness(bench)
        if os.geteuid() == 0:
            rows += [full_disk(bench), read_only(bench)]
    columns = list(rows[0])
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(str(r[c]) for c in columns) + " |" for r in rows]
    table = "\n".join(lines) + "\n"
    sys.stdout.write(table)
    pathlib.Path(options.out).mkdir(parents=True, exist_ok=True)
    pathlib.Path(options.out, "faults.md").write_text(table, encoding="utf-8")
    if any(r["survived"] != r["tried"] for r in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
