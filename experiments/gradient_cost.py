"""What does an exact gradient cost, by a network's size and by the length of its sequence?

Backpropagation through time (BPTT), real-time recurrent learning (RTRL) and the hybrid of both give
the same numbers for a dense Elman network of n units with one input. Textbooks quote RTRL at
O(units x weights) a step, that is n^3: so much it stores, but to carry that one step on takes n
times as many operations. Independently recurrent units (IndRNN; here with n inputs, so that there
are n^2 weights too) need one trace per weight only. Operations are counted from the sizes of what
the kernels run, and time is measured, in float32 and on one thread (of the hybrid's, NumPy's
products may use more); exponents are slopes of log-log lines through the larger half of the sizes.
Memory is everything that was allocated at a time, but the sequence itself.

    python experiments/gradient_cost.py

writes results/gradient_cost.md and gradient_cost.png (about a minute on a quiet machine). It shows
operations that grow as n^2 (BPTT), n^3 (hybrid), n^4 (RTRL) and n^2 (RTRL, IndRNN), times that do
nearly so once registers are full and as long as caches hold the weights, and memory that grows with
the sequence for BPTT alone.
"""

import numpy as np
from benchmark_report import Report, arguments, machine
from gradient_measures import (
    at_work,
    exponent,
    finish,
    memory,
    noise,
    operations,
    seconds_per_step,
)
from rich.progress import track

import evornn as en
from evornn.gradient.bptt import BPTT
from evornn.gradient.hybrid import Hybrid
from evornn.gradient.rtrl import RTRL
from evornn.plot.style import colours, logarithmic, tidy

# Name: method, cell, whether it has n inputs instead of 1, and the exponent that theory gives.
METHODS = {
    "BPTT": (BPTT(), en.cells.elman, False, 2),
    "hybrid": (Hybrid(), en.cells.elman, False, 3),
    "RTRL": (RTRL(), en.cells.elman, False, 4),
    "RTRL, IndRNN": (RTRL(), en.cells.indrnn, True, 2),
}
SIZES = (8, 16, 32, 64, 128)
LENGTHS = (256, 512, 1024, 2048, 4096, 8192)
WORK = 2e8  # operations of one measurement
REPEATS = 7


def prepared(name, units, steps, seed):
    """The method at work on a network of so many units and one sequence; weights."""
    method, cell, wide, _ = METHODS[name]
    inputs = units if wide else 1
    network = en.Network(cell, inputs=inputs, outputs=1, hidden=units)
    genes = network.initial(np.random.default_rng([seed, units]), 1)
    return at_work(method, network, noise(steps, inputs, 1, seed)), genes


def per_step(name, units, repeats, seed):
    """Operations and seconds per step."""
    gradient, _ = prepared(name, units, 2 * units, seed)
    count = operations(gradient)
    steps = int(np.clip(WORK / count, 4, 2048))
    if name == "hybrid":
        steps = -(-steps // units) * units  # whole blocks
    length = steps if name == "BPTT" else (1 + repeats) * steps + 1
    gradient, genes = prepared(name, units, length, seed)
    return count, seconds_per_step(gradient, genes, steps, repeats)


def most_bytes(name, units, length, seed):
    """Most bytes in use at a time for a sequence of so many steps."""
    return memory(*prepared(name, units, length, seed))[0]


def figure(sizes, costs, lengths, bytes_held, units):
    """Time against the number of units, memory against the length."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullLocator

    drawn = Figure(figsize=(10, 4.2), layout="constrained")
    left, right = drawn.subplots(1, 2)
    for name, colour in colours(METHODS).items():
        micros = 1e6 * costs[name][:, 1]
        label = f"{name}: $n^{{{exponent(sizes, micros):.1f}}}$"
        left.loglog(sizes, micros, "o-", color=colour, label=label)
        right.loglog(lengths, bytes_held[name] / 1e6, "o-", color=colour, label=name)
    left.set(xlabel="units n", ylabel="microseconds per step", title="Time")
    right.set(xlabel="steps of the sequence", ylabel="MB", title=f"Memory, {units} units")
    for axes, ticks in ((left, sizes), (right, lengths)):
        logarithmic(axes.yaxis)
        axes.set_xticks(ticks, [str(t) for t in ticks])
        axes.xaxis.set_minor_locator(NullLocator())
        tidy(axes)
        axes.legend(frameon=False, fontsize=9)
    return drawn


def main():
    """Measure, print, and write the report."""
    parser = arguments(__doc__)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    sizes, lengths = (SIZES, LENGTHS) if not options.smoke else ((4, 8), (32, 64))
    repeats, units = (REPEATS, 32) if not options.smoke else (1, 8)
    costs, held, over_sizes = {}, {}, {}
    jobs = [(name, n) for n in sizes for name in METHODS]
    measured = {job: per_step(*job, repeats, options.seed) for job in track(jobs, "time, by units")}
    for name in track(METHODS, "memory"):
        costs[name] = np.array([measured[name, n] for n in sizes])
        held[name] = np.array([most_bytes(name, units, t, options.seed) for t in lengths])
        over_sizes[name] = np.array([most_bytes(name, n, 2 * n, options.seed) for n in sizes])
    report = Report("gradient_cost", "What an exact gradient costs")
    report.say(
        f"Written by `python experiments/gradient_cost.py`; float32, one thread. {machine()}."
    )
    half = ", ".join(str(n) for n in sizes[len(sizes) // 2 :])
    report.table(
        f"Exponents of n, over n = {half}",
        ["method", "theory", "operations per step", "time per step"],
        [
            [name, str(METHODS[name][3]), *(f"{exponent(sizes, c):.2f}" for c in costs[name].T)]
            for name in METHODS
        ],
    )
    columns = ["method", *(f"n = {n}" for n in sizes)]
    for title, index, form in (("Operations per step", 0, "{:,.0f}"), ("Time, us", 1, "{:,.2f}")):
        scale = 1e6 if index else 1
        rows = [[k, *(form.format(scale * c) for c in costs[k][:, index])] for k in METHODS]
        report.table(title, columns, rows)
    report.table(
        "Memory for sequences of 2 n steps, MB",
        columns,
        [[name, *(f"{b / 1e6:,.3f}" for b in over_sizes[name])] for name in METHODS],
    )
    report.table(
        f"Memory by length, {units} units, MB",
        ["method", *(f"{t} steps" for t in lengths), "exponent"],
        [
            [k, *(f"{b / 1e6:,.3f}" for b in held[k]), f"{exponent(lengths, held[k]):.2f}"]
            for k in METHODS
        ],
    )
    report.say("![Time and memory](gradient_cost.png)")
    finish(report, figure(sizes, costs, lengths, held, units), options)


if __name__ == "__main__":
    main()
