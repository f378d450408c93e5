"""One thread for each library of linear algebra, while candidates are fitted side by side."""

from __future__ import annotations

import functools
from contextlib import AbstractContextManager
from typing import Any


def one_blas_thread() -> AbstractContextManager[Any]:
    """A context in which BLAS and LAPACK stay in the thread that calls them.

    Two searching threads that each call a BLAS of two threads wait for each other's: fits of 50
    units took 60 times as long on two busy cores. It also makes sums come out the same for any
    number of workers.
    """
    controller: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return controller


@functools.cache
def _controller() -> Any:
    import scipy.linalg  # noqa: F401 - has a BLAS of its own, which counts once it is loaded
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
