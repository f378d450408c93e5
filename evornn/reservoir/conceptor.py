"""Conceptors: soft projections onto the states that a pattern visits, with a logic of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evornn.checks import check_range

_NOTHING = 1e-12
"""Singular values of a conceptor below this are 0 for its logic."""


@dataclass(frozen=True)
class Conceptor:
    """A symmetric matrix with singular values in [0, 1]: how far each direction belongs.

    `~a` is what a is not, `a & b` what both are, `a | b` what at least one is; de Morgan's laws
    hold.

    Attributes:
        C: Axes (unit, unit).

    Raises:
        ValueError: No symmetric matrix, or singular values outside [0, 1].

    Source: Jaeger 2014, Controlling recurrent neural networks by conceptors (arXiv:1403.3369).
    """

    C: NDArray[np.float64]

    def __post_init__(self) -> None:
        matrix = np.array(self.C, dtype=np.float64)
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.isfinite(matrix).all():
            raise ValueError(
                f"`Conceptor` needs a finite matrix (unit, unit), got shape {matrix.shape}."
            )
        matrix = 0.5 * (matrix + matrix.T)
        values = np.linalg.eigvalsh(matrix)
        if np.abs(matrix - self.C).max() > 1e-8 or values[0] < -1e-8 or values[-1] > 1 + 1e-8:
            raise ValueError(
                "`Conceptor` needs a symmetric matrix with singular values in [0, 1], got "
                f"{values[0]:.3g} to {values[-1]:.3g}."
            )
        matrix.flags.writeable = False
        object.__setattr__(self, "C", matrix)

    @classmethod
    def of(cls, states: ArrayLike, aperture: float) -> Conceptor:
        """The conceptor of a cloud of states, C = R (R + aperture^-2 I)^-1, R = X^T X / T.

        Args:
            states: X, axes (time, unit), without washout.
            aperture: Above 0. Small lets little through, large everything that the states ever had.

        Raises:
            ValueError: NaN or infinity, other axes, or an aperture that is not above 0.
        """
        x = np.asarray(states, dtype=np.float64)
        if x.ndim != 2 or not x.size or not np.isfinite(x).all():
            raise ValueError(
                "`Conceptor.of` needs finite states with axes (time, unit), got "
                + (f"shape {x.shape}." if x.ndim != 2 or not x.size else "NaN or infinity.")
            )
        check_range("Conceptor.of", "aperture", aperture, 0.0, above=True)
        values, vectors = np.linalg.eigh(x.T @ x / len(x))
        values = np.maximum(values, 0.0)
        return cls((vectors * (values / (values + aperture**-2))) @ vectors.T)

    @property
    def quota(self) -> float:
        """Share of the space that is let through, the mean of the singular values, in [0, 1]."""
        return float(np.trace(self.C) / len(self.C))

    def with_aperture(self, factor: float) -> Conceptor:
        """The conceptor of the same states at `factor` times the aperture.

        C (C + factor^-2 (I - C))^-1; a factor of 0 keeps only what passes whole, infinity all that
        passes at all.

        Args:
            factor: At least 0; infinity is allowed.

        Raises:
            ValueError: A factor below 0, or NaN.
        """
        if not factor >= 0:
            raise ValueError(f"`with_aperture` needs a factor of at least 0, got {factor}.")
        values, vectors = np.linalg.eigh(self.C)
        values = np.clip(values, 0.0, 1.0)
        if factor == 0:
            values = np.where(values >= 1.0 - _NOTHING, 1.0, 0.0)
        elif np.isinf(factor):
            values = np.where(values > _NOTHING, 1.0, 0.0)
        else:
            values = values / (values + (1.0 - values) / factor**2)
        return Conceptor((vectors * values) @ vectors.T)

    def __invert__(self) -> Conceptor:
        """NOT: I - C."""
        return Conceptor(np.eye(len(self.C)) - self.C)

    def __and__(self, other: Conceptor) -> Conceptor:
        """AND: (C^-1 + B^-1 - I)^-1 on the directions that both have, 0 on the others."""
        self._check_same(other)
        shared = _intersection(self.C, other.C)
        if not shared.shape[1]:
            return Conceptor(np.zeros_like(self.C))
        inverse = _pseudo_inverse(self.C) + _pseudo_inverse(other.C) - np.eye(len(self.C))
        return Conceptor(shared @ np.linalg.inv(shared.T @ inverse @ shared) @ shared.T)

    def __or__(self, other: Conceptor) -> Conceptor:
        """OR: NOT (NOT a AND NOT b)."""
        return ~(~self & ~other)

    def evidence(self, states: ArrayLike) -> NDArray[np.float64]:
        """How well states fit the conceptor, x^T C x for each, axes (time).

        Args:
            states: Axes (time, unit).
        """
        x = np.asarray(states, dtype=np.float64)
        return np.einsum("ti,ij,tj->t", x, self.C, x, optimize=True)

    def _check_same(self, other: Conceptor) -> None:
        if self.C.shape != other.C.shape:
            raise ValueError(
                f"Conceptors of the same units are needed, got {len(self.C)} and {len(other.C)}."
            )


def similarity(a: Conceptor, b: Conceptor) -> float:
    """Cosine of two conceptors, weighted by their singular values, in [0, 1].

    Raises:
        ValueError: Conceptors of different units, or one that lets nothing through.
    """
    a._check_same(b)
    length = float(np.linalg.norm(a.C) * np.linalg.norm(b.C))
    if length == 0.0:
        raise ValueError("`similarity` needs conceptors that let something through.")
    return float((a.C * b.C).sum() / length)


def _pseudo_inverse(C: NDArray[np.float64]) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(C)
    inverse = np.where(values > _NOTHING, 1.0 / np.maximum(values, _NOTHING), 0.0)
    product: NDArray[np.float64] = (vectors * inverse) @ vectors.T
    return product


def _intersection(C: NDArray[np.float64], B: NDArray[np.float64]) -> NDArray[np.float64]:
    """Orthonormal basis of what neither matrix sends to 0, axes (unit, direction)."""
    empty = []
    for matrix in (C, B):
        values, vectors = np.linalg.eigh(matrix)
        empty.append(vectors[:, values <= _NOTHING])
    outside = np.concatenate(empty, axis=1)
    if not outside.shape[1]:
        return np.eye(len(C))
    U, s, _ = np.linalg.svd(outside)
    rank = int((s > 1e-9).sum())
    directions: NDArray[np.float64] = U[:, rank:]
    return directions
