"""How fast do reservoirs run, against reservoirpy's with the same matrices?

    python experiments/benchmark_reservoirs.py [--smoke] [--repeats 9] [--out DIR]

Float64, one scalar input, 5000 steps. Driven: N = 100, 300, 1000 at connectivity .1, each as a node
of reservoirpy's API, and the lane-blocked topology of the same density; then free running of 300
units. Large: what one step of a cycle of 10^5 units and of a Hadamard reservoir of 2^20 units
costs. Writes results/benchmark_reservoirs.md.

Every contender runs in a process of its own and takes turns with evornn, pair by pair; a ratio is
the median over the pairs. Before any time is taken, both must give the same states.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from benchmark_report import Report, arguments, machine, met, progress, versions
from benchmark_workers import Run, Worker, interleave

TOLERANCE = 1e-9  # of the last state; of free running, where rounding grows, 1e-4
FREE_TOLERANCE = 1e-4
SHOWN = 50  # free-running outputs that are compared
COLUMNS = (
    "Reservoir|evornn ms (quartiles)|us a step|reservoirpy ms|us a step|Ratio|Quartiles|Aim|Met|"
    "Difference"
)
LARGE = "Reservoir|Units|ms a step (quartiles)|Aim|Met|Memory of the process MB|Aim|Met"


@dataclass(frozen=True)
class Case:
    """What is run.

    Attributes:
        kind: "driven", "free" or "large".
        units: Number of units.
        steps: Of one run.
        topology: A name of `evornn.reservoir.TOPOLOGIES`.
    """

    kind: str
    units: int
    steps: int
    topology: str = "random"

    @property
    def population(self) -> int:
        """How many numbers an answer has."""
        return {"driven": self.units, "free": SHOWN, "large": 1}[self.kind]

    def matrices(self) -> tuple[Any, np.ndarray, np.ndarray]:
        """Recurrent weights as evornn holds them, input weights (unit, 1), and inputs (time, 1)."""
        from evornn.reservoir import TOPOLOGIES

        rng = np.random.default_rng(np.random.SeedSequence([self.units, self.steps]))
        W = TOPOLOGIES[self.topology](self.units, rng, spectral_radius=0.9)
        series = 0.5 * np.sin(0.2 * np.arange(self.steps)) + 0.2 * rng.uniform(-1, 1, self.steps)
        return W, rng.uniform(-0.5, 0.5, (self.units, 1)), series[:, None]

    def fitted(self) -> Any:
        """An ESN that tells the next value of its input, for free running."""
        from evornn.reservoir import ESN, Layer

        W, W_in, u = self.matrices()
        layer = Layer(W, W_in, bias=0.1, leak=0.8)
        return ESN(layers=[layer], inputs_to_readout=False).fit(u[: min(2000, len(u))])

    def __str__(self) -> str:
        """The case in words, for a table."""
        return f"{self.kind}, {self.topology}, {self.units} units"


def evornn(case: Case) -> dict[str, Run]:
    """This package: the node of reservoirpy's API, or `ESN.forecast`."""
    if case.kind == "free":
        esn = case.fitted()
        return {"": lambda: esn.forecast(case.steps)[:SHOWN, 0]}
    from evornn.reservoir import Layer
    from evornn.reservoir.node import Reservoir

    W, W_in, u = case.matrices()
    if case.kind == "large":
        return {"": large(Layer(W, W_in, leak=0.8), u)}
    node = Reservoir(case.units, topology=lambda units, rng, spectral_radius: W, Win=W_in, lr=0.8)

    def run() -> np.ndarray:
        if node.initialized:
            node.reset()
        return node.run(u)[-1]

    return {"": run}


def large(layer: Any, u: np.ndarray) -> Run:
    """A run of a large reservoir, which returns the process's largest memory in MB."""
    import resource

    memory = layer.clean()

    def run() -> np.ndarray:
        for step in u[:, None]:
            layer.run(step, memory)
        return np.array([resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024])

    return run


def reservoirpy(case: Case) -> dict[str, Run]:
    """The same matrices in reservoirpy; free running step by step, and by a feedback model."""
    from reservoirpy import nodes

    from evornn.reservoir.spectrum import as_matrix

    W, W_in, u = case.matrices()
    matrix = as_matrix(W)
    if case.kind == "driven":
        node = nodes.Reservoir(W=matrix, Win=W_in, lr=0.8)

        def run() -> np.ndarray:
            if node.initialized:
                node.reset()
            return node.run(u)[-1]

        return {"": run}
    esn = case.fitted()
    start, first = esn.start.memories[0].x[: case.units].copy(), esn.start.y.copy()

    def parts() -> tuple[Any, Any]:
        reservoir = nodes.Reservoir(W=matrix, Win=W_in, lr=0.8, bias=0.1)
        readout = nodes.Ridge(Wout=esn.readout.weights, bias=esn.readout.bias)
        return reservoir, readout

    stepped = parts()
    model = stepped[0] >> stepped[1]
    model.initialize(first)

    def by_steps() -> np.ndarray:
        stepped[0].state = {"out": start}
        y, outputs = first, np.empty(case.steps)
        for t in range(case.steps):
            y = model.step(y)
            outputs[t] = y[0]
        return outputs[:SHOWN]

    reservoir, readout = parts()
    loop = (nodes.Input() >> reservoir >> readout) & (reservoir << readout)
    reservoir.initialize(first)
    readout.initialize(start, first)

    def by_feedback() -> np.ndarray:
        (edge,) = [e for e in loop.edges if e[1] > 0]
        reservoir.state = {"out": start}
        if not loop.initialized:
            loop.initialize(np.zeros((1, 0)), first[None])  # it sorts its nodes by the target
        loop.feedback_buffers = {edge: first[None].copy()}
        return loop.run(np.zeros((case.steps, 0)))[:SHOWN, 0]

    return {"step by step": by_steps, "feedback model": by_feedback}


