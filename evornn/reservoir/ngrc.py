"""Next-generation reservoir computing: polynomials of a few past values instead of a reservoir."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations_with_replacement
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evornn.checks import check_count
from evornn.readout import Ridge
from evornn.reservoir.series import Series, as_series, check_lengths

_BASES = ("monomial", "chebyshev")


class NGRC:
    """Linear regression on products of delayed values.

    The features at time t are a constant, the values v of all inputs at t, t - skip, ...,
    t - (delays - 1) skip, and all their products up to a total degree: monomials v_i v_j ..., or
    with the Chebyshev basis T_a(v_i) T_b(v_j) ... with a + b + ... up to the degree, where T_a is
    the Chebyshev polynomial and v is scaled to [-1, 1] over the training values. Both span the same
    functions; Chebyshev polynomials are far less alike, which a small ridge and a high degree need.

    Given a series alone it learns the change to the next value, x[t+1] - x[t], as its source does,
    and can run free. On a series that obeys its equations to many digits, two or more delays and a
    small ridge give weights that fit and yet diverge when they run free; the noise that a coarse
    integrator leaves, as in the source, hides this. A larger ridge helps, one delay helps more: on
    the Lorenz system (12 series of 400 points, dt 0.025, exact to about 1e-8) the published setting
    diverges in most runs, ridge 0.1 has a median NRMSE of 7e-3 over a Lyapunov time, and one delay,
    degree 5, Chebyshev basis and ridge "loo" 4e-6.

    Args:
        delays: Number of times that are seen, at least 1.
        skip: Steps from one of them to the next, at least 1.
        degree: Highest total degree, at least 1.
        ridge: Of `evornn.readout.Ridge`: a number against sums over time, "loo" or "cv". All
            weights are penalised, the constant's too.
        basis: "monomial" or "chebyshev".

    Attributes:
        readout: The fitted `Ridge`; its weights have axes (feature, output).
        warmup: Steps of the past that the features need before the first output.

    Raises:
        TypeError: A count that is no whole number.
        ValueError: A setting out of range.

    Source: Gauthier, Bollt, Griffith & Barbosa 2021 (Nature Communications 12, 5564).
    """

    readout: Ridge

    def __init__(
        self,
        delays: int = 2,
        skip: int = 1,
        degree: int = 2,
        ridge: float | str = 2.5e-6,
        basis: str = "monomial",
    ) -> None:
        for name, count in (("delays", delays), ("skip", skip), ("degree", degree)):
            check_count("NGRC", name, count, 1)
        if basis not in _BASES:
            raise ValueError(f"`NGRC` needs a `basis` out of {', '.join(_BASES)}, got {basis!r}.")
        self.delays, self.skip, self.degree = int(delays), int(skip), int(degree)
        self.ridge, self.basis = ridge, basis
        self.warmup = (self.delays - 1) * self.skip
        Ridge(ridge)  # a wrong ridge is told of here, not after the features were made

    def fit(
        self,
        X: Series | ArrayLike,
        Y: Series | ArrayLike | None = None,
        mask: Sequence[ArrayLike] | None = None,
    ) -> Self:
        """Learn to tell targets from inputs, or a series' next value.

        Args:
            X: Inputs, axes (time, input) or (time), or a list of several series; the delays of one
                never reach into another.
            Y: Targets for them, axes (time, output) or (time), or a list; those of each series'
                first `warmup` steps are not used. None: the next value of X.
            mask: Which steps of each series are learned, a list of axes (time); None: all.

        Raises:
            ValueError: Fewer steps than the delays need, different lengths, NaN or infinity, or
                nothing to learn.
        """
        series, _ = as_series("inputs", X)
        self.forecasts = Y is None
        first = self.warmup
        if Y is None:
            seen = [x[:-1] for x in series]
            wanted = [np.diff(x, axis=0)[first:] for x in series]
        else:
            seen = series
            targets, _ = as_series("targets", Y)
            check_lengths(series, targets)
            wanted = [y[first:] for y in targets]
        for x in seen:
            if len(x) <= first:
                lost = first + (Y is None)
                raise ValueError(
                    f"`NGRC` needs more than {lost} steps to fit with delays {self.delays} and "
                    f"skip {self.skip}, got {len(x) + (Y is None)}."
                )
        self._middle, self._half = _range(np.concatenate(series), self.basis)
        self._factors = _factors(series[0].shape[1] * self.delays, self.degree)
        rows = _learned(mask, seen, first)
        features = [self._features(x)[row] for x, row in zip(seen, rows, strict=True)]
        answers = [y[row] for y, row in zip(wanted, rows, strict=True)]
        self.readout = Ridge(self.ridge, intercept=False)
        self.readout.fit(np.concatenate(features), np.concatenate(answers))
        return self

    @property
    def feature_names(self) -> list[str]:
        """What each feature is: "1", "x0[t]", "x0[t] x1[t-1]", "T2(x0[t])", ..., in their order."""
        self._check_fitted()
        inputs = len(self._middle)
        names = [
            f"x{i}[t{-k * self.skip if k else ''}]"
            for k in range(self.delays)
            for i in range(inputs)
        ]
        power = "{}^{}" if self.basis == "monomial" else "T{1}({0})"
        texts = []
        for row in self._factors:
            degree, which = np.divmod(row[row > 0] - 1, len(names))
            parts = [
                names[w] if d == 0 and self.basis == "monomial" else power.format(names[w], d + 1)
                for d, w in zip(degree, which, strict=True)
            ]
            texts.append(" ".join(parts) or "1")
        return texts

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Outputs for inputs: the targets, or each next value of a series.

        Args:
            X: Inputs, axes (time, input) or (time), more than `warmup` steps.

        Returns:
            Axes (time - warmup, output): the first output belongs to step `warmup`.

        Raises:
            ValueError: Not fitted yet, another number of inputs, too few steps, NaN or infinity.
        """
        self._check_fitted()
        x = self._series(X)
        self._check_steps(x)
        told = self.readout.predict(self._features(x))
        return told + x[self.warmup :] if self.forecasts else told

    def forecast(self, X: ArrayLike, steps: int) -> NDArray[np.float64]:
        """Free running: go on from a series, each value fed back.

        Args:
            X: The past, axes (time, input) or (time), more than `warmup` steps; its end counts.
            steps: To go on, at least 1.

        Returns:
            Axes (steps, input): the values after the last given one. Where they leave all bounds,
            the rest is infinite or NaN.

        Raises:
            ValueError: Fitted to targets of its own, not fitted yet, another number of inputs, too
                few steps, NaN or infinity.
        """
        self._check_fitted()
        check_count("NGRC.forecast", "steps", steps, 1)
        if not self.forecasts:
            raise ValueError(
                "`NGRC.forecast` needs a fit to a series alone, `fit(X)`; this one has targets of "
                "its own."
            )
        x = self._series(X)
        self._check_steps(x)
        series = np.empty((self.warmup + 1 + steps, x.shape[1]))
        series[: self.warmup + 1] = x[len(x) - self.warmup - 1 :]
        weights = self.readout.weights
        with np.errstate(over="ignore", invalid="ignore"):
            for t in range(self.warmup + 1, len(series)):
                window = series[t - self.warmup - 1 : t]
                series[t] = window[-1] + self._features(window)[0] @ weights
        return series[self.warmup + 1 :]

    # --- features ---------------------------------------------------------------------------

    def _features(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Axes (time - warmup, feature) for inputs (time, input)."""
        x = (x - self._middle) / self._half
        length = len(x) - self.warmup
        past = [
            x[self.warmup - k * self.skip : self.warmup - k * self.skip + length]
            for k in range(self.delays)
        ]
        v = np.concatenate(past, axis=1)
        table = np.concatenate([np.ones((length, 1)), *_POWERS[self.basis](v, self.degree)], axis=1)
        product = table[:, self._factors[:, 0]]
        for k in range(1, self.degree):
            product *= table[:, self._factors[:, k]]
        return product

    def _series(self, X: ArrayLike) -> NDArray[np.float64]:
        x = np.asarray(X, dtype=np.float64)
        x = x[:, None] if x.ndim == 1 else x
        if x.ndim != 2 or not x.size or not np.isfinite(x).all():
            raise ValueError(
                "`NGRC` needs finite inputs with axes (time, input), got "
                + (f"shape {x.shape}." if x.ndim != 2 or not x.size else "NaN or infinity.")
            )
        return x

    def _check_fitted(self) -> None:
        if not hasattr(self, "readout"):
            raise ValueError("`NGRC` needs to be fitted first; call `fit`.")

    def _check_steps(self, x: NDArray[np.float64]) -> None:
        if x.shape[1] != len(self._middle):
            raise ValueError(f"`NGRC` was fitted to {len(self._middle)} inputs, got {x.shape[1]}.")
        if len(x) <= self.warmup:
            raise ValueError(f"`NGRC` needs more than {self.warmup} steps, got {len(x)}.")


def _learned(
    mask: Sequence[ArrayLike] | None, seen: Sequence[NDArray[np.float64]], first: int
) -> list[NDArray[np.bool_]]:
    """Which rows of each series' features are learned, axes (time - first)."""
    if mask is None:
        return [np.ones(len(x) - first, dtype=bool) for x in seen]
    rows = [np.asarray(each, dtype=bool) for each in mask]
    lengths = [(len(x),) for x in seen]
    if [row.shape for row in rows] != lengths:
        raise ValueError(
            f"`NGRC` needs a mask of axes (time) for each series, shapes {lengths}, got "
            f"{[row.shape for row in rows]}."
        )
    rows = [row[first:] for row in rows]
    if not any(row.any() for row in rows):
        raise ValueError(f"`NGRC` needs a step to learn after the first {first}, got none.")
    return rows


def _range(x: NDArray[np.float64], basis: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What is subtracted and divided by, axes (input): nothing, or to reach [-1, 1]."""
    if basis == "monomial":
        return np.zeros(x.shape[1]), np.ones(x.shape[1])
    low, high = x.min(axis=0), x.max(axis=0)
    return 0.5 * (low + high), np.where(high > low, 0.5 * (high - low), 1.0)


def _factors(values: int, degree: int) -> NDArray[np.intp]:
    """Which entries of the table of powers each feature is the product of, axes (feature, degree).

    Entry 0 of the table is 1; entry 1 + (d - 1) values + i is value i to the degree d.
    """
    rows = []
    for total in range(degree + 1):
        for chosen in combinations_with_replacement(range(values), total):
            entries = [1 + (chosen.count(i) - 1) * values + i for i in sorted(set(chosen))]
            rows.append(entries + [0] * (degree - len(entries)))
    return np.array(rows, dtype=np.intp)


def _monomials(v: NDArray[np.float64], degree: int) -> list[NDArray[np.float64]]:
    return [v**d for d in range(1, degree + 1)]


def _chebyshev(v: NDArray[np.float64], degree: int) -> list[NDArray[np.float64]]:
    """T_1 to T_degree by T_{d+1} = 2 v T_d - T_{d-1}."""
    powers = [np.ones_like(v), v]
    while len(powers) <= degree:
        powers.append(2.0 * v * powers[-1] - powers[-2])
    return powers[1:]


_POWERS: dict[str, Callable[[NDArray[np.float64], int], list[NDArray[np.float64]]]] = {
    "monomial": _monomials,
    "chebyshev": _chebyshev,
}
