"""Tables of the benchmarks: printed with rich, and written as Markdown by the script itself."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import pathlib
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

RESULTS = pathlib.Path(__file__).parents[1] / "results"
Table = tuple[str, Sequence[str], Sequence[Sequence[str]]]  # heading, column names, rows
WIDTH = 160  # columns of a table that is printed into a file


def arguments(text: str) -> argparse.ArgumentParser:
    """A parser with the options that all benchmarks have."""
    parser = argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--smoke", action="store_true", help="tiny sizes, no figures of worth")
    parser.add_argument(
        "--out",
        type=pathlib.Path,
        metavar="FOLDER",
        help="folder of the table (default: results/; with --smoke: none)",
    )
    return parser


def progress(text: str) -> None:
    """A line on stderr."""
    print(text, file=sys.stderr, flush=True)


def met(value: float, target: float) -> str:
    """Whether a ratio reaches its target, in words."""
    return "yes" if value >= target else "no"


def machine() -> str:
    """Processor and Python, in a line."""
    model = platform.processor() or platform.machine()
    known = pathlib.Path("/proc/cpuinfo")  # Linux only; elsewhere the platform's name is enough
    for line in known.read_text(encoding="utf-8").splitlines() if known.is_file() else []:
        if line.startswith("model name"):
            model = line.split(":")[1].strip()
            break
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def versions(*packages: str) -> str:
    """Versions of the packages; those that are missing say so."""
    found = []
    for package in packages:
        try:
            found.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"{package} not installed")
    return ", ".join(found)


@dataclass
class Report:
    """A result: a heading, paragraphs and tables.

    Attributes:
        name: File name without ending.
        title: Heading.
        parts: Paragraphs, and tables as (heading, column names, rows).
    """

    name: str
    title: str
    parts: list[str | Table] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Add a paragraph."""
        self.parts.append(text)

    def table(self, heading: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a table."""
        self.parts.append((heading, columns, rows))

    def markdown(self) -> str:
        """The whole report as Markdown."""
        blocks = [f"# {self.title}"]
        for part in self.parts:
            if isinstance(part, str):
                blocks.append(part)
                continue
            heading, columns, rows = part
            lines = [list(columns), ["---"] * len(columns), *rows]
            blocks += [f"## {heading}", "\n".join(f"| {' | '.join(line)} |" for line in lines)]
        return "\n\n".join(blocks) + "\n"

    def write(self, folder: pathlib.Path) -> pathlib.Path:
        """Write the report as it stands into a folder; the file's path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}.md"
        path.write_text(self.markdown(), encoding="utf-8")
        return path

    def finish(self, options: argparse.Namespace) -> None:
        """Print the report, and write it unless a smoke run has no folder given."""
        from rich.console import Console
        from rich.table import Table as RichTable

        console = Console()
        if not console.is_terminal:
            console = Console(width=WIDTH)
        console.print(self.title, style="bold")
        for part in self.parts:
            if isinstance(part, str):
                console.print(part, highlight=False, markup=False)
                continue
            heading, columns, rows = part
            table = RichTable(*columns, title=heading)
            for row in rows:
                table.add_row(*row)
            console.print(table)
        folder = options.out or (None if options.smoke else RESULTS)
        if folder is not None:
            progress(f"written: {self.write(folder)}")
