"""The printed outcome of an experiment: contenders beside the controls."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

COLUMNS = (
    "contender",
    "genes",
    "seeds",
    "test NMSE",
    "best - worst",
    "train MSE",
    "generations",
    "time",
)


def rows(
    results: Mapping[str, Sequence[Mapping[str, Any]]], controls: Mapping[str, float]
) -> list[tuple[str, ...]]:
    """One row a contender (medians over seeds), then one a control."""
    found: list[tuple[str, ...]] = []
    for name, runs in results.items():
        nmse = np.array([r["test_nmse"] for r in runs])
        found.append(
            (
                name,
                str(runs[0]["genes"]),
                str(len(runs)),
                f"{np.median(nmse):.4f}",
                f"{nmse.min():.4f} - {nmse.max():.4f}",
                f"{np.median([r['train_mse'] for r in runs]):.4f}",
                f"{np.median([r['generations'] for r in runs]):.0f}",
                f"{np.median([r['elapsed_s'] for r in runs]):.1f} s",
            )
        )
    for name, nmse_value in controls.items():
        found.append((f"{name} (control)", "", "", f"{nmse_value:.4f}", "", "", "", ""))
    return found


def table(task_name: str, body: Sequence[tuple[str, ...]]) -> Table:
    """The outcome for a terminal."""
    drawn = Table(title=f"{task_name}: medians over seeds", title_justify="left")
    for k, column in enumerate(COLUMNS):
        drawn.add_column(column, justify="left" if k == 0 else "right", no_wrap=True)
    for row in body:
        drawn.add_row(*row)
    return drawn


def markdown(body: Sequence[tuple[str, ...]]) -> str:
    """The outcome as a Markdown table."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---" + "|---:" * (len(COLUMNS) - 1) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in body]
    return "\n".join(lines) + "\n"


def plain(drawn: Table) -> str:
    """A table as text of the width it needs."""
    stream = io.StringIO()
    Console(file=stream, width=140).print(drawn)
    return stream.getvalue()
