"""The spectral radius of a recurrent matrix, and matrices scaled to a wanted one.

Exact where the form tells it: a one-way ring, an open line in both directions, a structured
transform, any multiple of an orthogonal matrix, a matrix without cycles. Otherwise all eigenvalues
of a small matrix; of a large one the largest that ARPACK finds, checked by power iteration, because
ARPACK can miss the largest without saying so, and a reservoir with a radius larger than asked for
may not forget its start.
"""

from __future__ import annotations

import math
from typing import Any, TypeVar

import numpy as np

from evornn.reservoir.operators import Hadamard, LaneBlocked, Nothing, Ring, Sparse

SMALL = 200  # up to here all eigenvalues are computed
LARGE = 4000  # beyond, never: it would take minutes; power iteration has the last word
CHECK_STEPS = 400  # of power iteration
AGREEMENT = 0.02  # how far power iteration may lie above ARPACK, relative

Matrix = TypeVar("Matrix")


def as_matrix(W: Any) -> Any:
    """A SciPy sparse matrix or an array of the same entries, axes (unit, unit)."""
    from scipy import sparse

    if isinstance(W, Sparse):
        columns, starts = W.columns.astype(np.int32), W.starts.astype(np.int64)
        return sparse.csr_array((W.weights, columns, starts), shape=(W.units, W.width))
    if isinstance(W, LaneBlocked):
        # Written out without a dense matrix in between: it may be large.
        lanes = W.weights.size // W.columns.size
        blocks = W.columns.size // W.degree
        size = W.units * W.degree
        heard = np.repeat(W.columns.reshape(blocks, 1, W.degree), lanes, axis=1).reshape(-1)[:size]
        weights = W.weights.reshape(blocks, W.degree, lanes).transpose(0, 2, 1).reshape(-1)[:size]
        starts = np.arange(0, size + 1, W.degree)
        return sparse.csr_array((weights, heard.astype(np.int64), starts), shape=(W.units, W.units))
    if isinstance(W, Ring):
        here = np.arange(W.units)
        rows, columns = np.tile(here, 2), np.concatenate([here - 1, here + 1]) % W.units
        values = np.concatenate([W.forward, W.backward])
        matrix = sparse.csr_array((values, (rows, columns)), shape=(W.units, W.units))
        matrix.eliminate_zeros()
        return matrix
    if hasattr(W, "dense"):
        return W.dense()
    return W if hasattr(W, "tocsr") else np.asarray(W, dtype=np.float64)


def spectral_radius(W: Any) -> float:
    """The largest absolute eigenvalue of a recurrent matrix.

    Args:
        W: A form of `operators`, an array or a SciPy sparse matrix, axes (unit, unit).

    Returns:
        The radius; exactly 0 for a matrix without cycles, such as a delay line's.

    Raises:
        ValueError: If the matrix is not square, or an entry is not finite.
    """
    if isinstance(W, Nothing):
        return 0.0
    if isinstance(W, Hadamard):
        return float(abs(W.factor)) * W.units ** (len(W.signs) / 2)
    if isinstance(W, Ring) and not W.backward.any():
        if not W.forward.all():
            return 0.0
        return float(np.exp(np.mean(np.log(np.abs(W.forward)))))  # eigenvalues^N = their product
    matrix = as_matrix(W)
    if isinstance(W, Ring) and W.forward[0] == 0 and W.backward[-1] == 0:
        products = W.forward[1:] * W.backward[:-1]
        if (products >= 0).all() or (products <= 0).all():
            return _of_open_line(np.sqrt(np.abs(products)))
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"a spectral radius needs a square matrix, got shape {matrix.shape}")
    entries = matrix.data if hasattr(matrix, "tocsr") else matrix
    if not np.isfinite(entries).all():
        raise ValueError("a spectral radius needs finite weights, got NaN or infinity")
    if _is_acyclic(matrix):
        return 0.0
    scale = _orthogonal_scale(matrix)
    if scale is not None:
        return scale
    if matrix.shape[0] <= SMALL:
        return _largest(_all_eigenvalues(matrix), matrix)
    found, growth = _by_arpack(matrix), _growth(matrix)
    if growth == 0:
        return 0.0
    if found is not None and growth <= found * (1 + AGREEMENT):
        return found
    if matrix.shape[0] > LARGE:
        return max(found or 0.0, growth)
    return _largest(_all_eigenvalues(matrix), matrix)


