"""Settings as a flat table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Settings by dotted name; of a cell's graph only its name, and nothing that is not set.

    Args:
        settings: Nested dictionaries, as settings.json has them.
        prefix: Before every name.
    """
    found: dict[str, Any] = {}
    for name, value in settings.items():
        if name == "graph" and isinstance(value, Mapping):
            found[f"{prefix}cell"] = value.get("name", "")
        elif isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name}.")
        elif value is not None:
            found[f"{prefix}{name}"] = value
    return found
