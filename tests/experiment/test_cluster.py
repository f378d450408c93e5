"""The same bytes on a Dask cluster, also when workers die or join."""

import os
import pathlib
import signal
import threading
import time

import joblib
import numpy as np
import pytest

import evornn as en
from evornn.cluster import DaskWorkers, connect
from evornn.experiment import slices
from evornn.population import Evaluator

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")


def small(seeds=2, dtype="float32", generations=6):
    network = en.Network(en.cells.elman, hidden=3, dtype=dtype)
    ga = en.GA(population=40, elites=2)
    contender = en.Evolve(network, ga, stop=en.Stop(generations=generations))
    return en.Experiment(en.tasks.sunspots(), {"elman": contender}, seeds=seeds, name="small")


def files(out, seeds=2):
    folder = pathlib.Path(out) / "small" / "elman"
    names = ("history.csv", "best.safetensors")
    return {(k, n): (folder / f"seed-{k}" / n).read_bytes() for k in range(seeds) for n in names}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("grain", ["runs", "blocks"])
def test_a_cluster_gives_the_same_bytes(grain, dtype, cluster, tmp_path):
    small(dtype=dtype).run(out=tmp_path / "here", jobs=1, quiet=True)
    small(dtype=dtype).run(out=tmp_path / "there", dask=cluster[1], grain=grain, quiet=True)
    assert files(tmp_path / "here") == files(tmp_path / "there")


def test_slices_of_one_generation_give_the_same_bytes(cluster, tmp_path, monkeypatch):
    small().run(out=tmp_path / "here", jobs=1, quiet=True)
    monkeypatch.setattr(slices.run_on_cluster, "__defaults__", (0.0,))
    small().run(out=tmp_path / "there", dask=cluster[1], quiet=True)
    assert files(tmp_path / "here") == files(tmp_path / "there")


def population(client):
    task = en.tasks.sunspots()
    network = en.Network(en.cells.elman, hidden=3).bound(1, 1)
    genes = network.initial(np.random.default_rng(1), 200)
    part = task.train
    here = Evaluator(network, part.inputs, part.targets, part.mask)
    there = Evaluator(network, part.inputs, part.targets, part.mask, workers=DaskWorkers(client))
    return genes, here, there


def test_joblib_s_dask_backend_gives_the_same_bytes(cluster, tmp_path):
    small().run(out=tmp_path / "here", jobs=1, quiet=True)
    with joblib.parallel_config(backend="dask", client=cluster[1]):
        small().run(out=tmp_path / "there", jobs=None, quiet=True)
    assert files(tmp_path / "here") == files(tmp_path / "there")


def test_a_killed_worker_loses_nothing_and_a_new_one_is_used(cluster):
    workers, client = cluster
    genes, here, there = population(client)
    expected = here.mse(genes)
    assert (there.mse(genes) == expected).all()
    before = set(client.scheduler_info()["workers"])
    victim = next(iter(workers.workers.values()))
    threading.Timer(0.02, os.kill, (victim.pid, signal.SIGKILL)).start()
    for _ in range(5):
        assert (there.mse(genes) == expected).all()
    client.wait_for_workers(2, timeout=60)  # its nanny starts another
    deadline = time.monotonic() + 30
    while set(client.scheduler_info()["workers"]) == before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert (there.mse(genes) == expected).all()
    tasks_done = client.run(lambda dask_worker: len(dask_worker.data))
    assert len(tasks_done) == 2


def test_an_added_worker_counts_at_once(cluster):
    workers, client = cluster
    crew = DaskWorkers(client)
    before = crew.jobs
    workers.scale(3)
    client.wait_for_workers(3, timeout=60)
    assert crew.jobs == before + 1
    genes, here, there = population(client)
    assert (there.mse(genes) == here.mse(genes)).all()
    workers.scale(2)


def test_nobody_at_the_address_is_one_sentence(monkeypatch):
    pytest.importorskip("distributed")
    with pytest.raises(OSError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9"):
        connect("tcp://127.0.0.1:9", timeout_s=1)


def test_an_unknown_grain_is_refused(tmp_path):
    with pytest.raises(ValueError, match='grain needs to be "runs" or "blocks"'):
        small().run(out=tmp_path, grain="sand")
