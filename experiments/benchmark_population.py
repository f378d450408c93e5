"""How fast does a population run, against the fastest other ways to run the same networks?

    python experiments/benchmark_population.py [--smoke] [--only elman-32] [--no-torch] [--out DIR]

Forward evaluation of 256 networks in float32 on both cores: one input, one output, linear readout,
mean squared error of every individual, one sequence of 1000 steps or 8 sequences of 200. JAX and
torch are optional: a missing peer is a row that says so. Writes results/benchmark_population.md.

Every contender runs in a process of its own, so that idle thread pools disturb nobody, and takes
turns with evornn, pair by pair; a ratio is the median over the pairs. Before any time is taken,
all must give the same errors from the same weights.
"""

from __future__ import annotations

import argparse
import sys
from typing import NamedTuple

import numpy as np
from benchmark_jax import jax_best, jax_plain
from benchmark_peers import Case, evornn, numpy_alone, numpy_batched, torch_compiled
from benchmark_report import Report, arguments, machine, met, progress, versions
from benchmark_roof import peak_gflops, roof
from benchmark_workers import Worker, interleave

PEERS = {
    "JAX plain": jax_plain,
    "JAX best-tuned": jax_best,
    "torch.compile": torch_compiled,
    "NumPy batched": numpy_batched,
    "NumPy one at a time": numpy_alone,
}
OF_MANY = ("JAX plain", "JAX best-tuned")  # peers that run several sequences an individual
TOLERANCE = 1e-3  # relative, float32

# The project's aims, evornn's speed over the peer's: plain JAX; the best-tuned of JAX and torch.
AIMS = {
    ("elman", 16): (2.0, 2.0),
    ("elman", 32): (2.0, 1.5),
    ("elman", 64): (1.7, 1.3),
    ("elman", 128): (2.0, 1.1),
    ("lstm", 32): (3.0, 1.7),
    ("gru", 32): (2.5, 1.5),
}
AIM_ALONE = 150.0  # up to 32 units: beyond, the arithmetic hides Python's cost
COLUMNS = "Network|Contender|Form|First call s|ms|M network-steps/s|Ratio|Quartiles|Aim|Met"
OURS = "Network|ms (quartiles)|M network-steps/s|GFLOP/s|Share of roof|Difference"


class Measured(NamedTuple):
    """What one case gave.

    Attributes:
        seconds: evornn's, axes (measurement).
        share: evornn's speed over that of the roof's loop, in turns with it.
        difference: Largest relative difference of a contender's error from evornn's.
        rows: The contenders' rows of the table.
    """

    seconds: np.ndarray
    share: float
    difference: float
    rows: list[list[str]]


def aim(case: Case, peer: str) -> float | None:
    """The ratio aimed at, if there is one."""
    if case.sequences > 1:
        return None
    if peer == "NumPy one at a time":
        return AIM_ALONE if case.hidden <= 32 else None
    plain, tuned = AIMS[case.cell, case.hidden]
    return {"JAX plain": plain, "JAX best-tuned": tuned, "torch.compile": tuned}.get(peer)


def measure(case: Case, workers: dict[str, Worker], repeats: int) -> Measured:
    """Prepare all contenders for a case, check that they agree, and time them."""
    us, difference, rows = workers["evornn"], 0.0, []
    ours = us.prepare(case)
    limit = workers["roof"].prepare(case)
    if ours.problem or limit.problem:
        sys.exit(f"evornn failed on {case}: {ours.problem}{limit.problem}")
    mine, at_roof = interleave(us, workers["roof"], repeats)
    seconds = [mine]
    for name, worker in workers.items():
        if name in ("evornn", "roof") or (case.sequences > 1 and name not in OF_MANY):
            continue
        progress(f"{case}, {case.sequences} x {case.time} steps: {name}")
        theirs = worker.prepare(case)
        if theirs.problem:
            rows.append([str(case), name, theirs.problem, *["-"] * 7])
            continue
        same = ours.loss[: len(theirs.loss)]
        apart = float(np.max(np.abs(theirs.loss - same) / same))
        if not apart <= TOLERANCE:
            sys.exit(f"{name} and evornn differ by {apart:.1e} on {case}, more than {TOLERANCE}")
        difference = max(difference, apart)
        mine, ratio = interleave(us, worker, repeats)
        seconds.append(mine)
        wanted, median = aim(case, name), float(np.median(ratio.seconds))
        rows.append([
            str(case), name, theirs.form, f"{theirs.first_s:.1f}", f"{median * 1e3:.2f}",
            f"{case.network_steps / median / 1e6:.2f}", f"{ratio.median:.2f}",
            f"{ratio.low:.2f}-{ratio.high:.2f}", f"{wanted:.1f}" if wanted else "-",
            met(ratio.median, wanted) if wanted else "-",
        ])  # fmt: skip
    return Measured(np.concatenate(seconds), at_roof.median, difference, rows)


