"""Which ways to compute a gradient are local in time, which in space? Measured, not quoted.

A rule is local in time if it keeps nothing that grows with the sequence and has each step's
gradient when the step is done; local in space if the update of a weight needs only what stands at
the two units that it joins, so that its work per weight does not grow with the network. Tests:

1. Memory: bytes of all arrays kept for a sequence of 2 T steps, over those for T. A rule whose
   gradients of the single steps add up to its gradient of the whole sequence is asked for every
   step; the others (BPTT: cut to single steps it forgets the past) for the whole.
2. At hand: that sum, its deviation from the whole, relative. Also, the gradients of the first half
   must be the same whatever comes in the second.
3. Price: operations per step for a gradient at every step, over those for one at the end (counted
   from the sizes of what the kernels run; BPTT, to be exact, goes back to the start each time).
4. Traces: bytes kept per weight with 2 n units, over those with n: 1 or less if each weight keeps a
   number, 2 if it keeps one for each unit of the network. Likewise operations per weight and step.
5. Strangers: two halves of a network that send each other neither signals nor errors. All weights
   of one half are replaced, so that all its states differ; how much do the updates in the other
   change, relative? Errors are broadcast to both and held fixed. A rule that mixes all units into
   one number betrays itself, though it is cheap.

Local in time: 1 below 1.2, 2 below 1e-9, 3 below 2. Local in space: 4 below 1.5, 5 below 1e-9.

    python experiments/locality_audit.py

writes results/locality_audit.md. It shows: BPTT is local in space alone, RTRL in time alone, the
hybrid in time at the ends of its blocks; one trace per weight (IndRNN, the LSTM's own rule, SnAp-1,
e-prop, RFLO, causal recursive backpropagation) is local in both; UORO, as cheap, only in time.
"""

import numpy as np
from benchmark_report import Report, arguments
from gradient_measures import at_work, memory, noise, operations
from rich.progress import track

import evornn as en
from evornn.cells.filters import fir, iir
from evornn.gradient.approximate import RFLO, EProp, SnAp1, TruncatedRTRL
from evornn.gradient.bptt import BPTT
from evornn.gradient.crbp import CRBP
from evornn.gradient.hybrid import Hybrid
from evornn.gradient.rtrl import RTRL
from evornn.gradient.uoro import UORO

FILTERS = en.stack(iir(2, 1), fir(3))  # two layers, so that errors have a way to go
RULES = {
    "BPTT": (BPTT(), en.cells.elman),
    "RTRL": (RTRL(), en.cells.elman),
    "hybrid": (Hybrid(), en.cells.elman),
    "RTRL, diagonal (IndRNN)": (RTRL(), en.cells.indrnn),
    "truncated RTRL (LSTM)": (TruncatedRTRL(), en.cells.lstm),
    "SnAp-1": (SnAp1(), en.cells.elman),
    "e-prop": (EProp(), en.cells.leaky),
    "RFLO": (RFLO(), en.cells.leaky),
    "UORO": (UORO(), en.cells.elman),
    "CRBP, Q = 4": (CRBP(horizon=4), FILTERS),
}


def prepared(name, units, part, seed):
    """The rule at work on a network of so many units; weights, axes (1, gene)."""
    method, cell = RULES[name]
    network = en.Network(cell, inputs=1, outputs=2, hidden=units, dtype="float64")
    genes = network.initial(np.random.default_rng([seed, units]), 1)
    return at_work(method, network, part), genes


def step_by_step(gradient, genes, steps):
    """The sums of the gradients of single steps, after each of the first `steps` steps."""
    online, found = gradient.online(1), np.zeros((steps + 1, genes.shape[1]))
    for k in range(steps):
        _, mean, counted = online(genes)
        found[k + 1] = found[k] + mean[0] * counted
    return found[1:]


def at_hand(name, units, steps, seed):
    """Deviation of the steps' sum from the whole, and of the first half when the second changes."""
    part = noise(steps, 1, 2, seed)
    gradient, genes = prepared(name, units, part, seed)
    whole = gradient(genes)[1][0] * part.scored
    sums = step_by_step(gradient, genes, steps)
    x, y = part.inputs[0].copy(), part.targets[0].copy()
    half = steps // 2
    x[half:], y[half:] = -x[half:], 1 - y[half:]
    other, _ = prepared(name, units, type(part)((x,), (y,), part.mask), seed)
    again = step_by_step(other, genes, half)
    foresight = np.abs(again - sums[:half]).max()
    return np.abs(sums[-1] - whole).max() / np.abs(whole).max(), foresight


