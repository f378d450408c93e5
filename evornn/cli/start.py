"""Start experiments: `run` and `resume`."""

from __future__ import annotations

import ast
import os
import pathlib
import sys
import traceback
import types
from typing import Annotated

import typer

from evornn.experiment.experiment import Experiment
from evornn.experiment.origin import read_origin
from evornn.experiment.store import RunFolderError

Options = Annotated[
    list[str] | None,
    typer.Argument(metavar="OPTIONS", help="The script's own: evornn run SCRIPT --help."),
]


def run(
    script: Annotated[
        str, typer.Argument(metavar="SCRIPT", help="Defines `experiment = en.Experiment(...)`.")
    ],
    options: Options = None,
) -> None:
    """Run a script's experiment, or go on with it where it stopped.

    Everything behind the script's name is for the script, as if Python had been
    started with it.

      evornn run experiments/laser.py --help
      evornn run experiments/laser.py --smoke
      evornn run experiments/laser.py --seeds 8 --jobs 4 --out /data/results
    """
    start_script(script, options or [])


def resume(
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="An experiment's results.")],
    options: Options = None,
) -> None:
    """Go on with an experiment from its results folder alone.

    The script is started again with the options that it had, in the directory
    in which it was, and writes to this folder; further options are added.
    Finished runs are kept, interrupted ones go on from their last checkpoint.

      evornn resume results/laser
      evornn resume results/laser --jobs 2
    """
    path = _experiment_folder(pathlib.Path(os.path.abspath(folder)))
    origin = read_origin(path)
    os.chdir(origin.directory)
    start_script(origin.script, [*origin.arguments, "--out", str(path.parent), *(options or [])])


def _experiment_folder(path: pathlib.Path) -> pathlib.Path:
    """The folder itself, or the experiment's folder above that of a contender or a run."""
    if not path.is_dir():
        raise RunFolderError(f"{path} needs to be a folder of results, there is none")
    for candidate in (path, *path.parents[:2]):
        if (candidate / "experiment.json").is_file():
            return candidate
    return path


def start_script(script: str, arguments: list[str]) -> None:
    """Run a script as Python would, then its experiment if the script has not done so itself.

    A script's own error is shown with its traceback, without this program's part of it, and ends
    the process with status 1.

    Raises:
        RunFolderError: If there is no such script, or it defines no experiment.
    """
    path = os.path.abspath(script)
    try:
        source = pathlib.Path(path).read_bytes()
    except OSError as error:
        raise RunFolderError(f"the script {script} cannot be read: {error.strerror}") from error
    # The script is the main module, as it is under `python SCRIPT`: a run is identified also by
    # the module of its fitness function, and processes find that module by its file.
    module = types.ModuleType("__main__")
    module.__file__ = path
    sys.modules["__main__"] = module
    sys.argv = [script, *arguments]
    sys.path.insert(0, os.path.dirname(path))
    try:
        code = compile(source, path, "exec")
        if not _defines_experiment(source):
            raise RunFolderError(
                f"`evornn run` needs a script that defines `experiment = en.Experiment(...)`, "
                f"{script} does not; a script without one runs with python {script}"
            )
        exec(code, vars(module))
        experiment = getattr(module, "experiment", None)
        if isinstance(experiment, Experiment) and experiment.outcome is None:
            experiment.main(arguments)
    except RunFolderError:
        raise
    except Exception as error:
        trace = error.__traceback__
        traceback.print_exception(error.with_traceback(trace.tb_next if trace else None))
        sys.exit(1)


def _defines_experiment(source: bytes) -> bool:
    """Whether a script gives something the name `experiment`; asked before it does any work."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            name = node.id
        elif isinstance(node, ast.alias):
            name = node.asname or node.name
        else:
            continue
        if name == "experiment":
            return True
    return False
