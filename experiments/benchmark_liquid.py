"""How fast is a liquid of 135 spiking neurons, beside real time and beside Brian2?

    python experiments/benchmark_liquid.py [--smoke] [--repeats N] [--brian PYTHON]
        [--circuit NAME] [--builds FOLDER] [--out FOLDER]

The circuit of Maass, Natschlaeger & Markram 2002, and one with twice as many synapses, driven by
Poisson spikes of 20 Hz on one channel or four. evornn runs whole calls of `Liquid.run`, in one
thread. Brian2 is optional; `--brian` names a Python that has it, if this one has not. Its runs and
evornn's take turns, and its spikes are compared with evornn's. Writes results/benchmark_liquid.md.
"""

from __future__ import annotations

import pathlib
import sys
import tempfile
import time

import numpy as np
from benchmark_brian import Peer, save_network
from benchmark_report import Report, arguments, machine, met, progress, versions

from evornn.liquid import MAASS_2002, Circuit, Liquid, Spikes, poisson_spikes

AIM_REAL_TIME = 500.0
AIMS = {"cython": 50.0, "cpp_standalone": 4.0}
NAMES = {"cython": "Brian2, Cython (its default)", "cpp_standalone": "Brian2, C++ standalone"}
CIRCUITS = {  # with the number of input channels
    "preset, 1 channel": (MAASS_2002, 1),
    "preset, 4 channels": (MAASS_2002, 4),
    "denser, 4 channels": (MAASS_2002.with_settings(length=3.2), 4),
}


def prepared(
    circuit: Circuit, channels: int, dt_ms: float, duration_ms: float, dtype: str = "float64"
) -> tuple[Liquid, Spikes]:
    """A liquid and its input; spikes lie on the grid, after the first step."""
    liquid = circuit.draw(1, inputs=channels, dt_ms=dt_ms, dtype=dtype)
    rng = np.random.default_rng(np.random.SeedSequence(2))
    drawn = poisson_spikes(np.full((round(duration_ms), channels), 20.0), 1.0, rng)
    time_ms = np.clip(np.rint(drawn.time_ms / dt_ms), 1, None) * dt_ms
    # Two spikes of a channel in one step are not to be had in Brian2.
    pairs = np.unique(np.stack([time_ms, drawn.neuron], axis=1), axis=0)
    pairs = pairs[pairs[:, 0] < duration_ms - dt_ms / 2]
    return liquid, Spikes(pairs[:, 1].astype(int), pairs[:, 0], channels, duration_ms)


def seconds(liquid: Liquid, inputs: Spikes) -> float:
    """Seconds of one run."""
    began = time.perf_counter()
    liquid.run(inputs)
    return time.perf_counter() - began


def real_time(repeats: int, duration_ms: float) -> list[list[str]]:
    """Rows of the table against real time."""
    rows = []
    for name, (circuit, channels) in CIRCUITS.items():
        for dtype in ("float64", "float32"):
            liquid, inputs = prepared(circuit, channels, 0.2, duration_ms, dtype)
            seconds(liquid, inputs)
            spans = np.array([seconds(liquid, inputs) for _ in range(repeats)])
            low, median, high = np.quantile(duration_ms / 1000 / spans, (0.25, 0.5, 0.75))
            spikes = len(liquid.run(inputs).spikes)
            rows.append([
                f"{name}, {dtype}", str(len(liquid.synapses)),
                f"{spikes / 135 / duration_ms * 1000:.1f}", f"{np.median(spans) * 1e3:.2f}",
                f"{median:.0f} ({low:.0f}-{high:.0f})", f"{AIM_REAL_TIME:.0f}",
                met(median, AIM_REAL_TIME),
            ])  # fmt: skip
    return rows


