"""Every experiment runs, in its tiny version, and explains itself."""

import pathlib
import subprocess
import sys

import pytest

FILES = sorted((pathlib.Path(__file__).parents[1] / "experiments").glob("*.py"))
SCRIPTS = [f for f in FILES if "__main__" in f.read_text(encoding="utf-8")]  # others are imported


def run(script, *options, folder):
    command = [sys.executable, str(script), *options]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=600, check=False, cwd=folder
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda s: s.stem)
def test_the_script_explains_itself_and_runs_with_smoke(script, tmp_path):
    explained = run(script, "--help", folder=tmp_path)
    assert "--smoke" in explained
    out = ["--out", "there"] if "--out" in explained else []
    assert run(script, "--smoke", *out, folder=tmp_path).strip()
    assert {p.name for p in tmp_path.iterdir()} <= {"there"}  # nothing lands elsewhere
