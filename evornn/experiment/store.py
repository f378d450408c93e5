"""Runs on disk: one folder a run, written so that a reader never meets half a file."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import pathlib
import platform
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any

import numpy as np

from evornn.experiment.best import Best, load_best
from evornn.experiment.checkpoint import State, checkpoints, newest_usable, write_checkpoint

HISTORY_FILES = ("history.csv", "timing.csv")
OWN_FILES = ("run.lock", "run.holder.json", "log.txt")  # what a run has before its settings
TIMING = ("generation", "elapsed_s")


class RunFolderError(ValueError):
    """A results folder that cannot be used as it is; the text says the cure."""


def identity(settings: Mapping[str, Any]) -> str:
    """SHA-256 of settings, in hexadecimal: runs with the same identity have the same result."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def write_text(path: pathlib.Path, text: str) -> None:
    """Write a file whole or not at all: to a temporary name, then renamed."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(temporary, 0o644)
    os.replace(temporary, path)


def write_json(path: pathlib.Path, data: Any) -> None:
    """Write JSON whole or not at all."""
    write_text(path, json.dumps(data, indent=1, sort_keys=True) + "\n")


def versions() -> dict[str, str]:
    """What a result was computed with."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in ("evornn", "numpy", "numba", "llvmlite", "deap"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


class RunFolder:
    """The folder of one run: results/<experiment>/<contender>/seed-<k>/.

    Holds settings.json (what determines the result, and the versions), history.csv (one row per
    generation; the same bytes each time), timing.csv (its seconds), checkpoints while the run is
    under way, log.txt and, once it has ended, best.safetensors (the network) and result.json.

    Args:
        path: The folder.
        settings: What determines the run's result, JSON-able.
        say: Told what a user should see of the log.
    """

    def __init__(
        self,
        path: pathlib.Path,
        settings: Mapping[str, Any],
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.path = path
        self.settings = dict(settings)
        self.say = say
        self._files: list[IO[str]] = []
        self._writers: list[Any] = []

    @property
    def finished(self) -> bool:
        """Whether the run has ended and its result can be read."""
        return (self.path / "result.json").is_file()

    def check(self) -> None:
        """Raise if the folder holds a run with other settings.

        Raises:
            RunFolderError: Names the first setting that differs.
        """
        file = self.path / "settings.json"
        if not file.is_file():
            if self.path.is_dir() and any(p.name not in OWN_FILES for p in self.path.iterdir()):
                raise RunFolderError(
                    f"{self.path} needs to be empty or hold a run, it has other files; move them "
                    "or choose another folder with --out"
                )
            return
        try:
            theirs = json.loads(file.read_text(encoding="utf-8"))["run"]
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise RunFolderError(
                f"{file} is damaged; start with --fresh, which moves the old results aside"
            ) from error
        mine = json.loads(json.dumps(self.settings))
        if theirs != mine:
            raise RunFolderError(
                f"{self.path} holds a run with other settings ({difference(theirs, mine)}); start "
                "with --fresh, which moves the old results aside, or choose another --out"
            )

    def begin(self, columns: Sequence[str]) -> None:
        """Write the settings and open the history for a run that starts at generation 0."""
        self.path.mkdir(parents=True, exist_ok=True)
        for old in (*checkpoints(self.path), *self.path.glob("*.tmp")):
            old.unlink()
        write_json(
            self.path / "settings.json",
            {"run": self.settings, "identity": identity(self.settings), "versions": versions()},
        )
        self._open("w")
        for writer, header in zip(self._writers, (columns, TIMING), strict=True):
            writer.writerow(header)
        self._flush()
        self.log("started")

    def resume(self) -> State | None:
        """Go on from the newest usable checkpoint: its state, or None if there is none.

        The history is cut to where it was then.
        """
        state = newest_usable(self.path, self._history_reaches, self._tell)
        if state is None:
            return None
        for half_written in self.path.glob("*.tmp"):
            half_written.unlink()
        for name in HISTORY_FILES:
            os.truncate(self.path / name, state[f"bytes_{name}"])
        self._open("a")
        self._tell(f"resumed after generation {state['generation']}")
        return state

    def _history_reaches(self, state: State) -> str | None:
        """What is wrong with a checkpoint beside this history, or None."""
        for name in HISTORY_FILES:
            path = self.path / name
            if not path.is_file() or path.stat().st_size < state[f"bytes_{name}"]:
                return f"cannot be used ({name} is shorter than it was then)"
        return None

    def _open(self, mode: str) -> None:
        for name in HISTORY_FILES:
            file = (self.path / name).open(mode, newline="", encoding="utf-8")
            self._files.append(file)
            self._writers.append(csv.writer(file))

    def _flush(self) -> None:
        for file in self._files:
            file.flush()

    def append(self, row: Sequence[Any], elapsed_s: float) -> None:
        """Add a generation to the history, on disk at once."""
        self._writers[0].writerow(row)
        self._writers[1].writerow([row[0], f"{elapsed_s:.6f}"])
        self._flush()

    def checkpoint(self, generation: int, state: Mapping[str, Any]) -> None:
        """Save a run's state after a generation.

        Raises:
            OSError: If it cannot be written; earlier checkpoints are intact.
        """
        for file in self._files:
            os.fsync(file.fileno())
        sizes = {f"bytes_{n}": (self.path / n).stat().st_size for n in HISTORY_FILES}
        write_checkpoint(self.path, generation, {**state, **sizes, "generation": generation})

    def finish(self, network: Best, result: Mapping[str, Any]) -> None:
        """Write the best network and the result, and close the history."""
        self.close()
        network.save(self.path / "best.safetensors")
        write_json(self.path / "result.json", dict(result))
        for old in checkpoints(self.path):
            old.unlink()
        self.log(f"ended: {result.get('reason')}")

    def close(self) -> None:
        """Close the history."""
        for file in self._files:
            file.close()
        self._files, self._writers = [], []

    def log(self, text: str) -> None:
        """Add a line with the date to log.txt."""
        with (self.path / "log.txt").open("a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")

    def _tell(self, text: str) -> None:
        """Log what a user should also see at once."""
        self.log(text)
        if self.say is not None:
            self.say(text)

    def result(self) -> dict[str, Any]:
        """What `finish` wrote."""
        data: dict[str, Any] = json.loads((self.path / "result.json").read_text(encoding="utf-8"))
        return data

    def network(self) -> Best:
        """The best network, or another model that has learned."""
        return load_best(self.path / "best.safetensors")

    def history(self) -> dict[str, np.ndarray]:
        """The history by column, axes (generation)."""
        with (self.path / "history.csv").open(newline="", encoding="utf-8") as file:
            header, *rows = list(csv.reader(file))
        values = np.array(rows, dtype=np.float64).reshape(len(rows), len(header))
        return dict(zip(header, values.T, strict=True))


def difference(old: Any, new: Any, where: str = "") -> str:
    """The first place where two settings differ, as "population: 512 then, 256 now"."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            if old.get(key) != new.get(key):
                return difference(old.get(key), new.get(key), f"{where}.{key}".lstrip("."))
    return f"{where}: {_short(old)} then, {_short(new)} now"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def move_aside(path: pathlib.Path) -> pathlib.Path | None:
    """Rename a folder to the first free <name>.old-<k>; None if there is none."""
    if not path.exists():
        return None
    k = 1
    while (target := path.with_name(f"{path.name}.old-{k}")).exists():
        k += 1
    path.rename(target)
    return target