def halves(network):
    """For every gene 0 or 1 if it joins units of one half of the network, else -1."""
    found = np.full(network.genes, -1)
    for name, addresses in network.map.addresses.items():
        axes = network.graph.parameters[name].axes
        for index, gene in np.ndenumerate(addresses):
            sides = set()
            for k, axis in zip(index, axes, strict=True):
                base = axis.split("+")[0]  # a filter's taps repeat its inputs' axis
                size = network.sizes[base]
                if base != "input":
                    sides.add(k % size * 2 // size)
            if gene >= 0 and len(sides) == 1:
                found[gene] = sides.pop()
    return found


def strangers(name, units, steps, seed):
    """How much updates in one half change with the weights and states of the other, relative."""
    gradient, genes = prepared(name, units, noise(steps, 1, 2, seed), seed)
    side = halves(gradient.network)
    genes[0, side < 0] = 0.0
    weights = gradient.network.map.addresses
    mute = weights["V"][1, units // 2 :]
    genes[0, mute] = 0.0  # the error of the second half's output stays what it is
    replaced = side == 1
    replaced[[*mute, *weights["c"]]] = False
    other = genes.copy()
    other[0, replaced] += np.random.default_rng([seed, 1]).uniform(0.1, 0.3, replaced.sum())
    before, after = (gradient(g)[1][0, side == 0] for g in (genes, other))
    return np.abs(after - before).max() / np.abs(before).max()


def per_weight(name, units, every, seed):
    """Bytes kept, and operations per step, per weight."""
    gradient, genes = prepared(name, units, noise(4, 1, 2, seed), seed)
    count = operations(gradient) / genes.size
    return np.array([memory(gradient, genes, every)[1] / genes.size, count])


def audit(name, units, steps, seed):
    """All figures of one rule, and the two verdicts."""
    deviation, foresight = at_hand(name, units, 64, seed)
    online = deviation < 1e-9 and foresight == 0
    once = [prepared(name, units, noise(t, 1, 2, seed), seed) for t in (steps, 2 * steps)]
    every = 1 if online else None
    kept = [memory(*each, every)[1] for each in once]
    price = operations(once[0][0], 1) / operations(once[0][0])
    grown = per_weight(name, 8 * units, every, seed) / per_weight(name, 4 * units, every, seed)
    mixed = strangers(name, units, 64, seed)
    in_time = online and kept[1] < 1.2 * kept[0]
    verdict = "yes" if in_time and price < 2 else "at blocks' ends" if in_time else "no"
    in_space = "yes" if grown.max() < 1.5 and mixed < 1e-9 else "no"
    figures = [f"{kept[1] / kept[0]:.2f}", f"{deviation:.1e}", f"{price:,.1f}"]
    figures += [*(f"{g:.2f}" for g in grown), f"{mixed:.1e}"]
    return [name, once[0][0].network.graph.name, *figures, verdict, in_space]


def main():
    """Audit every rule, print, and write the report."""
    parser = arguments(__doc__)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    units, steps = (16, 512) if not options.smoke else (4, 160)
    rules = list(RULES) if not options.smoke else ["BPTT", "RTRL"]
    rows = [audit(name, units, steps, options.seed) for name in track(rules, "rules")]
    report = Report("locality_audit", "Local in time, local in space: measured")
    report.say(
        f"Written by `python experiments/locality_audit.py`, which says what is measured; float64, "
        f"{units} units, T = {steps}; traces and operations per weight from {4 * units} to "
        f"{8 * units} units. CRBP's operations are its own count."
    )
    columns = ["rule", "cell", "bytes, 2 T / T", "sum of steps - whole", "price of every step"]
    columns += ["bytes per weight, 2 n / n", "operations per weight, 2 n / n"]
    columns += ["strangers' influence", "local in time", "local in space"]
    report.table("Audit", columns, rows)
    report.finish(options)


if __name__ == "__main__":
    main()
