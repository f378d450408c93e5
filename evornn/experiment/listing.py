"""Many runs at a glance, from the small files of their folders.

Finished runs cost one small file; others the end of their history. Whether somebody works on a run
is asked only where a holder's note lies, because asking costs more than all the rest.
"""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from evornn.experiment.glance import last_row
from evornn.experiment.lock import is_held
from evornn.experiment.store import RunFolderError

STATUSES = ("finished", "running", "interrupted", "failed to start", "damaged")
DEPTH = 3  # from a folder of experiments to their contenders to their seeds
_SEED = re.compile(r"seed-(\d+)")
_ASIDE = re.compile(r"\.old-\d+$")


@dataclass(frozen=True, slots=True)
class Listed:
    """One run as its folder shows it.

    Attributes:
        folder: The run's folder.
        experiment: Name of the folder two above.
        contender: Name of the folder above.
        seed: The number in the folder's name.
        status: One of `STATUSES`. "interrupted" has generations and nobody works on it; "failed to
            start" has none; "damaged" has a file that cannot be read.
        generation: The last one on disk; None without any.
        test_nmse: Of a finished run.
        best_mse: Least training error so far; normalised units.
        changed: When its result or history last changed, in seconds since 1970; 0 if it has none.
        problem: What is damaged, or "".
    """

    folder: str
    experiment: str
    contender: str
    seed: int
    status: str
    generation: int | None = None
    test_nmse: float | None = None
    best_mse: float | None = None
    changed: float = 0.0
    problem: str = ""

    @property
    def name(self) -> str:
        """Contender and seed in words."""
        return f"{self.contender} seed {self.seed}"


def list_runs(folder: str | os.PathLike[str]) -> list[Listed]:
    """All runs in a folder, by experiment, contender and seed.

    Args:
        folder: A folder of experiments, of one experiment, of one contender, or of one run. Results
            that were moved aside (<name>.old-<k>) are left out, unless the folder is such a one.

    Raises:
        RunFolderError: If there is no such folder.
    """
    found = [look(path) for path in run_folders(folder)]
    return sorted(found, key=lambda run: (run.experiment, run.contender, run.seed))


def run_folders(folder: str | os.PathLike[str]) -> Iterator[str]:
    """The folders of all runs in a folder; see `list_runs`."""
    root = os.path.abspath(folder)
    if not os.path.isdir(root):
        raise RunFolderError(f"{os.fspath(folder)} needs to be a folder of results, there is none")
    if _SEED.fullmatch(os.path.basename(root)):
        yield root
    else:
        yield from _below(root, DEPTH)


def _below(folder: str, depth: int) -> Iterator[str]:
    try:
        entries = list(os.scandir(folder))
    except OSError:  # not for this user's eyes
        return
    for entry in entries:
        if entry.name.startswith(".") or not entry.is_dir():
            continue
        if _SEED.fullmatch(entry.name):
            yield entry.path
        elif depth > 1 and not _ASIDE.search(entry.name):
            yield from _below(entry.path, depth - 1)


def look(folder: str | os.PathLike[str]) -> Listed:
    """One run, never an error: what cannot be read is its `problem`.

    Args:
        folder: A run's folder, named seed-<k>.
    """
    path = os.path.abspath(folder)
    *_, experiment, contender, name = ("", "", *path.split(os.sep))
    common = (path, experiment, contender, int(name.removeprefix("seed-")))
    problem = ""
    generation = test_nmse = best_mse = None
    changed = 0.0
    file = f"{path}/result.json"
    try:
        data, changed = _read(file)
        result = json.loads(data)
        return Listed(
            *common,
            "finished",
            int(result["generations"]),
            float(result["test_nmse"]),
            float(result["train_mse"]),
            changed,
        )
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, TypeError) as error:
        return Listed(*common, "damaged", changed=changed, problem=_problem(file, error))
    file = f"{path}/history.csv"
    try:
        changed = os.stat(file).st_mtime
        row = last_row(file)
        if row is not None:
            generation, best_mse = int(row["generation"]), row["best_mse"]
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError) as error:
        problem = _problem(file, error)
    if works_on(path):
        status = "running"
    elif problem:
        status = "damaged"
    else:
        status = "interrupted" if generation is not None else "failed to start"
    return Listed(*common, status, generation, test_nmse, best_mse, changed, problem)


def _read(file: str) -> tuple[bytes, float]:
    """A small file and when it changed; a third of the time of a Python file object."""
    handle = os.open(file, os.O_RDONLY)
    try:
        status = os.fstat(handle)
        return os.read(handle, status.st_size), status.st_mtime
    finally:
        os.close(handle)


def _problem(file: str, error: Exception) -> str:
    why = error.strerror if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
    return f"{os.path.basename(file)} cannot be read ({why})"


def works_on(folder: str) -> bool:
    """Whether a process works on a run.

    The lock itself is touched only if the note beside it names a process that may live: taking it,
    even for an instant, could make a run that starts just then believe that the folder is in use.
    """
    try:
        who = json.loads(_read(f"{folder}/run.holder.json")[0])
        here, pid = who["host"] == socket.gethostname(), int(who["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if here and os.name == "posix" and not _lives(pid):
        return False
    return _held(folder)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's process
        return True
    return True


def _held(folder: str) -> bool:
    import pathlib

    try:
        return is_held(pathlib.Path(folder))
    except OSError:  # a folder that cannot be written cannot be locked; the note has to do
        return True
