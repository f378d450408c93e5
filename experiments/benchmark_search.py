"""How fast is a search among reservoirs, against reservoirpy's, and what do lanes bring?

    python experiments/benchmark_search.py [--smoke] [--repeats 7] [--out DIR]

Fifty candidates of 300 units at connectivity .1 differ in spectral radius, leak, input scaling and
ridge; each is fitted to 2000 steps of NARMA10 and judged on 1000 more, on all cores. evornn runs
one generation of `EvolveReservoir`; reservoirpy the same candidates by its own parallel_research,
which draws each matrix, and by plain loops in joblib's processes or threads that are handed the
matrices. Where the matrices are the same, so must the errors be. Then: small reservoirs alone and
eight in the lanes of a register, on one core. Writes results/benchmark_search.md.
"""

from __future__ import annotations

import argparse
import functools
import io
import json
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from benchmark_report import Report, arguments, machine, met, progress, versions
from benchmark_workers import Here, Run, Worker, interleave

SEED, DENSITY, WASHOUT = 5, 0.1, 100
AIM = 5.0
TOLERANCE = 1e-5  # relative, between the errors of candidates with the same matrices


@dataclass(frozen=True)
class Search:
    """What is searched.

    Attributes:
        candidates: Of one generation.
        units: Of each reservoir.
        train: Steps to fit to.
        validation: Steps to judge on.
        drawn: Whether the peer draws each matrix itself, by its own search.
    """

    candidates: int
    units: int
    train: int = 2000
    validation: int = 1000
    drawn: bool = False

    @property
    def population(self) -> int:
        """How many numbers an answer has."""
        return self.candidates

    def task(self) -> Any:
        """NARMA10."""
        from evornn.tasks import narma10

        return narma10(train=self.train, validation=self.validation, test=100, washout=0)

    def space(self) -> Any:
        """Candidates as chromosomes."""
        from evornn.search import Log, Real
        from evornn.search.space import Hyperparameters

        genes = {
            "spectral_radius": Real(0.5, 1.1), "leak": Real(0.3, 1.0),
            "input_scaling": Log(0.1, 1.0), "ridge": Log(1e-6, 1e-1),
        }  # fmt: skip
        fixed = {"units": self.units, "density": DENSITY, "washout": WASHOUT}
        return Hyperparameters({**fixed, "inputs_to_readout": False}, genes, [SEED])

    def chromosomes(self) -> np.ndarray:
        """The candidates, axes (individual, gene)."""
        return self.space().initial(np.random.default_rng(SEED), self.candidates)


def evornn(search: Search) -> dict[str, Run]:
    """This package: a generation of candidates on all cores; matrices are drawn in every call."""
    from evornn.search.score import Scorer
    from evornn.workers import Workers

    task, chromosomes, workers = search.task(), search.chromosomes(), Workers(-1)
    return {"": lambda: Scorer(search.space(), task).errors(chromosomes, workers)[0]}


def objective(
    data: Any, config: Any, *, sr: float, lr: float, scaling: float, ridge: float, k: int
) -> dict[str, float]:
    """One candidate in reservoirpy; `data` may hold matrices of radius 1."""
    from reservoirpy import nodes

    (u, y, later, wanted), (W, W_in), units = data
    if W is None:
        reservoir = nodes.Reservoir(
            units, lr=lr, sr=sr, input_scaling=scaling, rc_connectivity=DENSITY, seed=SEED
        )
    else:
        reservoir = nodes.Reservoir(W=W * sr, Win=W_in * scaling, lr=lr)
    model = reservoir >> nodes.Ridge(ridge=ridge)
    model.fit(u, y, warmup=WASHOUT)
    model.reset()
    return {"loss": float(np.mean((model.run(later) - wanted) ** 2)), "k": int(k)}


def reservoirpy(search: Search) -> dict[str, Run]:
    """The same candidates: its own search, or loops over them."""
    from joblib import Parallel, delayed

    from evornn.reservoir.spectrum import as_matrix

    space, part = search.space(), search.task()
    found = [space.settings(row) for row in search.chromosomes()]
    trials = [
        {
            "sr": each["spectral_radius"], "lr": each["leak"], "scaling": each["input_scaling"],
            "ridge": each["ridge"], "k": k,
        }
        for k, each in enumerate(found)
    ]  # fmt: skip
    layer = space.networks(search.chromosomes()[0])[0].draw(1, 1).stack.layers[0]
    given = (None, None)
    if not search.drawn:
        W = as_matrix(layer.W) / found[0]["spectral_radius"]
        given = W, layer.W_in / found[0]["input_scaling"]
    series = (
        part.train.inputs[0], part.train.targets[0],
        part.validation.inputs[0], part.validation.targets[0],
    )  # fmt: skip
    data = [np.array(s) for s in series], given, search.units

    def loop(**settings: Any) -> np.ndarray:
        found = Parallel(n_jobs=-1, **settings)(
            delayed(objective)(data, None, **trial) for trial in trials
        )
        return np.array([each["loss"] for each in found])

    if search.drawn:
        return {"parallel_research": functools.partial(researched, data, trials)}
    return {
        "plain loop, processes": loop,
        "plain loop, threads": lambda: loop(prefer="threads"),
    }


