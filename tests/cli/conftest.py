"""One small experiment, run once by the command itself, and ways to call the command."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from evornn.cli import main

SCRIPT = '''"""Which of two small networks predicts sunspots better?

Tiny, for tests.
"""

import evornn as en


def contender(cell):
    network = en.Network(cell, hidden=3)
    return en.Evolve(network, en.GA(population=24, elites=2), stop=en.Stop(generations=4))


experiment = en.Experiment(
    task=en.tasks.sunspots(),
    contenders={"elman": contender(en.cells.elman), "leaky": contender(en.cells.leaky)},
    seeds=2,
)
'''
GUARD = """
if __name__ == "__main__":
    experiment.main()
"""


def in_process(*arguments, cwd=None, **options):
    """Runs `python -m evornn` in a process of its own; what subprocess.run answers."""
    root = str(pathlib.Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, "-m", "evornn", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        **options,
    )


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """A folder with experiments/spots.py and, in results/spots, its four finished runs."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "experiments").mkdir()
    (folder / "experiments" / "spots.py").write_text(SCRIPT + GUARD)
    ended = in_process("run", "experiments/spots.py", "--jobs", "1", "--quiet", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.fixture
def mine(project, tmp_path):
    """A copy of the project that a test may spoil."""
    return pathlib.Path(shutil.copytree(project, tmp_path / "project"))


@pytest.fixture
def evornn(capsys):
    """Calls the command in this process: exit status, standard output, standard error."""

    def call(*arguments):
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return end.value.code, printed.out, printed.err

    return call


@pytest.fixture
def process():
    """Calls the command in a process of its own, as a user does."""
    return in_process


@pytest.fixture
def script(tmp_path):
    """Writes a script: the small experiment, with other lines in the place of the last ones."""

    def write(ending=GUARD, name="spots.py"):
        path = tmp_path / name
        path.write_text(SCRIPT + ending)
        return path

    return write
