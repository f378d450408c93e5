"""Segment recall: which template each past segment of a spike train was made from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evornn.checks import check_count, check_range
from evornn.liquid.encoders import poisson_spikes
from evornn.liquid.spikes import Spikes, joined


@dataclass(frozen=True, eq=False)
class SegmentRecall:
    """Spike trains of several segments, and which template each segment followed.

    Attributes:
        trains: The jittered spike trains.
        labels: Template of each segment, axes (train, segment).
        templates: The spike trains themselves, by segment and label.
    """

    trains: list[Spikes]
    labels: np.ndarray
    templates: list[list[Spikes]]


def segment_recall(
    count: int,
    rng: np.random.Generator,
    *,
    segments: int = 4,
    segment_ms: float = 250.0,
    templates: int = 2,
    channels: int = 1,
    rate_hz: float = 20.0,
    jitter_ms: float = 4.0,
    drawn: list[list[Spikes]] | None = None,
) -> SegmentRecall:
    """Draw templates (unless given) and trains that follow them.

    Each train has `segments` segments; each of them is one of `templates` Poisson trains of that
    segment, every spike moved by a normal number of SD `jitter_ms`.

    Args:
        count: Number of trains.
        rng: Of everything drawn.
        segments: In a train.
        segment_ms: Length of one.
        templates: To choose from in each segment.
        channels: Input channels.
        rate_hz: Of the templates.
        jitter_ms: SD.
        drawn: Templates of an earlier call, for further trains of the same task.

    Raises:
        ValueError: If a number is out of range.

    Source: Maass, Natschlaeger & Markram 2002 (Neural Computation 14).
    """
    name = "segment_recall"
    for label, number, least in (
        ("count", count, 1),
        ("segments", segments, 1),
        ("templates", templates, 2),
        ("channels", channels, 1),
    ):
        check_count(name, label, number, least)
    check_range(name, "segment_ms", segment_ms, 0.0, above=True)
    check_range(name, "rate_hz", rate_hz, 0.0, above=True)
    if drawn is None:
        rates = np.full((1, channels), rate_hz)
        drawn = [
            [poisson_spikes(rates, segment_ms, rng) for _ in range(templates)]
            for _ in range(segments)
        ]
    labels = rng.integers(len(drawn[0]), size=(count, len(drawn)))
    trains = []
    for row in labels:
        parts = [choices[k] for choices, k in zip(drawn, row, strict=True)]
        trains.append(joined(parts).jittered(jitter_ms, rng))
    return SegmentRecall(trains, labels, drawn)