def researched(data: Any, trials: list[dict[str, Any]]) -> np.ndarray:
    """The candidates by reservoirpy's own search; it writes a file for each."""
    from reservoirpy.hyper import parallel_research

    with tempfile.TemporaryDirectory() as folder, redirect_stderr(io.StringIO()):
        # It cannot be given candidates: it draws its own out of the same ranges.
        config = {
            "exp": "search", "hp_max_evals": len(trials), "hp_method": "random", "seed": SEED,
            "hp_space": {
                "sr": ["uniform", 0.5, 1.1], "lr": ["uniform", 0.3, 1.0],
                "scaling": ["loguniform", 0.1, 1.0], "ridge": ["loguniform", 1e-6, 1e-1],
                "k": ["choice", 0],
            },
        }  # fmt: skip
        path = Path(folder) / "config.json"
        path.write_text(json.dumps(config), encoding="utf-8")
        parallel_research(objective, data, str(path), folder)
        answers = sorted(Path(folder).glob("search/results/*.json"))
        losses = [json.loads(p.read_text())["returned_dict"]["loss"] for p in answers]
    return np.array(losses)


def compare(search: Search, us: Worker, them: Here, repeats: int) -> list[str]:
    """A row: both prepared, checked against each other, and timed in turns.

    The aim is set for reservoirpy's own way; a loop that is handed the matrices is better than it.
    """
    progress(str(search))
    ours, theirs = us.prepare(search), them.prepare(search)
    if ours.problem or theirs.problem:
        sys.exit(f"{search}: {ours.problem or theirs.problem}")
    told = f"least error {ours.loss.min():.4f} and {theirs.loss.min():.4f}"
    if not search.drawn:
        apart = float(np.abs(ours.loss / theirs.loss - 1).max())
        if not apart <= TOLERANCE:
            sys.exit(f"the errors differ by {apart:.1e}")
        told = f"differ by {apart:.0e}"
    mine, ratio = interleave(us, them, repeats)
    low, median, high = np.quantile(mine, (0.25, 0.5, 0.75))
    return [
        theirs.form, "each" if search.drawn else "given",
        f"{median:.3f} ({low:.3f}-{high:.3f})", f"{np.median(ratio.seconds):.3f}",
        f"{ratio.median:.1f}", f"{ratio.low:.1f}-{ratio.high:.1f}",
        *([f"{AIM:g}", met(ratio.median, AIM)] if search.drawn else ["-", "-"]), told,
    ]  # fmt: skip


def lanes_row(search: Search, repeats: int) -> list[str]:
    """Milliseconds a candidate on one core, alone and in lanes; also of the states only."""
    from evornn.reservoir.together import Together
    from evornn.search.one_thread import one_blas_thread
    from evornn.search.score import Scorer
    from evornn.workers import Workers

    progress(f"lanes: {search}")
    task, space, chromosomes = search.task(), search.space(), search.chromosomes()
    scorer, worker, count = Scorer(space, task), Workers(1), search.candidates
    layers = [space.networks(row)[0].draw(1, 1).stack.layers[0] for row in chromosomes]
    u = task.train.inputs[0]

    def alone() -> np.ndarray:
        with one_blas_thread():
            return np.array([scorer.fitted_error(space.networks(row)[0]) for row in chromosomes])

    timed: list[Callable[[], Any]] = [
        alone,
        lambda: scorer.errors(chromosomes, worker)[0],
        lambda: [layer.run(u) for layer in layers],
        lambda: [Together(layers[k : k + 8]).run(u) for k in range(0, count, 8)],
    ]
    apart = float(np.abs(timed[0]() - timed[1]()).max())
    spans = np.empty((len(timed), repeats))
    for repeat in range(repeats):
        for k, call in enumerate(timed):
            began = time.perf_counter()
            call()
            spans[k, repeat] = (time.perf_counter() - began) / count * 1e3
    one, many, states, lanes = np.median(spans, axis=1)
    return [
        f"{search.units}", f"{one:.2f}", f"{many:.2f}",
        f"{np.median(spans[0] / spans[1]):.2f}", f"{states:.3f}", f"{lanes:.3f}",
        f"{np.median(spans[2] / spans[3]):.1f}", f"{apart:.0e}",
    ]  # fmt: skip


def parse() -> argparse.Namespace:
    """Options from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--repeats", type=int, default=7, help="pairs of each comparison")
    return parser.parse_args()


def main() -> None:
    """Run all cases and report."""
    options = parse()
    smoke, repeats = options.smoke, 2 if options.smoke else options.repeats
    sizes = {"train": 300, "validation": 200} if smoke else {}
    report = Report("benchmark_search", "Searching among reservoirs")
    report.say(
        f"Machine: {machine()}. {versions('numpy', 'scipy', 'numba', 'joblib', 'reservoirpy')}. "
        "Float64, NARMA10, one draw a candidate. Ratio: seconds of reservoirpy over those of "
        "evornn, median of pairs that take turns, with its quartiles; of several plain loops the "
        "fastest. A search by hyperopt runs one candidate after the other and is not timed."
    )
    count, units = (4, 20) if smoke else (50, 300)
    them = Here(reservoirpy)  # joblib refuses processes to a process of multiprocessing's
    with closing(Worker(evornn)) as us:
        rows = [
            compare(Search(count, units, drawn=drawn, **sizes), us, them, repeats)
            for drawn in (True, False)
        ]
    columns = (
        "reservoirpy|Matrices|evornn s (quartiles)|reservoirpy s|Ratio|Quartiles|Aim|Met|Errors"
    )
    report.table(f"{count} candidates of {units} units, all cores", columns.split("|"), rows)
    small = (20,) if smoke else (20, 32, 64, 100, 300)
    rows = [lanes_row(Search(8 if smoke else 48, n, **sizes), repeats) for n in small]
    columns = (
        "Units|ms a candidate, alone|in lanes|Gain|ms of its training states, alone|in lanes|Gain|"
        "Difference"
    )
    report.table("Alone and in lanes, one core", columns.split("|"), rows)
    report.finish(options)


if __name__ == "__main__":
    main()