def compare(case: Case, aim: float, us: Worker, them: Worker, repeats: int) -> list[str]:
    """A row: both prepared, checked against each other, and timed in turns."""
    progress(str(case))
    ours, theirs = us.prepare(case), them.prepare(case)
    if ours.problem or theirs.problem:
        sys.exit(f"{case}: {ours.problem or theirs.problem}")
    apart = float(np.abs(ours.loss - theirs.loss).max())
    if not apart <= (FREE_TOLERANCE if case.kind == "free" else TOLERANCE):
        sys.exit(f"the contenders differ by {apart:.1e} on {case}")
    mine, ratio = interleave(us, them, repeats)
    low, median, high = np.quantile(mine, (0.25, 0.5, 0.75)) * 1e3
    other = float(np.median(ratio.seconds)) * 1e3
    name = f"{case}{f' ({theirs.form})' if theirs.form else ''}"
    return [
        name, f"{median:.1f} ({low:.1f}-{high:.1f})", f"{median / case.steps * 1e3:.2f}",
        f"{other:.1f}", f"{other / case.steps * 1e3:.2f}", f"{ratio.median:.2f}",
        f"{ratio.low:.2f}-{ratio.high:.2f}", f"{aim:.1f}", met(ratio.median, aim), f"{apart:.0e}",
    ]  # fmt: skip


def measure_large(case: Case, aim_ms: float, aim_mb: float, repeats: int) -> list[str]:
    """A row of a large reservoir, in a process of its own so that its memory is its own."""
    progress(str(case))
    worker = Worker(evornn)
    prepared = worker.prepare(case)
    if prepared.problem:
        sys.exit(f"{case}: {prepared.problem}")
    seconds = np.array([worker.seconds() for _ in range(repeats)]) / case.steps * 1e3
    worker.close()
    low, median, high = np.quantile(seconds, (0.25, 0.5, 0.75))
    memory = float(prepared.loss[0])
    return [
        case.topology, f"{case.units}", f"{median:.3f} ({low:.3f}-{high:.3f})", f"{aim_ms:g}",
        met(aim_ms, median), f"{memory:.0f}", f"{aim_mb:g}", met(aim_mb, memory),
    ]  # fmt: skip


def parse() -> argparse.Namespace:
    """Options from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--repeats", type=int, default=9, help="pairs of each comparison")
    return parser.parse_args()


def main() -> None:
    """Run all cases and report."""
    options = parse()
    steps, repeats = (200, 2) if options.smoke else (5000, options.repeats)
    cases = [(Case("driven", 100, steps), 8.0)]
    if not options.smoke:
        cases += [(Case("driven", 300, steps), 3.0), (Case("driven", 1000, steps), 1.3)]
        cases += [(Case("driven", 1000, steps, "lane-blocked"), 5.0)]
    cases += [(Case("free", 40 if options.smoke else 300, steps), 5.0)]
    sizes = [(1000, 1024)] if options.smoke else [(100_000, 1 << 20)]
    report = Report("benchmark_reservoirs", "Reservoirs")
    report.say(
        f"Machine: {machine()}. {versions('numpy', 'scipy', 'numba', 'reservoirpy')}. Float64, one "
        f"input, {steps} steps, connectivity .1; medians of at least {repeats} measurements. "
        "Ratio: seconds of reservoirpy over those of evornn, median of pairs that take turns, with "
        "its quartiles. Both have the same matrices and are called as nodes; of the two ways to "
        "run free in reservoirpy the faster. Difference: largest, of the last state or of "
        f"{SHOWN} free-running outputs."
    )
    us, them = Worker(evornn), Worker(reservoirpy)
    rows = [compare(case, aim, us, them, repeats) for case, aim in cases]
    us.close()
    them.close()
    report.table("Against reservoirpy", COLUMNS.split("|"), rows)
    rows = []
    for ring, transform in sizes:
        rows.append(measure_large(Case("large", ring, 50, "cycle"), 1.0, 1000.0, repeats))
        rows.append(measure_large(Case("large", transform, 5, "hadamard"), 100.0, 1000.0, repeats))
    report.table("Large reservoirs, a step at a time", LARGE.split("|"), rows)
    report.finish(options)


if __name__ == "__main__":
    main()
