"""Judge an experiment: `compare`, `plot` and `report`."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import pathlib
from collections.abc import Iterator
from typing import Annotated

import typer

from evornn.cli.look import AsJson
from evornn.cli.text import columns, print_json
from evornn.experiment.export import read_history, read_weights
from evornn.experiment.page import Picture
from evornn.experiment.recorded import Recorded, read_results
from evornn.experiment.report import report_sections, write_report
from evornn.experiment.store import RunFolderError
from evornn.experiment.verdict import number, verdict

Folder = Annotated[str, typer.Argument(metavar="FOLDER", help="An experiment's results.")]


def compare(
    folder: Folder,
    measure: Annotated[
        str, typer.Option(help="A number of result.json, of which less is better.")
    ] = "test_nmse",
    alpha: Annotated[float, typer.Option(help="Level of significance.")] = 0.05,
    as_json: AsJson = False,
) -> None:
    """Compare contenders: who is better, by how much, and how sure that is.

    Only finished runs count, and of these only the seeds that all contenders
    have.

      evornn compare results/laser
      evornn compare results/laser --measure train_mse --json
    """
    if not 0 < alpha < 1:
        raise RunFolderError(f"--alpha needs to be between 0 and 1, got {alpha}")
    recorded = read_results(folder)
    first = next(iter(recorded.results.values()))[0]
    numbers = [k for k, v in first.items() if isinstance(v, (int, float))]
    if measure not in numbers:
        raise RunFolderError(f"--measure needs one of {', '.join(numbers)}, got {measure}")
    # The controls are test errors, and stand beside no other measure.
    controls = recorded.facts.get("controls") if measure == "test_nmse" else None
    judged = verdict(recorded.results, controls, measure, alpha)
    if as_json:
        print_json(
            {
                "experiment": recorded.folder.name,
                "measure": measure,
                "outcome": judged.outcome,
                "best": judged.best,
                "sentences": judged.sentences,
                "summaries": {k: dataclasses.asdict(s) for k, s in judged.summaries.items()},
                "comparison": judged.comparison and dataclasses.asdict(judged.comparison),
                "unfinished": recorded.unfinished,
                "unpaired": recorded.unpaired,
            }
        )
        return
    header = ("contender", "seeds", "failed", f"median {measure}", "95 % interval", "quartiles")
    rows = []
    for name, summary in judged.summaries.items():
        low, high = summary.interval
        interval = "-" if math.isnan(low) else f"{number(low)} - {number(high)}"
        quartiles = " - ".join(number(quartile) for quartile in summary.quartiles)
        counts = (str(summary.seeds), str(summary.failed))
        rows.append((name, *counts, number(summary.median), interval, quartiles))
    for name, value in (controls or {}).items():
        rows.append((f"{name} (control)", "", "", number(value), "", ""))
    typer.echo("\n".join([*columns(header, rows), "", *judged.sentences]))
    left_out = (*recorded.unfinished, *recorded.unpaired)
    if left_out:
        typer.echo(f"Left out, because not all contenders have them: {', '.join(left_out)}.")


def plot(
    folder: Folder,
    figure: Annotated[
        list[str] | None, typer.Option(help="Only this one; can be given several times.")
    ] = None,
    out: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Where to write; default: the results.")
    ] = None,
) -> None:
    """Draw an experiment's figures, as PNG and SVG.

    Without --figure all are drawn that the results can show.

    evornn plot results/laser
    evornn plot results/laser --figure final_error --figure fitness --out /tmp
    """
    from evornn.plot import save_figure

    recorded = read_results(folder)
    with _naming_what_is_damaged(recorded):
        blocks = [block for section in report_sections(recorded) for block in section.blocks]
    pictures = {block.name: block.figure for block in blocks if isinstance(block, Picture)}
    for name in figure or ():
        if name not in pictures:
            raise RunFolderError(
                f"--figure needs one of {', '.join(pictures)} for these results, got {name}"
            )
    target = pathlib.Path(out) if out else recorded.folder
    target.mkdir(parents=True, exist_ok=True)
    for name in figure or pictures:
        path = save_figure(pictures[name], target / name)
        typer.echo(f"wrote {path} and {path.with_suffix('.svg').name}")


def report(folder: Folder) -> None:
    """Write report.html, one self-contained page, and report.md with its figures.

    Question, verdict, tables, figures, settings, and how to run it again.

    evornn report results/laser
    """
    with _naming_what_is_damaged(read_results(folder)):
        paths = write_report(folder)
    for path in paths:
        typer.echo(f"wrote {path}")


@contextlib.contextmanager
def _naming_what_is_damaged(recorded: Recorded) -> Iterator[None]:
    """When something fails, look for a run that cannot be read; if there is none, it is a fault."""
    try:
        yield
    except Exception:
        for runs in recorded.folders.values():
            for run in runs:
                read_history(run)
                read_weights(run)
        raise
