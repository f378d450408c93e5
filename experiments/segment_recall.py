"""What does a liquid still know about spikes that came a second ago?

    python experiments/segment_recall.py [--smoke] [--seeds N] [--jobs N] [--out FOLDER]

A spike train has four segments of 250 ms; each follows one of two Poisson templates (20 Hz, every
spike moved by 4 ms). From the state after the last segment a linear readout tells which template
each segment had. The liquid is the one of Maass, Natschlaeger & Markram 2002: 135 neurons, its
spikes filtered with 30 ms. Beside it stand the same filter on the input, and the control that is
always to be printed: a bank of slower and slower filters on the raw input, without any liquid.

Writes results/segment_recall.md and a raster of one train. What it showed: the liquid tells the
last segment almost always and those before it less and less; a bank of filters on a single input
channel does better, because it may be as slow as the task needs.
"""

from __future__ import annotations

import numpy as np
from benchmark_report import RESULTS, Report, arguments, progress

from evornn.liquid import (
    MAASS_2002,
    ExponentialFilter,
    FilterBank,
    LiquidStateMachine,
    SegmentRecall,
    Spikes,
    segment_recall,
)
from evornn.readout import Ridge

BANK = FilterBank((10.0, 30.0, 100.0, 300.0, 1000.0))
PUBLISHED = (0.63, 0.60, 0.85, 0.996)  # one channel, another program with the same constants


def recalled(features: np.ndarray, labels: np.ndarray, train: int) -> np.ndarray:
    """Share of test trains whose segment was told right, axes (segment).

    Args:
        features: Axes (train, feature).
        labels: 0 or 1, axes (train, segment).
        train: The first so many trains are learned from.
    """
    readout = Ridge("loo").fit(features[:train], 2.0 * labels[:train] - 1.0)
    return ((readout.predict(features[train:]) > 0) == labels[train:]).mean(axis=0)


def sampled(filter_: ExponentialFilter | FilterBank, trains: list[Spikes]) -> np.ndarray:
    """Filtered inputs at the end of each train, axes (train, feature)."""
    return np.concatenate([filter_.sample(train, [train.duration_ms]) for train in trains])


def one_seed(seed: int, train: int, test: int, channels: int, jobs: int) -> dict[str, np.ndarray]:
    """Accuracy of each contender with templates and a liquid of their own, axes (segment)."""
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    task = segment_recall(train + test, rng, channels=channels)
    machine = LiquidStateMachine(MAASS_2002.draw(seed, inputs=channels), jobs=jobs)
    features = {
        "liquid, filter of 30 ms": machine.states(task.trains),
        "input, filter of 30 ms (control)": sampled(ExponentialFilter(30.0), task.trains),
        "input, filter bank 10-1000 ms (control)": sampled(BANK, task.trains),
    }
    features["liquid and filter bank"] = np.concatenate(
        [features["liquid, filter of 30 ms"], features["input, filter bank 10-1000 ms (control)"]],
        axis=1,
    )
    return {name: recalled(values, task.labels, train) for name, values in features.items()}


def draw_raster(task: SegmentRecall, channels: int, path: str) -> None:
    """Save the liquid's answer to the first train as a figure."""
    from evornn.plot.liquid import raster_figure

    liquid = MAASS_2002.draw(0, inputs=channels)
    spikes = liquid.run(task.trains[0]).spikes
    title = f"Segment recall: a train and the liquid's answer ({len(spikes)} spikes)"
    figure = raster_figure(spikes, task.trains[0], liquid.inhibitory, title)
    figure.savefig(path, dpi=150, metadata={"Software": None})  # no SVG: a dash is 300 bytes there


def main() -> None:
    """Run all seeds and report."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--seeds", type=int, default=10, help="templates and liquids")
    parser.add_argument("--jobs", type=int, default=1, help="trains at the same time")
    options = parser.parse_args()
    seeds, train, test = (2, 60, 40) if options.smoke else (options.seeds, 1000, 500)
    report = Report("segment_recall", "Segment recall by a liquid state machine")
    for channels in (1, 4):
        found: dict[str, list[np.ndarray]] = {}
        for seed in range(seeds):
            progress(f"{channels} input channels, seed {seed}")
            for name, accuracy in one_seed(seed, train, test, channels, options.jobs).items():
                found.setdefault(name, []).append(accuracy)
        rows = [
            [name, *(f"{median:.3f}" for median in np.median(values, axis=0))]
            for name, values in found.items()
        ]
        if channels == 1:
            rows.append(["liquid, measured elsewhere", *(f"{value:.3f}" for value in PUBLISHED)])
        columns = ["Readout sees", *(f"segment {k}" for k in (1, 2, 3, 4))]
        report.table(f"Accuracy with {channels} input channel{'s'[: channels - 1]}", columns, rows)
    report.say(
        f"Medians over {seeds} seeds, each with templates and a liquid of its own; {train} trains "
        f"for training, {test} for testing; a linear readout (ridge by leave-one-out) on the state "
        "at 1 s; chance is 0.5. Segment 4 is the last one."
    )
    report.finish(options)
    folder = options.out or (None if options.smoke else RESULTS)
    if folder is not None:
        task = segment_recall(1, np.random.default_rng(np.random.SeedSequence(0)), channels=4)
        draw_raster(task, 4, str(folder / "segment_recall.png"))


if __name__ == "__main__":
    main()
