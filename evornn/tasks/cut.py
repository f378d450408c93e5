"""Cut data into the parts of a task: normalise, share out, and mask the washout."""

from __future__ import annotations

import numpy as np

from evornn.tasks.part import Part
from evornn.tasks.scale import Scale
from evornn.tasks.sequences import Columns, Mask, Sequences
from evornn.tasks.split import Spans


def cut_series(
    data: Sequences, spans: Spans, washout: int, scales: tuple[Scale, Scale]
) -> dict[str, Part]:
    """Cut one long series into parts that score exactly the steps of their span.

    A part that starts later than the series gets the `washout` steps before it as context: the
    network sees them, nobody scores them. At the start of the series there is no context, so the
    first `washout` steps are themselves masked.

    Args:
        data: One sequence.
        spans: Range of steps of each part, as (start, stop) of a slice.
        washout: Steps that the network may take to forget its initial state.
        scales: Of the inputs and of the targets.

    Raises:
        ValueError: A part without a scored step.
    """
    inputs, targets = scales[0].normalise(data.inputs[0]), _filled(scales[1], data.targets[0])
    parts = {}
    for name, (start, stop) in spans.items():
        begin = max(0, start - washout)
        first = max(start, begin + washout)
        mask = data.mask[0][begin:stop].copy()
        mask[: first - begin] = False
        _check_scored(name, mask, stop - start, washout)
        parts[name] = Part((inputs[begin:stop],), (targets[begin:stop],), (mask,))
    return parts


def cut_sequences(
    data: Sequences, spans: Spans, washout: int, scales: tuple[Scale, Scale]
) -> dict[str, Part]:
    """Share whole sequences out to the parts; the first `washout` steps of each are not scored.

    Args:
        data: All sequences.
        spans: Range of sequences of each part, as (start, stop) of a slice.
        washout: Steps at the start of every sequence that are not scored.
        scales: Of the inputs and of the targets.

    Raises:
        ValueError: A part without a scored step.
    """
    parts = {}
    for name, (start, stop) in spans.items():
        mask = [m.copy() for m in data.mask[start:stop]]
        for m in mask:
            m[:washout] = False
        _check_scored(name, np.concatenate(mask), sum(len(m) for m in mask), washout)
        parts[name] = Part(
            tuple(scales[0].normalise(x) for x in data.inputs[start:stop]),
            tuple(_filled(scales[1], y) for y in data.targets[start:stop]),
            tuple(mask),
        )
    return parts


def _filled(scale: Scale, targets: Columns) -> Columns:
    """Normalised targets; missing ones, which nobody scores, become the training data's mean."""
    normalised = scale.normalise(targets)
    return np.where(np.isfinite(normalised), normalised, 0.0)


def _check_scored(name: str, mask: Mask, steps: int, washout: int) -> None:
    if not mask.any():
        raise ValueError(
            f"The {name} part needs at least 1 scored step, got {steps} steps and a washout of "
            f"{washout}; give it more data or a shorter washout."
        )
