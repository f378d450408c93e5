"""Shared by the tests of experiments."""

import pytest


@pytest.fixture(scope="module")
def cluster():
    """A Dask cluster of two processes, and a client of it; each module has its own."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as workers,
        distributed.Client(workers, set_as_default=False) as client,
    ):
        yield workers, client
