"""Checkpoints: a run's whole state in one file, that a crash at any instant cannot spoil.

A file is the SHA-256 of everything after it, then a safetensors block: arrays as tensors, all
other values as one JSON text in its header. It is written to a temporary name, flushed to the disk
and renamed; the one before it stays until the next is complete. No pickle is involved.
"""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import re
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

KEPT = 2  # the newest, and the one before in case the newest is damaged
DIGEST_BYTES = 32
_NAME = re.compile(r"checkpoint-(\d+)\.evo")

State = dict[str, Any]


class DamagedCheckpointError(ValueError):
    """A checkpoint whose content is not what was written."""


def checkpoint_path(folder: pathlib.Path, generation: int) -> pathlib.Path:
    """The file of a generation's checkpoint."""
    return folder / f"checkpoint-{generation:08}.evo"


def checkpoints(folder: pathlib.Path) -> list[pathlib.Path]:
    """The checkpoints in a folder, newest first."""
    if not folder.is_dir():
        return []
    return sorted((p for p in folder.iterdir() if _NAME.fullmatch(p.name)), reverse=True)


def write_checkpoint(folder: pathlib.Path, generation: int, state: Mapping[str, Any]) -> None:
    """Write a checkpoint, and drop those before the last `KEPT`.

    Args:
        folder: The run's folder.
        generation: Names the file.
        state: Arrays, and values that JSON can hold (also inf and NaN).

    Raises:
        OSError: If it cannot be written; the earlier checkpoints are intact.
    """
    from safetensors.numpy import save

    arrays = {k: np.array(v, order="C") for k, v in state.items() if isinstance(v, np.ndarray)}
    values = {k: v for k, v in state.items() if k not in arrays}
    # safetensors knows no empty file without tensors, hence the marker.
    block = save(
        {**arrays, "_": np.zeros(1, np.uint8)},
        metadata={"values": json.dumps(values, sort_keys=True)},
    )
    handle, temporary = tempfile.mkstemp(dir=folder, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(block).digest())
            file.write(block)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, checkpoint_path(folder, generation))
    except BaseException:
        pathlib.Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(folder)
    for old in checkpoints(folder)[KEPT:]:
        old.unlink()


def _sync_folder(folder: pathlib.Path) -> None:
    """Make the rename itself survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_checkpoint(path: pathlib.Path) -> State:
    """The state in a checkpoint.

    Raises:
        DamagedCheckpointError: If the file is not exactly what was written.
        OSError: If it cannot be read.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    data = path.read_bytes()
    digest, block = data[:DIGEST_BYTES], data[DIGEST_BYTES:]
    if len(data) <= DIGEST_BYTES or hashlib.sha256(block).digest() != digest:
        raise DamagedCheckpointError("checksum differs")
    try:
        arrays = load(block)
        header = json.loads(block[8 : 8 + int.from_bytes(block[:8], "little")])
        values = json.loads(header["__metadata__"]["values"])
    except (SafetensorError, KeyError, ValueError) as error:
        raise DamagedCheckpointError(str(error)) from error
    del arrays["_"]
    return {**arrays, **values}


def newest_usable(
    folder: pathlib.Path, usable: Callable[[State], str | None], say: Callable[[str], None]
) -> State | None:
    """The state of the newest checkpoint that can be used; None if there is none.

    Args:
        folder: The run's folder.
        usable: What is wrong with a state, or None.
        say: Told about every checkpoint that is passed over.
    """
    passed: list[str] = []
    for path in checkpoints(folder):
        generation = int(_NAME.fullmatch(path.name)[1])  # type: ignore[index]
        try:
            state = read_checkpoint(path)
            wrong = usable(state)
        except DamagedCheckpointError as error:
            wrong = f"is damaged ({error})"
        if wrong is None:
            for text in passed:
                say(f"{text}. Resumed from generation {generation} instead.")
            return state
        passed.append(f"Checkpoint of generation {generation} {wrong}")
    for text in passed:
        say(f"{text}. There is no earlier one, so the run starts again.")
    return None
