"""A look into a history file without reading all of it: its last row, or a curve of it.

A run appends to the file while it is being read, and a run that is resumed cuts it, so that every
look starts from the file's present length and takes whole lines only.
"""

from __future__ import annotations

import os

TAIL_BYTES = 1024  # a few rows
LINE_BYTES = 4096  # more than a header or a row has


def last_row(path: str | os.PathLike[str]) -> dict[str, float] | None:
    """The last whole row of a history, by column; None before the first row.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If the row is not numbers, one for each column.
    """
    with open(path, "rb") as file:
        header = file.readline(LINE_BYTES)
        end = file.seek(0, os.SEEK_END)
        file.seek(max(len(header), end - TAIL_BYTES))
        text = file.read(TAIL_BYTES)
    lines = text[: text.rfind(b"\n") + 1].split()
    if not lines:
        return None
    return _row(header, lines[-1])


def curve(path: str | os.PathLike[str], column: str, points: int) -> list[tuple[float, float]]:
    """Some (generation, value) of a history, first to last, at places even in the file.

    The cost does not depend on the length of the file.

    Args:
        path: history.csv.
        column: A column.
        points: About how many; at least 1.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If the column is missing or a row is not numbers.
    """
    found: dict[float, float] = {}
    with open(path, "rb") as file:
        header = file.readline(LINE_BYTES)
        names = header.split(b",")
        if column.encode() not in (name.strip() for name in names):
            raise ValueError(f"a curve needs a column {column!r}, {path} has {_words(header)}")
        begin, end = len(header), file.seek(0, os.SEEK_END)
        for k in range(points):
            file.seek(begin + (end - begin) * k // points)
            if k > 0:
                file.readline(LINE_BYTES)  # the rest of a row
            line = file.readline(LINE_BYTES)
            if line.endswith(b"\n"):
                row = _row(header, line)
                found[row["generation"]] = row[column]
    last = last_row(path)
    if last is not None:
        found[last["generation"]] = last[column]
    return sorted(found.items())


def _row(header: bytes, line: bytes) -> dict[str, float]:
    names = _words(header)
    values = [float(value) for value in line.split(b",")]
    if len(values) != len(names):
        raise ValueError(f"a row needs {len(names)} values, got {len(values)}")
    return dict(zip(names, values, strict=True))


def _words(header: bytes) -> list[str]:
    return [name.strip().decode() for name in header.split(b",")]
