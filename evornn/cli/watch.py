"""Follow runs from another terminal: `watch`."""

from __future__ import annotations

import json
import os
import pathlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import typer

from evornn.cli.frame import frame
from evornn.cli.text import shown
from evornn.experiment.listing import Listed, look, run_folders

PATIENCE_S = 10.0  # how long nobody may work on anything before the watch ends


@dataclass(frozen=True)
class View:
    """What is seen at one moment.

    Attributes:
        runs: All runs there are, by experiment, contender and seed.
        planned: How many there will be, as far as the experiments' files tell.
    """

    runs: tuple[Listed, ...]
    planned: int

    def of(self, *statuses: str) -> list[Listed]:
        """The runs with these statuses."""
        return [run for run in self.runs if run.status in statuses]

    @property
    def done(self) -> bool:
        """Whether all runs are finished."""
        return 0 < self.planned <= len(self.of("finished"))


class Watcher:
    """Looks at a folder again and again; a finished run is read once.

    Args:
        folder: As for `list_runs`.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._finished: dict[str, Listed] = {}

    def view(self) -> View:
        """What is there now.

        Raises:
            RunFolderError: If there is no such folder.
        """
        runs = []
        for path in run_folders(self._folder):
            run = self._finished.get(path) or look(path)
            if run.status == "finished":
                self._finished[path] = run
            runs.append(run)
        runs.sort(key=lambda run: (run.experiment, run.contender, run.seed))
        return View(tuple(runs), max(len(runs), _planned(pathlib.Path(self._folder))))


def _planned(folder: pathlib.Path) -> int:
    """The number of runs that the experiments in a folder are to have; 0 if nothing tells."""
    planned = 0
    for file in (folder / "experiment.json", *sorted(folder.glob("*/experiment.json"))):
        if ".old-" in file.parent.name:
            continue
        try:
            facts = json.loads(file.read_text(encoding="utf-8"))
            planned += len(facts["contenders"]) * int(facts["seeds"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return planned


def watch(
    folder: Annotated[
        str, typer.Argument(metavar="FOLDER", help="Of experiments, or of one.")
    ] = "results",
    interval: Annotated[
        float, typer.Option(min=0.05, metavar="S", help="Seconds between two looks.")
    ] = 1.0,
) -> None:
    """Follow runs while another process works on them, with their fitness curves.

    Only files are read, so that it works from any terminal that sees the
    folder. Ends when all runs are finished, on Ctrl-C, or with status 1 when
    nobody works on the others for ten seconds. Where there is no terminal it
    prints a line whenever a run starts or ends.

      evornn watch results/laser
      evornn watch results/laser && evornn report results/laser
    """
    watcher = Watcher(folder)
    last = _live(watcher, interval) if sys.stdout.isatty() else _plain(watcher, interval)
    if not last.done:
        open_ones = len(last.runs) - len(last.of("finished"))
        started = f"{open_ones} of them started" if open_ones else "none of them started"
        typer.echo(
            f"nobody works on {os.path.relpath(folder)}: "
            f"{last.planned - len(last.of('finished'))} of {last.planned} runs are not finished, "
            f"{started}; go on with evornn resume {os.path.relpath(folder)}",
            err=True,
        )
        raise typer.Exit(1)


def _live(watcher: Watcher, interval: float) -> View:
    from rich.console import Console
    from rich.live import Live

    console = Console(highlight=False)
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:

        def draw(view: View) -> None:
            live.update(frame(view.runs, view.planned, console.width, console.height), refresh=True)

        return _follow(watcher, interval, draw)


def _plain(watcher: Watcher, interval: float) -> View:
    before: dict[str, str] = {}

    def say(view: View) -> None:
        for run in view.runs:
            if before.get(run.folder) != run.status:
                before[run.folder] = run.status
                best = f"test NMSE {shown(run.test_nmse)}, " if run.status == "finished" else ""
                typer.echo(
                    f"{run.name}: {run.status} ({best}best MSE {shown(run.best_mse)}, "
                    f"generation {shown(run.generation, 'd')})"
                )

    return _follow(watcher, interval, say)


def _follow(watcher: Watcher, interval: float, tell: Callable[[View], None]) -> View:
    """Look until all is done or nobody works any more; the last view."""
    active = time.monotonic()
    while True:
        view = watcher.view()
        tell(view)
        now = time.monotonic()
        if view.of("running"):
            active = now
        elif view.done or now - active >= PATIENCE_S:
            return view
        time.sleep(interval)
