"""Do these reservoirs reach the field's published numbers?

Seven numbers, each by the protocol of its source, median over seeds beside the published value:
Mackey-Glass free runs (1, 2), NARMA10 (3), Lorenz by NG-RC (4) and by an echo state network (5),
linear memory capacity (6), and the Santa Fe laser (7). A second table asks whether the lane-blocked
topology, which is faster, does as well as plain random connections on numbers 3 and 6.

    python experiments/reservoir_numbers.py --seeds 10 --jobs 2
    python experiments/reservoir_numbers.py --only 3 4 6

writes results/reservoirs.md, row by row, about a minute a seed on one core. The table says where a
number is not reached.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from benchmark_report import RESULTS, Report, arguments, machine, progress, versions
from joblib import Parallel, delayed
from reservoir_protocols import (
    Sizes,
    esn_lorenz,
    jaeger_haas,
    jaeger_report,
    laser,
    laser_control,
    memory,
    narma,
    ngrc_lorenz,
    shift_register,
    squared,
)

Measure = Callable[[int, Sizes], float]


@dataclass(frozen=True)
class Number:
    """A published number and how to measure it.

    Attributes:
        number: Which of the seven.
        what: System and protocol.
        published: As its source has it.
        target: To be reached by the median; None for a control.
        more_is_better: Whether above the target is reached.
        measure: Seed and sizes -> value.
    """

    number: int
    what: str
    published: str
    target: float | None
    more_is_better: bool
    measure: Measure

    def reached(self, median: float) -> str:
        """Whether the median reaches the target, in a word."""
        if self.target is None:
            return "control"
        ahead = median - self.target if self.more_is_better else self.target - median
        return "yes" if ahead >= 0 else "no"


CYCLE = {"topology": "cycle", "spectral_radius": 0.8, "input_scaling": 0.2, "bias_scaling": 0.2}
LIGHT = {"activation": "linear", "transform": squared, "inputs_to_readout": False}
LIGHT |= {"topology": "cycle", "spectral_radius": 0.65, "weights": "sign"}
LIGHT |= {"input_scaling": 0.3, "bias_scaling": 0.9}
PUBLISHED = {"delays": 2, "skip": 1, "degree": 2, "ridge": 2.5e-6}
EXACT = {"delays": 1, "degree": 5, "ridge": "loo", "basis": "chebyshev", "exact": True}
RANDOM = {"density": 0.1, "spectral_radius": 0.95, "input_scaling": 0.05}


def of(function: Callable[..., float], **settings: object) -> Measure:
    """The measurement with settings of its own."""
    return lambda seed, sizes: function(seed, sizes, **dict(settings))


NUMBERS = [
    Number(1, "Mackey-Glass NRMSE84, 400 leaky units, 3000 steps", "2.8e-4", 2.8e-4, False,
           of(jaeger_report)),
    Number(1, "the same, 21000 steps", "1.2e-4", 1.2e-4, False, of(jaeger_report, train=21_000)),
    Number(2, "Mackey-Glass log10 NRMSE84, 1000 units", "-4.2", -4.2, False, of(jaeger_haas)),
    Number(3, "NARMA10 NMSE, 50 linear units seen squared", ".107 +- .012", 0.119, False,
           of(narma, units=50, **LIGHT)),
    *[
        Number(3, f"NARMA10 NMSE, cycle of {n} tanh units and their squares", text, target, False,
               of(narma, units=n, transform="squares", **CYCLE))
        for n, text, target in (
            (50, ".107 +- .012", 0.107), (100, ".116", 0.116), (200, ".053", 0.053)
        )
    ],
    Number(3, "NARMA10 NMSE, control: linear in 50 inputs", ".16", None, False, of(shift_register)),
    Number(4, "Lorenz NG-RC NRMSE over a Lyapunov time, 28 features", "2.1e-3 +- .4e-3", 2.5e-3,
           False, of(ngrc_lorenz, source=True, **PUBLISHED)),
    Number(4, "the same from other starts", "2.1e-3 +- .4e-3", 2.5e-3, False,
           of(ngrc_lorenz, **PUBLISHED)),
    Number(4, "the same on exact data, 1 delay, degree 5, Chebyshev, ridge by leave-one-out", "-",
           2.1e-3, False, of(ngrc_lorenz, **EXACT)),
    Number(5, "Lorenz valid prediction time (Lyapunov times), 800 units", "9.7 - 10.2", 9.7, True,
           of(esn_lorenz, units=800)),
    Number(5, "the same, ridge 1e-9 instead of 8.49e-8", "9.7 - 10.2", 9.7, True,
           of(esn_lorenz, units=800, ridge=1e-9)),
    Number(5, "the same, 250 units, ridge 8.49e-8", "8.1", 8.1, True, of(esn_lorenz, units=250)),
    Number(5, "the same, 250 units, ridge 1e-9", "8.1", 8.1, True,
           of(esn_lorenz, units=250, ridge=1e-9)),
    Number(6, "Memory capacity, 100 units: cycle, linear", "95.6", 95.6, True,
           of(memory, topology="cycle", spectral_radius=0.95, input_scaling=0.5, weights="sign",
              activation="linear")),
    Number(6, "Memory capacity: random, linear", "36.4", 36.4, True,
           of(memory, activation="linear", **RANDOM)),
    Number(6, "Memory capacity: random, tanh", "31.9", 31.9, True, of(memory, **RANDOM)),
    Number(6, "Memory capacity: ES2N, edge of stability", "97.4", 97.4, True,
           of(memory, equation="es2n", leak=0.05, input_scaling=0.1, orthogonal="cycle")),
    Number(7, "Laser NMSE, cycle of 50 units", ".032 - .037", 0.037, False, of(laser, units=50)),
    Number(7, "Laser NMSE, cycle of 200 units", ".032 - .037", 0.037, False, of(laser, units=200)),
    Number(7, "Laser NMSE, control: linear in 16 samples", ".178", None, False, of(laser_control)),
]  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """A measurement of the lane-blocked topology beside plain random connections.

    Attributes:
        number: Which of the seven.
        what: System and reservoir.
        more_is_better: Whether more is better.
        function: Seed, sizes and settings -> value; the seed draws the data too.
        settings: What both have in common.
    """

    number: int
    what: str
    more_is_better: bool
    function: Callable[..., float]
    settings: dict[str, object]


NARMA_RANDOM = {**CYCLE, "density": 0.1, "transform": "squares"}
PAIRS = [
    *[
        Pair(3, f"NARMA10 NMSE, {n} tanh units and their squares", False, narma,
             {**NARMA_RANDOM, "units": n})
        for n in (50, 100, 200)
    ],
    Pair(6, "Memory capacity, 100 linear units", True, memory, {**RANDOM, "activation": "linear"}),
    Pair(6, "Memory capacity, 100 tanh units", True, memory, RANDOM),
]  # fmt: skip
COLUMNS = "no.|what|published|median here|range|reached|s a seed"
PAIR_COLUMNS = "no.|what|random|range|lane-blocked|range|seeds it is better|Wilcoxon p"


def measured(measure: Measure, seeds: range, sizes: Sizes, jobs: int) -> np.ndarray:
    """Values, axes (seed), each in a process of its own if there are several jobs."""
    values = Parallel(n_jobs=jobs)(delayed(measure)(seed, sizes) for seed in seeds)
    return np.array(values)


def number_row(number: Number, seeds: range, sizes: Sizes, jobs: int) -> list[str]:
    """A row of the first table."""
    began = time.perf_counter()
    values = measured(number.measure, seeds, sizes, jobs)
    median = float(np.median(values))
    elapsed_s = (time.perf_counter() - began) * jobs / len(seeds)
    row = [str(number.number), number.what, number.published, f"{median:.3g}"]
    row += [f"{values.min():.3g} - {values.max():.3g}", number.reached(median)]
    return [*row, f"{elapsed_s:.1f}"]


def pair_row(pair: Pair, seeds: range, sizes: Sizes, jobs: int) -> list[str]:
    """A row of the second table."""
    from scipy.stats import wilcoxon

    plain, blocked = (
        measured(of(pair.function, **{**pair.settings, "topology": topology}), seeds, sizes, jobs)
        for topology in ("random", "lane-blocked")
    )
    better = blocked > plain if pair.more_is_better else blocked < plain
    row = [str(pair.number), pair.what]
    for values in (plain, blocked):
        row += [f"{np.median(values):.3g}", f"{values.min():.3g} - {values.max():.3g}"]
    p = f"{wilcoxon(blocked, plain).pvalue:.2g}" if len(seeds) > 1 else "-"
    return [*row, f"{better.sum()} of {len(seeds)}", p]


def main() -> None:
    """Measure, print and write."""
    parser = arguments(__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="how many (default: 10)")
    parser.add_argument("--only", type=int, nargs="+", metavar="N", help="numbers 1 to 7")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default: 1)")
    options = parser.parse_args()
    sizes = Sizes(0.1, 0.03, 2) if options.smoke else Sizes()
    seeds = range(1 if options.smoke else options.seeds)
    report = Report("reservoirs", "Published numbers of reservoir computing, reproduced")
    report.say(f"{machine()}; {versions('evornn', 'numba', 'numpy', 'scipy')}; {len(seeds)} seeds.")
    folder = options.out or (None if options.smoke else RESULTS)

    def fill(entries: list[Any], row_of: Callable[..., list[str]], rows: list[list[str]]) -> None:
        for entry in entries:
            if options.only is None or entry.number in options.only:
                rows.append(row_of(entry, seeds, sizes, options.jobs))
                progress(" | ".join(rows[-1]))
                if folder is not None:  # a run that is stopped leaves what it has
                    report.write(folder)

    rows: list[list[str]] = []
    report.table("Numbers", COLUMNS.split("|"), rows)
    fill(NUMBERS, number_row, rows)
    rows = []
    report.table("Lane-blocked connections beside plain random ones", PAIR_COLUMNS.split("|"), rows)
    fill(PAIRS, pair_row, rows)
    report.finish(options)


if __name__ == "__main__":
    main()
