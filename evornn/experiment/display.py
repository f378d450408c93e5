"""What a user sees while an experiment runs: a live display, or plain lines."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

PLAIN_INTERVAL_S = 5.0


def si(number: float) -> str:
    """A number with an SI prefix: 1.2 M, 340 k."""
    for factor, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= factor:
            return f"{number / factor:.3g} {prefix}"
    return f"{number:.3g} "


def clock(seconds: float) -> str:
    """Seconds as m:ss or h:mm:ss."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, s = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{s:02}" if hours else f"{minutes}:{s:02}"


class Meter:
    """Rates of a run: evaluations and network-steps per second, and the time left."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    def line(self, row: Any, share: float | None) -> str:
        """The figures of a generation in one line.

        Args:
            row: A history row.
            share: Share of the run that is done, in [0, 1]; None if nobody can know.
        """
        elapsed = max(time.perf_counter() - self._began, 1e-9)
        left = clock(elapsed * (1 - share) / share) if share else "?"
        return (
            f"best MSE {row.best_mse:.5f}  median {row.median_mse:.5f}  "
            f"validation {row.validation_mse:.5f}  {si(row.evaluations / elapsed)}evals/s  "
            f"{si(row.network_steps / elapsed)}steps/s  left {left}"
        )


class Display:
    """Progress of an experiment on the terminal; a context manager.

    A live display on a terminal, a plain line every few seconds elsewhere, nothing if quiet.

    Args:
        runs: Runs in all.
        quiet: Show nothing.
        console: Where to write; default: standard error, so that results can be piped.
    """

    def __init__(self, runs: int, quiet: bool = False, console: Console | None = None) -> None:
        self.console = console or Console(file=sys.stderr, highlight=False)
        self.quiet = quiet
        self.live = self.console.is_terminal and not quiet
        self._runs = runs
        self._done = 0
        self._title = ""
        self._meter = Meter()
        self._last = 0.0
        self._figures = Text()
        self._live: Live | None = None
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(bar_width=40), TimeElapsedColumn()
        )
        self._run_bar = self._all_bar = TaskID(0)

    def __enter__(self) -> Display:
        if self.live:
            self._all_bar = self._progress.add_task("all runs", total=self._runs)
            self._run_bar = self._progress.add_task("", total=1.0)
            # The figures stand on lines of their own, so that they fit any terminal.
            shown = Group(self._progress, self._figures)
            self._live = Live(shown, console=self.console, transient=True, refresh_per_second=8)
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def begin(self, title: str) -> None:
        """A run starts."""
        self._title = title
        self._meter = Meter()
        self._last = time.perf_counter()
        if self._live is not None:
            self._progress.reset(self._run_bar, description=title, total=1.0)
            self._figures.plain = "compiling"
        else:
            self.say(f"{title}: started (run {self._done + 1} of {self._runs})")

    def show(self, row: Any, share: float | None, title: str | None = None) -> None:
        """A generation is done; `title` says of which run, if several are under way."""
        if title is not None and title != self._title:
            self._title = title
            if self._live is not None:
                self._progress.update(self._run_bar, description=title)
        now = time.perf_counter()
        if self._live is not None:
            if now - self._last > 0.1:
                self._last = now
                self._figures.plain = f"generation {row.generation}  {self._meter.line(row, share)}"
                self._progress.update(self._run_bar, completed=share or 0.0)
        elif not self.quiet and now - self._last >= PLAIN_INTERVAL_S:
            self._last = now
            self.say(f"{self._title}: generation {row.generation}  {self._meter.line(row, share)}")

    def end(self, text: str) -> None:
        """A run has ended, or need not be run again."""
        self._done += 1
        if self._live is not None:
            self._progress.update(self._all_bar, completed=self._done)
        self.say(text)

    def say(self, text: str) -> None:
        """A line that stays."""
        if not self.quiet:
            # A line in a log or a pipe is not broken at somebody's terminal width.
            self.console.print(text, markup=False, soft_wrap=not self.live)
