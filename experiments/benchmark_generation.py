"""How long is a whole generation of a genetic algorithm, and what does it need beside the networks?

    python experiments/benchmark_generation.py [--smoke] [--generations N] [--out DIR]

Three questions about Elman networks with 32 units (1121 genes) on a sequence of 1000 steps:
the generation of `Evolve` with `GA` against evosax' SimpleGA, whose fitness JAX compiles for two
host devices, with 256 individuals; the share of a generation outside the evaluation, with 1024; and
how memory grows while a run of 1024 starts and goes on. JAX and evosax are optional.
Writes results/benchmark_generation.md.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import pathlib
import time
from typing import Any

import numpy as np
from benchmark_jax import Form, individual_loss, sharded
from benchmark_peers import Case
from benchmark_report import Report, arguments, machine, met, progress, versions
from benchmark_workers import Run, Worker, interleave

AIM_SPEED = 1.5  # evosax' generation over ours
AIM_OUTSIDE = 0.20  # share of a generation that is not evaluation


def start_run(case: Case) -> Any:
    """A run of evornn's GA on the case's sequence."""
    from evornn.evolution import GA, Stop
    from evornn.evolution.evolve import Evolve
    from evornn.tasks import Task
    from evornn.workers import Workers

    x, y = case.series()
    task = Task.from_arrays(
        np.tile(x[0], 2)[:, None], np.tile(y[0], 2)[:, None],
        train=slice(0, case.time), validation=None, test=slice(case.time, 2 * case.time),
        normalise=False,
    )  # fmt: skip
    contender = Evolve(case.network(), GA(case.population), Stop(generations=10**9))
    return contender.start(task, np.random.SeedSequence(1), Workers(2))


def evornn_generation(case: Case) -> dict[str, Run]:
    """One generation of `Evolve`: breed, evaluate, statistics, hall of fame."""
    run = start_run(case)

    def advance() -> np.ndarray:
        return np.full(case.population, run.advance().best_mse)

    return {"GA": advance}


def evosax_generation(case: Case) -> dict[str, Run]:
    """One generation of SimpleGA: ask, evaluate on two host devices, tell."""
    x, y = case.series()
    forms = [Form(turned, False, 0, unroll) for turned in (True, False) for unroll in (1, 4)]
    return {f"SimpleGA, {form}": _evosax_run(case, x, y, form) for form in forms}


def _evosax_run(case: Case, x: np.ndarray, y: np.ndarray, form: Form) -> Run:
    loss = sharded(individual_loss(case.cell, x, y, form), form.chunk)
    import jax
    import jax.numpy as jnp
    from evosax.algorithms import SimpleGA

    n = case.hidden
    solution = {"W": jnp.zeros(n), "U": jnp.zeros((n, n)), "b": jnp.zeros(n), "V": jnp.zeros(n)}
    solution["c"] = jnp.zeros(())
    key, seed = jax.random.split(jax.random.key(1))
    strategy = SimpleGA(population_size=case.population, solution=solution)
    leaves, tree = jax.tree.flatten(solution)
    shapes = [(case.population, *leaf.shape) for leaf in leaves]
    first = jax.tree.unflatten(tree, [0.1 * jax.random.normal(seed, s) for s in shapes])
    state = strategy.init(key, first, loss(first), strategy.default_params)
    held = {"key": key, "state": state}

    def generation() -> np.ndarray:
        held["key"], asking, telling = jax.random.split(held["key"], 3)
        population, state = strategy.ask(asking, held["state"], strategy.default_params)
        fitness = loss(population)
        held["state"], _ = strategy.tell(
            telling, population, fitness, state, strategy.default_params
        )
        return np.asarray(held["state"].fitness)

    return generation


def outside(case: Case, generations: int) -> tuple[np.ndarray, np.ndarray]:
    """Seconds of generations, and of evaluating a population of theirs, taken in turns."""
    from evornn.population import Evaluator

    run = start_run(case)
    part = run.task.train
    evaluator = Evaluator(run.network, part.inputs, part.targets, part.mask, workers=run.workers)
    for _ in range(2):
        run.advance()
        evaluator.mse(run.learner.ask())
    whole, evaluation = np.empty(generations), np.empty(generations)
    for k in range(generations):
        began = time.perf_counter()
        run.advance()
        whole[k] = time.perf_counter() - began
        chromosomes = run.learner.population.copy()[: case.population - run.learner.ga.elites]
        began = time.perf_counter()
        evaluator.mse(chromosomes)
        evaluation[k] = time.perf_counter() - began
    return whole, evaluation


def memory(case: Case) -> dict[str, float]:
    """Sizes of what a run must hold, and growth of the resident memory at its peak, in MB.

    To be called in a fresh process: freed memory that is used again would hide the growth.
    """
    from evornn.population import Evaluator

    small = start_run(Case(case.cell, case.hidden, 32, 1, case.time))
    for _ in range(2):
        small.advance()  # compiled, and all modules imported
    genes = small.network.genes
    part = small.task.train
    kernel = Evaluator(small.network, part.inputs, part.targets).kernel
    layout, lanes = kernel.layout, kernel.form.lanes
    before = _resident()
    _reset_peak()
    run = start_run(case)
    run.advance()
    starting = _resident("VmHWM") - before
    _reset_peak()
    for _ in range(5):
        run.advance()
    after = _resident()
    item = 4  # bytes of a float32
    return {
        "population, two generations": 2 * case.population * genes * item / 1e6,
        "packed weights, two threads": 2 * layout.gather.size * lanes * item / 1e6,
        "workspaces, two threads": 2 * layout.workspace * item / 1e6,
        "peak growth while starting": starting,
        "peak growth while running": _resident("VmHWM") - before,
        "growth after it": after - before,
    }


def _resident(what: str = "VmRSS") -> float:
    """Resident memory of this process, or its peak (VmHWM), in MB; NaN if no Linux."""
    status = pathlib.Path("/proc/self/status")
    if not status.is_file():
        return float("nan")
    lines = status.read_text(encoding="utf-8").splitlines()
    return next(float(x.split()[1]) / 1e3 for x in lines if x.startswith(what))


def _reset_peak() -> None:
    # Without permission the peak is that of the whole process, which is never less.
    with contextlib.suppress(OSError):
        pathlib.Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--generations", type=int, default=30, help="of each measurement")
    options = parser.parse_args()
    few, many, hidden, steps = (32, 64, 8, 50) if options.smoke else (256, 1024, 32, 1000)
    generations = 3 if options.smoke else options.generations
    case, large = (Case("elman", hidden, p, 1, steps) for p in (few, many))
    report = Report("benchmark_generation", "Whole generations of a genetic algorithm")
    report.say(f"Machine: {machine()}. {versions('numpy', 'numba', 'deap', 'jax', 'evosax')}.")

    progress("generation against evosax")
    ours, theirs = Worker(evornn_generation), Worker(evosax_generation)
    us, peer = ours.prepare(case), theirs.prepare(case)
    if us.problem:
        raise SystemExit(f"evornn failed: {us.problem}")
    mine = np.array([ours.seconds() for _ in range(generations)])
    row = [f"evosax: {peer.problem}", *["-"] * 4]
    if not peer.problem:
        mine, ratio = interleave(ours, theirs, generations)
        quartiles = f"{ratio.low:.2f}-{ratio.high:.2f}"
        row = [f"evosax {peer.form}", f"{np.median(ratio.seconds) * 1e3:.2f}",
               f"{ratio.median:.2f} ({quartiles})", f"{AIM_SPEED}",
               met(ratio.median, AIM_SPEED)]  # fmt: skip
    ours.close()
    theirs.close()
    rows = [["evornn Evolve, GA", f"{np.median(mine) * 1e3:.2f}", "1", "-", "-"], row]
    columns = ["Contender", "ms a generation", "Ratio (quartiles)", "Aim", "Met"]
    report.table(f"{few} individuals, Elman {hidden}, {steps} steps", columns, rows)
    report.say(
        "Float32, both cores; the ratio is the median over pairs that take turns. evornn keeps 8 "
        "elites, which it does not evaluate again, and its generation contains statistics and the "
        "hall of fame; SimpleGA with its default settings only mutates, and keeps no elite."
    )

    progress("share outside the evaluation")
    whole, evaluation = outside(large, generations)
    share = float(np.median(1 - evaluation / whole))
    rows = [[
        str(many), f"{np.median(whole) * 1e3:.2f}", f"{np.median(evaluation) * 1e3:.2f}",
        f"{share:.1%}", f"under {AIM_OUTSIDE:.0%}", "yes" if share < AIM_OUTSIDE else "no",
    ]]  # fmt: skip
    columns = ["Individuals", "Generation ms", "Evaluation alone ms", "Outside", "Aim", "Met"]
    report.table("Share of a generation outside the evaluation", columns, rows)

    progress("memory")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        sizes = pool.apply(memory, (large,))
    rows = [[name, f"{megabytes:.2f}"] for name, megabytes in sizes.items()]
    report.table(f"Memory, {many} individuals", ["What", "MB"], rows)
    report.finish(options)


if __name__ == "__main__":
    main()
