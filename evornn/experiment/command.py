"""The command line of an experiment's script."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from evornn.experiment import summary
from evornn.experiment.interrupt import InterruptedRunError
from evornn.experiment.lock import RunFolderBusyError
from evornn.experiment.origin import Origin
from evornn.experiment.store import RunFolderError

if TYPE_CHECKING:
    from evornn.experiment.callbacks import Callback
    from evornn.experiment.experiment import Experiment


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"needs to be at least 1, got {value}")
    return value


def _jobs(text: str) -> int:
    value = int(text)
    if value == 0:
        raise argparse.ArgumentTypeError("needs to be at least 1, or -1 for all cores, got 0")
    return value


def _seed(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"needs to be at least 0, got {value}")
    return value


def parser(experiment: Experiment, description: str | None) -> argparse.ArgumentParser:
    """The options that every experiment's script has."""
    options = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"contenders: {', '.join(experiment.contenders)}; task: {experiment.task.name}",
    )
    options.add_argument(
        "--jobs", type=_jobs, default=-1, metavar="N", help="threads (default: all cores)"
    )
    options.add_argument(
        "--seeds",
        type=_count,
        metavar="N",
        help=f"repetitions of each contender (default: {experiment.seeds})",
    )
    options.add_argument(
        "--seed",
        type=_seed,
        metavar="K",
        help=f"the experiment's seed (default: {experiment.seed})",
    )
    options.add_argument(
        "--out", default="results", metavar="FOLDER", help="where to write (default: results)"
    )
    options.add_argument(
        "--fresh", action="store_true", help="move existing results aside and start again"
    )
    options.add_argument(
        "--smoke",
        action="store_true",
        help="a tiny version that ends in seconds, in <name>-smoke",
    )
    options.add_argument(
        "--checkpoint-seconds",
        type=float,
        default=30.0,
        metavar="S",
        help="seconds between checkpoints (default: 30)",
    )
    options.add_argument(
        "--checkpoint-generations",
        type=_count,
        metavar="N",
        help="generations between checkpoints, besides",
    )
    options.add_argument(
        "--dask", metavar="ADDRESS", help="compute on the Dask cluster with this scheduler"
    )
    options.add_argument(
        "--grain",
        choices=("runs", "blocks"),
        default="runs",
        help="what a cluster's worker is given: a run, or a block of a population (default: runs)",
    )
    options.add_argument("--quiet", action="store_true", help="print nothing but the table")
    return options


def main(
    experiment: Experiment,
    arguments: list[str] | None = None,
    callbacks: Sequence[Callback] = (),
) -> None:
    """Run an experiment as its script's arguments say, and print the outcome.

    Exit status 2 if the results folder cannot be used, 130 if interrupted.
    """
    from rich.console import Console

    from evornn.experiment.experiment import Experiment, script_name

    script = sys.modules.get("__main__")
    usual = parser(experiment, getattr(script, "__doc__", None))
    options = usual.parse_args(arguments)
    name = experiment.name or script_name() or experiment.task.name
    chosen = Experiment(
        experiment.task,
        experiment.contenders,
        experiment.seeds if options.seeds is None else options.seeds,
        experiment.seed if options.seed is None else options.seed,
        name,
    )
    if options.smoke:
        chosen = chosen.smoke()
        chosen.name = f"{name}-smoke"
    chosen.origin = Origin.of_this_process(_again(options, usual))
    try:
        outcome = experiment.outcome = chosen.run(
            jobs=options.jobs,
            out=options.out,
            quiet=options.quiet,
            fresh=options.fresh,
            checkpoint_s=options.checkpoint_seconds,
            checkpoint_generations=options.checkpoint_generations,
            dask=options.dask,
            grain=options.grain,
            callbacks=callbacks,
        )
    except (RunFolderError, RunFolderBusyError) as error:
        sys.exit(failed(str(error), 2))
    except ImportError as error:
        sys.exit(failed(str(error), 2))
    except OSError as error:
        sys.exit(failed(cause(error), 2))
    except InterruptedRunError as end:
        sys.exit(failed("interrupted; start again to go on from here", end.status))
    except KeyboardInterrupt:
        sys.exit(failed("interrupted at once; start again to go on from the checkpoint", 130))
    body = summary.rows(outcome.results, outcome.controls)
    drawn = summary.table(chosen.task.name, body)
    if sys.stdout.isatty():
        Console().print(drawn)
    else:
        sys.stdout.write(summary.plain(drawn))
    sys.stdout.write(f"everything is in {outcome.folder}\n")


def _again(options: argparse.Namespace, usual: argparse.ArgumentParser) -> list[str]:
    """The arguments that start the same experiment again; where it lies, others know."""
    found: list[str] = []
    for name, value in vars(options).items():
        if name not in ("out", "fresh") and value != usual.get_default(name):
            found.append("--" + name.replace("_", "-"))
            found += [] if value is True else [str(value)]
    return found


def cause(error: OSError) -> str:
    """An operating system's error in one sentence."""
    if error.strerror is None:
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror


def failed(text: str, status: int) -> int:
    """Say what went wrong on standard error; the status."""
    sys.stderr.write(f"error: {text}\n")
    return status
