"""Settings of any object as JSON-able values that are the same in every process."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

PLAIN = (bool, int, float, str, type(None))


def described(value: Any) -> Any:
    """A value as JSON can hold it; what has no settings of its own is described by its attributes.

    Args:
        value: Numbers, texts, arrays (by their hash), functions and classes (by their name),
            collections of such, and objects whose attributes are such.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, np.ndarray):
        data = np.ascontiguousarray(value)
        return (
            f"array {data.shape} {data.dtype} sha256 {hashlib.sha256(data.tobytes()).hexdigest()}"
        )
    if isinstance(value, Mapping):
        return {str(key): described(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        parts = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
        fields = getattr(value, "_fields", None)
        if fields is None:
            return [described(each) for each in parts]
        return {
            "kind": type(value).__name__,
            **dict(zip(fields, map(described, parts), strict=True)),
        }
    if hasattr(value, "__qualname__"):  # a function or a class
        return f"{value.__module__}.{value.__qualname__}"
    if hasattr(value, "tocsr"):
        matrix = value.tocsr()
        return [described(part) for part in (matrix.data, matrix.indices, matrix.indptr)]
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        attributes = {name: getattr(value, name) for name in names}
    else:
        attributes = getattr(value, "__dict__", {})
    public = {name: each for name, each in attributes.items() if not name.startswith("_")}
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    return {"kind": kind, **{name: described(each) for name, each in public.items()}}
