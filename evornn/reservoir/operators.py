"""Recurrent matrices in the forms that kernels multiply with.

A form is a named tuple of arrays: Numba reads its fields, Python its methods. `dense()` is the
matrix written out, the oracle of every form; the products themselves stand in products.py.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np

from evornn.reservoir.vectors import LANES, padded, padded_size
from evornn.simd.lanes import aligned_zeros


class Nothing(NamedTuple):
    """The zero matrix, for what a reservoir does not have; costs nothing.

    Attributes:
        units: Number of rows.
    """

    units: int

    def dense(self) -> np.ndarray:
        """The matrix, axes (unit, unit)."""
        return np.zeros((self.units, self.units))

    def scaled(self, factor: float) -> Self:
        """The matrix times a number."""
        return self


class Dense(NamedTuple):
    """Any matrix, eight rows a register: [row block][column][lane], so that weights stream.

    Attributes:
        weights: Axes (row block * column * lane).
        units: Number of rows.
        columns: Number of columns.
    """

    weights: np.ndarray
    units: int
    columns: int

    @classmethod
    def of(cls, matrix: np.ndarray) -> Dense:
        """The form of a matrix, axes (row, column)."""
        rows, columns = matrix.shape
        blocks = padded_size(rows) // LANES
        full = np.zeros((blocks * LANES, columns))
        full[:rows] = matrix
        weights = aligned_zeros(blocks * columns * LANES, "float64")
        weights[:] = full.reshape(blocks, LANES, columns).transpose(0, 2, 1).reshape(-1)
        return cls(weights, rows, columns)

    def dense(self) -> np.ndarray:
        """The matrix, axes (row, column)."""
        blocks = self.weights.reshape(-1, self.columns, LANES)
        return np.ascontiguousarray(
            blocks.transpose(0, 2, 1).reshape(-1, self.columns)[: self.units]
        )

    def scaled(self, factor: float) -> Self:
        """The matrix times a number."""
        return self._replace(weights=padded(self.weights * factor, self.weights.size))


class Sparse(NamedTuple):
    """Compressed rows.

    Column numbers are unsigned: a signed index would be tested for being negative at every weight,
    which more than doubles the time of a product.

    Attributes:
        starts: Axes (row + 1): where each row's weights begin.
        columns: Axes (weight).
        weights: Axes (weight).
        width: Number of columns.
    """

    starts: np.ndarray
    columns: np.ndarray
    weights: np.ndarray
    width: int

    @classmethod
    def of(cls, matrix: Any) -> Sparse:
        """The form of a SciPy sparse matrix or an array, axes (row, column)."""
        from scipy import sparse

        rows = sparse.csr_array(matrix)
        rows.sum_duplicates()
        return cls(
            rows.indptr.astype(np.uint64),
            rows.indices.astype(np.uint32),
            np.ascontiguousarray(rows.data, dtype=np.float64),
            int(rows.shape[1]),
        )

    @property
    def units(self) -> int:
        """Number of rows."""
        return len(self.starts) - 1

    def dense(self) -> np.ndarray:
        """The matrix, axes (row, column)."""
        matrix = np.zeros((self.units, self.width))
        ends = self.starts.astype(np.int64)
        counts = ends[1:] - ends[:-1]
        np.add.at(matrix, (np.repeat(np.arange(self.units), counts), self.columns), self.weights)
        return matrix

    def scaled(self, factor: float) -> Self:
        """The matrix times a number."""
        return self._replace(weights=self.weights * factor)


class Ring(NamedTuple):
    """Each unit hears its neighbours on a ring only: O(N) a product.

    Attributes:
        forward: Axes (unit): weight from unit i - 1 to unit i; from the last to the first at 0.
        backward: Axes (unit): weight from unit i + 1 to unit i; from the first to the last at -1.
    """

    forward: np.ndarray
    backward: np.ndarray

    @property
    def units(self) -> int:
        """Number of units."""
        return len(self.forward)

    def dense(self) -> np.ndarray:
        """The matrix, axes (unit, unit)."""
        here = np.arange(self.units)
        matrix = np.zeros((self.units, self.units))
        matrix[here, here - 1] += self.forward
        matrix[here, (here + 1) % self.units] += self.backward
        return matrix

    def scaled(self, factor: float) -> Self:
        """The matrix times a number."""
        return self._replace(forward=self.forward * factor, backward=self.backward * factor)


class LaneBlocked(NamedTuple):
    """Sparse, where the eight rows of one register share their columns: no gather is needed.

    Attributes:
        columns: Axes (row block * degree): the units that a block of rows hears.
        weights: Axes (row block * degree * lane).
        units: Number of rows.
        degree: Weights of a row.
    """

    columns: np.ndarray
    weights: np.ndarray
    units: int
    degree: int

    def dense(self) -> np.ndarray:
        """The matrix, axes (unit, unit)."""
        matrix = np.zeros((padded_size(self.units), self.units))
        blocks = self.columns.reshape(-1, self.degree)
        weights = self.weights.reshape(-1, self.degree, LANES)
        for b, columns in enumerate(blocks):
            matrix[b * LANES : (b + 1) * LANES, columns] = weights[b].T
        return matrix[: self.units]

    def scaled(self, factor: float) -> Self:
        """The matrix times a number."""
        return self._replace(weights=padded(self.weights * factor, self.weights.size))


class Hadamard(NamedTuple):
    """A random orthogonal matrix that is never written out: factor * H D1 H D2 ... / N^(k/2).

    H is the Hadamard matrix of Sylvester's order, D diagonal matrices of signs. O(N log N) a
    product and N bytes a transform.

    Attributes:
        signs: Axes (transform, unit), int8: the diagonals, the leftmost first.
        factor: What orthogonality is scaled by, with 1 / N^(k/2) in it.

    Source: Dong, Ohana, Rafayelyan & Krzakala 2020, Reservoir computing meets recurrent kernels and
    structured transforms (NeurIPS 33).
    """

    signs: np.ndarray
    factor: float

    @property
    def units(self) -> int:
        """Number of units, a power of two."""
        return self.signs.shape[1]

    def dense(self) -> np.ndarray:
        """The matrix, axes (unit, unit); by Sylvester's recursion, for small ones."""
        hadamard = np.ones((1, 1))
        while len(hadamard) < self.units:
            hadamard = np.block([[hadamard, hadamard], [hadamard, -hadamard]])
        matrix = np.eye(self.units)
        for signs in self.signs:
            matrix = matrix @ hadamard * signs
        return matrix * self.factor

    def scaled(self, factor: float) -> Self:
        """The matrix times a number."""
        return self._replace(factor=self.factor * factor)


Operator = Nothing | Dense | Sparse | Ring | LaneBlocked | Hadamard
FORMS = (Nothing, Dense, Sparse, Ring, LaneBlocked, Hadamard)
