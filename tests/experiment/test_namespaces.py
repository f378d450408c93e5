"""A cluster of two hosts: network namespaces of this machine, linked to nothing else."""

import os
import shutil
import subprocess
import sys
import textwrap

import pytest

import evornn as en

SCHEDULER, WORKER, PORT = "10.231.77.1", "10.231.77.2", "18786"
SCRIPT = """
import evornn as en
network = en.Network(en.cells.elman, hidden=3)
contender = en.Evolve(network, en.GA(population=40), en.Stop(generations=4))
experiment = en.Experiment(en.tasks.sunspots(), {"elman": contender}, name="hosts")
"""


def ip(*arguments):
    return subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def hosts():
    """The names of two namespaces with a link between them and to nothing else."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("network namespaces need root and the ip command")
    names = [f"evornn-{k}-{os.getpid()}" for k in "ab"]
    try:
        for name in names:
            if ip("netns", "add", name).returncode != 0:
                pytest.skip("network namespaces are not permitted here")
        link = ["link", "add", "evornn0", "netns", names[0], "type", "veth", "peer", "name"]
        if ip(*link, "evornn1", "netns", names[1]).returncode != 0:
            pytest.skip("virtual network links are not permitted here")
        for name, device, address in zip(
            names, ("evornn0", "evornn1"), (SCHEDULER, WORKER), strict=True
        ):
            ip("-n", name, "addr", "add", f"{address}/30", "dev", device)
            ip("-n", name, "link", "set", device, "up")
            ip("-n", name, "link", "set", "lo", "up")
        yield names
    finally:
        for name in names:
            ip("netns", "del", name)


def files(out):
    folder = out / "hosts" / "elman" / "seed-0"
    return {n: (folder / n).read_bytes() for n in ("history.csv", "best.safetensors")}


@pytest.mark.parametrize("grain", ["runs", "blocks"])
def test_workers_on_another_host_give_the_same_bytes(grain, hosts, tmp_path):
    pytest.importorskip("distributed")
    root = os.path.dirname(en.__path__[0])
    settings = {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": root}}
    settings |= {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}

    def on(host, *arguments):
        inside = ["ip", "netns", "exec", host, sys.executable]
        return subprocess.Popen([*inside, *arguments], **settings)

    here, there = hosts
    scheduler = on(
        here,
        *("-m", "distributed.cli.dask_scheduler", "--host", SCHEDULER, "--port", PORT),
        "--no-dashboard",
    )
    worker = on(
        there,
        *("-m", "distributed.cli.dask_worker", f"tcp://{SCHEDULER}:{PORT}", "--host", WORKER),
        *("--nthreads", "1", "--no-dashboard", "--death-timeout", "60"),
    )
    command = textwrap.dedent(f"""
        import time
        deadline = time.monotonic() + 60
        experiment.run(out="alone", jobs=1, quiet=True)
        while True:
            try:
                experiment.run(
                    out="cluster", dask="tcp://{SCHEDULER}:{PORT}", grain="{grain}", quiet=True
                )
                break
            except OSError:  # the scheduler is not up yet
                assert time.monotonic() < deadline
                time.sleep(0.5)
        """)
    try:
        client = on(here, "-c", SCRIPT + command)
        said, _ = client.communicate(timeout=180)
        assert client.returncode == 0, said
        assert files(tmp_path / "alone") == files(tmp_path / "cluster")
    finally:
        for process in (worker, scheduler):
            process.terminate()
            process.communicate()
