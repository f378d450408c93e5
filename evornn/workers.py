"""Who computes: threads of this process, joblib's processes, or a cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from evornn.crew import Crew


class Workers:
    """A warm pool that runs a function on every block of lanes.

    Threads are the default, because kernels release the interpreter lock. Under
    `joblib.parallel_config(backend=...)` with another backend than threading, joblib's own pool
    runs the blocks. The threads are our own and not joblib's: joblib looks for finished work every
    10 ms, which is longer than a whole generation of a small network; and they stay awake for a
    moment between one call and the next (see `crew`).

    Args:
        jobs: Number of workers; -1 for all cores; None for what `joblib.parallel_config` says,
            otherwise one.

    Raises:
        ValueError: If `jobs` is 0 or no whole number.
    """

    def __init__(self, jobs: int | None = None) -> None:
        if jobs is not None and (not isinstance(jobs, int | np.integer) or jobs == 0):
            raise ValueError(f"jobs needs a whole number other than 0 (-1 for all), got {jobs!r}")
        from joblib import Parallel
        from joblib._parallel_backends import SequentialBackend, ThreadingBackend

        self._parallel = Parallel(n_jobs=jobs, prefer="threads")
        backend = self._parallel._backend
        self.in_threads = isinstance(backend, ThreadingBackend | SequentialBackend)
        self.jobs: int = self._parallel._effective_n_jobs() or 1
        self._crew: Crew | None = None

    def map(self, function: Callable[..., Any], tasks: Sequence[Any]) -> list[Any]:
        """function(task) for every task, in order, on threads that take the next when free."""
        if self.jobs == 1 or len(tasks) <= 1:
            return [function(task) for task in tasks]
        if self._crew is None:
            self._crew = Crew(self.jobs - 1)
        return self._crew.map(function, tasks)

    def map_elsewhere(
        self, function: Callable[[Any, Any], Any], shared: Any, tasks: Sequence[Any]
    ) -> list[Any]:
        """function(shared, task) for every task, in order, in other processes.

        Args:
            function: Importable there.
            shared: What all tasks need; picklable.
            tasks: Picklable.
        """
        from joblib import delayed

        return list(self._parallel(delayed(function)(shared, task) for task in tasks))

    def close(self) -> None:
        """Let the threads go."""
        if self._crew is not None:
            self._crew.close()
            self._crew = None
