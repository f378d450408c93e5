"""How fast are the readouts, beside reservoirpy's?

Recursive least squares per row at 300 inputs, rows given together and one by one (as in a loop with
feedback); ridge regression at 100, 300 and 1000 inputs and 5000 steps, with a given ridge and with
one chosen by leaving each row out or by cross-validation; and the weights compared. float64.

    python experiments/benchmark_readouts.py

writes results/benchmark_readouts.md. To compare single threads: OPENBLAS_NUM_THREADS=1.
"""

import statistics
import time

import numpy as np
from benchmark_report import Report, arguments, machine, met, progress, versions
from reservoirpy import nodes

from evornn.readout import RLS, Ridge

REPEATS = 5
RLS_TARGET = 10.0


def median_s(call, repeats=REPEATS):
    """Median and spread of the seconds of a call, after one call to warm up."""
    call()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return statistics.median(times), max(times) - min(times)


def drawn(steps, inputs, rng):
    """States like a reservoir's, correlated and within [-1, 1], and targets, one output."""
    X = np.tanh(rng.normal(size=(steps, inputs)) @ rng.normal(size=(inputs, inputs)) / inputs**0.5)
    return X, X @ rng.normal(size=(inputs, 1)) + 0.1 * rng.normal(size=(steps, 1))


def recursive(report, steps, rng):
    """A table of microseconds per row at 300 inputs."""
    X, Y = drawn(steps, 300, rng)

    def together():
        return RLS(1e-6, intercept=False).fit(X, Y)

    def one_by_one():
        readout = RLS(1e-6, intercept=False).begin(300, 1)
        for x, y in zip(X, Y, strict=True):
            readout.step(x, y)
        return readout

    def peer():
        node = nodes.RLS(alpha=1e-6, fit_bias=False)
        node.partial_fit(X, Y)
        return node

    weights = [together().weights, one_by_one().weights, peer().Wout]
    apart = max(np.abs(w - weights[0]).max() for w in weights) / np.abs(weights[0]).max()
    rows = []
    timed = {"rows together": together, "row by row": one_by_one, "reservoirpy RLS": peer}
    micros = {}
    for name, call in timed.items():
        seconds, spread = median_s(call)
        micros[name] = 1e6 * seconds / steps
        rows.append([name, f"{micros[name]:.1f}", f"{1e6 * spread / steps:.1f}"])
        progress(" | ".join(rows[-1]))
    report.table("Recursive least squares, 300 inputs", ["", "us a row", "spread"], rows)
    ratio = micros["reservoirpy RLS"] / micros["rows together"]
    report.say(
        f"Ratio {ratio:.1f}, target {RLS_TARGET:g}: {met(ratio, RLS_TARGET)}. Row by row: "
        f"{micros['reservoirpy RLS'] / micros['row by row']:.1f}. Largest relative difference of "
        f"the weights: {apart:.1e}."
    )


def ridge(report, sizes, steps, rng):
    """A table of milliseconds for a fit."""
    rows = []
    for inputs in sizes:
        X, Y = drawn(steps, inputs, rng)
        peer = nodes.Ridge(ridge=1e-3, fit_bias=True)
        timed = {
            "ridge 1e-3": lambda X=X, Y=Y: Ridge(1e-3).fit(X, Y),
            '"loo", 45 ridges': lambda X=X, Y=Y: Ridge("loo").fit(X, Y),
            '"cv", 29 ridges, 5 folds': lambda X=X, Y=Y: Ridge("cv").fit(X, Y),
            "reservoirpy Ridge": lambda X=X, Y=Y, peer=peer: peer.fit(X, Y),
        }
        apart = np.abs(Ridge(1e-3).fit(X, Y).weights - peer.fit(X, Y).Wout).max()
        for name, call in timed.items():
            seconds, spread = median_s(call)
            row = [str(inputs), name, f"{1e3 * seconds:.1f}", f"{1e3 * spread:.1f}"]
            rows.append([*row, f"{apart:.1e}" if name == "reservoirpy Ridge" else ""])
            progress(" | ".join(rows[-1]))
    columns = ["inputs", "", "ms", "spread", "largest difference of weights"]
    report.table(f"Ridge regression, {steps} steps", columns, rows)


def main():
    """Measure, print and write."""
    options = arguments(__doc__).parse_args()
    rng = np.random.default_rng(0)
    report = Report("benchmark_readouts", "Readouts: time of a fit")
    report.say(f"{machine()}; {versions('numba', 'numpy', 'scipy', 'reservoirpy')}.")
    recursive(report, 100 if options.smoke else 3000, rng)
    if options.smoke:
        ridge(report, [20], 200, rng)
    else:
        ridge(report, [100, 300, 1000], 5000, rng)
    report.finish(options)


if __name__ == "__main__":
    main()
