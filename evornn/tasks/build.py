"""From a user's data and protocol to the fields of a `Task`.

The constructors of `Task` document the arguments; here stands what they do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from evornn.tasks.cut import cut_sequences, cut_series
from evornn.tasks.scale import Scale
from evornn.tasks.sequences import Sequences, as_sequences
from evornn.tasks.split import Piece, Spans, resolve_split
from evornn.tasks.table import Column, Table


@dataclass(frozen=True)
class Protocol:
    """What all constructors of a `Task` ask for besides the data; see there."""

    name: str
    train: Piece
    validation: Piece
    test: Piece
    washout: int
    normalise: bool
    label: str
    unit: str

    def __post_init__(self) -> None:
        """Check the washout."""
        object.__setattr__(self, "washout", whole("washout", self.washout, 0))

    def spans(self, count: int, what: str) -> Spans:
        """(start, stop) of each part; errors as for `resolve_split`."""
        return resolve_split(self.train, self.validation, self.test, count, what)

    def settings(self, function: str, spans: Spans, **arguments: Any) -> dict[str, Any]:
        """How the task was made, as JSON can hold it."""
        split = {part: list(span) for part, span in spans.items()}
        common = {"washout": self.washout, "normalise": bool(self.normalise)}
        return {
            "function": function,
            "arguments": {"name": self.name, **arguments, "split": split, **common},
        }


def arrays_fields(
    inputs: ArrayLike | Sequence[ArrayLike],
    targets: ArrayLike | Sequence[ArrayLike],
    mask: ArrayLike | Sequence[ArrayLike] | None,
    protocol: Protocol,
) -> dict[str, Any]:
    """Fields of a task from inputs and targets; see `Task.from_arrays`."""
    data, single = as_sequences(inputs, targets, mask, protocol.name)
    count, what = (len(data.inputs[0]), "steps") if single else (len(data.inputs), "sequences")
    spans = protocol.spans(count, what)
    widths = data.inputs[0].shape[1], data.targets[0].shape[1]
    scales = Scale.identity(widths[0]), Scale.identity(widths[1])
    if protocol.normalise:
        chosen = slice(*spans["train"])
        seen = data.of_time(chosen) if single else data.of_sequences(chosen)
        everything = [np.ones(x.shape, dtype=bool) for x in seen.inputs]
        scales = Scale.fit(seen.inputs, everything), Scale.fit(seen.targets, seen.mask)
    parts = (cut_series if single else cut_sequences)(data, spans, protocol.washout, scales)
    return {
        "name": protocol.name,
        "inputs": widths[0],
        "outputs": widths[1],
        "train": parts["train"],
        "validation": parts.get("validation"),
        "test": parts["test"],
        "settings": protocol.settings("Task.from_arrays", spans),
        "input_scale": scales[0],
        "target_scale": scales[1],
        "kind": "series" if single else "sequences",
        "label": protocol.label,
        "unit": protocol.unit,
    }


def series_fields(
    series: ArrayLike,
    horizon: int,
    columns: Sequence[int] | None,
    target: Sequence[int] | None,
    protocol: Protocol,
) -> dict[str, Any]:
    """Fields of a prediction task; see `Task.from_series`."""
    data, single = as_sequences(series, series, None, protocol.name)
    if not single:
        raise ValueError(
            f"Task {protocol.name!r} needs one series with axes (time) or (time, column), got "
            f"{len(data.inputs)} sequences; use `Task.from_arrays`."
        )
    values = data.inputs[0]
    seen = _positions("columns", columns, range(values.shape[1]), values.shape[1])
    told = _positions("target", target, seen, values.shape[1])
    horizon = whole("horizon", horizon, 1 if set(seen) & set(told) else 0)
    spans = protocol.spans(len(values), "samples")
    scale = Scale.identity(values.shape[1])
    if protocol.normalise:
        chosen = values[slice(*spans["train"])]
        scale = Scale.fit([chosen], [np.ones(chosen.shape, dtype=bool)])
    for part, (start, stop) in spans.items():
        if stop <= horizon:
            raise ValueError(
                f"The {part} part needs samples beyond the horizon of {horizon}, got samples "
                f"{start} to {stop}; give it more data or a shorter horizon."
            )
    # Step i of the network sees sample i and tells sample i + horizon.
    steps = {part: (max(0, a - horizon), b - horizon) for part, (a, b) in spans.items()}
    before, after = values[: len(values) - horizon, seen], values[horizon:, told]
    pairs = Sequences([before], [after], [np.ones(after.shape, dtype=bool)])
    scales = scale.take(seen), scale.take(told)
    parts = cut_series(pairs, steps, protocol.washout, scales)
    return {
        "name": protocol.name,
        "inputs": len(seen),
        "outputs": len(told),
        "train": parts["train"],
        "validation": parts.get("validation"),
        "test": parts["test"],
        "settings": protocol.settings(
            "Task.from_series", spans, horizon=horizon, columns=seen, target=told
        ),
        "input_scale": scales[0],
        "target_scale": scales[1],
        "label": protocol.label,
        "unit": protocol.unit,
        "lag": max(1, horizon),
    }


def csv_fields(
    table: Table,
    columns: Column | Sequence[Column] | None,
    target: Column | Sequence[Column] | None,
    horizon: int,
    protocol: Protocol,
) -> dict[str, Any]:
    """Fields of a prediction task from a table; see `Task.from_csv`."""
    if columns is None and table.width > 1:
        raise ValueError(
            f"{table.path} has {table.width} columns, so `columns` needs the ones to read; they "
            f"are {', '.join(table.name(i) for i in range(table.width))}."
        )
    seen = table.indices(0 if columns is None else columns)
    told = seen if target is None else table.indices(target)
    used = sorted({*seen, *told})
    protocol = replace(protocol, label=", ".join(table.name(i) for i in told))
    fields = series_fields(
        table.numbers(used),
        horizon,
        [used.index(i) for i in seen],
        [used.index(i) for i in told],
        protocol,
    )
    settings = fields["settings"]["arguments"] | {
        "path": table.path,
        "delimiter": table.delimiter,
        "columns": [table.name(i) for i in seen],
        "target": [table.name(i) for i in told],
    }
    return fields | {"settings": {"function": "Task.from_csv", "arguments": settings}}


def whole(what: str, value: int, least: int) -> int:
    """A whole number, checked.

    Raises:
        TypeError: No whole number.
        ValueError: Below `least`.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"`{what}` needs a whole number, got {value!r}.")
    if value < least:
        raise ValueError(f"`{what}` needs to be at least {least}, got {value}.")
    return int(value)


def _positions(
    what: str, chosen: Sequence[int] | None, usual: Sequence[int], width: int
) -> list[int]:
    picked = [int(i) for i in (usual if chosen is None else chosen)]
    if not picked or len(set(picked)) != len(picked) or not all(0 <= i < width for i in picked):
        raise ValueError(f"`{what}` needs different columns out of 0 to {width - 1}, got {picked}.")
    return picked
