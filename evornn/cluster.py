"""A dask.distributed cluster as the place where blocks of a population are computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from evornn.workers import Workers

ATTEMPTS = 3  # how often work that was lost with its workers is sent again


def connect(address: str, timeout_s: float = 10.0) -> Any:
    """A client of the scheduler at an address such as tcp://host:8786.

    Args:
        address: The scheduler's.
        timeout_s: How long to wait for an answer.

    Raises:
        ImportError: If dask.distributed is not installed; says how to get it.
        OSError: If nobody answers there.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ImportError(
            "a cluster needs dask.distributed; install it with pip install 'evornn[dask]'"
        ) from error
    try:
        return Client(address, timeout=f"{timeout_s}s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise OSError(f"no Dask scheduler answers at {address}: {error}") from error


class DaskWorkers(Workers):
    """Sends blocks of a population to a cluster; what all blocks share travels once per worker.

    Breeding and everything else stays in the calling process. Work that is lost with a worker is
    computed again by the others, and workers that join are used from the next generation on.

    Args:
        client: A `distributed.Client`.
    """

    def __init__(self, client: Any) -> None:
        super().__init__(1)
        self.client = client
        self.in_threads = False
        self._handles: dict[int, tuple[Any, Any]] = {}

    @property
    def jobs(self) -> int:
        """Threads of all workers at this moment, at least 1."""
        return max(1, sum(self.client.nthreads().values()))

    @jobs.setter
    def jobs(self, jobs: int) -> None:
        """The cluster decides."""

    def map_elsewhere(
        self, function: Callable[[Any, Any], Any], shared: Any, tasks: Sequence[Any]
    ) -> list[Any]:
        """function(shared, task) for every task, in order, on the cluster."""
        from distributed import CancelledError
        from distributed.scheduler import KilledWorker

        for attempt in range(ATTEMPTS):
            handle = self._handle(shared, anew=attempt > 0)
            futures = self.client.map(
                function, [handle] * len(tasks), list(tasks), pure=False, retries=ATTEMPTS
            )
            try:
                return list(self.client.gather(futures))
            except (CancelledError, KilledWorker):
                # All workers that held the shared data are gone: send it to those there are.
                if attempt == ATTEMPTS - 1:
                    raise
                self.client.wait_for_workers(1)
        raise AssertionError("unreachable")

    def _handle(self, shared: Any, anew: bool) -> Any:
        """The shared data on the cluster, sent once."""
        known = self._handles.get(id(shared))
        if known is None or known[0] is not shared or anew:
            self.client.wait_for_workers(1)
            handle = self.client.scatter(shared, broadcast=True, hash=False)
            known = self._handles[id(shared)] = (shared, handle)
        return known[1]

    def close(self) -> None:
        """Let the shared data go; the client is the caller's."""
        self._handles.clear()
