"""Ridge regression, the usual readout of a reservoir."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import pairwise
from numbers import Real
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evornn.checks import check_count, check_range
from evornn.readout.factor import LEAST_OF_GRAM, Factor
from evornn.readout.linear import LinearReadout
from evornn.readout.moments import Moments
from evornn.readout.normal_equations import (
    Solution,
    eigen_path,
    largest_eigenvalue,
    solve_by_eigenvalues,
    try_cholesky,
)
from evornn.readout.rows import as_pair

_LOG = logging.getLogger(__name__)
# Two a decade, times the largest eigenvalue. The Gram matrix itself carries 16 digits, the singular
# values of the states their squares' 32, of which the least serve nobody.
_OF_GRAM = np.logspace(-14, 0, 29)
_OF_STATES = np.logspace(-22, 0, 45)


class Ridge(LinearReadout):
    """Linear regression with a penalty on the squares of the weights.

    W = (X^T X + ridge I)^-1 X^T Y, about the means if there is an intercept, which is not
    penalised. The ridge stands against sums over time, so the same number weighs less the longer
    the series.

    The normal equations are solved by Cholesky factors. Where their condition number is above 1e12
    they would lose digits that the data have, and the singular values of the states take over (for
    streamed data, of which only the Gram matrix is left, its eigenvalues): `solver` and `reason`
    say which it was and why, and so does a line in the log of `evornn.readout.ridge`.

    A ridge may be chosen among many at the cost of a few fits: by the error of leaving each row out
    ("loo", in closed form), or by cross-validation over runs of successive rows ("cv"), which fits
    series better whose neighbouring rows are alike. "loo" first tries the ridges that the Gram
    matrix's eigenvalues can tell, and goes on to the singular values only if less is better.

    Args:
        ridge: At least 0, or "loo", or "cv".
        ridges: To choose among, above 0; by default two a decade, from 1e-14 ("cv") or 1e-22
            ("loo") to 1 times the largest eigenvalue of the Gram matrix.
        folds: Of the cross-validation, at least 2. When streaming, each call of `partial_fit` is
            one piece, dealt to the folds in turn.
        intercept: Whether there is a bias.

    Attributes:
        weights: Axes (feature, output).
        bias: Axes (output).
        chosen: The ridge of the fit.
        path: The ridges compared, axes (ridge); empty without a choice.
        errors: Their mean square errors over each output's variance, mean of the outputs, axes
            (ridge). By cross-validation, less than about 1e-10 is rounding.
        solver: "cholesky", "svd" or "eigenvalues".
        reason: Why that solver.

    Raises:
        TypeError: A setting of another kind.
        ValueError: A setting outside its range.

    Source: Hoerl & Kennard 1970 (Technometrics 12), eq. 2.1; see `Factor` for leave-one-out.
    """

    chosen: float
    path: NDArray[np.float64]
    errors: NDArray[np.float64]
    solver: str
    reason: str

    def __init__(
        self,
        ridge: float | str = 1e-6,
        *,
        ridges: Sequence[float] | NDArray[np.float64] | None = None,
        folds: int = 5,
        intercept: bool = True,
    ) -> None:
        _check_ridge(ridge)
        check_count("Ridge", "folds", folds, 2)
        self.ridge = ridge
        self.ridges = None if ridges is None else _checked_path(ridges)
        self.folds = int(folds)
        self.intercept = bool(intercept)
        self._moments: list[Moments] = []
        self._pieces = 0

    def fit(self, X: ArrayLike, Y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit to whole series, forgetting whatever was fitted before.

        Args:
            X: States, axes (time, feature).
            Y: Targets, axes (time, output) or (time).
            sample_weight: Of each row, at least 0, axes (time); a mask of bools is one. Rows of
                weight 0 may hold NaN.

        Raises:
            ValueError: Different lengths, wrong axes, NaN or infinity, fewer rows than folds, or a
                ridge of 0 that was to be chosen.
        """
        x, y, w = as_pair("Ridge", X, Y, sample_weight)
        self._moments, self._pieces = [], 0
        self.path = self.errors = np.empty(0)
        if self.ridge == "loo":
            return self._fit_leaving_one_out(x, y, w)
        if self.ridge == "cv":
            if len(x) < self.folds:
                raise ValueError(
                    f"`Ridge` needs a row for each of {self.folds} folds, got {len(x)}."
                )
            edges = np.linspace(0, len(x), self.folds + 1).astype(int)
            for a, b in pairwise(edges):
                self._add(x[a:b], y[a:b], None if w is None else w[a:b])
        elif len(x) <= x.shape[1]:
            factor = Factor.of(x, y, w, self.intercept)
            reason = f"{len(x)} rows do not outnumber {x.shape[1]} features"
            return self._finish_factor(factor, float(self.ridge), reason)
        else:
            self._add(x, y, w)
        total = self._total()
        ridge = self._choose_by_folds(total) if self.ridge == "cv" else float(self.ridge)
        self._moments, self._pieces = [], 0
        solution, problem = try_cholesky(*total.about(self.intercept), ridge)
        if solution is None:
            return self._finish_factor(Factor.of(x, y, w, self.intercept), ridge, problem)
        return self._finish(solution, ridge, total.bias(solution.weights, self.intercept))

    def partial_fit(
        self, X: ArrayLike, Y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Take in a piece of a longer series; `solve` then finds the weights.

        Only sums are kept, (feature)^2 numbers whatever the length.

        Args:
            X: As for `fit`.
            Y: As for `fit`.
            sample_weight: As for `fit`.

        Raises:
            ValueError: As for `fit`; another number of features or outputs than before; or
                `ridge="loo"`, which needs all rows at once.
        """
        if self.ridge == "loo":
            raise ValueError(
                '`Ridge(ridge="loo")` needs all rows at once; stream with `ridge="cv"` or a number.'
            )
        x, y, w = as_pair("Ridge", X, Y, sample_weight)
        self._add(x, y, w)
        return self

    def solve(self) -> Self:
        """Find the weights from all that was given to `partial_fit`; more may follow.

        Raises:
            ValueError: Nothing was given yet, or fewer pieces than cross-validation needs.
        """
        if not self._moments:
            raise ValueError("`Ridge.solve` needs data first; call `partial_fit`.")
        total = self._total()
        self.path = self.errors = np.empty(0)
        if self.ridge == "cv":
            if len(self._moments) < 2:
                raise ValueError(
                    "`Ridge` needs at least 2 calls of `partial_fit` to cross-validate, got 1."
                )
            ridge = self._choose_by_folds(total)
        else:
            ridge = float(self.ridge)
        gram, right = total.about(self.intercept)
        solution, problem = try_cholesky(gram, right, ridge)
        if solution is None:
            weights = solve_by_eigenvalues(gram, right, ridge)
            solution = Solution(weights, "eigenvalues", f"{problem}, and the rows are gone")
        return self._finish(solution, ridge, total.bias(solution.weights, self.intercept))

    # --- parts of a fit ---------------------------------------------------------------------

    def _add(
        self, x: NDArray[np.float64], y: NDArray[np.float64], w: NDArray[np.float64] | None
    ) -> None:
        slots = self.folds if self.ridge == "cv" else 1
        if self._moments and self._moments[0].xy.shape != (x.shape[1], y.shape[1]):
            raise ValueError(
                "`Ridge.partial_fit` needs features and outputs as before, "
                f"{self._moments[0].xy.shape}, got {(x.shape[1], y.shape[1])}."
            )
        if len(self._moments) < slots:
            self._moments.append(Moments.zero(x.shape[1], y.shape[1]))
        self._moments[self._pieces % slots].add(x, y, w)
        self._pieces += 1

    def _total(self) -> Moments:
        if len(self._moments) == 1:
            return self._moments[0]
        return _joined(self._moments)

    def _choose_by_folds(self, total: Moments) -> float:
        path = self._path(_OF_GRAM, largest_eigenvalue(total.about(self.intercept)[0]))
        squares = np.zeros((len(path), len(total.yy)))
        for k, left_out in enumerate(self._moments):
            rest = _joined(self._moments[:k] + self._moments[k + 1 :])
            weights = eigen_path(*rest.about(self.intercept), path)
            squares += left_out.square_error(weights, rest.bias(weights, self.intercept))
        return self._choose(path, squares / total.weight, total.yy / total.weight)

    def _fit_leaving_one_out(
        self, x: NDArray[np.float64], y: NDArray[np.float64], w: NDArray[np.float64] | None
    ) -> Self:
        factor = Factor.of(x, y, w, self.intercept, by_gram=True)
        variance = np.square(factor.Y).sum(axis=0) / factor.weight.sum()
        path = self._path(_OF_STATES, float(factor.s[0]) ** 2)
        least = LEAST_OF_GRAM * float(factor.s[0]) ** 2
        large = path[path >= least]
        if large.size:
            errors = factor.leave_one_out(large)
            ridge = self._choose(large, errors, variance)
            if large.size == path.size or ridge > large.min():
                return self._finish_factor(factor, ridge, "leaving one row out", "eigenvalues")
        factor = Factor.of(x, y, w, self.intercept)
        ridge = self._choose(path, factor.leave_one_out(path), variance)
        reason = f"leaving one row out is best with a ridge of {least:.3g} or less"
        return self._finish_factor(factor, ridge, reason)

    def _path(self, shares: NDArray[np.float64], largest: float) -> NDArray[np.float64]:
        return shares * (largest or 1.0) if self.ridges is None else self.ridges

    def _choose(
        self,
        path: NDArray[np.float64],
        square_errors: NDArray[np.float64],
        variance: NDArray[np.float64],
    ) -> float:
        scale = np.where(variance > 0.0, variance, 1.0)  # a constant output has no variance
        self.path, self.errors = path, (square_errors / scale).mean(axis=1)
        if not np.isfinite(self.errors).any():
            raise ValueError(
                "`Ridge` cannot choose a ridge: rows determine weights alone; give more rows or "
                "larger `ridges`."
            )
        # Of equal errors the largest ridge: the smallest weights.
        return float(path[np.flatnonzero(self.errors == self.errors.min())].max())

    def _finish_factor(
        self, factor: Factor, ridge: float, reason: str, solver: str = "svd"
    ) -> Self:
        weights = factor.solve(ridge)
        if solver == "svd" and factor.rank < len(weights):
            reason += f"; rank {factor.rank} of {len(weights)} features"
        return self._finish(
            Solution(weights, solver, reason), ridge, factor.mean_y - factor.mean_x @ weights
        )

    def _finish(self, solution: Solution, ridge: float, bias: NDArray[np.float64]) -> Self:
        self.weights, self.solver, self.reason = solution
        self.bias, self.chosen = bias, ridge
        usual = solution.solver == "cholesky"
        _LOG.log(
            logging.DEBUG if usual else logging.INFO,
            "readout solved by %s: %s",
            self.solver,
            self.reason,
        )
        return self


def _joined(parts: Sequence[Moments]) -> Moments:
    total = Moments.zero(*parts[0].xy.shape)
    for part in parts:
        total.join(part)
    return total


def _check_ridge(ridge: object) -> None:
    if isinstance(ridge, str):
        if ridge not in ("loo", "cv"):
            raise ValueError(f'`Ridge` needs a number, "loo" or "cv" for `ridge`, got {ridge!r}.')
        return
    if isinstance(ridge, bool) or not isinstance(ridge, Real):
        raise TypeError(f'`Ridge` needs a number, "loo" or "cv" for `ridge`, got {ridge!r}.')
    check_range("Ridge", "ridge", ridge, 0.0)


def _checked_path(ridges: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    path = np.asarray(ridges, dtype=np.float64)
    if path.ndim != 1 or not path.size or not (np.isfinite(path) & (path > 0)).all():
        raise ValueError(f"`Ridge` needs `ridges` above 0 with axes (ridge), got {ridges!r}.")
    return path
