"""The liquid state machine: a liquid, a filter of its spikes, and a readout."""

from __future__ import annotations

import os
from copy import deepcopy
from typing import Any, Self

import numpy as np

from evornn.checks import check_count, check_range
from evornn.liquid.encoders import Encoder
from evornn.liquid.filters import ExponentialFilter, Filter
from evornn.liquid.liquid import Liquid
from evornn.liquid.spikes import Spikes
from evornn.readout import LinearReadout, Logistic, Ridge, as_readout
from evornn.workers import Workers

POOLINGS = ("last", "mean", "samples")


class LiquidStateMachine:
    """Spike trains or signals in, numbers or classes out; only the readout learns.

    Every sequence starts in the liquid's clean state. The filtered spikes are sampled every
    `sample_ms` after the washout, or once at the end. Without pooling each sample has a target of
    its own; with it, each sequence has a single one, such as its class.

    Args:
        liquid: What the sequences stir.
        readout: Of evornn.readout, or a scikit-learn estimator; a copy is fitted. Default:
            `Ridge()`, or `Logistic()` with `classify`.
        filter: From spikes to features.
        sample_ms: Time between samples, above 0; None for one sample at the end.
        washout_ms: Samples up to this time are left out, at least 0.
        pooling: None for an answer for every sample; "last", "mean" or "samples" (all of them side
            by side) for one a sequence. Without `sample_ms` it is "last".
        classify: Whether targets are labels. A linear readout then has an output for each class,
            and the largest wins.
        encoder: How signals become spikes; None if the sequences are spikes already.
        seed: Of encoders that draw; sequence k of a call always gets the same spikes, other ones
            while fitting than while predicting.
        jobs: Sequences that run at the same time; -1 for all cores.

    Attributes:
        readout: The fitted copy, once there is one.
        classes: Labels that the outputs of a linear readout stand for, axes (class), or None.

    Raises:
        TypeError: If the liquid, filter, encoder, readout or a number is none.
        ValueError: If a setting is out of range.
    """

    def __init__(
        self,
        liquid: Liquid,
        readout: Any = None,
        *,
        filter: Filter = ExponentialFilter(30.0),
        sample_ms: float | None = None,
        washout_ms: float = 0.0,
        pooling: str | None = None,
        classify: bool = False,
        encoder: Encoder | None = None,
        seed: int = 0,
        jobs: int = 1,
    ) -> None:
        name = "LiquidStateMachine"
        if not isinstance(liquid, Liquid):
            raise TypeError(
                f"`{name}` needs a `Liquid`, got {type(liquid).__name__}; "
                "MAASS_2002.draw(seed) makes one."
            )
        for argument, part, method in (
            ("filter", filter, "sample"),
            ("encoder", encoder, "encode"),
        ):
            ready = callable(getattr(part, method, None)) and not isinstance(part, type)
            if part is not None and not ready:
                raise TypeError(
                    f"`{name}` needs an object with a method `{method}` for `{argument}`, such as "
                    f"those of evornn.liquid, got {part!r}."
                )
        if sample_ms is not None:
            check_range(name, "sample_ms", sample_ms, 0.0, above=True)
        check_range(name, "washout_ms", washout_ms, 0.0)
        check_count(name, "seed", seed, 0)
        if pooling is not None and pooling not in POOLINGS:
            raise ValueError(
                f"`{name}` needs `pooling` None or one of {', '.join(POOLINGS)}, got {pooling!r}."
            )
        self.liquid = liquid
        self.fresh_readout = (Logistic() if classify else Ridge()) if readout is None else readout
        as_readout(self.fresh_readout)  # a wrong one is told now
        self.filter, self.sample_ms, self.washout_ms = filter, sample_ms, washout_ms
        # One sample at the end is one row for the sequence in any case.
        self.pooling = "last" if sample_ms is None and pooling is None else pooling
        self.classify, self.encoder, self.seed = classify, encoder, seed
        self.readout: Any = None
        self.classes: np.ndarray | None = None
        self._workers = Workers(jobs)

    # --- states -----------------------------------------------------------------------------

    def times_ms(self, duration_ms: float) -> np.ndarray:
        """When a sequence of that duration is sampled, axes (sample).

        Raises:
            ValueError: If nothing is left after the washout.
        """
        if self.sample_ms is None:
            times = np.array([duration_ms])
        else:
            count = int(np.floor(duration_ms / self.sample_ms + 1e-9))
            times = self.sample_ms * np.arange(1, count + 1)
        times = times[times > self.washout_ms]
        if not len(times):
            raise ValueError(
                "`LiquidStateMachine` needs sequences with a sample after the washout of "
                f"{self.washout_ms:g} ms, got one of {duration_ms:g} ms."
            )
        return times

    def states(self, sequences: Any) -> Any:
        """Features of sequences, as the readout sees them while predicting.

        Args:
            sequences: `Spikes`, or a signal with axes (time, signal) if there is an encoder, or a
                list of either, or signals with axes (sequence, time, signal).

        Returns:
            Without pooling axes (sample, feature); a list of such arrays for a list. With pooling
            axes (feature); (sequence, feature) for a list.

        Raises:
            TypeError: If a sequence is not what it needs to be.
            ValueError: If it does not fit the liquid, or nothing is left after the washout.
        """
        many, single = self._as_list(sequences)
        rows = self._rows(many, fitting=False)
        if single:
            return rows[0]
        return rows if self.pooling is None else np.stack(rows)

    def _as_list(self, sequences: Any) -> tuple[list[Any], bool]:
        """The sequences in a list, and whether there was no list."""
        single = isinstance(sequences, Spikes)
        if isinstance(sequences, np.ndarray):
            single = sequences.ndim < 3  # a third axis in front counts sequences
        many = [sequences] if single else list(sequences)
        if not many:
            raise ValueError("`LiquidStateMachine` needs at least one sequence, got none.")
        return many, single

    def _rows(self, many: list[Any], fitting: bool) -> list[np.ndarray]:
        """Features of each sequence, pooled or not."""
        tasks = list(range(len(many)))
        samples = self._workers.map(lambda k: self._sampled(many[k], k, fitting), tasks)
        if self.pooling is None:
            return samples
        if self.pooling == "last":
            return [sample[-1] for sample in samples]
        if self.pooling == "mean":
            return [sample.mean(axis=0) for sample in samples]
        lengths = sorted({len(sample) for sample in samples})
        if len(lengths) > 1:
            raise ValueError(
                "`LiquidStateMachine` needs sequences with equally many samples for "
                f"pooling='samples', got {lengths}."
            )
        return [sample.ravel() for sample in samples]

    def _sampled(self, sequence: Any, k: int, fitting: bool) -> np.ndarray:
        """Filtered spikes of a sequence, axes (sample, feature)."""
        if self.encoder is not None and not isinstance(sequence, Spikes):
            key = (0 if fitting else 1, k)
            rng = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))
            sequence = self.encoder.encode(sequence, rng)
        elif not isinstance(sequence, Spikes):
            raise TypeError(
                "`LiquidStateMachine` needs `Spikes`, or an `encoder` for signals, got "
                f"{type(sequence).__name__}."
            )
        times = self.times_ms(sequence.duration_ms)
        return self.filter.sample(self.liquid.run(sequence).spikes, times)

    # --- learning ---------------------------------------------------------------------------

    def fit(self, sequences: Any, targets: Any) -> Self:
        """Fit the readout to sequences, each from the clean state.

        Args:
            sequences: As for `states`.
            targets: With pooling: numbers with axes (sequence, output), or labels (sequence).
                Without: axes (sample, output) or labels (sample) for one sequence, a list of such
                arrays for a list.

        Raises:
            ValueError: If targets and samples differ in number, or the readout refuses them: NaN,
                or one class only.
        """
        many, single = self._as_list(sequences)
        wanted = [targets] if single else list(targets)
        if len(wanted) != len(many):
            raise ValueError(
                f"`LiquidStateMachine` needs targets for each of {len(many)} sequences, got those "
                f"of {len(wanted)}."
            )
        rows = self._rows(many, fitting=True)
        if self.pooling is not None:
            features, answers = np.stack(rows), np.asarray(wanted)
        else:
            pieces = [np.asarray(target) for target in wanted]
            for k, (row, piece) in enumerate(zip(rows, pieces, strict=True)):
                if piece.ndim == 0 or len(row) != len(piece):
                    raise ValueError(
                        f"`LiquidStateMachine` needs a target for each of {len(row)} samples of "
                        f"sequence {k}, got shape {piece.shape}."
                    )
            features, answers = np.concatenate(rows), np.concatenate(pieces)
        readout, self.classes = as_readout(deepcopy(self.fresh_readout)), None
        if self.classify and isinstance(readout, LinearReadout) and type(readout) is not Logistic:
            self.classes, place = np.unique(answers, return_inverse=True)
            if len(self.classes) < 2:
                raise ValueError(
                    "`LiquidStateMachine` needs at least 2 classes to tell apart, got only "
                    f"{self.classes.tolist()}."
                )
            answers = np.eye(len(self.classes))[place.reshape(len(answers))]
        readout.fit(features, answers)
        self.readout = readout
        return self

    def predict(self, sequences: Any) -> Any:
        """What the readout says: numbers with axes (..., output), or labels.

        Args:
            sequences: As for `states`.

        Returns:
            An answer for each sample of one sequence, or a list of such arrays for a list; with
            pooling one answer, or an array of answers for a list.

        Raises:
            ValueError: If it has not been fitted.
        """
        self._fitted()
        many, single = self._as_list(sequences)
        rows = self._rows(many, fitting=False)
        if self.pooling is not None:
            answers = self._named(np.stack(rows))
            return answers[0] if single else answers
        each = [self._named(row) for row in rows]
        return each[0] if single else each

    def _fitted(self) -> None:
        if self.readout is None:
            raise ValueError("`LiquidStateMachine` needs to be fitted first; call `fit`.")

    def _named(self, features: np.ndarray) -> np.ndarray:
        answer: np.ndarray = self.readout.predict(features)
        return answer if self.classes is None else self.classes[answer.argmax(axis=1)]

    def accuracy(self, sequences: Any, labels: Any) -> float:
        """Share of right labels.

        Args:
            sequences: As for `states`.
            labels: As the targets of `fit`.

        Raises:
            ValueError: If labels and answers differ in number.
        """
        found = self.predict(sequences)
        ragged = isinstance(found, list)
        answers = np.concatenate(found) if ragged else np.asarray(found)
        right = np.concatenate(list(labels)) if ragged else np.asarray(labels)
        if answers.shape != right.shape:
            raise ValueError(
                f"`LiquidStateMachine.accuracy` needs labels of shape {answers.shape}, got "
                f"{right.shape}."
            )
        return float(np.mean(answers == right))

    # --- on disk ----------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str], **metadata: Any) -> None:
        """Write a fitted machine to a safetensors file (no pickle), atomically.

        Args:
            path: The file; replaced if it exists.
            **metadata: More to keep, JSON-able.

        Raises:
            ValueError: If it is not fitted, its readout is not linear, or its filter or encoder is
                not one of evornn.liquid.
        """
        from evornn.liquid.machine_file import write_machine

        self._fitted()
        write_machine(path, self, metadata)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, jobs: int = 1) -> LiquidStateMachine:
        """The machine in a file of `save`: it answers as before, and can be fitted anew.

        Of a readout that is neither a `Ridge` nor a `Logistic`, the weights come back in a `Ridge`.

        Args:
            path: The file.
            jobs: Sequences that run at the same time; -1 for all cores.

        Raises:
            ValueError: If the file holds no liquid state machine.
        """
        from evornn.liquid.machine_file import read_machine

        return read_machine(path, jobs)
