"""How an experiment was started, kept beside its results so that it can be started again."""

from __future__ import annotations

import inspect
import json
import os
import pathlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evornn.experiment.store import RunFolderError


@dataclass(frozen=True)
class Origin:
    """The script of an experiment, and how it was called.

    Attributes:
        directory: The working directory, from which the script's own relative paths are meant.
        script: The script's file, relative to the directory where that is possible.
        arguments: Its options, without the results folder and without --fresh.
        question: The script's docstring.
    """

    directory: str
    script: str
    arguments: tuple[str, ...]
    question: str

    @classmethod
    def of_this_process(cls, arguments: Sequence[str]) -> Origin | None:
        """Of the script that Python runs; None if it runs none, as in a notebook.

        Args:
            arguments: As for the attribute.
        """
        main = sys.modules.get("__main__")
        file = getattr(main, "__file__", None)
        if file is None:
            return None
        question = inspect.cleandoc(getattr(main, "__doc__", None) or "")
        directory = os.getcwd()
        return cls(directory, _relative(file, directory), tuple(arguments), question)

    def facts(self, folder: pathlib.Path) -> dict[str, Any]:
        """What experiment.json in a results folder says of it.

        The directory is written relative to the results folder, so that a project can be moved as a
        whole.
        """
        return {
            "question": self.question,
            "script": self.script,
            "arguments": list(self.arguments),
            "directory": _relative(self.directory, os.path.abspath(folder)),
        }


def read_origin(folder: pathlib.Path) -> Origin:
    """How the experiment of a results folder was started.

    Raises:
        RunFolderError: If the folder does not tell, or the script is no longer there.
    """
    file = folder / "experiment.json"
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RunFolderError(
            f"{folder} needs an experiment.json that names its script, it has none; name the "
            "folder of an experiment, such as results/laser"
        ) from error
    except ValueError as error:
        raise RunFolderError(f"{file} is damaged; start the script itself to go on") from error
    try:
        directory = os.path.normpath(os.path.join(os.path.abspath(folder), facts["directory"]))
        found = Origin(directory, facts["script"], tuple(facts["arguments"]), facts["question"])
    except (KeyError, TypeError) as error:
        raise RunFolderError(
            f"{file} does not name a script, because the experiment was not started by "
            "`experiment.main()`; start it again the way it was started"
        ) from error
    script = os.path.join(directory, found.script)
    if not os.path.isfile(script):
        raise RunFolderError(
            f"{folder} was made by {script}, which is no longer there; start the script from where "
            f"it is now, with --out {pathlib.Path(os.path.abspath(folder)).parent}"
        )
    return found


def _relative(path: str, start: str) -> str:
    """A path from somewhere, with forward slashes; as it is if that is on another drive."""
    try:
        return pathlib.Path(os.path.relpath(path, start)).as_posix()
    except ValueError:
        return pathlib.Path(path).as_posix()
