"""The cache of compiled kernels: it saves the second process its time, and never harms a run."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

# A cell that no other test has, with one product: its kernel compiles fast. It prints the answers'
# bits and how many kernels came from the cache.
SCRIPT = """
import sys, warnings
import numpy as np
from evornn.flow import cell, matrix
from evornn.network import Network

@cell
def quick(x, h, *, W=matrix("hidden", "input")):
    return 0.5 * h + W @ x

network = Network(quick, inputs=2, outputs=1, hidden=3, dtype="float64")
network = network.with_chromosome(np.linspace(-1, 1, network.genes))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    answers = network.predict(np.linspace(-2, 2, 12).reshape(6, 2))
(kernel,) = (m.run for n, m in list(sys.modules.items()) if n.startswith("evornn_kernel_"))
print(answers.tobytes().hex())
print(sum(kernel.stats.cache_hits.values()), sum(kernel.stats.cache_misses.values()))
print([f"{w.category.__name__}: {w.message}" for w in caught])
"""


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    """A cache that holds the kernel of SCRIPT, and what the process that filled it printed."""
    folder = tmp_path_factory.mktemp("cache")
    root = str(pathlib.Path(__file__).parents[2])
    finished = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "EVORNN_CACHE": str(folder), "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=True,
    )
    return folder, finished.stdout.splitlines()


@pytest.fixture
def again(warm, in_new_process):
    """Runs SCRIPT once more on the cache; its answers must be those of the first process."""
    folder, (answers, *_) = warm

    def run(cache=folder):
        got, statistics, warned = in_new_process(SCRIPT, EVORNN_CACHE=str(cache)).splitlines()
        assert got == answers
        hits, misses = map(int, statistics.split())
        return hits, misses, warned

    return run


def files(folder, ending):
    return sorted((folder / "kernels").rglob(f"*{ending}"))


def test_the_first_process_compiles_and_the_second_loads(warm, again):
    assert warm[1][1:] == ["0 1", "[]"]
    assert again() == (1, 0, "[]")
    assert len(files(warm[0], ".py")) == 1
    assert files(warm[0], ".tmp") == []


def test_the_answers_are_right(warm):
    answers = np.frombuffer(bytes.fromhex(warm[1][0]))
    w, v, c = (a := np.linspace(-1, 1, 10))[:6].reshape(3, 2), a[6:9], a[9]
    h, wanted = np.zeros(3), []
    for row in np.linspace(-2, 2, 12).reshape(6, 2):
        h = 0.5 * h + w @ row
        wanted.append(v @ h + c)
    np.testing.assert_allclose(answers, wanted, rtol=1e-14)


def test_a_damaged_source_is_written_anew(warm, again):
    (source,) = files(warm[0], ".py")
    text = source.read_text(encoding="utf-8")
    source.write_text("raise SystemExit('damaged')", encoding="utf-8")
    assert again()[2] == "[]"
    assert source.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(("ending", "left"), [(".nbi", 0.5), (".nbc", 0.0)])
def test_a_damaged_kernel_is_compiled_anew(ending, left, warm, again):
    for path in files(warm[0], ending):
        data = path.read_bytes()
        path.write_bytes(data[: int(left * len(data))])
    assert again()[:2] == (0, 1)
    assert again()[:2] == (1, 0)


@pytest.mark.parametrize("place", ["/dev/null/x", "file"])
def test_a_cache_that_cannot_be_written_is_no_obstacle(place, again, tmp_path):
    if place == "file":
        place = tmp_path / "file"
        place.write_text("not a folder")
    hits, _, warned = again(place)
    assert hits == 0
    assert "RuntimeWarning: Kernels are compiled anew in every process" in warned
    assert "set EVORNN_CACHE to one that can" in warned
