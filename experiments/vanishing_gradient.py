"""How fast does the gradient vanish, from cell to cell, before anything is learned?

An error at the last step is sent back through fresh networks: a random direction v of the output
state h_T, of length 1, and the norm of the derivative of v h_T with respect to all states `lag`
steps before. Inputs are noise; 32 units; 20 seeds, of which the figure shows median and quartiles.
Theory: for tanh units the norm is at most (largest singular value of U)^lag, and falls by about the
same factor at every step; for an independently recurrent unit it is u^lag exactly while the unit is
active, and 0 before its last rest. Both are checked, and the deviation from u^lag is in the table.

    python experiments/vanishing_gradient.py

writes results/vanishing_gradient.md and vanishing_gradient.png (seconds). It shows what is left
after 100 steps: 1e-19 in a tanh RNN, 2e-16 in a GRU, 4e-8 in an LSTM and .05 if its forget gates
start open; in an IndRNN 2e-26 or .7, by the range that u is drawn from. So a gate's bias, or |u|,
decides.
"""

import dataclasses

import numpy as np
from benchmark_report import Report, arguments
from gradient_measures import at_work, finish
from rich.progress import track

import evornn as en
from evornn.gradient.hybrid import Hybrid
from evornn.plot.style import colours, tidy
from evornn.tasks.part import Part

LAGS, UNITS, SEEDS = 200, 32, 20
KEEPING = 2 ** (1 / LAGS)  # |u|^LAGS between 1/2 and 2: the range of Li et al. 2018, section 3.2


def with_initial(cell, **starts):
    """The cell with other initial distributions."""
    graph = cell.graph
    parameters = {
        name: dataclasses.replace(p, initial=starts[name]) if name in starts else p
        for name, p in graph.parameters.items()
    }
    changed = dataclasses.replace(graph, parameters=parameters)
    return dataclasses.replace(cell, graph=changed)


CELLS = {
    "tanh RNN": en.cells.elman,
    "GRU": en.cells.gru,
    "LSTM": en.cells.lstm,
    "LSTM, forget bias 5": with_initial(en.cells.lstm, b_f=en.Constant(5.0)),
    "IndRNN, |u| < 1": en.cells.indrnn,
    "IndRNN, u^200 in [1/2, 2]": with_initial(en.cells.indrnn, u=en.Uniform(1 / KEEPING, KEEPING)),
}


def norms(cell, units, lags, seeds, first):
    """Norms by lag, from 0, axes (seed, lag + 1); what theory says, the same axes, or None."""
    network = en.Network(cell, inputs=1, outputs=1, hidden=units, dtype="float64")
    x = [np.random.default_rng([first + k, 1]).standard_normal((lags, 1)) for k in range(seeds)]
    part = Part(tuple(x), tuple(x), tuple(np.ones(a.shape, dtype=bool) for a in x))
    gradient = at_work(Hybrid(), network, part)
    groups, _ = gradient.groups(range(seeds))
    measured, expected = [], []
    for k, group in enumerate(groups):
        rng = np.random.default_rng([first + k, 0])
        genes, direction = network.initial(rng, 1), rng.standard_normal(units)
        direction /= np.linalg.norm(direction)
        measured.append(sent_back(gradient, genes, group, direction, lags))
        expected.append(theory(network.with_chromosome(genes[0]), x[k], direction))
    return np.array(measured), None if expected[0] is None else np.array(expected)


def sent_back(gradient, genes, group, direction, lags):
    """Norms of the derivatives by all states, by lag from 0: the transposed step, again and again.

    `gradient` is a hybrid at work, of which only the transposed run and its carry are used.
    """
    forward, back, states = gradient.forward, gradient.sensitivity, gradient.states
    frames, buffers = forward.frames(lags), back.buffers()
    fresh = {"fresh_weights": True, "fresh_states": True}
    forward(forward.buffers(), frames, genes, 0, group.data, 0, 1, lags, **fresh)
    bar = np.zeros((states.size, back.form.lanes))
    bar[: len(direction), 0] = direction  # h is the first state of all these cells
    found = [1.0]
    for lag in range(1, lags + 1):
        states.set_carry(back, buffers[1], bar)
        fresh = {"fresh_weights": lag == 1, "fresh_carry": False}
        back(buffers, frames, genes, 0, lags - lag + 1, 1, 0, **fresh)
        bar = states.carry(back, buffers[1])
        found.append(float(np.linalg.norm(bar[:, 0])))
    return found


