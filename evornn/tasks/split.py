"""Which samples belong to the training, validation and test parts."""

from __future__ import annotations

from itertools import pairwise
from numbers import Integral, Real
from typing import TypeGuard

Piece = slice | float | None
Spans = dict[str, tuple[int, int]]


def resolve_split(train: Piece, validation: Piece, test: Piece, count: int, what: str) -> Spans:
    """Range of the samples of each part, as (start, stop) of a slice.

    Args:
        train: A slice of the samples, or a fraction of them in (0, 1]. Fractions are cut off one
            after the other: training first, then validation, then test.
        validation: The same, or None for no validation part. All given parts are slices or all are
            fractions.
        test: The same as `train`.
        count: Number of samples.
        what: What is counted, for messages: "samples", "steps" or "sequences".

    Returns:
        (start, stop) for "train", "test" and, if there is one, "validation".

    Raises:
        TypeError: A part that is neither a slice nor a number, or a mixture of both.
        ValueError: An empty part, parts that overlap, slices with a step or beyond the data,
            fractions outside (0, 1] or with a sum above 1.
    """
    given = {"train": train, "validation": validation, "test": test}
    pieces = {name: piece for name, piece in given.items() if piece is not None}
    for name in ("train", "test"):
        if name not in pieces:
            raise TypeError(f"`{name}` needs a slice or a fraction, got None.")
    slices = {name: piece for name, piece in pieces.items() if isinstance(piece, slice)}
    fractions = {name: float(p) for name, p in pieces.items() if _is_fraction(p)}
    if len(slices) == len(pieces):
        spans = {name: _span(name, piece, count, what) for name, piece in slices.items()}
    elif len(fractions) == len(pieces):
        spans = _fractions(fractions, count, what)
    else:
        raise TypeError(
            "A split needs slices for all parts or fractions for all parts, got "
            f"{', '.join(f'{name}={piece!r}' for name, piece in pieces.items())}."
        )
    _check_apart(spans, what)
    return spans


def _is_fraction(piece: object) -> TypeGuard[float]:
    return isinstance(piece, Real) and not isinstance(piece, bool)


def _span(name: str, piece: slice, count: int, what: str) -> tuple[int, int]:
    ends = (piece.start, piece.stop, piece.step)
    if not all(end is None or isinstance(end, Integral) for end in ends):
        raise TypeError(f"`{name}` needs a slice of whole numbers, got {piece}.")
    if piece.step not in (None, 1):
        raise ValueError(f"`{name}` needs a slice without a step, got {piece}.")
    for end in (piece.start, piece.stop):
        if end is not None and not -count <= end <= count:
            raise ValueError(f"`{name}` needs a slice of {count} {what}, got {piece}.")
    start, stop, _ = piece.indices(count)
    if stop <= start:
        raise ValueError(f"`{name}` needs at least 1 of the {count} {what}, got {piece}.")
    return start, stop


def _fractions(pieces: dict[str, float], count: int, what: str) -> Spans:
    for name, fraction in pieces.items():
        if not 0 < fraction <= 1:
            raise ValueError(f"`{name}` needs a fraction in (0, 1], got {fraction}.")
    if sum(pieces.values()) > 1 + 1e-9:
        raise ValueError(
            f"The fractions of a split need a sum of at most 1, got {sum(pieces.values()):g} "
            f"({', '.join(f'{name}={fraction:g}' for name, fraction in pieces.items())})."
        )
    spans: Spans = {}
    cut = 0.0
    for name, fraction in pieces.items():
        start, stop = round(cut * count), min(round((cut + fraction) * count), count)
        if stop <= start:
            raise ValueError(
                f"`{name}` needs at least 1 of the {count} {what}, got the fraction {fraction:g}."
            )
        spans[name] = (start, stop)
        cut += fraction
    return spans


def _check_apart(spans: Spans, what: str) -> None:
    ordered = sorted(spans.items(), key=lambda item: item[1])
    for (first, (_, stop)), (second, (start, _)) in pairwise(ordered):
        if start < stop:
            raise ValueError(
                f"A split needs parts that share no {what}, got `{first}` up to {stop} and "
                f"`{second}` from {start}."
            )
