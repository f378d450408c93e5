"""Evolution, gradients or guessing: who does best when all may compute as much?

    python experiments/evolution_or_gradients.py [--smoke] [--seeds 12] [--tasks NAME] [--out DIR]

Santa Fe laser, sunspots, NARMA10, temporal order, Tomita 4; an Elman network with 16
units and an LSTM with 8. Every contender stops after the same number of network-steps: a
forward pass of a network over one time step counts 1, backpropagation through time 3, exact RTRL
as many as its tangents. Evolution has 512 individuals; training by gradients runs 4 networks side
by side (RTRL one); guessing draws independent random weights. All choose their result by the
validation error. The test error decides, with the statistics of every experiment.

Each task is an experiment of its own in results/evolution_or_gradients-<task>/, which goes on where
it stopped. Writes results/evolution_or_gradients.md and .png.
"""

from __future__ import annotations

import argparse

import numpy as np
from benchmark_report import RESULTS, Report, arguments, machine, progress

import evornn as en
from evornn.experiment.verdict import column, verdict

TASKS = {
    "laser": lambda: en.tasks.santa_fe_laser(horizon=1),
    "sunspots": en.tasks.sunspots,
    "narma10": en.tasks.narma10,
    "temporal_order": en.tasks.temporal_order,
    "tomita4": lambda: en.tasks.tomita(4),
}
BUDGET = 20_000_000


def contenders(budget: int) -> dict[str, object]:
    """Who takes part, all with the same budget of network-steps."""
    stop = en.Stop(network_steps=budget)
    elman = en.Network(en.cells.elman, hidden=16)
    lstm = en.Network(en.cells.lstm, hidden=8)
    train = {"optimizer": en.Adam(learning_rate=0.01), "stop": stop, "clip_norm": 1.0}
    return {
        "elman-ga": en.Evolve(elman, en.GA(population=512), stop=stop),
        "lstm-ga": en.Evolve(lstm, en.GA(population=512), stop=stop),
        "elman-bptt": en.Train(elman, en.BPTT(), population=4, **train),
        "lstm-bptt": en.Train(lstm, en.BPTT(), population=4, **train),
        "elman-rtrl": en.Train(elman, en.RTRL(), **train),
        "lstm-rule": en.Train(lstm, en.TruncatedRTRL(), **train),
        "elman-guess": en.RandomSearch(elman, stop=stop),
        "lstm-guess": en.RandomSearch(lstm, stop=stop),
    }


def run(name: str, options: argparse.Namespace, folder: str) -> en.Experiment:
    """One task's experiment, finished."""
    experiment = en.Experiment(
        TASKS[name](),
        contenders(200_000 if options.smoke else BUDGET),
        seeds=1 if options.smoke else options.seeds,
        name=f"evolution_or_gradients-{name}",
    )
    if options.smoke:
        experiment = experiment.smoke()
    experiment.run(out=folder, quiet=True, jobs=options.jobs)
    return experiment


def draw(found: dict[str, dict[str, np.ndarray]], path: str) -> None:
    """Test errors of all seeds, one panel a task."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    figure, panels = plt.subplots(
        1, len(found), figsize=(2.9 * len(found), 3.4), sharey=True, squeeze=False
    )
    for panel, (name, errors) in zip(panels[0], found.items(), strict=True):
        for row, values in enumerate(errors.values()):
            panel.plot(values, np.full(len(values), row), "o", markersize=3, alpha=0.5)
            panel.plot(np.median(values), row, "k|", markersize=12)
        panel.set(title=name, xscale="log", xlabel="test NMSE")
        decades = np.log10(max(map(np.max, errors.values())) / min(map(np.min, errors.values())))
        panel.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if decades < 2 else (1.0,)))
        panel.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        panel.xaxis.set_minor_formatter(NullFormatter())
        panel.set_yticks(range(len(errors)), list(errors))
        panel.invert_yaxis()
    figure.tight_layout()
    figure.savefig(path, dpi=150)


def parse() -> argparse.Namespace:
    """Options from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--seeds", type=int, default=12, help="repetitions (default: 12)")
    parser.add_argument("--tasks", nargs="+", choices=list(TASKS), default=list(TASKS))
    parser.add_argument("--jobs", type=int, default=-1, help="threads (default: all cores)")
    return parser.parse_args()


def main() -> None:
    """Run all tasks and report."""
    import tempfile

    options = parse()
    report = Report("evolution_or_gradients", "Evolution, gradients or guessing")
    report.say(
        f"Machine: {machine()}. Budget: {BUDGET:,} network-steps a run, the same for all; "
        f"{options.seeds} seeds. Test NMSE: median and quartiles."
    )
    found: dict[str, dict[str, np.ndarray]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.out or (temporary if options.smoke else RESULTS)
        for name in options.tasks[:1] if options.smoke else options.tasks:
            progress(f"{name} ...")
            outcome = run(name, options, str(folder)).outcome
            if outcome is None:
                raise RuntimeError(f"the experiment on {name} has no outcome")
            found[name] = {k: column(r, "test_nmse") for k, r in outcome.results.items()}
            rows = [
                [
                    contender,
                    f"{np.median(e):.4f}",
                    f"{np.quantile(e, 0.25):.4f}-{np.quantile(e, 0.75):.4f}",
                    f"{np.median(column(outcome.results[contender], 'network_steps')):,.0f}",
                ]
                for contender, e in sorted(found[name].items(), key=lambda x: np.median(x[1]))
            ]
            for control, error in outcome.controls.items():
                rows.append([f"({control})", f"{error:.4f}", "-", "-"])
            columns = ["Contender", "Test NMSE", "Quartiles", "Network-steps"]
            report.table(name, columns, rows)
            if not options.smoke:
                report.say(" ".join(verdict(outcome.results, outcome.controls).sentences))
        if options.out or not options.smoke:
            draw(found, str((options.out or RESULTS) / "evolution_or_gradients.png"))
        report.finish(options)


if __name__ == "__main__":
    main()
