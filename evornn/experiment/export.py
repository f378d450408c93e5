"""A run's history and weights in files that other programs read."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import pathlib
from typing import Any

import numpy as np

from evornn.experiment.recorded import history, read_json
from evornn.experiment.store import RunFolder, RunFolderError, write_text
from evornn.network import Bidirectional, Network
from evornn.network.saved import read_saved

FORMATS = ("csv", "json", "npz", "parquet")
WEIGHT_COLUMNS = ("parameter", "row", "column", "value")


def export_run(
    folder: str | os.PathLike[str], form: str, path: str | os.PathLike[str]
) -> list[pathlib.Path]:
    """Write a run's history, with seconds, and its network's weights.

    - "csv", "parquet": <path>-history and <path>-weights; weights have one row each: parameter,
      row, column (0 for a vector; of a tensor, all axes but the first are counted through), value.
    - "json": one object with `settings`, `result`, `history` (columns) and `weights` (nested
      lists); NaN and infinity are null.
    - "npz": one array for each column, `history/<column>`, and each parameter, `weights/<name>`.

    A run that has not ended has no network yet: then only its history is written.

    Args:
        folder: The run's folder.
        form: One of `FORMATS`.
        path: The files' name without its ending.

    Returns:
        The files written.

    Raises:
        RunFolderError: If the folder holds no history, or a damaged one.
        ImportError: If parquet is asked for without pandas and pyarrow.
        ValueError: If the format is unknown.
    """
    if form not in FORMATS:
        raise ValueError(f"an export needs one of the formats {', '.join(FORMATS)}, got {form!r}")
    run = RunFolder(pathlib.Path(folder), {})
    columns = read_history(run)
    weights = read_weights(run) if run.finished else {}
    target = pathlib.Path(path)
    if form == "npz":
        return [_npz(target, columns, weights)]
    if form == "json":
        return [_json(target, run, columns, weights)]
    write = _csv if form == "csv" else _parquet
    files = [write(target.with_name(f"{target.name}-history"), columns)]
    if weights:
        files.append(write(target.with_name(f"{target.name}-weights"), weight_table(weights)))
    return files


def read_history(run: RunFolder) -> dict[str, np.ndarray]:
    """A run's history with its seconds, axes (generation).

    Raises:
        RunFolderError: If it cannot be read.
    """
    try:
        return history(run)
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise RunFolderError(f"{run.path} has no history that can be read: {error}") from error


def read_weights(run: RunFolder) -> dict[str, np.ndarray]:
    """A finished run's weights by name.

    Raises:
        RunFolderError: If they cannot be read.
    """
    from safetensors import SafetensorError

    try:
        best = run.network()
        if isinstance(best, Network | Bidirectional):
            return best.unpack()
        return read_saved(run.path / "best.safetensors")[1]  # of a reservoir: all its numbers
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise RunFolderError(f"{run.path} has no network that can be read: {error}") from error


def weight_table(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Weights as columns, one row a weight; see `export_run`."""
    parts: list[tuple[list[str], np.ndarray, np.ndarray, np.ndarray]] = []
    for name, values in weights.items():
        matrix = values.reshape(values.shape[0] if values.ndim else 1, -1)
        rows, columns = np.indices(matrix.shape)
        parts.append(([name] * matrix.size, rows.ravel(), columns.ravel(), matrix.ravel()))
    return {
        column: np.concatenate([np.asarray(part[k]) for part in parts])
        for k, column in enumerate(WEIGHT_COLUMNS)
    }


def finite(value: Any) -> Any:
    """A value for JSON that every program reads: null in the place of NaN and infinity."""
    if isinstance(value, dict):
        return {str(key): finite(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(each) for each in value]
    if isinstance(value, np.ndarray):
        return finite(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _whole(values: np.ndarray) -> np.ndarray:
    """A column of counts as integers, any other as it is."""
    if values.dtype.kind == "f" and np.isfinite(values).all() and (values == values.round()).all():
        return values.astype(np.int64)
    return values


def _npz(
    target: pathlib.Path, columns: dict[str, np.ndarray], weights: dict[str, np.ndarray]
) -> pathlib.Path:
    arrays = {f"history/{name}": values for name, values in columns.items()}
    arrays |= {f"weights/{name}": values for name, values in weights.items()}
    file = target.with_name(f"{target.name}.npz")
    with file.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **arrays)
    return file


def _json(
    target: pathlib.Path,
    run: RunFolder,
    columns: dict[str, np.ndarray],
    weights: dict[str, np.ndarray],
) -> pathlib.Path:
    settings, result = run.path / "settings.json", run.path / "result.json"
    data = {
        "settings": read_json(settings) if settings.is_file() else None,
        "result": read_json(result) if result.is_file() else None,
        "history": {name: _whole(values) for name, values in columns.items()},
        "weights": weights,
    }
    file = target.with_name(f"{target.name}.json")
    write_text(file, json.dumps(finite(data), indent=1) + "\n")
    return file


def _csv(target: pathlib.Path, columns: dict[str, np.ndarray]) -> pathlib.Path:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(_whole(values).tolist() for values in columns.values()), strict=True))
    file = target.with_name(f"{target.name}.csv")
    write_text(file, stream.getvalue())
    return file


def _parquet(target: pathlib.Path, columns: dict[str, np.ndarray]) -> pathlib.Path:
    try:
        import pandas as pd
        import pyarrow  # noqa: F401  (pandas would name its own way of installing it)
    except ImportError as error:
        raise ImportError(
            "Parquet files need pandas and pyarrow; install them with pip install pandas pyarrow, "
            "or choose csv, json or npz"
        ) from error
    file = target.with_name(f"{target.name}.parquet")
    pd.DataFrame({name: _whole(values) for name, values in columns.items()}).to_parquet(file)
    return file
