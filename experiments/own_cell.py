"""Can a cell of one's own, two lines of equations, beat Elman's on the yearly sunspots?

The cell is Elman's with a second, slow state per unit: a running mean of its activity that feeds
back. Nothing but the equations below is needed: the kernels, the chromosome and the figures follow.

    python experiments/own_cell.py --jobs 2

writes tables and figures to results/own_cell/. What it showed, 8 seeds, 300 generations, about as
many weights: yes, median test NMSE .085 against .104 (Wilcoxon signed-rank p = .016), and better
than linear regression on 16 years (.112) in every run.
"""

import evornn as en


@en.cell
def slow_elman(
    x,
    h,
    mean,
    *,
    W=en.matrix("hidden", "input"),
    U=en.matrix("hidden", "hidden"),
    S=en.matrix("hidden", "hidden"),
    b=en.vector("hidden"),
    keep=en.vector("hidden", initial=en.Uniform(0.5, 0.95)),
):
    """Elman units with a slow copy of themselves: mean' = keep mean + (1 - keep) h'."""
    h_new = en.tanh(W @ x + U @ h + S @ mean + b)
    return h_new, keep * mean + (1 - keep) * h_new


def contender(cell, hidden):
    """A small network under the default genetic algorithm."""
    network = en.Network(cell, hidden=hidden)
    return en.Evolve(network, en.GA(population=256), stop=en.Stop(generations=300))


experiment = en.Experiment(
    task=en.tasks.sunspots(),
    contenders={
        "elman": contender(en.cells.elman, hidden=8),
        "slow-elman": contender(slow_elman, hidden=6),  # about as many weights
    },
    seeds=8,
)

if __name__ == "__main__":
    experiment.main()
