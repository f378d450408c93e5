"""`evornn watch`: the live view, its curves, and its end."""

import io
import json
import math
import os
import shutil
import socket
import threading

import pytest
from rich.console import Console

from evornn.cli.frame import blocks, fitness_curve, frame
from evornn.cli.watch import Watcher
from evornn.experiment.lock import RunLock


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("evornn.cli.watch.PATIENCE_S", 0.2)


@pytest.fixture
def under_way(mine):
    """The project with a run that this process works on, one that stopped, and one to come."""
    folder = mine / "results/spots"
    (folder / "elman/seed-1/result.json").unlink()
    (folder / "leaky/seed-0/result.json").unlink()
    shutil.rmtree(folder / "leaky/seed-1")
    with RunLock(folder / "elman/seed-1"):
        yield folder


def drawn(view, width=80, height=24):
    stream = io.StringIO()
    Console(file=stream, width=width, color_system=None).print(
        frame(view.runs, view.planned, width, height)
    )
    return stream.getvalue().splitlines()


def test_the_view_counts_and_draws_what_is_running(under_way):
    lines = drawn(Watcher(str(under_way)).view())
    assert lines[0] == "1 of 4 runs finished, 1 running, 1 interrupted, 1 to come"
    assert lines[1].startswith("elman: median test NMSE ")
    assert lines[2] == "leaky seed 0: interrupted at generation 4"
    assert lines[3].startswith("elman seed 1: generation 4, best MSE 0.")
    assert lines[-1].rstrip()[-1] == "█"
    assert lines[-1][0] == "▁"


@pytest.mark.parametrize("height", [3, 6, 12, 40])
@pytest.mark.parametrize("width", [20, 60, 200])
def test_the_view_keeps_within_the_terminal(under_way, width, height):
    lines = drawn(Watcher(str(under_way)).view(), width, height)
    assert len(lines) <= max(height, 6)
    assert max(map(len, lines)) <= width


def test_a_run_without_generations_is_compiling(mine):
    run = mine / "results/spots/leaky/seed-1"
    (run / "result.json").unlink()
    (run / "history.csv").write_text("generation,best_mse\r\n")
    with RunLock(run):
        lines = drawn(Watcher(str(mine / "results")).view())
    assert lines[-1] == "leaky seed 1: compiling"


def test_finished_runs_are_read_once(project, monkeypatch):
    watcher = Watcher(str(project / "results"))
    first = watcher.view()
    monkeypatch.setattr("evornn.cli.watch.look", pytest.fail)
    assert watcher.view() == first
    assert first.done


def test_the_watch_ends_when_all_is_finished(project, evornn):
    status, out, err = evornn("watch", project / "results/spots")
    assert (status, err) == (0, "")
    assert len(out.splitlines()) == 4
    assert out.startswith("elman seed 0: finished (test NMSE 0.")


def test_the_watch_gives_up_when_nobody_works(mine, evornn):
    (mine / "results/spots/leaky/seed-0/result.json").unlink()
    status, out, err = evornn("watch", mine / "results/spots", "--interval", "0.05")
    assert status == 1
    assert "leaky seed 0: interrupted (best MSE 0." in out
    assert err.startswith("nobody works on ")
    assert "1 of 4 runs are not finished, 1 of them started; go on with evornn resume " in err


def test_the_watch_follows_a_run_to_its_end(mine, evornn):
    run = mine / "results/spots/leaky/seed-0"
    result = (run / "result.json").read_text()
    (run / "result.json").unlink()

    def end():
        (run / "result.json").write_text(result)
        lock.__exit__(None, None, None)

    lock = RunLock(run)
    lock.__enter__()
    timer = threading.Timer(1.0, end)
    timer.start()
    status, out, _ = evornn("watch", mine / "results/spots", "--interval", "0.05")
    timer.join()
    assert status == 0
    assert [line.split(" (")[0] for line in out.splitlines()[-2:]] == [
        "leaky seed 1: finished",
        "leaky seed 0: finished",
    ]
    assert "leaky seed 0: running (best MSE 0." in out


def test_ctrl_c_ends_the_watch_with_130(under_way, evornn, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("evornn.cli.watch.time.sleep", interrupt)
    assert evornn("watch", under_way)[0] == 130


def test_a_note_of_a_dead_process_is_not_believed(mine):
    run = mine / "results/spots/leaky/seed-0"
    (run / "result.json").unlink()
    gone = {"pid": 2**22 + 1, "host": socket.gethostname(), "since": "", "command": ""}
    (run / "run.holder.json").write_text(json.dumps(gone))
    view = Watcher(str(mine / "results")).view()
    assert [r.name for r in view.of("interrupted")] == ["leaky seed 0"]
    # A process that lives but does not hold the lock has the number of the dead one.
    (run / "run.holder.json").write_text(json.dumps({**gone, "pid": os.getpid()}))
    assert not Watcher(str(mine / "results")).view().of("running")


def test_curves_rise_from_an_eighth_to_the_whole_height():
    assert blocks([1, 2, 3, 4, 5, 6, 7, 8], 8, 1) == ["▁▂▃▄▅▆▇█"]
    assert blocks([0, 1], 4, 2) == ["  ██", "▁▁██"]
    assert blocks([5, 5], 3, 1) == ["▁▁▁"]


def test_curves_leave_gaps_where_nothing_is_finite():
    assert blocks([0, math.nan, math.inf, 1], 4, 1) == ["▁  █"]
    assert blocks([math.nan], 4, 1) == []
    assert blocks([], 4, 1) == []


def test_without_a_fitness_column_the_error_is_drawn(tmp_path):
    (tmp_path / "history.csv").write_text("generation,best_mse\r\n0,2\r\n1,1\r\n")
    assert fitness_curve(str(tmp_path), 4, 1) == ["██▁▁"]
    assert fitness_curve(str(tmp_path / "nowhere"), 4, 1) == []
