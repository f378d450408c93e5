"""Read columns of numbers from a CSV file, and say exactly where it is wrong."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Column = str | int


class Table:
    """The cells of a CSV file with their line numbers; a column is checked when it is asked for.

    The first row is a header if none of its cells is a number. Empty lines are skipped.

    Args:
        path: A UTF-8 text file.
        delimiter: What separates the cells.

    Raises:
        FileNotFoundError: No such file.
        ValueError: A directory, no text, no rows, or rows of different lengths.
    """

    def __init__(self, path: str | PathLike[str], delimiter: str = ",") -> None:
        """Read the file and check its shape."""
        self.path = fspath(path)
        self.delimiter = delimiter
        rows = _read(Path(path), self.path, delimiter)
        if not rows:
            raise ValueError(f"{self.path} needs at least 1 row of numbers, got an empty file.")
        width = len(rows[0][1])
        for line, cells in rows:
            if len(cells) != width:
                raise ValueError(
                    f"{self.path}, line {line} needs {width} cells like line {rows[0][0]}, "
                    f"got {len(cells)}."
                )
        has_header = all(_number(cell) is None for cell in rows[0][1])
        self.header: list[str] | None = [c.strip() for c in rows[0][1]] if has_header else None
        self.rows = rows[1:] if has_header else rows
        self.width = width
        if not self.rows:
            raise ValueError(f"{self.path} needs at least 1 row below its header, got none.")

    def index(self, column: Column) -> int:
        """Position of a column, counted from 0.

        Args:
            column: Its name in the header, or its position (negative: from the right).

        Raises:
            TypeError: Neither a name nor a position.
            ValueError: No such column, or a name that stands twice in the header.
        """
        if isinstance(column, bool) or not isinstance(column, (str, int)):
            raise TypeError(f"A column needs a name or a position, got {column!r}.")
        if isinstance(column, int):
            if not -self.width <= column < self.width:
                raise ValueError(
                    f"{self.path} has {self.width} columns, counted from 0; got column {column}."
                )
            return column % self.width
        if self.header is None:
            raise ValueError(
                f"{self.path} has no header, so its columns need positions 0 to {self.width - 1}, "
                f"got {column!r}."
            )
        if self.header.count(column) != 1:
            problem = "no column" if column not in self.header else "more than one column"
            raise ValueError(
                f"{self.path} has {problem} {column!r}; its columns are {', '.join(self.header)}."
            )
        return self.header.index(column)

    def indices(self, columns: Column | Sequence[Column]) -> list[int]:
        """Positions of one or several columns; errors as for `index`."""
        listed = [columns] if isinstance(columns, (str, int)) else list(columns)
        return [self.index(column) for column in listed]

    def name(self, index: int) -> str:
        """Name of a column for messages and plots: from the header, or its position."""
        return self.header[index] if self.header is not None else f"column {index}"

    def numbers(self, indices: Sequence[int]) -> NDArray[np.float64]:
        """The numbers of some columns, axes (row, column).

        Raises:
            ValueError: A cell that is empty, no number, NaN or infinite.
        """
        values = np.empty((len(self.rows), len(indices)))
        for row, (line, cells) in enumerate(self.rows):
            for place, index in enumerate(indices):
                number = _number(cells[index])
                if number is None or not math.isfinite(number):
                    raise ValueError(
                        f"{self.path}, line {line}, column {self.name(index)!r} needs a finite "
                        f"number, got {cells[index]!r}."
                    )
                values[row, place] = number
        return values


def _read(path: Path, shown: str, delimiter: str) -> list[tuple[int, list[str]]]:
    if path.is_dir():
        raise ValueError(f"{shown} needs to be a CSV file, got a directory.")
    try:
        # utf-8-sig: spreadsheets put a byte-order mark before the first name.
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            return [(reader.line_num, cells) for cells in reader if any(c.strip() for c in cells)]
    except FileNotFoundError:
        raise FileNotFoundError(f"{shown} needs to be a CSV file, got no such file.") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{shown} needs to be UTF-8 text, got {error.reason}.") from None
    except csv.Error as error:
        raise ValueError(f"{shown}, line {reader.line_num} needs valid CSV: {error}.") from None


def _number(cell: str) -> float | None:
    # float() also reads Python's 1_000, which in a table is more likely a mistake.
    if "_" in cell:
        return None
    try:
        return float(cell)
    except ValueError:
        return None
