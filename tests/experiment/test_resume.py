"""A run that is interrupted, killed or damaged goes on, and ends with the same bytes."""

import os
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import evornn as en
from evornn.experiment.checkpoint import (
    DamagedCheckpointError,
    checkpoint_path,
    checkpoints,
    read_checkpoint,
    write_checkpoint,
)
from evornn.experiment.interrupt import InterruptedRunError
from evornn.experiment.lock import RunFolderBusyError, RunLock, is_held

GENERATIONS = 12


def small(**more):
    ga = en.GA(population=24, elites=2)
    stop = en.Stop(generations=GENERATIONS)
    contender = en.Evolve(en.Network(en.cells.elman, hidden=3), ga, stop=stop, **more)
    return en.Experiment(en.tasks.sunspots(), {"elman": contender}, name="small")


def files(out):
    folder = pathlib.Path(out) / "small" / "elman" / "seed-0"
    return {n: (folder / n).read_bytes() for n in ("history.csv", "best.safetensors")}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed")
    small().run(out=out, jobs=1, quiet=True)
    return files(out)


class Killed(BaseException):
    """Stands for the end of the process."""


def run_until(out, generation, monkeypatch, **settings):
    """Run, and end like a killed process after a generation."""
    advance = en.evolution.evolve.EvolveRun.advance

    def dying(self):
        if self.learner.generation == generation:
            raise Killed
        return advance(self)

    with monkeypatch.context() as patch:
        patch.setattr("evornn.evolution.evolve.EvolveRun.advance", dying)
        with pytest.raises(Killed):
            small().run(out=out, jobs=1, quiet=True, **settings)


