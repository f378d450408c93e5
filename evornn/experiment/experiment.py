"""An experiment: contenders on one task, over several seeds, with everything left on disk."""

from __future__ import annotations

import contextlib
import hashlib
import pathlib
import re
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evornn.cluster import DaskWorkers, connect
from evornn.experiment.best import Best, answers_of, genes_of
from evornn.experiment.callbacks import Callback, RunEvents, check_callbacks
from evornn.experiment.conclusion import Outcome, conclude
from evornn.experiment.contender import Contender
from evornn.experiment.display import Display
from evornn.experiment.interrupt import Interruption
from evornn.experiment.lock import RunLock
from evornn.experiment.origin import Origin
from evornn.experiment.slices import run_on_cluster
from evornn.experiment.store import RunFolder, move_aside, write_json
from evornn.tasks.task import Task
from evornn.workers import Workers


class Pace:
    """When the next checkpoint is due.

    Args:
        seconds: Seconds between checkpoints.
        generations: Generations between checkpoints, besides; None: by time alone.
    """

    def __init__(self, seconds: float, generations: int | None) -> None:
        self._seconds, self._generations = seconds, generations
        self._last, self._passed = time.monotonic(), -1

    def due(self, generation: int) -> bool:
        """Whether to save after this generation; counts from the last time it was due."""
        now = time.monotonic()
        # A row may be many generations after the one before it, and step over a multiple.
        passed = generation // self._generations if self._generations is not None else -1
        by_number, self._passed = passed > self._passed, passed
        if by_number or now - self._last >= self._seconds:
            self._last = now
            return True
        return False


