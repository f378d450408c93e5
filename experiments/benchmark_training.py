"""How long do forwards and backwards take, against torch's layers and jitted JAX?

    python experiments/benchmark_training.py [--smoke] [--only elman-32] [--out DIR]

Loss and gradient of one layer with 32 units and a linear readout, float32, sequences of 200 steps,
on both cores: one network with one sequence, one with 32 sequences, 16 networks (seeds) with one
and with 32 sequences; and one step of exact RTRL. JAX and torch are optional: a missing peer is a
row that says so. Writes results/benchmark_training.md.

Every contender runs in a process of its own and takes turns with evornn, pair by pair; a ratio is
the median over the pairs. Before any time is taken, all must give the same losses and gradient
norms from the same weights. torch's GRU resets after the product, JAX's here before it, so each is
compared with evornn's cell of that kind.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
from benchmark_gradients import (
    evornn_gradient,
    evornn_rtrl,
    jax_gradient,
    jax_rtrl,
    torch_gradient,
)
from benchmark_peers import Case
from benchmark_report import Report, arguments, machine, met, progress, versions
from benchmark_workers import Worker, interleave

TOLERANCE = 2e-3  # relative, float32
CELLS = ("elman", "lstm", "gru", "gru_reset_after")
SHAPES = {(1, 1): 4.0, (1, 32): 2.5, (16, 1): 3.0, (16, 32): 3.0}  # networks, sequences: the aim
AIM_RTRL = 3.0
COLUMNS = (
    "Network|Networks|Sequences|Contender|Form|First call s|ms|evornn ms|Ratio|Quartiles|Aim|Met"
)


def measure(
    case: Case, us: Worker, peers: dict[str, Worker], repeats: int, aim: float
) -> list[list[str]]:
    """Time all contenders of a case that agree with evornn; rows of the table."""
    ours = us.prepare(case)
    if ours.problem:
        sys.exit(f"evornn failed on {case}: {ours.problem}")
    rows = []
    head = [str(case), str(case.population), str(case.sequences)]
    for name, worker in peers.items():
        if (name, case.cell) in (("torch.nn", "gru"), ("JAX", "gru_reset_after")):
            continue  # that is not the kind of GRU that stands in this form of the peer
        progress(f"{case}, {case.population} networks, {case.sequences} sequences: {name}")
        theirs = worker.prepare(case)
        if theirs.problem:
            rows.append([*head, name, theirs.problem, *["-"] * 7])
            continue
        apart = float(np.max(np.abs(theirs.loss - ours.loss) / ours.loss))
        if not apart <= TOLERANCE:
            sys.exit(f"{name} and evornn differ by {apart:.1e} on {case}, more than {TOLERANCE}")
        mine, ratio = interleave(us, worker, repeats)
        theirs_ms, ours_ms = np.median(ratio.seconds) * 1e3, np.median(mine) * 1e3
        rows.append([
            *head, name, theirs.form, f"{theirs.first_s:.1f}", f"{theirs_ms:.3f}",
            f"{ours_ms:.3f}", f"{ratio.median:.2f}", f"{ratio.low:.2f}-{ratio.high:.2f}",
            f"{aim:.1f}", met(ratio.median, aim),
        ])  # fmt: skip
    return rows


def parse() -> argparse.Namespace:
    """Options from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--repeats", type=int, default=9, help="pairs of each comparison")
    parser.add_argument("--only", metavar="CELL-UNITS", help="one network, such as elman-32")
    return parser.parse_args()


def main() -> None:
    """Run all cases and report."""
    options = parse()
    hidden, steps = (8, 20) if options.smoke else (32, 200)
    cells = [c for c in CELLS if not options.only or options.only == f"{c}-{hidden}"]
    cells = cells[:1] if options.smoke else cells
    shapes = dict(list(SHAPES.items())[:1]) if options.smoke else SHAPES
    us = Worker(evornn_gradient)
    peers = {"JAX": Worker(jax_gradient), "torch.nn": Worker(torch_gradient)}
    report = Report("benchmark_training", "Training: forwards and backwards")
    report.say(
        f"Machine: {machine()}. "
        + versions("numpy", "numba", "jax", "jaxlib", "torch")
        + f". One layer of {hidden} units, linear readout, {steps} steps, float32, both cores; "
        f"medians of {options.repeats} measurements. Ratio: seconds of the contender over those of "
        "evornn, median of pairs that take turns, with its quartiles. JAX: the fastest of scans "
        "with 1 and 8 steps written out, products as h @ U or U @ h, gates together or apart, "
        "on one host device or shared by two. First call: with compiling, or loading from a cache."
    )
    rows = []
    for cell in cells:
        for (networks, sequences), aim in shapes.items():
            case = Case(cell, hidden, networks, sequences, steps)
            rows += measure(case, us, peers, options.repeats, aim)
    report.table("Loss and gradient", COLUMNS.split("|"), rows)
    us.close()
    for worker in peers.values():
        worker.close()
    if not options.only or options.only.startswith("elman"):
        us, peers = Worker(evornn_rtrl), {"JAX": Worker(jax_rtrl)}
        case = Case("elman", hidden, 1, 1, steps)
        report.table(
            f"Exact RTRL, {steps} steps",
            COLUMNS.split("|"),
            measure(case, us, peers, options.repeats, AIM_RTRL),
        )
        us.close()
        peers["JAX"].close()
    report.finish(options)


if __name__ == "__main__":
    main()
