"""How the loops of online readouts are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(function: Callable[..., Any]) -> Any:
    """Compile with Numba on first use: without the interpreter's lock, cached on disk.

    Sums may be taken in any order, so that they fill vector registers; the order is fixed by the
    compiled code, so the same machine gives the same bits. Where no cache can be written on disk,
    each process compiles anew.
    """
    options: dict[str, Any] = {
        "nogil": True,
        "error_model": "numpy",
        "fastmath": {"reassoc", "contract"},
    }
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # Numba found no place for its cache
        return njit(**options)(function)