class Experiment:
    """Contenders on one task with the same data and paired seeds.

    Args:
        task: The data and the score.
        contenders: By name; a name becomes a folder.
        seeds: Repetitions of each contender.
        seed: The experiment's seed: everything random follows from it, the contender's name and
            the repetition.
        name: Names the results folder; default: the script's file name under `main`, else the
            task's name.

    Attributes:
        outcome: What `run` or `main` found; None before.
        origin: The script that runs it, which `main` notes for `evornn resume`; else None.

    Raises:
        ValueError: If there is no contender, a name cannot be a folder, or there is no seed.
    """

    def __init__(
        self,
        task: Task,
        contenders: Mapping[str, Contender],
        seeds: int = 1,
        seed: int = 0,
        name: str | None = None,
    ) -> None:
        if not isinstance(task, Task):
            raise TypeError(f"`Experiment` needs a Task, got {task!r}")
        if not contenders:
            raise ValueError("`Experiment` needs at least one contender, got none")
        for label, contender in contenders.items():
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]*", label):
                raise ValueError(
                    f"a contender's name becomes a folder and needs letters, digits, '-', '_', "
                    f"'.' or '+' only, got {label!r}"
                )
            if not callable(getattr(contender, "start", None)):
                raise TypeError(
                    f"contender {label!r} needs to be something like Evolve(network, GA(), "
                    f"stop=...), got {contender!r}"
                )
        if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 1:
            raise ValueError(f"`Experiment` needs at least 1 seed, got {seeds!r}")
        self.task = task
        self.contenders = dict(contenders)
        self.seeds = seeds
        self.seed = seed
        self.name = name
        self.outcome: Outcome | None = None
        self.origin: Origin | None = None

    def main(
        self, arguments: list[str] | None = None, *, callbacks: Sequence[Callback] = ()
    ) -> None:
        """Run from the command line; `--help` lists the options. Ends the process on an error.

        Args:
            arguments: Instead of those that the script was called with.
            callbacks: As for `run`.
        """
        from evornn.experiment.command import main

        main(self, arguments, callbacks)

    def smoke(self) -> Experiment:
        """The same with one seed and contenders that end in seconds."""
        contenders = {name: c.smoke() for name, c in self.contenders.items()}
        return Experiment(self.task, contenders, 1, self.seed, self.name)

    def run_seed(self, contender: str, replicate: int) -> np.random.SeedSequence:
        """The seed of one run; it does not depend on the other contenders."""
        key = int.from_bytes(hashlib.sha256(contender.encode()).digest()[:4], "little")
        return np.random.SeedSequence(entropy=self.seed, spawn_key=(key, replicate))

    def run_settings(self, contender: str, replicate: int) -> dict[str, Any]:
        """Everything that determines the result of one run, JSON-able."""
        return {
            "task": {**self.task.settings, "fingerprint": self.task.fingerprint()},
            "contender": contender,
            "settings": self.contenders[contender].settings(self.task),
            "seed": self.seed,
            "replicate": replicate,
        }

    def run(
        self,
        *,
        jobs: int | None = -1,
        out: str | pathlib.Path = "results",
        quiet: bool = False,
        fresh: bool = False,
        checkpoint_s: float = 30.0,
        checkpoint_generations: int | None = None,
        dask: str | Any | None = None,
        grain: str = "runs",
        callbacks: Sequence[Callback] = (),
    ) -> Outcome:
        """Run every contender with every seed, and write tables and figures.

        Starting again continues: finished runs are read, interrupted ones go on from their last
        checkpoint and end with the same bytes as if nothing had happened.

        Args:
            jobs: Threads; -1 for all cores.
            out: The folder above the experiment's own.
            quiet: Show no progress.
            fresh: Move an existing results folder aside first.
            checkpoint_s: Seconds between checkpoints.
            checkpoint_generations: Generations between checkpoints, besides.
            dask: The address of a Dask scheduler, or a `distributed.Client`: compute there.
            grain: What a cluster's workers are given: "runs" (each worker carries on one run at a
                time; scales by nature) or "blocks" (all workers share every generation of one run
                after the other; for a single big run).
            callbacks: Functions of one dictionary, called in this process when a run starts, after
                every generation, and when it ends; see `evornn.experiment.callbacks`. If one
                raises, the experiment ends, with the run saved.

        Raises:
            RunFolderError: If the folder holds runs with other settings.
            RunFolderBusyError: If another process works on one of the runs.
            InterruptedRunError: After Ctrl-C or SIGTERM, with a checkpoint written.
            OSError: If the folder cannot be written, or no scheduler answers.
            CallbackError: If a callback raises.
            ValueError: If the grain is unknown.
            TypeError: If a callback is no function.
        """
        if grain not in ("runs", "blocks"):
            raise ValueError(f'grain needs to be "runs" or "blocks", got {grain!r}')
        told = check_callbacks(callbacks)
        title = self.name or self.task.name
        folder = pathlib.Path(out) / title
        names = [(name, k) for name in self.contenders for k in range(self.seeds)]
        display = Display(len(names), quiet)
        if fresh and (old := move_aside(folder)) is not None:
            display.say(f"moved {folder} to {old}")
        folders = {
            (name, k): RunFolder(folder / name / f"seed-{k}", self.run_settings(name, k))
            for name, k in names
        }
        for run_folder in folders.values():
            run_folder.check()  # before hours are spent on the runs before it
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "experiment.json", self._facts(folder))
        events = {key: RunEvents(told, title, *key, f.path) for key, f in folders.items()}
        with contextlib.ExitStack() as closing:
            client = closing.enter_context(connect(dask)) if isinstance(dask, str) else dask
            workers = Workers(jobs) if client is None or grain == "runs" else DaskWorkers(client)
            closing.callback(workers.close)
            closing.enter_context(display)
            interruption = closing.enter_context(Interruption(display.say))
            for (name, k), run_folder in folders.items():
                if run_folder.finished:
                    result = run_folder.result()
                    display.end(f"{name} seed {k}: {_sentence(result)} (finished before)")
            pending = {key: f for key, f in folders.items() if not f.finished}
            if client is not None and grain == "runs":
                self._run_remotely(pending, client, display, interruption, events)
                pending = {}
            for (name, k), run_folder in pending.items():
                display.begin(f"{name} seed {k}")
                pace = Pace(checkpoint_s, checkpoint_generations)
                with RunLock(run_folder.path):
                    result = self._run_one(
                        name, k, run_folder, workers, display, interruption, pace, events[name, k]
                    )
                display.end(f"{name} seed {k}: {_sentence(result)}")
                interruption.check()
        self.outcome = conclude(self.task, folder, folders, self._facts(folder))
        for figure in self.outcome.figures:
            display.say(f"wrote {figure}")
        return self.outcome

    def _run_remotely(
        self,
        pending: Mapping[tuple[str, int], RunFolder],
        client: Any,
        display: Display,
        interruption: Interruption,
        events: Mapping[tuple[str, int], RunEvents],
    ) -> None:
        """Whole runs on a cluster."""
        for key, last in run_on_cluster(self, pending, client, display, interruption, events):
            row, elapsed_s = last.rows[-1]
            result = self._finish(pending[key], last.best, last.reason, row, elapsed_s)
            display.end(f"{key[0]} seed {key[1]}: {_sentence(result)}")
            for each in last.rows:
                events[key].generation(*each)
            events[key].end(row, elapsed_s, result)

    def _facts(self, folder: pathlib.Path) -> dict[str, Any]:
        """What experiment.json says from the start."""
        return {
            **(self.origin.facts(folder) if self.origin is not None else {}),
            "task": {**self.task.settings, "fingerprint": self.task.fingerprint()},
            "contenders": list(self.contenders),
            "seeds": self.seeds,
            "seed": self.seed,
        }

    def _run_one(
        self,
        name: str,
        replicate: int,
        folder: RunFolder,
        workers: Workers,
        display: Display,
        interruption: Interruption,
        pace: Pace,
        events: RunEvents,
    ) -> dict[str, Any]:
        contender = self.contenders[name]
        run = contender.start(self.task, self.run_seed(name, replicate), workers)
        folder.say = display.say
        state = folder.resume()
        if state is None:
            folder.begin(contender.columns)
        else:
            run.restore(state)
        row: Any = None
        try:
            events.start(folder.settings, state)
            while run.reason is None:
                row = run.advance()
                folder.append(row, run.elapsed_s)
                display.show(row, run.share())
                if run.reason is None:  # the last one is told when the result is safe
                    events.generation(row, run.elapsed_s)
                if run.reason is None and (pace.due(row.generation) or interruption.asked()):
                    folder.checkpoint(row.generation, run.state())
                    interruption.check()
        except (RuntimeError, KeyboardInterrupt) as error:
            # A fitness or a callback that raises does so between two states: nothing is lost. A
            # second Ctrl-C may fall anywhere, and a state caught halfway would spoil the run. An
            # ended run is not saved: a state does not tell that, and would go on too far.
            if row is not None and run.reason is None and isinstance(error, RuntimeError):
                folder.checkpoint(row.generation, run.state())
            folder.log(f"stopped: {error or type(error).__name__}")
            raise
        finally:
            folder.close()
        result = self._finish(folder, run.best, run.reason, row, run.elapsed_s)
        events.generation(row, run.elapsed_s)
        events.end(row, run.elapsed_s, result)
        return result

    def _finish(
        self,
        folder: RunFolder,
        network: Best | None,
        reason: str | None,
        row: Any,
        elapsed_s: float,
    ) -> dict[str, Any]:
        """Score the network on the test part, and write the result."""
        if network is None:
            raise ValueError("a run that has ended needs a network, got none")
        test = self.task.test
        outputs = answers_of(network, test.inputs)
        result = {
            "reason": reason,
            "test_nmse": self.task.nmse(test, outputs),
            "test_mse": self.task.mse(test, outputs),
            "train_mse": row.best_mse,
            "validation_mse": row.validation_mse,
            "generations": row.generation,
            "evaluations": row.evaluations,
            "network_steps": row.network_steps,
            "failed": row.failed,
            "genes": genes_of(network),
            "elapsed_s": round(elapsed_s, 3),
        }
        folder.finish(network, result)
        return result


def _sentence(result: Mapping[str, Any]) -> str:
    return (
        f"test NMSE {result['test_nmse']:.4f} after {result['elapsed_s']:.1f} s; "
        f"{str(result['reason']).rstrip('.')}"
    )


def script_name() -> str | None:
    """The name of the script that Python was started with."""
    main = sys.modules.get("__main__")
    path = getattr(main, "__file__", None)
    return pathlib.Path(path).stem if path else None
