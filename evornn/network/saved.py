"""The file of a saved network: safetensors with one JSON entry, no pickle, no code."""

from __future__ import annotations

import json
import os
import pathlib
import tempfile
from collections.abc import Mapping
from typing import Any

import numpy as np

FORMAT = 1  # raised when older versions could not read a file


def write_saved(
    path: str | os.PathLike[str],
    description: Mapping[str, Any],
    weights: Mapping[str, np.ndarray],
    metadata: Mapping[str, Any],
) -> None:
    """Write a network whole or not at all.

    Args:
        path: The file; replaced if it exists.
        description: The architecture, JSON-able.
        weights: By name.
        metadata: More to keep, JSON-able.
    """
    from safetensors.numpy import save

    path = pathlib.Path(path)
    header = {"format": FORMAT, "network": description, "metadata": metadata}
    # One entry: safetensors writes several in an order that changes from call to call. Not
    # sorted: the order of the parameters is the order of the genes.
    arrays = {name: w.copy() for name, w in weights.items()}
    data = save(arrays, metadata={"evornn": json.dumps(header)})
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # a temporary file is its owner's alone
        os.replace(temporary, path)
    except BaseException:
        pathlib.Path(temporary).unlink(missing_ok=True)
        raise


def read_saved(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Description and weights of a saved network.

    Raises:
        ValueError: If the file is no saved network, or of a newer version.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            entries = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is no saved network: {error}") from error
    try:
        header = json.loads(entries["evornn"])
        version, data = int(header["format"]), header["network"]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} needs to be a network saved by evornn, it is not") from error
    if version > FORMAT:
        raise ValueError(
            f"{path} needs a newer evornn: it has format {version}, this one reads up to {FORMAT}"
        )
    return data, weights
