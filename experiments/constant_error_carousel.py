"""Does a memory cell keep a number, and the error about it, for a million steps?

    python experiments/constant_error_carousel.py [--smoke] [--out FOLDER]

The state of a memory cell is c' = f c + i g. With the forget gate at 1 and the input gate at 0
nothing ever changes it: the constant error carousel of Hochreiter & Schmidhuber 1997. The gates get
biases of +-1000, at which a logistic function is 1 and 0 in double precision, and the cell's input
is noise. After 1,000,000 steps the cell holds the number it started with, bit for bit, and
backpropagation through time, with states kept at every 1000th step only, finds the derivative of
the last state with respect to the first: exactly 1. The same is asked of an LSTM whose forget gate
is a little less than open, of which theory says f^lag, and of a tanh unit, of which it says the
product of the slopes: nothing is left of either.

Writes results/constant_error_carousel.md and constant_error_carousel.png: derivatives against the
lag, and the memory that they took.
"""

import time
import tracemalloc

import numpy as np
from benchmark_report import Report, arguments, machine, progress
from gradient_measures import at_work, finish

import evornn as en
from evornn.plot.style import colours, tidy
from evornn.tasks.part import Part

STEPS, CHECKPOINT = 1_000_000, 1000
LAGS = (1, 10, 30, 100, 300, 1000, 3000, 10_000, 100_000, 1_000_000)
LEAST = 1e-290  # below, double precision runs out of digits
VALUE = 1 / 3  # no short binary fraction: a rounding anywhere would show
SHUT = 1000.0  # logistic(-1000) is 0 in double precision, logistic(1000) is 1
LEAKY = 5.0  # a forget gate of .9933


@en.cell
def carousel(
    x,
    h,
    c=en.state("hidden", initial="c_0"),
    *,
    c_0=en.vector("hidden"),
    W_g=en.matrix("hidden", "input"),
    U_g=en.matrix("hidden", "hidden"),
    b_i=en.vector("hidden"),
    b_f=en.vector("hidden"),
    first=en.matrix("output", "hidden", fixed=np.ones((1, 1))),
):
    """An LSTM of one cell, whose gates see their biases alone; the answer is the cell's state.

    i = sigmoid(b_i), f = sigmoid(b_f), c' = f c + i tanh(W_g x + U_g h), h' = tanh(c')
    """
    c_new = en.sigmoid(b_f) * c + en.sigmoid(b_i) * en.tanh(W_g @ x + U_g @ h)
    return first @ c_new, en.tanh(c_new), c_new


@en.cell
def tanh_unit(
    x,
    h=en.state("hidden", initial="h_0"),
    *,
    h_0=en.vector("hidden"),
    W=en.matrix("hidden", "input"),
    U=en.matrix("hidden", "hidden"),
    first=en.matrix("output", "hidden", fixed=np.ones((1, 1))),
):
    """One unit of the usual kind: h' = tanh(W x + U h); the answer is its state."""
    h_new = en.tanh(W @ x + U @ h)
    return first @ h_new, h_new


ONE = np.ones((1, 1))
GATES = {"c_0": [VALUE], "W_g": ONE, "U_g": ONE, "b_i": [-SHUT], "first": ONE}
UNIT = {"h_0": [VALUE], "W": 0.1 * ONE, "U": ONE, "first": ONE}
# By name: the cell, its weights, and the parameter that is the first state.
CONTENDERS = {
    "LSTM, f = 1": (carousel, GATES | {"b_f": [SHUT]}, "c_0"),
    "LSTM, f = .9933": (carousel, GATES | {"b_f": [LEAKY]}, "c_0"),
    "tanh unit, U = 1": (
        tanh_unit,
        {"h_0": [VALUE], "W": 0.1 * ONE, "U": ONE, "first": ONE},
        "h_0",
    ),
}


def noise(steps):
    """Input of all contenders, axes (time, input)."""
    return np.random.default_rng(np.random.SeedSequence(97)).standard_normal((steps, 1))


def network_of(cell, weights):
    """The network with these weights, in double precision."""
    network = en.Network(cell, readout=None, inputs=1, outputs=1, hidden=1, dtype="float64")
    return network.with_chromosome(network.pack({k: np.asarray(v) for k, v in weights.items()}))


