"""History and best network are the same bytes wherever they are computed."""

import pathlib

import joblib
import pytest

import evornn as en
from evornn.experiment import Outcome

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")

FAMILIES = {
    "recurrent": (en.cells.recurrent, {"hidden": 3}),
    "elman": (en.cells.elman, {"hidden": 3}),
    "jordan": (en.cells.jordan, {"hidden": 3, "readout": None}),
    "lstm": (en.cells.lstm, {"hidden": 2}),
    "gru": (en.cells.gru, {"hidden": 2}),
    "mgu": (en.cells.mgu, {"hidden": 2}),
    "indrnn": (en.cells.indrnn, {"hidden": 3}),
    "leaky": (en.cells.leaky, {"hidden": 3}),
    "stack": (en.stack(en.cells.elman, en.cells.gru), {"hidden": 2}),
}
LEARNERS = {
    "default": {},
    "gray": {"encoding": en.GrayGenes(bits=12), "crossover": en.TwoPointCrossover()},
    "roulette-sbx-cauchy": {
        "selection": en.Roulette(),
        "crossover": en.SimulatedBinaryCrossover(),
        "mutation": en.CauchyMutation(),
    },
    "rank-blend-polynomial": {
        "selection": en.Rank(),
        "crossover": en.BlendCrossover(),
        "mutation": en.PolynomialMutation(),
    },
}


@pytest.fixture(autouse=True)
def no_figures(monkeypatch):
    """Tables and figures are not what is compared here, and take most of the time."""
    monkeypatch.setattr(
        "evornn.experiment.experiment.conclude",
        lambda task, folder, folders, facts: Outcome(folder, {}, {}, ()),
    )


def experiment(network, **ga):
    learner = en.GA(population=72, elites=4, **ga)
    contender = en.Evolve(network, learner, stop=en.Stop(generations=4))
    return en.Experiment(en.tasks.sunspots(), {"a": contender}, name="same")


def files(out):
    folder = pathlib.Path(out) / "same" / "a" / "seed-0"
    return {n: (folder / n).read_bytes() for n in ("history.csv", "best.safetensors")}


def everywhere(make, cluster, tmp_path):
    """The files of the same run on threads, in joblib's processes, and on a cluster."""
    found = []
    for jobs in (1, 2, 4):
        make().run(out=tmp_path / f"threads-{jobs}", jobs=jobs, quiet=True)
        found.append(files(tmp_path / f"threads-{jobs}"))
    for backend in ("threading", "loky"):
        with joblib.parallel_config(backend=backend, n_jobs=2):
            make().run(out=tmp_path / backend, jobs=None, quiet=True)
        found.append(files(tmp_path / backend))
    for grain in ("runs", "blocks"):
        make().run(out=tmp_path / grain, dask=cluster[1], grain=grain, quiet=True)
        found.append(files(tmp_path / grain))
    return found


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_cell_family_gives_the_same_bytes_everywhere(family, dtype, cluster, tmp_path):
    cell, settings = FAMILIES[family]
    network = en.Network(cell, dtype=dtype, **settings)
    first, *others = everywhere(lambda: experiment(network), cluster, tmp_path)
    assert all(other == first for other in others)


@pytest.mark.parametrize("learner", LEARNERS)
def test_every_learner_gives_the_same_bytes_everywhere(learner, cluster, tmp_path):
    network = en.Network(en.cells.elman, hidden=3)
    make = lambda: experiment(network, **LEARNERS[learner])  # noqa: E731
    first, *others = everywhere(make, cluster, tmp_path)
    assert all(other == first for other in others)
