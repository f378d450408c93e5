"""The command as a whole: help, versions, wrong use, the ends of pipes."""

import os
import pathlib
import subprocess
import sys

import pytest

import evornn as en
from evornn.cli.text import age, columns

COMMANDS = ("run", "resume", "list", "show", "watch", "export", "compare", "plot", "report")


def test_help_names_commands_examples_and_exit_statuses(evornn):
    status, out, _ = evornn("--help")
    assert status == 0
    for text in (*COMMANDS, "evornn run experiments/laser.py --seeds 8", "Exit statuses", "130"):
        assert text in out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_helps_with_an_example(command, evornn):
    status, out, _ = evornn(command, "--help")
    assert status == 0
    assert f"evornn {command}" in "\n".join(out.splitlines()[2:])


def test_the_version_is_the_packages(evornn):
    assert evornn("--version") == (0, f"evornn {en.__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["frobnicate"], "error: No such command 'frobnicate'; see evornn --help"),
        (["list", "--nonsense"], "No such option: --nonsense"),
        (["list", "nowhere"], "error: nowhere needs to be a folder of results, there is none"),
        (["show", "nowhere"], "error: nowhere needs to be a folder of results, there is none"),
        (["resume", "nowhere"], "needs to be a folder of results, there is none"),
        (["compare", "nowhere"], "error: "),
        (["plot", "nowhere"], "error: "),
        (["report", "nowhere"], "error: "),
        (["watch", "nowhere"], "error: nowhere needs to be a folder"),
        (["run", "nowhere.py"], "error: the script nowhere.py cannot be read: No such file"),
        (["run"], "Missing argument 'SCRIPT'"),
        (["export", "x", "--format", "pdf"], "'pdf' is not one of 'csv', 'json', 'npz'"),
    ],
)
def test_wrong_use_is_one_sentence_and_status_2(arguments, text, evornn, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = evornn(*arguments)
    assert (status, out) == (2, "")
    assert text in err
    assert err.startswith("error: ")
    assert len(err.splitlines()) == 1


def test_no_command_is_help_and_status_2(evornn):
    status, out, err = evornn()
    assert status == 2
    assert "Usage: evornn" in out + err


def test_ctrl_c_ends_with_130(evornn, monkeypatch, tmp_path):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("evornn.cli.look.list_runs", interrupt)
    assert evornn("list", tmp_path)[0] == 130


def test_a_folder_that_cannot_be_written_is_one_sentence(project, evornn, tmp_path):
    (tmp_path / "file").write_text("")
    run = project / "results/spots/elman/seed-0"
    status, _, err = evornn("export", run, "--out", tmp_path / "file" / "e")
    assert status == 2
    assert len(err.splitlines()) == 1


def test_a_reader_that_leaves_is_no_error(tmp_path):
    for seed in range(3000):
        (tmp_path / "experiment" / "contender" / f"seed-{seed}").mkdir(parents=True)
    root = str(pathlib.Path(__file__).parents[2])
    # Unbuffered, Python itself loses what a pipe does not take, without an error.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    with subprocess.Popen(
        [sys.executable, "-m", "evornn", "list", str(tmp_path)],
        env={**environment, "PYTHONPATH": root},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 141


def test_completion_knows_commands_and_formats(tmp_path):
    def complete(words):
        root = str(pathlib.Path(__file__).parents[2])
        asked = {
            "_EVORNN_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split(" ")) - 1),
            "PYTHONPATH": root,
        }
        command = [sys.executable, "-m", "evornn"]
        ended = subprocess.run(
            command, env={**os.environ, **asked}, capture_output=True, text=True, check=False
        )
        return ended.stdout.split()

    assert set(complete("evornn ")) >= set(COMMANDS)
    assert complete("evornn export x --format n") == ["npz"]


def test_columns_are_as_wide_as_their_widest_cell():
    lines = columns(("name", "error"), [("a", "0.25"), ("longer", "0.5")])
    assert lines == ["name    error", "a        0.25", "longer    0.5"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (90, "2 min"), (7200, "2 h"), (86400 * 3, "3 d"), (-1, "0 s")],
)
def test_ages_have_one_unit(seconds, text):
    assert age(seconds) == text