def theory(network, inputs, direction):
    """An upper bound of the norms for tanh units, their values for independent ones, or None."""
    named, lag = network.unpack(), np.arange(len(inputs) + 1)
    if "u" in named:
        active = network.states(inputs)["h"][::-1] > 0
        still = np.vstack([np.ones(len(direction)), np.cumprod(active, axis=0)])
        return np.linalg.norm(direction * named["u"] ** lag[:, None] * still, axis=1)
    return np.linalg.norm(named["U"], 2) ** lag if "U" in named else None


def factor(values):
    """Factor per step: slope of the log of the medians beyond a tenth of the lags."""
    median = np.median(values, axis=0)
    lag = np.arange(len(median))
    used = (lag >= len(lag) // 10) & (median > 0)
    return float(np.exp(np.polyfit(lag[used], np.log(median[used]), 1)[0]))


def figure(found):
    """Medians and quartiles by lag."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(8, 4.6), layout="constrained")
    axes = drawn.subplots()
    for name, colour in colours(found).items():
        low, median, high = np.quantile(found[name][0], (0.25, 0.5, 0.75), axis=0)
        lag = np.arange(len(median))
        axes.semilogy(lag, median, color=colour, label=f"{name}: x {factor(found[name][0]):.3f}")
        axes.fill_between(lag, low, high, color=colour, alpha=0.2, linewidth=0)
    axes.set(xlabel="lag, steps", ylabel="norm of the gradient", ylim=(1e-20, 10))
    axes.legend(frameon=False, fontsize=9, title="factor per step", loc="upper left",
                bbox_to_anchor=(1.0, 1.0))  # fmt: skip
    tidy(axes)
    return drawn


def agreement(name, measured, expected):
    """How the measured norms stand to theory, in words."""
    if expected is None:
        return ""
    if "IndRNN" in name:
        deviation = np.abs(measured - expected) / np.where(expected > 0, expected, 1)
        return f"u^lag, deviation {deviation.max():.0e}"
    return f"largest share of the bound {np.max((measured / expected)[:, 1:]):.2f}"


def main():
    """Measure, print, and write the report."""
    parser = arguments(__doc__)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    units, lags, seeds = (UNITS, LAGS, SEEDS) if not options.smoke else (4, 20, 2)
    cells = CELLS if not options.smoke else {k: CELLS[k] for k in list(CELLS)[::4]}
    found = {
        name: norms(cell, units, lags, seeds, options.seed)
        for name, cell in track(cells.items(), "cells")
    }
    report = Report("vanishing_gradient", "How fast the gradient vanishes, before learning")
    report.say(
        "Written by `python experiments/vanishing_gradient.py`, which says what is measured; "
        f"float64, {units} units, {seeds} seeds. Medians, and quartiles in brackets."
    )
    shown = [lags // 20, lags // 4, lags // 2, lags]
    rows = []
    for name, (measured, expected) in found.items():
        low, median, high = np.quantile(measured[:, shown], (0.25, 0.5, 0.75), axis=0)
        cells = [f"{m:.0e} ({a:.0e}, {b:.0e})" for a, m, b in zip(low, median, high, strict=True)]
        rows.append([name, f"{factor(measured):.3f}", *cells])
        rows[-1].append(agreement(name, measured, expected))
    columns = ["cell", "factor per step", *(f"lag {k}" for k in shown), "theory"]
    report.table("Norm of the gradient by lag", columns, rows)
    report.say("![Norm of the gradient by lag](vanishing_gradient.png)")
    finish(report, figure(found), options)


if __name__ == "__main__":
    main()