def our_row(case: Case, found: Measured) -> list[str]:
    """The row of evornn's own figures."""
    low, median, high = np.quantile(found.seconds, (0.25, 0.5, 0.75))
    speed = case.network_steps / median
    gflops = 2 * case.matrix_weights * speed / 1e9
    return [
        str(case), f"{median * 1e3:.2f} ({low * 1e3:.2f}-{high * 1e3:.2f})", f"{speed / 1e6:.2f}",
        f"{gflops:.0f}", f"{found.share:.0%}", f"{found.difference:.0e}",
    ]  # fmt: skip


def parse() -> argparse.Namespace:
    """Options from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--repeats", type=int, default=9, help="pairs of each comparison")
    parser.add_argument("--only", metavar="CELL-UNITS", help="one network, such as elman-32")
    parser.add_argument(
        "--torch", action=argparse.BooleanOptionalAction, default=None,
        help="torch.compile, which compiles for minutes (default: not with --smoke)",
    )  # fmt: skip
    return parser.parse_args()


def main() -> None:
    """Run all cases and report."""
    options = parse()
    sizes = [("elman", 16)] if options.smoke else list(AIMS)
    if options.only:
        sizes = [s for s in sizes if "-".join(map(str, s)) == options.only]
    population, one, many = (32, 40, (4, 20)) if options.smoke else (256, 1000, (8, 200))
    single = [Case(*s, population, 1, one) for s in sizes]
    several = [Case(*s, population, *many) for s in sizes]
    with_torch = options.torch if options.torch is not None else not options.smoke
    peers = {n: f for n, f in PEERS.items() if with_torch or n != "torch.compile"}
    workers = {name: Worker(f) for name, f in {"evornn": evornn, "roof": roof, **peers}.items()}
    report = Report("benchmark_population", "Forward evaluation of a population")
    report.say(
        f"Machine: {machine()}. "
        + versions("numpy", "numba", "jax", "jaxlib", "torch")
        + f". {population} networks, float32, both cores; medians of at least {options.repeats} "
        "measurements. Ratio: seconds of the contender over those of evornn, median of pairs that "
        "take turns, with its quartiles. JAX: two host devices; best-tuned is the fastest of nine "
        "forms. torch.compile: ten steps unrolled, the faster of two "
        "forms. First call: with compiling, or loading from a cache."
    )
    peak = peak_gflops(20_000 if options.smoke else 2_000_000)
    report.say(
        f"Fused multiply-adds on registers alone: {peak:.0f} GFLOP/s. Share of roof: against a "
        "loop that only reads the weights of a block of lanes once a step (several sequences: once "
        "for four of them) and multiplies them, in turns with evornn; caches set it. GFLOP/s: two "
        "operations for each weight of a matrix. Difference: largest relative difference of any "
        "contender's error of an individual from evornn's."
    )
    for cases in (single, several):
        shape = f"{cases[0].sequences} x {cases[0].time} steps"
        found = [measure(case, workers, options.repeats) for case in cases]
        ours = [our_row(case, one) for case, one in zip(cases, found, strict=True)]
        report.table(f"evornn, {shape}", OURS.split("|"), ours)
        rows = [row for one in found for row in one.rows]
        report.table(f"Contenders, {shape}", COLUMNS.split("|"), rows)
    for worker in workers.values():
        worker.close()
    report.finish(options)


if __name__ == "__main__":
    main()
