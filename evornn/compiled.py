"""How this package's small kernels are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def kernel(function: Callable[..., Any]) -> Any:
    """Compile with Numba on first use: without the interpreter's lock, cached on disk.

    Division follows NumPy (x / 0 is infinite): Numba's check for zero divisors would keep loops out
    of vector registers. Where no cache can be written on disk, each process compiles anew.
    """
    try:
        return njit(nogil=True, cache=True, error_model="numpy")(function)
    except RuntimeError:  # Numba found no place for its cache
        return njit(nogil=True, error_model="numpy")(function)
