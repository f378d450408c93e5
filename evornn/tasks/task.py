"""A task: data, what to predict from it, and the score."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evornn.tasks.build import Protocol, arrays_fields, csv_fields, series_fields
from evornn.tasks.controls import CONTROLS
from evornn.tasks.part import Part
from evornn.tasks.scale import Scale
from evornn.tasks.split import Piece
from evornn.tasks.table import Column, Table


@dataclass(frozen=True, eq=False)
class Task:
    """Data and score: what a network sees at each step, what it should answer, and how well it did.

    Make one with a function of this package (`santa_fe_laser`, `adding`, ...) or from your own data
    with `from_arrays`, `from_series` or `from_csv`.

    Args:
        name: Short name, for tables and folders.
        inputs: Columns of the input.
        outputs: Columns of the target.
        train: What learners see. The scales are fitted to it alone.
        validation: For choosing among settings and for early stopping, or None.
        test: For the final score only.
        settings: The function that made the task and all its arguments, as JSON would write them.
        input_scale: Between normalised inputs and their own units.
        target_scale: The same for the targets.
        kind: "series" (each part one long sequence, a step is a unit of time) or "sequences".
        label: What the target is, for axes of plots.
        unit: The target's unit, "" if it has none.
        lag: Steps until a target becomes known to a predictor, at least 1: the horizon of a
            prediction. The persistence control repeats the target of that many steps ago.

    Raises:
        ValueError: Parts or scales with other columns, an unknown kind, a lag below 1.
        TypeError: Settings that JSON cannot hold.
    """

    name: str
    inputs: int
    outputs: int
    train: Part
    validation: Part | None
    test: Part
    settings: dict
    input_scale: Scale
    target_scale: Scale
    kind: str = "series"
    label: str = "target"
    unit: str = ""
    lag: int = 1

    def __post_init__(self) -> None:
        """Check that parts, scales and settings agree."""
        for name, part in self.parts.items():
            columns = part.inputs[0].shape[1], part.targets[0].shape[1]
            if columns != (self.inputs, self.outputs):
                raise ValueError(
                    f"Task {self.name!r} needs {self.inputs} inputs and {self.outputs} outputs in "
                    f"each part, got {columns[0]} and {columns[1]} in the {name} part."
                )
        widths = len(self.input_scale.mean), len(self.target_scale.mean)
        if widths != (self.inputs, self.outputs):
            raise ValueError(
                f"Task {self.name!r} needs scales of {self.inputs} inputs and {self.outputs} "
                f"targets, got {widths[0]} and {widths[1]}."
            )
        if self.kind not in CONTROLS:
            raise ValueError(
                f"Task {self.name!r} needs a kind out of {', '.join(CONTROLS)}, got {self.kind!r}."
            )
        try:
            json.dumps(self.settings)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"Task {self.name!r} needs settings that JSON can hold, but: {error}."
            ) from error
        if self.lag < 1:
            raise ValueError(f"Task {self.name!r} needs a lag of at least 1 step, got {self.lag}.")

    @property
    def parts(self) -> dict[str, Part]:
        """The parts there are, by name: "train", "validation" (if any), "test"."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: part for name, part in parts.items() if part is not None}

    def mse(self, part: Part, outputs: Sequence[NDArray[np.floating]]) -> float:
        """Mean square error over the scored entries, in normalised units.

        For a single output, times `target_scale.std ** 2` it is in the target's own unit squared.

        Args:
            part: The part that the outputs answer.
            outputs: One array for each sequence, axes (time, output), normalised.

        Raises:
            ValueError: Not one array for each sequence, or a wrong shape.
        """
        return part.mse(outputs)

    def nmse(self, part: Part, outputs: Sequence[NDArray[np.floating]]) -> float:
        """Mean square error over the variance of the part's scored targets.

        0 is perfect, 1 is as good as the constant mean. No unit, and the same before and after
        normalisation for a single output.

        Args:
            part: The part that the outputs answer.
            outputs: One array for each sequence, axes (time, output), normalised.

        Raises:
            ValueError: As for `mse`; or scored targets that never vary.
        """
        return part.nmse(outputs)

    def controls(self) -> dict[str, float]:
        """Test NMSE of simple predictors, to print beside every result.

        For a series: "persistence" (the last known target) and "linear AR(16)" (least squares from
        the last 16 inputs and a constant, fitted to the training part). For sequences: "mean" (the
        training targets' mean) and "memoryless" (least squares from the present input and a
        constant; for a bit or a one-hot symbol, no predictor without memory can do better).
        """
        return {
            name: control(self.train, self.test, self.lag)
            for name, control in CONTROLS[self.kind].items()
        }

    def fingerprint(self) -> str:
        """SHA-256 of name, settings, scales and data, in hexadecimal.

        Where a file lay ("path" in the settings) does not count, only what it held.
        """
        arguments = {k: v for k, v in self.settings.get("arguments", {}).items() if k != "path"}
        settings = {**self.settings, "arguments": arguments, "kind": self.kind, "lag": self.lag}
        digest = hashlib.sha256(json.dumps([self.name, settings], sort_keys=True).encode())
        scales = (self.input_scale, self.target_scale)
        arrays: list[NDArray] = [a for scale in scales for a in (scale.mean, scale.std)]
        for name, part in self.parts.items():
            digest.update(name.encode())
            arrays += [*part.inputs, *part.targets, *part.mask]
        for array in arrays:
            digest.update(repr(array.shape).encode())
            digest.update(array.astype("<f8").tobytes())
        return digest.hexdigest()

    @classmethod
    def from_arrays(
        cls,
        inputs: ArrayLike | Sequence[ArrayLike],
        targets: ArrayLike | Sequence[ArrayLike],
        *,
        name: str = "arrays",
        train: Piece = 0.6,
        validation: Piece = 0.2,
        test: Piece = 0.2,
        washout: int = 0,
        normalise: bool = True,
        mask: ArrayLike | Sequence[ArrayLike] | None = None,
        label: str = "target",
        unit: str = "",
    ) -> Task:
        """A task from inputs and their targets: one series, or many sequences.

        Of one series, the parts are ranges of its steps; a part that does not start with the series
        gets the `washout` steps before it as unscored context. Of several sequences (which may have
        different lengths), the parts are ranges of whole sequences.

        Args:
            inputs: A series with axes (time) or (time, input); or a list of such, or an array
                (sequence, time, input).
            targets: The same form, (time, output).
            name: Short name.
            train: A slice of the steps (or of the sequences), or a fraction of them.
            validation: The same, or None.
            test: The same as `train`.
            washout: Steps at the start of each sequence, or before each part of a series, that are
                not scored.
            normalise: Give each column mean 0 and standard deviation 1 over the training part
                (unscored context left out); else keep the data's own units.
            mask: Like the targets, or without their last axis; False where nothing is scored, and
                there targets may be NaN.
            label: What the target is, for plots.
            unit: Its unit.

        Raises:
            TypeError: A split or mask of the wrong type.
            ValueError: NaN or infinity, different lengths, parts that overlap or score nothing.
        """
        protocol = Protocol(name, train, validation, test, washout, normalise, label, unit)
        return cls(**arrays_fields(inputs, targets, mask, protocol))

    @classmethod
    def from_series(
        cls,
        series: ArrayLike,
        horizon: int = 1,
        *,
        columns: Sequence[int] | None = None,
        target: Sequence[int] | None = None,
        name: str = "series",
        train: Piece = 0.6,
        validation: Piece = 0.2,
        test: Piece = 0.2,
        washout: int = 0,
        normalise: bool = True,
        label: str = "value",
        unit: str = "",
    ) -> Task:
        """A prediction task: from the series up to sample t, tell sample t + horizon.

        The parts name samples of the *target*: `test=slice(5000, 8000)` scores the predictions of
        exactly the samples 5000 to 7999. An input and a target of the same column share one scale,
        so that an output can be fed back as an input.

        Args:
            series: Axes (time) or (time, column).
            horizon: Samples to look ahead, at least 1 (0 if targets are other columns than inputs).
            columns: Columns that the network sees; all by default.
            target: Columns to predict; the same as `columns` by default.
            name: Short name.
            train: A slice of the samples, or a fraction of them.
            validation: The same, or None.
            test: The same as `train`.
            washout: Steps before a part that are seen and not scored; the training part of a series
                that starts at sample 0 loses its first `washout` steps.
            normalise: Give each column mean 0 and standard deviation 1 over the training samples.
            label: What the target is, for plots.
            unit: Its unit.

        Raises:
            TypeError: A split of the wrong type.
            ValueError: NaN or infinity, a horizon or washout longer than the data allow, unknown
                columns, parts that overlap.
        """
        protocol = Protocol(name, train, validation, test, washout, normalise, label, unit)
        return cls(**series_fields(series, horizon, columns, target, protocol))

    @classmethod
    def from_csv(
        cls,
        path: str | PathLike[str],
        columns: Column | Sequence[Column] | None = None,
        target: Column | Sequence[Column] | None = None,
        horizon: int = 1,
        *,
        name: str | None = None,
        delimiter: str = ",",
        train: Piece = 0.6,
        validation: Piece = 0.2,
        test: Piece = 0.2,
        washout: int = 0,
        normalise: bool = True,
        unit: str = "",
    ) -> Task:
        """A prediction task from a CSV file with one row for each sample.

        Args:
            path: A UTF-8 file; its first row is a header if none of its cells is a number.
            columns: Names or positions (from 0) of what the network sees; may be left out for a
                file with one column.
            target: The same for what it tells `horizon` rows ahead; by default `columns`.
            horizon: Rows to look ahead; as for `from_series`.
            name: Short name; by default the file's, without its ending.
            delimiter: What separates the cells.
            train: As for `from_series`.
            validation: As for `from_series`.
            test: As for `from_series`.
            washout: As for `from_series`.
            normalise: As for `from_series`.
            unit: The target's unit.

        Raises:
            FileNotFoundError: No such file.
            TypeError: A column or a split of the wrong type.
            ValueError: Rows of different lengths, an unknown column, a cell that is not a finite
                number; and as for `from_series`.
        """
        usual = Path(path).stem if name is None else name
        protocol = Protocol(usual, train, validation, test, washout, normalise, "", unit)
        return cls(**csv_fields(Table(path, delimiter), columns, target, horizon, protocol))