def against_brian(
    name: str, python: str, repeats: int, steps: int, folder: pathlib.Path
) -> tuple[list[list[str]], str]:
    """Rows of the table against Brian2 on one circuit, and its version."""
    liquid, inputs = prepared(*CIRCUITS[name], 0.1, steps * 0.1)
    path = folder / f"{name.replace(', ', '-').replace(' ', '-')}.npz"
    save_network(path, liquid, inputs)
    spikes = liquid.run(inputs).spikes
    # Where Brian2's step n begins, evornn's spike at its end belongs to it.
    ours = set(zip(np.rint(spikes.time_ms / 0.1).astype(int) - 1, spikes.neuron, strict=True))
    rows, version = [], ""
    for target, aim in AIMS.items():
        progress(f"{name}, {NAMES[target]}")
        peer = Peer(python, path, target, steps)
        version = peer.version or version
        if peer.problem:
            rows.append([name, f"{NAMES[target]}: {peer.problem}", *["-"] * 7])
            continue
        mine, theirs = np.empty(repeats), np.empty(repeats)
        for k in range(repeats):
            if k % 2:
                theirs[k], mine[k] = peer.seconds(), seconds(liquid, inputs)
            else:
                mine[k], theirs[k] = seconds(liquid, inputs), peer.seconds()
        peer.close()
        low, median, high = np.quantile(theirs / mine, (0.25, 0.5, 0.75))
        same = len(ours & peer.spikes) / max(1, len(ours | peer.spikes))
        rows.append([
            name, NAMES[target], f"{np.median(mine) / steps * 1e6:.3f}",
            f"{np.median(theirs) / steps * 1e6:.2f}", f"{median:.1f} ({low:.1f}-{high:.1f})",
            f"{aim:g}", met(median, aim), f"{same:.1%} of {len(ours)}" if ours else "no spikes",
            f"{peer.build_s:.1f}",
        ])  # fmt: skip
    return rows, version


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--repeats", type=int, default=15, help="runs of each contender")
    parser.add_argument("--brian", default=sys.executable, metavar="PYTHON", help="has brian2")
    parser.add_argument(
        "--circuit",
        choices=CIRCUITS,
        action="append",
        help="for Brian2, which takes long to compile; may be repeated (default: all)",
    )
    parser.add_argument(
        "--builds", type=pathlib.Path, metavar="FOLDER",
        help="keep Brian2's programs there, so that a second run need not compile them",
    )  # fmt: skip
    options = parser.parse_args()
    repeats, steps = (2, 200) if options.smoke else (options.repeats, 10_000)
    report = Report("benchmark_liquid", "A liquid of 135 spiking neurons")
    progress("real time")
    rows = real_time(repeats, steps / 10)
    compared, version = [], ""
    with tempfile.TemporaryDirectory() as folder:
        builds = options.builds or pathlib.Path(folder)
        builds.mkdir(parents=True, exist_ok=True)
        for name in options.circuit or CIRCUITS:
            more, version = against_brian(name, options.brian, repeats, steps, builds)
            compared += more
    brian = f"brian2 {version}" if version else "brian2 not installed"
    report.say(f"Machine: {machine()}. {versions('numpy', 'numba')}, {brian}.")
    columns = [
        "Circuit", "Synapses", "Hz a neuron", "ms a run", "Times real time (quartiles)", "Aim",
        "Met",
    ]  # fmt: skip
    report.table(f"{steps / 10:g} ms in steps of 0.2 ms, one core", columns, rows)
    columns = ["Circuit", "Peer", "evornn us a step", "Peer us a step", "Ratio (quartiles)", "Aim",
               "Met", "Same spikes", "Peer ready s"]  # fmt: skip
    report.table("Steps of 0.1 ms, float64, one core, against Brian2", columns, compared)
    report.say(
        f"Medians of {repeats} runs that take turns; the ratio is the median of pairs. evornn's "
        "time is the whole call, with making the clean state and sorting the spikes; Brian2's "
        "standalone time is its own figure of the loop alone, without starting the program. It is "
        "ready once it has compiled, if it had to, and run once."
    )
    report.finish(options)


if __name__ == "__main__":
    main()