def derivative(network, start, inputs, checkpoint):
    """Derivative of the last state by the first; bytes, with checkpoints and without; all states.

    BPTT gives the derivative of the squared error of the last step, 2 (y - target) dy/ds; the
    target is the answer minus 1/2, so that the error's own derivative is 1 and dy/ds is left. The
    answer may be rounded on its way to 1/2: that factor is computed and divided by.
    """
    answer = network.predict(inputs)
    target = answer - 0.5
    mask = np.zeros(answer.shape, dtype=bool)
    mask[-1] = True
    part = Part((inputs,), (target,), (mask,))
    gradient = at_work(en.BPTT(checkpoint=checkpoint), network, part)
    kernel = gradient.kernel(1, 1)
    gradient.batch(kernel, None)  # laid out before the memory is measured
    tracemalloc.start()
    try:
        _, found = gradient(network.chromosome[None])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    error = 2 * (answer[-1, 0] - target[-1, 0])
    tape = len(inputs) * kernel.frame_size * 8
    return float(network.unpack(found[0])[start][0] / error), (peak, tape), answer[:, 0]


def expected(name, network, inputs):
    """The same derivative from theory, computed by NumPy: a product over all steps."""
    named = network.unpack()
    if "U" not in named:
        return float(1 / (1 + np.exp(-named["b_f"][0]))) ** len(inputs)
    h, slope = float(named["h_0"][0]), 1.0
    for x in inputs[:, 0].tolist():
        h = float(np.tanh(named["W"][0, 0] * x + named["U"][0, 0] * h))
        slope *= float(named["U"][0, 0]) * (1 - h * h)
        if slope == 0.0:
            break
    return slope


def in_words(value):
    """A derivative for the table: all digits where it is exactly 1."""
    if abs(value) < LEAST:
        return "0 (underflow)"
    return "1 exactly" if value == 1 else f"{value:.2e}"


def figure(found):
    """Derivatives against the lag; those that have underflowed to 0 are left out."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(7, 4), layout="constrained")
    axes = drawn.subplots()
    for name, colour in colours(found).items():
        lags = [lag for lag, value, _ in found[name] if abs(value) > 0]
        values = [abs(value) for _, value, _ in found[name] if abs(value) > 0]
        axes.loglog(lags, values, "o-", ms=4, color=colour, label=name)
    axes.set(xlabel="lag, steps", ylabel="derivative of the last state by the first")
    axes.set_ylim(1e-25, 1e3)
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    tidy(axes)
    return drawn


def main():
    """Hold, send back, print and write."""
    options = arguments(__doc__).parse_args()
    lags = [lag for lag in LAGS if not options.smoke or lag <= 1000]
    checkpoint = 50 if options.smoke else CHECKPOINT
    inputs = noise(lags[-1])
    found, rows = {}, []
    for name, (cell, weights, start) in CONTENDERS.items():
        network = network_of(cell, weights)
        found[name] = []
        for lag in lags:
            began = time.perf_counter()
            value, memory, states = derivative(network, start, inputs[:lag], min(checkpoint, lag))
            seconds = time.perf_counter() - began
            theory = expected(name, network, inputs[:lag])
            found[name].append((lag, value, theory))
            progress(f"{name}, {lag} steps: {value!r}, theory {theory!r}")
        changed = int(np.sum(states != VALUE))
        largest = max(abs(v - t) / t for _, v, t in found[name] if t > LEAST)
        shown = {lag: value for lag, value, _ in found[name]}
        cells = [in_words(shown[k]) for k in lags[3:]]
        megabytes = [f"{size / 1e6:.2f}" for size in memory]
        rows.append([name, f"{changed:,}", *cells, f"{largest:.0e}", *megabytes, f"{seconds:.1f}"])
    report = Report("constant_error_carousel", "The constant error carousel over a million steps")
    report.say(
        f"Machine: {machine()}. Written by `python experiments/constant_error_carousel.py`, which "
        f"says what is measured. Float64; the first state is 1/3; BPTT keeps the states of every "
        f"{checkpoint}th step and computes those between again. Changed: steps at which the state "
        "differs from 1/3 in any bit. Lag: the derivative of the state after so many steps by the "
        f"first. Deviation from theory: relative, the largest where theory is above {LEAST:g}. "
        "Memory and time are those of the gradient over the longest lag, beside the sequence "
        "itself; the tape is what it would take without checkpoints."
    )
    columns = ["", "changed", *(f"lag {lag:,}" for lag in lags[3:])]
    report.table(
        "Derivative of the last state by the first",
        [*columns, "deviation from theory", "MB", "tape, MB", "s"],
        rows,
    )
    report.say("![Derivative against lag](constant_error_carousel.png)")
    finish(report, figure(found), options)


if __name__ == "__main__":
    main()
