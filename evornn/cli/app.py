"""The command's parts put together, and what becomes of errors."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from evornn.cli.judge import compare, plot, report
from evornn.cli.look import export, list_command, show
from evornn.cli.start import resume, run
from evornn.cli.watch import watch
from evornn.experiment.command import cause, failed
from evornn.experiment.interrupt import InterruptedRunError
from evornn.experiment.lock import RunFolderBusyError
from evornn.experiment.store import RunFolderError

EPILOG = """
Exit statuses:
  0    done
  1    a script failed (its traceback is shown), or `watch` saw runs that
       nobody goes on with
  2    wrong use, or files that cannot be used: one sentence on standard error
  130  after Ctrl-C, and 143 after SIGTERM
"""

app = typer.Typer(
    name="evornn",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)

START, LOOK, JUDGE = "Run", "Look at runs", "Judge an experiment"
# What stands behind the name of a script is the script's own, with its own --help.
THEIRS = {"allow_interspersed_args": False, "ignore_unknown_options": True}
app.command(context_settings=THEIRS, rich_help_panel=START)(run)
app.command(context_settings=THEIRS, rich_help_panel=START)(resume)
app.command("list", rich_help_panel=LOOK)(list_command)
app.command(rich_help_panel=LOOK)(show)
app.command(rich_help_panel=LOOK)(watch)
app.command(rich_help_panel=LOOK)(export)
app.command(rich_help_panel=JUDGE)(compare)
app.command(rich_help_panel=JUDGE)(plot)
app.command(rich_help_panel=JUDGE)(report)


def _show_version(asked: bool) -> None:
    if asked:
        import evornn

        typer.echo(f"evornn {evornn.__version__}")
        raise typer.Exit


@app.callback()
def describe(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and leave."
        ),
    ] = False,
) -> None:
    """Run, follow and compare experiments with recurrent networks.

    An experiment is a Python script that defines `experiment =
    en.Experiment(...)`. Its results lie in
    results/<experiment>/<contender>/seed-<k>.

      evornn run experiments/laser.py --seeds 8
      evornn watch results/laser        in another terminal
      evornn compare results/laser
      evornn report results/laser
    """


def main(arguments: list[str] | None = None) -> None:
    """The command; ends the process with its exit status.

    Args:
        arguments: Instead of the process's own.
    """
    try:
        status = app(arguments, prog_name="evornn", standalone_mode=False)
        sys.stdout.flush()
    except (RunFolderError, RunFolderBusyError, ImportError) as error:
        status = failed(str(error), 2)
    except BrokenPipeError:
        status = _reader_has_left()
    except OSError as error:
        status = failed(cause(error), 2)
    except InterruptedRunError as end:
        status = end.status
    except (KeyboardInterrupt, typer.Abort):
        status = 130
    except Exception as error:
        # Typer keeps the classes of its usage errors to itself; all can put themselves in words.
        words = getattr(error, "format_message", None)
        if words is None:
            raise
        text = " ".join(words().split())
        # It has no words where the help was shown instead.
        status = failed(f"{text.rstrip('.')}; see evornn --help", 2) if text else 2
    except SystemExit as end:
        # Typer makes a status 1 of it, which would be taken for that of `watch`.
        if not isinstance(end.__context__, BrokenPipeError):
            raise
        status = _reader_has_left()
    sys.exit(status or 0)


def _reader_has_left() -> int:
    """The status when whoever read standard output is gone, as `head` is after its lines."""
    # Python's own last flush must not complain.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 128 + 13  # as if ended by SIGPIPE
