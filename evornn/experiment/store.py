"""Runs on disk: one folder a run, written so that a reader never meets half a file."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import pathlib
import platform
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

import numpy as np

from evornn.network import Network


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
    generation; the same bytes each time), timing.csv (its seconds), best.safetensors (the network)
    and, once the run has ended, result.json.

    Args:
        path: The folder.
        settings: What determines the run's result, JSON-able.
    """

    def __init__(self, path: pathlib.Path, settings: Mapping[str, Any]) -> None:
        self.path = path
        self.settings = dict(settings)
        self._files: list[TextIO] = []
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
            if self.path.is_dir() and any(self.path.iterdir()):
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
        write_json(
            self.path / "settings.json",
            {"run": self.settings, "identity": identity(self.settings), "versions": versions()},
        )
        for name, header in (("history.csv", columns), ("timing.csv", ("generation", "elapsed_s"))):
            file = (self.path / name).open("w", newline="", encoding="utf-8")
            self._files.append(file)
            self._writers.append(csv.writer(file))
            self._writers[-1].writerow(header)

    def append(self, row: Sequence[Any], elapsed_s: float) -> None:
        """Add a generation to the history, on disk at once."""
        self._writers[0].writerow(row)
        self._writers[1].writerow([row[0], f"{elapsed_s:.6f}"])
        for file in self._files:
            file.flush()

    def finish(self, network: Network, result: Mapping[str, Any]) -> None:
        """Write the best network and the result, and close the history."""
        self.close()
        network.save(self.path / "best.safetensors")
        write_json(self.path / "result.json", dict(result))

    def close(self) -> None:
        """Close the history."""
        for file in self._files:
            file.close()
        self._files, self._writers = [], []

    def result(self) -> dict[str, Any]:
        """What `finish` wrote."""
        data: dict[str, Any] = json.loads((self.path / "result.json").read_text(encoding="utf-8"))
        return data

    def network(self) -> Network:
        """The best network."""
        return Network.load(self.path / "best.safetensors")

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
