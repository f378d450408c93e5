"""Every experiment runs, in its tiny version."""

import pathlib
import subprocess
import sys

import pytest

SCRIPTS = sorted((pathlib.Path(__file__).parents[1] / "experiments").glob("*.py"))
LIBRARIES = {"benchmark_peers.py"}  # imported by others


@pytest.mark.parametrize(
    "script", [s for s in SCRIPTS if s.name not in LIBRARIES], ids=lambda s: s.stem
)
def test_the_script_runs_with_smoke(script, tmp_path):
    command = [sys.executable, str(script), "--smoke", "--out", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip()


@pytest.mark.parametrize(
    "script", [s for s in SCRIPTS if s.name not in LIBRARIES], ids=lambda s: s.stem
)
def test_the_script_explains_itself(script):
    ended = subprocess.run(
        [sys.executable, str(script), "--help"], capture_output=True, text=True, check=True
    )
    assert "--smoke" in ended.stdout
    assert "--out" in ended.stdout
