"""Many runs at a glance: their folders' small files tell status and figures."""

import json
import os
import socket
import time

import numpy as np
import pytest

from evornn.experiment import RunFolderError
from evornn.experiment.flat import flat
from evornn.experiment.glance import curve, last_row
from evornn.experiment.listing import list_runs, look
from evornn.experiment.lock import RunLock

HEADER = "generation,evaluations,best_mse\r\n"
RESULT = {"generations": 9, "test_nmse": 0.5, "train_mse": 0.25}


def make(root, name="e/c/seed-0", rows=3, result=None):
    """A run's folder with a history of some rows."""
    run = root / name
    run.mkdir(parents=True)
    (run / "settings.json").write_text("{}")
    lines = [f"{k},{k * 10},{1 / (k + 1)}\r\n" for k in range(rows)]
    (run / "history.csv").write_bytes((HEADER + "".join(lines)).encode())
    if result is not None:
        (run / "result.json").write_text(json.dumps(result))
    return run


def test_a_finished_run_is_read_from_its_result(tmp_path):
    run = make(tmp_path, "laser/elman/seed-12", result=RESULT)
    os.utime(run / "result.json", (1e9, 1e9))
    (found,) = list_runs(tmp_path)
    assert found.folder == str(run)
    assert (found.experiment, found.contender, found.seed) == ("laser", "elman", 12)
    assert (found.status, found.generation) == ("finished", 9)
    assert (found.test_nmse, found.best_mse, found.changed) == (0.5, 0.25, 1e9)


def test_an_open_run_is_read_from_the_end_of_its_history(tmp_path):
    run = make(tmp_path, rows=400)
    os.utime(run / "history.csv", (1e9, 1e9))
    found = look(run)
    assert (found.status, found.generation, found.best_mse) == ("interrupted", 399, 1 / 400)
    assert (found.test_nmse, found.changed, found.problem) == (None, 1e9, "")


def test_a_run_without_a_generation_has_failed_to_start(tmp_path):
    assert look(make(tmp_path, rows=0)).status == "failed to start"
    (tmp_path / "e/c/seed-1").mkdir()
    assert look(tmp_path / "e/c/seed-1").status == "failed to start"


def test_a_held_run_is_running_with_and_without_generations(tmp_path):
    for rows in (0, 3):
        run = make(tmp_path, f"e/c/seed-{rows}", rows)
        with RunLock(run):
            assert look(run).status == "running"
        assert look(run).status != "running"


def test_a_note_that_a_killed_process_left_is_not_believed(tmp_path):
    run = make(tmp_path)
    note = {"host": socket.gethostname(), "since": "", "command": ""}
    for pid in (2**22 + 1, os.getpid(), "nonsense"):
        (run / "run.holder.json").write_text(json.dumps({**note, "pid": pid}))
        assert look(run).status == "interrupted"
    (run / "run.holder.json").write_text("{")
    assert look(run).status == "interrupted"


def test_the_lock_is_not_touched_where_no_note_lies(tmp_path, monkeypatch):
    run = make(tmp_path)
    (run / "run.lock").write_text("")
    monkeypatch.setattr("evornn.experiment.listing.is_held", pytest.fail)
    assert look(run).status == "interrupted"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("result.json", b""),
        ("result.json", b"[]"),
        ("result.json", b'{"generations": 3}'),
        ("result.json", b'{"generations": "many", "test_nmse": 0, "train_mse": 0}'),
        ("result.json", b"\xff\xfe"),
        ("history.csv", HEADER.encode() + b"0,1\r\n"),
        ("history.csv", HEADER.encode() + b"0,1,much\r\n"),
        ("history.csv", b"\x00\r\n\x00\r\n"),
        ("history.csv", b"generation,cost\r\n0,1\r\n"),
    ],
)
def test_a_damaged_file_is_named_and_never_raises(name, content, tmp_path):
    run = make(tmp_path)
    (run / name).write_bytes(content)
    found = look(run)
    assert found.status == "damaged"
    assert found.problem.startswith(f"{name} cannot be read (")


