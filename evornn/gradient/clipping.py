"""Clipping: no update is larger than it should be, however steep the loss."""

from __future__ import annotations

import math

import numpy as np

from evornn.compiled import kernel

EPSILON = 1e-6  # keeps a gradient of norm 0 from being divided by 0


@kernel
def _norms(gradient: np.ndarray, norms: np.ndarray) -> None:
    for k in range(gradient.shape[0]):
        total = 0.0
        for value in gradient[k]:
            total += float(value) * float(value)
        norms[k] = math.sqrt(total)


@kernel
def _shrink(gradient: np.ndarray, norms: np.ndarray, limit: np.ndarray) -> None:
    for k in range(gradient.shape[0]):
        factor = limit[k] / (norms[k] + EPSILON)
        if factor < 1.0:
            gradient[k] *= gradient.dtype.type(factor)


def norms_of(gradient: np.ndarray) -> np.ndarray:
    """The Euclidean norm of each lane's gradient, axes (lane), float64.

    Args:
        gradient: Axes (lane, gene), C-contiguous.
    """
    norms = np.empty(len(gradient))
    _norms(gradient, norms)
    return norms


def clip_by_norm(gradient: np.ndarray, norms: np.ndarray, limit: np.ndarray) -> None:
    """Shorten the gradients, in place, that are longer than their limit; direction kept.

    Source: Pascanu, Mikolov & Bengio 2013, On the difficulty of training recurrent neural networks
    (ICML), algorithm 1.

    Args:
        gradient: Axes (lane, gene), C-contiguous.
        norms: Of `norms_of`, axes (lane).
        limit: The largest norm, axes (lane), float64.
    """
    _shrink(gradient, norms, limit)


def clip_by_value(gradient: np.ndarray, limit: np.ndarray) -> None:
    """Hold every entry in [-limit, limit], in place; NaN stays NaN.

    Args:
        gradient: Axes (lane, gene).
        limit: Axes (lane), float64.
    """
    bound = limit.astype(gradient.dtype)[:, None]
    np.clip(gradient, -bound, bound, out=gradient)