def with_radius(W: Matrix, radius: float) -> Matrix:
    """A recurrent matrix scaled to a spectral radius.

    Args:
        W: A form of `operators`, an array or a SciPy sparse matrix, axes (unit, unit).
        radius: At least 0.

    Returns:
        A matrix of the same kind.

    Raises:
        ValueError: If the radius is negative or not finite, or the matrix is nilpotent: all its
            eigenvalues are 0, and no factor changes that.
    """
    if not (math.isfinite(radius) and radius >= 0):
        raise ValueError(f"a spectral radius needs to be finite and at least 0, got {radius}")
    now = spectral_radius(W)
    if now == 0:
        raise ValueError(
            f"a nilpotent matrix cannot have the spectral radius {radius:g}: all its eigenvalues "
            "are 0, whatever the factor; give the weights' size itself, or close a cycle"
        )
    scaled: Matrix
    scaled = W.scaled(radius / now) if hasattr(W, "scaled") else as_matrix(W) * (radius / now)
    return scaled


def _of_open_line(between: np.ndarray) -> float:
    """Radius of a line without ends joined, by the symmetric matrix that it is similar to.

    A diagonal change of units makes both weights between two neighbours the root of their product.
    If all products are negative the eigenvalues turn by 90 degrees, no more. Computed from the line
    itself they come out wrong: with weights 3 to 1, rounding grows by 3^(N/2) on its way.

    Args:
        between: Root of the absolute product of each two weights, axes (unit - 1).
    """
    from scipy.linalg import eigh_tridiagonal

    if not between.any():
        return 0.0
    zeros, last = np.zeros(len(between) + 1), len(between)
    chosen = {"select": "i", "select_range": (last, last)}  # they come in pairs + and -
    largest: np.ndarray = eigh_tridiagonal(zeros, between, eigvals_only=True, **chosen)
    return float(largest[0])


def _is_acyclic(matrix: Any) -> bool:
    """Whether no unit hears itself, directly or through others: then the matrix is nilpotent."""
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    graph = sparse.csr_array(matrix)
    if graph.diagonal().any():
        return False
    components, _ = connected_components(graph, directed=True, connection="strong")
    return bool(components == graph.shape[0])


def _orthogonal_scale(matrix: Any) -> float | None:
    """C if the matrix is c times an orthogonal one, which has all eigenvalues on that circle."""
    n = matrix.shape[0]
    probe = np.random.default_rng(np.random.SeedSequence(1)).standard_normal((n, 2))
    turned = matrix.T @ (matrix @ probe)
    square = float(np.vdot(probe, turned) / np.vdot(probe, probe))
    # For a random vector, W^T W v = c^2 v holds for all v or, in practice, for none.
    if square > 0 and np.abs(turned - square * probe).max() <= 1e-11 * square * n**0.5:
        return math.sqrt(square)
    return None


def _all_eigenvalues(matrix: Any) -> np.ndarray:
    dense = matrix.toarray() if hasattr(matrix, "tocsr") else matrix
    return np.linalg.eigvals(dense)


def _largest(eigenvalues: np.ndarray, matrix: Any) -> float:
    """The largest absolute value; 0 if repeated products say that it is rounding alone."""
    return 0.0 if _growth(matrix) == 0 else float(np.abs(eigenvalues).max())


def _by_arpack(matrix: Any) -> float | None:
    """The largest absolute eigenvalue by ARPACK; None where it does not converge."""
    from scipy.sparse.linalg import ArpackError, eigs

    n = matrix.shape[0]
    # Six eigenvalues in a space of 40: asked for one alone, ARPACK settles on the second largest of
    # a random matrix now and then.
    # ARPACK's own start is a global random number; ours makes the answer repeatable.
    start = np.random.default_rng(np.random.SeedSequence(2)).standard_normal(n)
    try:
        values = eigs(
            matrix, k=6, which="LM", v0=start, ncv=40, maxiter=500, return_eigenvectors=False
        )
    except ArpackError:
        return None
    return float(np.abs(values).max())


def _growth(matrix: Any) -> float:
    """How much a random vector grows per product, by power iteration; 0 if it vanishes."""
    n = matrix.shape[0]
    v = np.random.default_rng(np.random.SeedSequence(3)).standard_normal(n)
    v /= np.linalg.norm(v)
    entries = matrix.data if hasattr(matrix, "tocsr") else matrix
    vanished = 1e-13 * float(np.abs(entries).max())
    first = CHECK_STEPS // 2
    logarithm = 0.0
    for step in range(CHECK_STEPS):
        v = matrix @ v
        size = float(np.linalg.norm(v))
        if size < vanished or not math.isfinite(size):
            return 0.0
        v /= size
        if step >= first:
            logarithm += math.log(size)
    return math.exp(logarithm / (CHECK_STEPS - first))
