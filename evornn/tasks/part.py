"""One split of a task: what goes in, what should come out, and which entries count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Part:
    """Sequences of inputs and targets, with a mask that says which targets are scored.

    The arrays are copied and read-only: many networks, in several threads, share one part.

    Args:
        inputs: One array for each sequence, axes (time, input), normalised.
        targets: One array for each sequence, axes (time, output), normalised.
        mask: One array for each sequence, axes (time, output); False where nothing is scored: in
            the washout, and where a sequence has no target.

    Raises:
        ValueError: Different numbers of sequences, lengths or columns; an infinite value or NaN;
            nothing to score.
    """

    inputs: tuple[NDArray[np.float64], ...]
    targets: tuple[NDArray[np.float64], ...]
    mask: tuple[NDArray[np.bool_], ...]

    def __post_init__(self) -> None:
        """Copy, freeze and check the arrays."""
        for name, kind in (("inputs", np.float64), ("targets", np.float64), ("mask", np.bool_)):
            object.__setattr__(self, name, tuple(_frozen(a, kind) for a in getattr(self, name)))
        _check_sequences(self)
        if not self.scored:
            raise ValueError("A `Part` needs at least 1 scored entry, got a mask without True.")

    @property
    def sequences(self) -> int:
        """Number of sequences."""
        return len(self.inputs)

    @cached_property
    def steps(self) -> int:
        """Steps of all sequences together, washout included: what one evaluation costs."""
        return sum(len(sequence) for sequence in self.inputs)

    @cached_property
    def scored(self) -> int:
        """Number of scored entries, all sequences and outputs together."""
        return sum(int(m.sum()) for m in self.mask)

    @cached_property
    def target_variance(self) -> float:
        """Mean square of the scored targets around their column's mean: the NMSE's denominator.

        Raises:
            ValueError: The scored targets never vary, so that no NMSE exists.
        """
        targets, mask = np.concatenate(self.targets), np.concatenate(self.mask)
        counts = mask.sum(axis=0)
        means = np.where(mask, targets, 0.0).sum(axis=0) / np.maximum(counts, 1)
        variance = float(np.square((targets - means)[mask]).mean())
        if variance <= 1e-24 * max(1.0, float(np.square(means).max())):
            raise ValueError(
                f"The NMSE needs targets that vary, got {self.scored} scored entries that equal "
                "their mean; score more steps or use the MSE."
            )
        return variance

    def mse(self, outputs: Sequence[NDArray[np.floating]]) -> float:
        """Mean square error over the scored entries, in normalised units.

        Args:
            outputs: One array for each sequence, axes (time, output), of any float type. An output
                that is not finite gives a result that is not finite.

        Raises:
            ValueError: Not one array for each sequence, or a wrong shape.
        """
        self._check(outputs)
        total = 0.0
        # A diverged network may overflow: its score is inf or NaN, which is no cause for a warning.
        with np.errstate(over="ignore", invalid="ignore"):
            for output, target, mask in zip(outputs, self.targets, self.mask, strict=True):
                total += float(np.square((np.asarray(output, np.float64) - target)[mask]).sum())
        return total / self.scored

    def share_met(self, outputs: Sequence[NDArray[np.floating]], tolerance: float) -> float:
        """Share of the scored entries that are met within a tolerance, in [0, 1].

        Args:
            outputs: As for `mse`.
            tolerance: Largest absolute error that counts as met, in normalised units.

        Raises:
            ValueError: As for `mse`.
        """
        self._check(outputs)
        met = sum(
            int((np.abs(output - target)[mask] <= tolerance).sum())
            for output, target, mask in zip(outputs, self.targets, self.mask, strict=True)
        )
        return met / self.scored

    def _check(self, outputs: Sequence[NDArray[np.floating]]) -> None:
        """Refuse outputs that do not answer the targets."""
        expected = [target.shape for target in self.targets]
        shapes = [np.shape(output) for output in outputs]
        if shapes != expected:
            index = next(
                (i for i, (a, b) in enumerate(zip(shapes, expected, strict=False)) if a != b), None
            )
            if index is None:
                raise ValueError(
                    "A score needs one array of outputs for each sequence, "
                    f"{len(expected)} in all, got {len(shapes)}."
                )
            raise ValueError(
                f"A score needs outputs of axes (time, output), shape {expected[index]} for "
                f"sequence {index}, got shape {shapes[index]}."
            )

    def nmse(self, outputs: Sequence[NDArray[np.floating]]) -> float:
        """Mean square error divided by `target_variance`: 0 is perfect, 1 is the constant mean.

        Args:
            outputs: As for `mse`.

        Raises:
            ValueError: As for `mse` and `target_variance`.
        """
        return self.mse(outputs) / self.target_variance


def _frozen(values: NDArray, kind: type) -> NDArray:
    copy: NDArray = np.array(values, dtype=kind, order="C")
    copy.flags.writeable = False
    return copy


def _check_sequences(part: Part) -> None:
    counts = (len(part.inputs), len(part.targets), len(part.mask))
    if len(set(counts)) != 1 or not counts[0]:
        raise ValueError(
            "A `Part` needs as many sequences of inputs as of targets and of masks, at least 1, "
            f"got {counts[0]}, {counts[1]} and {counts[2]}."
        )
    for i, (x, y, m) in enumerate(zip(part.inputs, part.targets, part.mask, strict=True)):
        if x.ndim != 2 or y.ndim != 2 or m.shape != y.shape or len(x) != len(y) or not x.size:
            raise ValueError(
                "A `Part` needs inputs (time, input), targets (time, output) and a mask like the "
                f"targets, got shapes {x.shape}, {y.shape} and {m.shape} in sequence {i}."
            )
        if x.shape[1] != part.inputs[0].shape[1] or y.shape[1] != part.targets[0].shape[1]:
            raise ValueError(
                "A `Part` needs sequences with the same columns, got inputs and targets of "
                f"{part.inputs[0].shape[1]} and {part.targets[0].shape[1]} columns in sequence 0 "
                f"but {x.shape[1]} and {y.shape[1]} in sequence {i}."
            )
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise ValueError(f"A `Part` needs finite numbers, got NaN or infinity in sequence {i}.")
