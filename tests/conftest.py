"""Shared by all tests: a seeded generator, and a cache of compiled kernels that reruns find."""

import os
import pathlib
import subprocess
import sys
import zlib

import hypothesis
import numpy as np
import pytest

# The tests' own modules (oracle.py, drawn_cells.py) are no package: importlib mode adds no path.
sys.path.insert(0, str(pathlib.Path(__file__).parent))

hypothesis.settings.register_profile("evornn", deadline=None, derandomize=True, database=None)


def pytest_configure(config):
    """Keep compiled kernels beside pytest's own cache, unless the environment says where."""
    hypothesis.settings.load_profile("evornn")
    cache = getattr(config, "cache", None)
    if "EVORNN_CACHE" not in os.environ and cache is not None:
        os.environ["EVORNN_CACHE"] = str(cache.mkdir("evornn"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Files go to workers whole, the larger ones first, but every script by itself.

    So a file's fixtures and kernels are made once, and the long scripts fill up the end evenly.
    """
    from xdist.scheduler import LoadFileScheduling

    class FilesAndScripts(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return nodeid if file.endswith("test_scripts.py") else file

    return FilesAndScripts(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture
def rng(request):
    """A generator seeded by the test's own name."""
    return np.random.default_rng(zlib.crc32(request.node.name.encode()))


@pytest.fixture
def in_new_process():
    """Runs a script in another Python with changes to its environment; its standard output."""

    def run(script, **environment):
        root = str(pathlib.Path(__file__).parents[1])
        path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        finished = subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONPATH": path, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    return run
