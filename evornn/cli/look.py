"""Look at runs: `list`, `show` and `export`."""

from __future__ import annotations

import dataclasses
import enum
import os
import pathlib
import time
from typing import Annotated, Any

import typer

from evornn.cli.text import age, coloured, columns, print_json, shown
from evornn.experiment.export import FORMATS, export_run
from evornn.experiment.flat import flat
from evornn.experiment.glance import last_row
from evornn.experiment.listing import STATUSES, Listed, list_runs, look
from evornn.experiment.lock import RunLock
from evornn.experiment.recorded import read_json
from evornn.experiment.store import RunFolderError

LOG_LINES = 10
Format = enum.StrEnum("Format", {name: name for name in FORMATS})  # type: ignore[misc]
Status = enum.StrEnum("Status", {s.replace(" ", "_"): s for s in STATUSES})  # type: ignore[misc]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def list_command(
    folder: Annotated[
        str,
        typer.Argument(metavar="FOLDER", help="Of experiments, of one, or of one contender."),
    ] = "results",
    status: Annotated[Status | None, typer.Option(help="Only these.")] = None,
    as_json: AsJson = False,
) -> None:
    """List runs: status, best error, generation, and how long ago they last moved.

    A finished run shows its test NMSE; best MSE is the least training error so
    far. Results that were moved aside by --fresh are left out.

      evornn list
      evornn list results/laser --status interrupted
      evornn list --json
    """
    runs = [run for run in list_runs(folder) if status is None or run.status == status]
    if as_json:
        print_json([dataclasses.asdict(run) for run in runs])
        return
    if not runs:
        typer.echo(f"no {f'{status} ' if status else ''}runs in {folder}")
        return
    now = time.time()
    header = ("experiment", "contender", "seed", "status", "test NMSE", "best MSE", "gen.", "age")
    table = [
        (
            run.experiment,
            run.contender,
            str(run.seed),
            run.status,
            shown(run.test_nmse),
            shown(run.best_mse),
            shown(run.generation, "d"),
            age(now - run.changed) if run.changed else "-",
        )
        for run in runs
    ]
    first, *lines = columns(header, table, left=4)
    coloured_lines = [
        coloured(line, run.status) if run.status != "finished" else line
        for line, run in zip(lines, runs, strict=True)
    ]
    problems = [f"{run.folder}: {run.problem}" for run in runs if run.problem]
    typer.echo("\n".join([first, *coloured_lines, *problems]))


def show(
    folder: Annotated[str, typer.Argument(metavar="RUN", help="A run's folder, seed-<k>.")],
    as_json: AsJson = False,
) -> None:
    """Show one run: last figures, settings, the end of its log, its files.

    Of a damaged run it shows what can be read.

    evornn show results/laser/elman/seed-0
    evornn show results/laser/elman/seed-0 --json
    """
    run = one_run(folder)
    path = pathlib.Path(run.folder)
    settings = _part(path / "settings.json")
    figures = _part(path / "result.json") or _last(path)
    log = _log(path)
    files = {p.name: p.stat().st_size for p in sorted(path.iterdir()) if p.is_file()}
    if as_json:
        data = {
            "run": dataclasses.asdict(run),
            "figures": figures,
            "settings": settings.get("run"),
            "identity": settings.get("identity"),
            "versions": settings.get("versions"),
            "log": log,
            "files": files,
        }
        print_json(data)
        return
    typer.echo(f"{run.name} of {run.experiment}: {coloured(run.status, run.status)}")
    if run.status == "running":
        typer.echo(f"by {RunLock(path).holder()}")
    if run.problem:
        typer.echo(run.problem)
    known = settings.get("run")
    _section("last figures", figures)
    _section("settings", flat(known) if isinstance(known, dict) else {})
    _section("versions", settings.get("versions", {}))
    typer.echo("\n".join(["", f"log (last {LOG_LINES} lines)", *(f"  {line}" for line in log)]))
    _section("files (bytes)", files)


def export(
    folder: Annotated[str, typer.Argument(metavar="RUN", help="A run's folder, seed-<k>.")],
    form: Annotated[Format, typer.Option("--format", help="Of the files.")] = Format("csv"),
    out: Annotated[
        str | None,
        typer.Option(
            metavar="PATH", help="The files' name, without an ending; default: the run's names."
        ),
    ] = None,
) -> None:
    """Write a run's history and weights for other programs.

    csv and parquet give two files (parquet needs pandas and pyarrow), json and
    npz one. A run that has not ended has no weights yet.

      evornn export results/laser/elman/seed-0
      evornn export results/laser/elman/seed-0 --format npz --out /tmp/best
    """
    run = one_run(folder)
    name = out or f"{run.experiment}-{run.contender}-seed-{run.seed}"
    for file in export_run(run.folder, form.value, name):
        typer.echo(f"wrote {file}")
    if run.status != "finished":
        typer.echo(f"{run.name} is {run.status}: only its history is there", err=True)


def one_run(folder: str) -> Listed:
    """The run of a folder.

    Raises:
        RunFolderError: If the folder is not that of one run; names some that are.
    """
    runs = list_runs(folder)
    if len(runs) == 1:
        return look(runs[0].folder)
    if not runs:
        raise RunFolderError(f"{folder} needs to be a run's folder, it holds no run")
    some = ", ".join(os.path.relpath(run.folder) for run in runs[:3])
    more = ", ..." if len(runs) > 3 else ""
    raise RunFolderError(f"{folder} holds {len(runs)} runs, name one of them: {some}{more}")


def _part(path: pathlib.Path) -> dict[str, Any]:
    """A JSON file of a run, empty if it is missing or damaged; `look` says so."""
    try:
        return read_json(path)
    except (OSError, RunFolderError):
        return {}


def _last(path: pathlib.Path) -> dict[str, Any]:
    try:
        return dict(last_row(path / "history.csv") or {})
    except (OSError, ValueError):
        return {}


def _log(path: pathlib.Path) -> list[str]:
    try:
        text = (path / "log.txt").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.splitlines()[-LOG_LINES:]


def _section(title: str, values: dict[str, Any]) -> None:
    width = max(map(len, values), default=0)
    lines = [f"  {name.ljust(width)}  {_value(value)}" for name, value in values.items()]
    typer.echo("\n".join(["", title, *(lines or ["  none"])]))


def _value(value: Any) -> str:
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{value:.6g}"
    text = str(value)
    return text if len(text) <= 80 else text[:77] + "..."
