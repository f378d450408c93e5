"""Patterns stored in one reservoir, each recalled by its conceptor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evornn.checks import check_count, check_range
from evornn.readout import Ridge
from evornn.reservoir.conceptor import Conceptor


class LoadedReservoir:
    """A reservoir that has learned to drive itself through patterns, recalled by conceptors.

    Driven by a pattern p, x' = tanh(W x + W_in p + b). Loading replaces the drive by weights of the
    reservoir's own: D with D x ~ W_in p' for all patterns at once, and a readout with x V ~ p. Then
    x' = C tanh((W + D) x + b) with the pattern's conceptor C goes through its states alone.

    Args:
        W: Recurrent weights, axes (unit, unit).
        W_in: Input weights, axes (unit, input).
        b: Biases, axes (unit).
        aperture: Of the conceptors, above 0.
        ridge: Penalty on D and on the readout, against means over time, at least 0.
        washout: Steps of each pattern that are left out, at least 0.

    Attributes:
        conceptors: One for each pattern.
        D: Axes (unit, unit).
        V: Axes (unit, input).

    Raises:
        ValueError: Weights that do not fit, or a setting out of range.

    Source: Jaeger 2014 (arXiv:1403.3369): loading by input simulation weights D.
    """

    conceptors: list[Conceptor]
    D: NDArray[np.float64]
    V: NDArray[np.float64]

    def __init__(
        self,
        W: ArrayLike,
        W_in: ArrayLike,
        b: ArrayLike,
        *,
        aperture: float = 10.0,
        ridge: float = 1e-6,
        washout: int = 100,
    ) -> None:
        self.W, self.W_in = np.asarray(W, dtype=np.float64), np.asarray(W_in, dtype=np.float64)
        self.b = np.asarray(b, dtype=np.float64)
        units = len(self.W)
        shapes = (self.W.shape, self.W_in.shape[:1], self.W_in.ndim, self.b.shape)
        if shapes != ((units, units), (units,), 2, (units,)):
            raise ValueError(
                "`LoadedReservoir` needs W (unit, unit), W_in (unit, input) and b (unit), got "
                f"{self.W.shape}, {self.W_in.shape} and {self.b.shape}."
            )
        check_range("LoadedReservoir", "aperture", aperture, 0.0, above=True)
        check_range("LoadedReservoir", "ridge", ridge, 0.0)
        check_count("LoadedReservoir", "washout", washout, 0)
        self.aperture, self.ridge, self.washout = float(aperture), float(ridge), int(washout)

    def load(self, patterns: Sequence[ArrayLike]) -> Self:
        """Learn patterns, all at once, in place of those before.

        Args:
            patterns: One for each, axes (time, input), longer than the washout.

        Raises:
            ValueError: No pattern, other axes, a pattern too short, NaN or infinity.
        """
        before, pushed, after, wanted = [], [], [], []
        self.conceptors, self._ends = [], []
        for number, given in enumerate(patterns):
            p = np.asarray(given, dtype=np.float64)
            if p.ndim != 2 or p.shape[1] != self.W_in.shape[1] or not np.isfinite(p).all():
                raise ValueError(
                    f"`LoadedReservoir` needs finite patterns with axes (time, "
                    f"{self.W_in.shape[1]}), got shape {p.shape} for pattern {number}."
                )
            if len(p) <= self.washout + 1:
                raise ValueError(
                    f"`LoadedReservoir` needs patterns longer than the washout of {self.washout} "
                    f"by at least 2, got {len(p)} steps for pattern {number}."
                )
            states = self._driven(p)
            kept = states[self.washout :]
            self.conceptors.append(Conceptor.of(kept, self.aperture))
            self._ends.append(kept[-1])
            before.append(kept[:-1])
            pushed.append(p[self.washout + 1 :] @ self.W_in.T)
            after.append(kept)
            wanted.append(p[self.washout :])
        if not patterns:
            raise ValueError("`LoadedReservoir` needs at least 1 pattern, got none.")
        steps = sum(map(len, before))
        own = Ridge(self.ridge * steps, intercept=False)
        self.D = own.fit(np.concatenate(before), np.concatenate(pushed)).weights.T
        out = Ridge(self.ridge * steps, intercept=False)
        self.V = out.fit(np.concatenate(after), np.concatenate(wanted)).weights
        return self

    def recall(
        self, which: int | Conceptor, steps: int, *, start: ArrayLike | None = None
    ) -> NDArray[np.float64]:
        """Run without input under a conceptor.

        Args:
            which: Number of a pattern, or any conceptor: a mixture of two morphs between them.
            steps: Outputs to give, at least 1.
            start: State, axes (unit); by default the pattern's last one (a conceptor that is no
                pattern's: the last one of pattern 0).

        Returns:
            Axes (steps, input).

        Raises:
            ValueError: Nothing loaded, an unknown pattern, or a conceptor or start of other units.
        """
        if not hasattr(self, "D"):
            raise ValueError("`LoadedReservoir` needs patterns first; call `load`.")
        check_count("LoadedReservoir.recall", "steps", steps, 1)
        if isinstance(which, Conceptor):
            conceptor, x = which, self._ends[0]
        elif 0 <= which < len(self.conceptors):
            conceptor, x = self.conceptors[which], self._ends[which]
        else:
            raise ValueError(
                f"`recall` needs a pattern from 0 to {len(self.conceptors) - 1}, got {which}."
            )
        if start is not None:
            x = np.asarray(start, dtype=np.float64)
        if conceptor.C.shape != self.W.shape or x.shape != self.b.shape:
            raise ValueError(
                f"`recall` needs a conceptor and a start of {len(self.b)} units, got "
                f"{len(conceptor.C)} and {x.shape}."
            )
        recurrent = self.W + self.D
        outputs = np.empty((steps, self.V.shape[1]))
        for t in range(steps):
            x = conceptor.C @ np.tanh(recurrent @ x + self.b)
            outputs[t] = x @ self.V
        return outputs

    def _driven(self, p: NDArray[np.float64]) -> NDArray[np.float64]:
        drive = p @ self.W_in.T + self.b
        states = np.empty_like(drive)
        x = np.zeros(len(self.b))
        for t, push in enumerate(drive):
            x = states[t] = np.tanh(self.W @ x + push)
        return states
