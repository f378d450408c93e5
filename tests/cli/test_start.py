"""`evornn run` and `evornn resume`: a script, or its results folder, start the same thing."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest


def bytes_of(folder):
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.glob("*/seed-*/*"))
        if p.name in ("history.csv", "best.safetensors")
    }


def test_the_experiment_says_from_the_start_what_it_asks_and_how_to_start_it(project):
    facts = json.loads((project / "results/spots/experiment.json").read_text())
    assert facts["question"].startswith("Which of two small networks")
    assert facts["question"].endswith("\n\nTiny, for tests.")
    assert facts["script"] == "experiments/spots.py"
    assert facts["arguments"] == ["--jobs", "1", "--quiet"]
    assert facts["directory"] == "../.."
    assert set(facts["results"]) == {"elman", "leaky"}


def test_run_gives_the_bytes_that_python_gives(project, tmp_path):
    script = project / "experiments" / "spots.py"
    root = str(pathlib.Path(__file__).parents[2])
    command = [sys.executable, str(script), "--quiet", "--out", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": root})
    mine, theirs = bytes_of(tmp_path / "spots"), bytes_of(project / "results/spots")
    assert len(mine) == 8
    assert mine == theirs


def test_a_script_without_a_main_part_runs_too_and_keeps_its_name(script, process, tmp_path):
    path = script("", "bare.py")
    ended = process("run", str(path), "--smoke", "--quiet", "--out", str(tmp_path / "out"))
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "out/bare-smoke/elman/seed-0/result.json").is_file()
    assert "elman" in ended.stdout


def test_the_script_has_its_own_help(project, process):
    ended = process("run", str(project / "experiments/spots.py"), "--help")
    assert ended.returncode == 0
    assert "Which of two small networks" in ended.stdout
    assert "--checkpoint-seconds" in ended.stdout


def test_a_scripts_own_error_shows_its_traceback_and_nothing_of_this_program(script, process):
    ended = process("run", str(script("\n1 / 0\n")))
    assert ended.returncode == 1
    assert "ZeroDivisionError" in ended.stderr
    assert "spots.py" in ended.stderr
    assert "start.py" not in ended.stderr


def test_a_script_that_is_no_python_is_shown_as_such(script, process):
    ended = process("run", str(script("\nthis is no python\n")))
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("SyntaxError")
    assert "start.py" not in ended.stderr


def test_a_script_without_an_experiment_is_refused_before_it_does_anything(process, tmp_path):
    path = tmp_path / "other.py"
    path.write_text("open('done', 'w').close()\n")
    ended = process("run", str(path), cwd=tmp_path)
    assert ended.returncode == 2
    assert "needs a script that defines `experiment = en.Experiment(...)`" in ended.stderr
    assert not (tmp_path / "done").exists()


def test_resume_ends_an_interrupted_experiment_with_the_same_bytes(mine, project, process):
    results = mine / "results" / "spots"
    (results / "leaky/seed-1/result.json").unlink()
    kept = (results / "elman/seed-0/result.json").stat().st_mtime_ns
    ended = process("resume", str(results), "--jobs", "2", cwd="/")
    assert ended.returncode == 0, ended.stderr
    assert bytes_of(results) == bytes_of(project / "results/spots")
    assert (results / "elman/seed-0/result.json").stat().st_mtime_ns == kept


def test_resume_finds_the_experiment_above_a_run_and_stays_in_its_folder(mine, process):
    (mine / "results").rename(mine / "moved")
    run = mine / "moved/spots/leaky/seed-1"
    (run / "result.json").unlink()
    assert process("resume", str(run)).returncode == 0
    assert (run / "result.json").is_file()
    assert not (mine / "results").exists()


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (lambda project: (project / "experiments/spots.py").unlink(), "is no longer there"),
        (lambda project: (project / "results/spots/experiment.json").unlink(), "it has none"),
        (
            lambda project: (project / "results/spots/experiment.json").write_text("{"),
            "is damaged",
        ),
        (
            lambda project: (project / "results/spots/experiment.json").write_text("{}"),
            "does not name a script",
        ),
    ],
    ids=["script gone", "no experiment.json", "damaged", "not started by main"],
)
def test_resume_says_what_is_missing(spoil, text, mine, evornn):
    spoil(mine)
    status, out, err = evornn("resume", mine / "results/spots")
    assert status == 2
    assert out == ""
    assert err.startswith("error: ")
    assert text in err
    assert len(err.splitlines()) == 1


def test_ctrl_c_ends_a_run_with_130_and_resume_goes_on(script, tmp_path):
    path = script()
    # So many generations that the signal comes in time, whatever else the machine does.
    path.write_text(path.read_text().replace("generations=4", "seconds=5"))
    root = str(pathlib.Path(__file__).parents[2])
    command = [sys.executable, "-m", "evornn", "run", str(path), "--out", str(tmp_path / "out")]
    with subprocess.Popen(
        [*command, "--seeds", "1", "--jobs", "1"],
        env={**os.environ, "PYTHONPATH": root},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as running:
        history = tmp_path / "out/spots/elman/seed-0/history.csv"
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and not (history.is_file() and history.stat().st_size):
            time.sleep(0.05)
        time.sleep(0.3)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "start again to go on from here" in err
    assert (tmp_path / "out/spots/experiment.json").is_file()
    assert list(history.parent.glob("checkpoint-*.evo"))
