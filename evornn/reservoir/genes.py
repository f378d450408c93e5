"""A reservoir's weights as a chromosome: one gene for each weight, so that evolution can turn it.

Which units hear which stays as it was drawn. The order: W in the order of its form (rows one after
the other; of a ring first the forward weights, then the backward ones; of a Hadamard matrix its one
factor), then W_in and W_fb row by row without zeros of a sparse one, then the biases.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from evornn.reservoir.layer import Layer
from evornn.reservoir.operators import Dense, Hadamard, LaneBlocked, Nothing, Operator, Ring, Sparse
from evornn.reservoir.vectors import LANES, padded


def layer_genes(layer: Layer) -> np.ndarray:
    """All weights of a layer, axes (gene), float64."""
    parts = [_genes_of(layer.W), _entries(layer.W_in), _entries(layer.W_fb)]
    return np.concatenate([*parts, layer.bias[: layer.units]])


def with_layer_genes(layer: Layer, genes: np.ndarray) -> Layer:
    """A layer with the same connections and other weights.

    Args:
        layer: What to copy; it stays unchanged.
        genes: Axes (gene), as `layer_genes` gives them.

    Raises:
        ValueError: If there are more or fewer genes than weights, or one is not finite.
    """
    given = np.asarray(genes, dtype=np.float64)
    sizes = [
        len(_genes_of(layer.W)), len(_entries(layer.W_in)), len(_entries(layer.W_fb)), layer.units,
    ]  # fmt: skip
    if given.shape != (sum(sizes),) or not np.isfinite(given).all():
        problem = "NaN or infinity" if given.shape == (sum(sizes),) else f"shape {given.shape}"
        raise ValueError(
            f"this layer needs {sum(sizes)} finite genes: W {sizes[0]}, W_in {sizes[1]}, W_fb "
            f"{sizes[2]}, bias {sizes[3]}; got {problem}"
        )
    W, W_in, W_fb, bias = np.split(given, np.cumsum(sizes)[:-1])
    made = layer.replaced(bias=bias)
    made.W = _with_genes(layer.W, W)
    made.W_in = _with_entries(layer.W_in, W_in)
    made.W_fb = _with_entries(layer.W_fb, W_fb)
    return made


def _genes_of(W: Operator) -> np.ndarray:
    match W:
        case Dense():
            return W.dense().reshape(-1)
        case Sparse():
            return W.weights
        case Ring():
            return np.concatenate([W.forward, W.backward])
        case LaneBlocked():
            return _rows(W).reshape(-1)
        case Hadamard():
            return np.array([W.factor])
        case Nothing():
            return np.empty(0)


def _with_genes(W: Operator, genes: np.ndarray) -> Operator:
    match W:
        case Dense():
            return Dense.of(genes.reshape(W.units, W.columns))
        case Sparse():
            return W._replace(weights=genes.copy())
        case Ring():
            return Ring(genes[: W.units].copy(), genes[W.units :].copy())
        case LaneBlocked():
            rows = np.zeros((len(W.columns) // W.degree * LANES, W.degree))
            rows[: W.units] = genes.reshape(W.units, W.degree)
            packed = rows.reshape(-1, LANES, W.degree).transpose(0, 2, 1).reshape(-1)
            return W._replace(weights=padded(packed, packed.size))
        case Hadamard():
            return W._replace(factor=float(genes[0]))
        case Nothing():
            return W


def _rows(W: LaneBlocked) -> np.ndarray:
    """Weights row by row, axes (unit, connection)."""
    blocks = W.weights.reshape(-1, W.degree, LANES).transpose(0, 2, 1)
    return blocks.reshape(-1, W.degree)[: W.units]


def _entries(weights: Any) -> np.ndarray:
    return np.asarray(weights.tocsr().data if hasattr(weights, "tocsr") else weights.reshape(-1))


def _with_entries(weights: Any, genes: np.ndarray) -> Any:
    if not hasattr(weights, "tocsr"):
        return genes.reshape(weights.shape).copy()
    changed = weights.tocsr(copy=True)
    changed.data = genes.copy()
    return changed
