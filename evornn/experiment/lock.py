"""One process per run folder: a lock that the operating system drops when its holder dies."""

from __future__ import annotations

import json
import os
import pathlib
import socket
import sys
import time
from types import TracebackType

from filelock import FileLock, Timeout


class RunFolderBusyError(ValueError):
    """Another process works on a run; the text says which."""


class RunLock:
    """Holds a run folder; a context manager.

    Raises:
        RunFolderBusyError: On entering, if another process holds it.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        self._lock = FileLock(folder / "run.lock")
        self._note = folder / "run.holder.json"

    def __enter__(self) -> RunLock:
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            raise RunFolderBusyError(
                f"{self._folder} is in use by {self.holder()}; wait for it, stop it, or choose "
                "another folder with --out"
            ) from None
        who = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "since": time.strftime("%Y-%m-%d %H:%M:%S"),
            "command": " ".join(sys.argv),
        }
        self._note.write_text(json.dumps(who), encoding="utf-8")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._note.unlink(missing_ok=True)
        self._lock.release()

    def holder(self) -> str:
        """Who holds the lock, as far as the note beside it tells."""
        try:
            who = json.loads(self._note.read_text(encoding="utf-8"))
            return f"process {who['pid']} on {who['host']} since {who['since']} ({who['command']})"
        except (OSError, ValueError, KeyError):
            return "another process"


def is_held(folder: pathlib.Path) -> bool:
    """Whether a process works on a run at this moment."""
    path = folder / "run.lock"
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return True
    lock.release()
    return False
