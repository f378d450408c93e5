"""Text for terminals and for programs: aligned columns, ages, JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

import typer

from evornn.experiment.export import finite

COLOURS = {
    "finished": typer.colors.GREEN,
    "running": typer.colors.CYAN,
    "interrupted": typer.colors.YELLOW,
    "failed to start": typer.colors.RED,
    "damaged": typer.colors.RED,
}


def print_json(data: Any) -> None:
    """One JSON value on standard output; NaN and infinity are null."""
    sys.stdout.write(json.dumps(finite(data), indent=1) + "\n")


def columns(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """Lines of a table: the header, then the rows; written plainly because thousands are.

    Args:
        header: Titles.
        rows: Cells.
        left: The first so many columns are aligned to the left, the others to the right.
    """
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = []
    for row in (header, *rows):
        cells = [
            cell.ljust(width) if k < left else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def coloured(text: str, status: str) -> str:
    """A text in the colour of a status, where there is a terminal and NO_COLOR is not set."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return typer.style(text, fg=COLOURS[status])


def age(seconds: float) -> str:
    """How long ago, in one unit: "42 s", "5 min", "3 h", "12 d"."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def shown(value: float | None, digits: str = ".4f") -> str:
    """A number, or "-" for one that is not known."""
    return "-" if value is None else format(value, digits)