def test_a_file_in_the_place_of_a_folder_is_damaged(tmp_path):
    run = make(tmp_path)
    (run / "history.csv").unlink()
    (run / "history.csv").mkdir()
    assert look(run).problem == "history.csv cannot be read (Is a directory)"


def test_runs_are_found_from_any_folder_above_in_order(tmp_path):
    for name in ("b/c/seed-10", "b/c/seed-9", "a/d/seed-0", "a/c/seed-0"):
        make(tmp_path, name, result=RESULT)
    make(tmp_path, "a.old-1/c/seed-0", result=RESULT)
    make(tmp_path, ".hidden/c/seed-0", result=RESULT)
    (tmp_path / "a" / "c" / "seed-x").mkdir()
    (tmp_path / "a" / "table.md").write_text("")
    names = [(run.experiment, run.contender, run.seed) for run in list_runs(tmp_path)]
    assert names == [("a", "c", 0), ("a", "d", 0), ("b", "c", 9), ("b", "c", 10)]
    assert [run.seed for run in list_runs(tmp_path / "b")] == [9, 10]
    assert [run.seed for run in list_runs(tmp_path / "b" / "c")] == [9, 10]
    assert [run.seed for run in list_runs(tmp_path / "b" / "c" / "seed-9")] == [9]
    assert len(list_runs(tmp_path / "a.old-1")) == 1


def test_a_relative_folder_is_understood(tmp_path, monkeypatch):
    make(tmp_path, "e/c/seed-4")
    monkeypatch.chdir(tmp_path / "e" / "c" / "seed-4")
    assert [(run.experiment, run.seed) for run in list_runs(".")] == [("e", 4)]


def test_no_folder_is_one_sentence(tmp_path):
    with pytest.raises(RunFolderError, match="nowhere needs to be a folder of results"):
        list_runs(tmp_path / "nowhere")


def test_thousands_of_runs_take_a_fraction_of_a_second(tmp_path):
    for contender in range(10):
        for seed in range(100):
            make(tmp_path, f"e/c{contender}/seed-{seed}", 50, RESULT if seed % 10 else None)
    began = time.perf_counter()
    runs = list_runs(tmp_path)
    elapsed_s = time.perf_counter() - began
    assert len(runs) == 1000
    assert sum(run.status == "finished" for run in runs) == 900
    assert elapsed_s < 0.5  # 0.05 s on a free core


def test_the_last_whole_row_counts_while_another_is_being_written(tmp_path):
    file = tmp_path / "history.csv"
    file.write_bytes(HEADER.encode() + b"0,1,0.5\r\n1,2,0.25\r\n2,3,0.1")
    assert last_row(file) == {"generation": 1, "evaluations": 2, "best_mse": 0.25}
    file.write_bytes(HEADER.encode() + b"0,1")
    assert last_row(file) is None
    file.write_bytes(HEADER.encode()[:9])
    assert last_row(file) is None


@pytest.mark.parametrize("rows", [1, 2, 7, 100, 5000])
@pytest.mark.parametrize("points", [1, 10, 64])
def test_a_curve_holds_rows_of_the_history_first_and_last_included(rows, points, tmp_path):
    file = make(tmp_path, rows=rows) / "history.csv"
    table = np.genfromtxt(file, delimiter=",", names=True).reshape(-1)
    truth = dict(zip(table["generation"], table["best_mse"], strict=True))
    found = curve(file, "best_mse", points)
    assert found == sorted(found)
    assert all(truth[generation] == value for generation, value in found)
    assert found[0][0] == 0
    assert found[-1][0] == rows - 1
    assert min(rows, points) // 2 <= len(found) <= points + 1


def test_a_curve_of_a_missing_column_is_refused(tmp_path):
    file = make(tmp_path) / "history.csv"
    with pytest.raises(ValueError, match="needs a column 'best_fitness'"):
        curve(file, "best_fitness", 5)


def test_settings_are_flat_by_dotted_names():
    settings = {"a": {"b": 1, "c": None}, "graph": {"name": "elman", "nodes": []}, "d": [1, 2]}
    assert flat(settings) == {"a.b": 1, "cell": "elman", "d": [1, 2]}