@pytest.mark.parametrize("generation", [1, 5, 10])
def test_a_killed_run_resumes_and_ends_with_the_same_bytes(
    generation, undisturbed, tmp_path, monkeypatch
):
    run_until(tmp_path, generation, monkeypatch, checkpoint_generations=3)
    folder = tmp_path / "small" / "elman" / "seed-0"
    assert len(checkpoints(folder)) == min(2, generation // 3 + (generation > 0))
    small().run(out=tmp_path, jobs=2, quiet=True)
    assert files(tmp_path) == undisturbed
    assert checkpoints(folder) == []


def damage(path, how):
    data = path.read_bytes()
    if how == "empty":
        path.write_bytes(b"")
    elif how == "truncated":
        path.write_bytes(data[: len(data) // 2])
    else:
        middle = len(data) // 2
        path.write_bytes(data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :])


@pytest.mark.parametrize("how", ["empty", "truncated", "one bit flipped"])
def test_a_damaged_checkpoint_is_passed_over_and_named(
    how, undisturbed, tmp_path, monkeypatch, capsys
):
    run_until(tmp_path, 10, monkeypatch, checkpoint_generations=3)
    folder = tmp_path / "small" / "elman" / "seed-0"
    newest, _ = checkpoints(folder)
    damage(newest, how)
    small().run(out=tmp_path, jobs=1)
    said = capsys.readouterr().err.replace("\n", " ")
    assert "is damaged (checksum differs). Resumed from generation" in said
    assert files(tmp_path) == undisturbed


def test_without_any_usable_checkpoint_the_run_starts_again(
    undisturbed, tmp_path, monkeypatch, capsys
):
    run_until(tmp_path, 10, monkeypatch, checkpoint_generations=3)
    for path in checkpoints(tmp_path / "small" / "elman" / "seed-0"):
        damage(path, "empty")
    small().run(out=tmp_path, jobs=1)
    assert "so the run starts again" in capsys.readouterr().err.replace("\n", " ")
    assert files(tmp_path) == undisturbed


def test_a_history_that_lost_its_end_is_noticed(undisturbed, tmp_path, monkeypatch, capsys):
    run_until(tmp_path, 10, monkeypatch, checkpoint_generations=3)
    history = tmp_path / "small" / "elman" / "seed-0" / "history.csv"
    history.write_bytes(history.read_bytes()[:300])
    small().run(out=tmp_path, jobs=1)
    assert "history.csv is shorter than it was then" in capsys.readouterr().err.replace("\n", " ")
    assert files(tmp_path) == undisturbed


def test_a_checkpoint_that_cannot_be_written_leaves_the_earlier_one(tmp_path, monkeypatch):
    write_checkpoint(tmp_path, 1, {"a": np.arange(3), "x": np.inf, "name": "first"})

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_checkpoint(tmp_path, 2, {"a": np.arange(4)})
    assert [p.name for p in tmp_path.iterdir()] == [checkpoint_path(tmp_path, 1).name]
    state = read_checkpoint(checkpoint_path(tmp_path, 1))
    assert state["name"] == "first"
    assert state["x"] == np.inf
    assert state["a"].tolist() == [0, 1, 2]


def test_any_flipped_bit_is_noticed(tmp_path, rng):
    write_checkpoint(tmp_path, 1, {"a": rng.normal(size=10), "n": 3})
    path = checkpoint_path(tmp_path, 1)
    data = path.read_bytes()
    for bit in rng.integers(0, 8 * len(data), 64):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << (bit % 8)
        path.write_bytes(bytes(flipped))
        with pytest.raises(DamagedCheckpointError):
            read_checkpoint(path)


def test_the_first_interrupt_ends_after_the_generation_and_loses_nothing(
    undisturbed, tmp_path, monkeypatch
):
    advance = en.evolution.evolve.EvolveRun.advance

    def interrupting(self):
        row = advance(self)
        if self.learner.generation == 4:
            os.kill(os.getpid(), signal.SIGINT)
        return row

    with monkeypatch.context() as patch:
        patch.setattr("evornn.evolution.evolve.EvolveRun.advance", interrupting)
        with pytest.raises(InterruptedRunError) as end:
            small().run(out=tmp_path, jobs=1, quiet=True)
    assert end.value.status == 130
    folder = tmp_path / "small" / "elman" / "seed-0"
    assert checkpoints(folder) == [checkpoint_path(folder, 4)]
    small().run(out=tmp_path, jobs=1, quiet=True)
    assert files(tmp_path) == undisturbed


def sometimes_fails(network, task):
    """A fitness function with a fault that the environment switches on."""
    if os.environ.get("FAULT") and network.chromosome[0] > 0.9:
        raise KeyError("oh")
    y = network.predict(task.train.inputs[0])
    return -float(np.abs(y - task.train.targets[0]).mean())


def test_a_fitness_that_raises_stops_the_run_and_resumes_once_mended(tmp_path, monkeypatch):
    small(fitness=sometimes_fails).run(out=tmp_path / "mended", jobs=1, quiet=True)
    monkeypatch.setenv("FAULT", "1")
    with pytest.raises(RuntimeError, match=r"raised KeyError on individual \d+ of generation"):
        small(fitness=sometimes_fails).run(out=tmp_path / "a", jobs=1, quiet=True)
    monkeypatch.delenv("FAULT")
    small(fitness=sometimes_fails).run(out=tmp_path / "a", jobs=1, quiet=True)
    assert files(tmp_path / "a") == files(tmp_path / "mended")


def test_with_on_error_worst_failures_are_counted_and_the_run_goes_on(tmp_path, monkeypatch):
    monkeypatch.setenv("FAULT", "1")
    contender = small(fitness=sometimes_fails, on_error="worst")
    outcome = contender.run(out=tmp_path, jobs=1, quiet=True)
    assert outcome.results["elman"][0]["failed"] > 0


def test_a_second_process_says_who_holds_the_run(tmp_path):
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time, pathlib\n"
            "from evornn.experiment.lock import RunLock\n"
            "with RunLock(pathlib.Path(sys.argv[1])):\n"
            "    print('held', flush=True)\n"
            "    time.sleep(60)",
            str(tmp_path / "small" / "elman" / "seed-0"),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "held\n"
        assert is_held(tmp_path / "small" / "elman" / "seed-0")
        with pytest.raises(RunFolderBusyError, match=rf"in use by process {holder.pid} on"):
            small().run(out=tmp_path, quiet=True)
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    # The lock of a killed process is gone with it.
    deadline = time.monotonic() + 10
    while is_held(tmp_path / "small" / "elman" / "seed-0") and time.monotonic() < deadline:
        time.sleep(0.05)
    with RunLock(tmp_path / "small" / "elman" / "seed-0"):
        assert is_held(tmp_path / "small" / "elman" / "seed-0")
