"""Solving the normal equations, and knowing when they cannot be trusted."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LEAST_RECIPROCAL_CONDITION = 1e-12
"""Below it, rounding in the Gram matrix itself (2e-16 of its largest entry) changes the weights in
the fourth digit, and another solver takes over."""

_ROUNDING = 1e-13


class Solution(NamedTuple):
    """Weights (feature, output), the solver's name, and the reason why it was that one."""

    weights: NDArray[np.float64]
    solver: str
    reason: str


def try_cholesky(
    gram: NDArray[np.float64], right: NDArray[np.float64], ridge: float
) -> tuple[Solution | None, str]:
    """Solve (G + ridge I) W = R if that can be done to at least four digits.

    Args:
        gram: G, axes (feature, feature), symmetric.
        right: R, axes (feature, output).
        ridge: At least 0.

    Returns:
        The solution, or None and what was wrong.
    """
    from scipy.linalg import LinAlgError, cho_factor, cho_solve, lapack

    matrix = gram.copy()
    matrix[np.diag_indices_from(matrix)] += ridge
    norm = np.abs(matrix).sum(axis=0).max()
    try:
        factor = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
    except LinAlgError:
        return None, f"the Gram matrix with ridge {ridge:.3g} is not positive definite"
    reciprocal, _ = lapack.dpocon(factor[0], norm, uplo="L")
    if reciprocal < LEAST_RECIPROCAL_CONDITION:
        return None, (
            f"the Gram matrix with ridge {ridge:.3g} has a condition number of about "
            f"{1.0 / max(reciprocal, 1e-300):.1e}"
        )
    weights = cho_solve(factor, right, check_finite=False)
    return Solution(weights, "cholesky", f"condition number about {1.0 / reciprocal:.1e}"), ""


def solve_by_eigenvalues(
    gram: NDArray[np.float64], right: NDArray[np.float64], ridge: float
) -> NDArray[np.float64]:
    """Solve (G + ridge I) W = R in the directions that the Gram matrix can tell from rounding.

    The route for streamed data, of which only the Gram matrix is left. Directions with eigenvalues
    below 1e-13 of the largest are rounding in the sums over time, and get weight 0: the solution of
    least norm.

    Args:
        gram: G, axes (feature, feature), symmetric.
        right: R, axes (feature, output).
        ridge: At least 0.
    """
    from scipy.linalg import eigh

    values, vectors = eigh(gram, check_finite=False)
    known = values > _ROUNDING * max(values[-1], 0.0)
    rotated = vectors[:, known].T @ right
    weights: NDArray[np.float64] = vectors[:, known] @ (rotated / (values[known, None] + ridge))
    return weights


def eigen_path(
    gram: NDArray[np.float64], right: NDArray[np.float64], ridges: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Solutions for a whole path of ridges from one decomposition.

    Args:
        gram: G, axes (feature, feature), symmetric.
        right: R, axes (feature, output).
        ridges: Above 0, axes (ridge).

    Returns:
        Weights, axes (ridge, feature, output).
    """
    from scipy.linalg import eigh

    values, vectors = eigh(gram, check_finite=False)
    rotated = vectors.T @ right
    shrunk = rotated / (np.maximum(values, 0.0)[:, None] + ridges[:, None, None])
    return np.matmul(vectors, shrunk)


def largest_eigenvalue(gram: NDArray[np.float64]) -> float:
    """Of a symmetric matrix, axes (feature, feature)."""
    from scipy.linalg import eigvalsh

    last = len(gram) - 1
    return float(eigvalsh(gram, check_finite=False, subset_by_index=[last, last])[0])
