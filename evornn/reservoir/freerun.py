"""Free running: a reservoir that hears its own outputs, in one compiled loop.

A step costs a reservoir's product, its readout, and no Python. The layers are a tuple of their own
types, and the loop over them is unrolled when it is compiled.
"""

# Numba types jitted functions at their first call; mypy takes an intrinsic for its Python body.
# mypy: allow-untyped-defs, no-warn-unreachable
# mypy: disable-error-code="call-arg,var-annotated,arg-type"

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numba.extending import overload

from evornn.compiled import kernel
from evornn.reservoir.features import TRANSFORMS
from evornn.reservoir.layer import Layer, as_operator
from evornn.reservoir.products import add_product
from evornn.reservoir.update import Form, Memory, advance
from evornn.reservoir.vectors import LANES, load, padded, padded_size, splat, store
from evornn.simd.lanes import add, aligned_zeros, fma


class Loop(NamedTuple):
    """A layer in a closed loop.

    Attributes:
        form: The reservoir.
        memory: Its state.
        W_in: Input weights, axes (unit, input); of a deeper layer, (unit, unit of the one before).
        W_fb: Weights of the fed-back outputs, axes (unit, output); without columns if it has none.
        bias: Axes (unit), padded.
        units: Number of units.
    """

    form: Form
    memory: Memory
    W_in: Any
    W_fb: Any
    bias: np.ndarray
    units: int


def advance_layers(loops, heard, y):  # the signature that the overload fills
    """One step of each layer: the first hears `heard`, each other one the layer before it."""
    raise NotImplementedError("advance_layers runs in compiled loops only")


@overload(advance_layers)
def _advance_layers(loops, heard, y):
    if len(loops) == 0:
        return lambda loops, heard, y: None

    def advance_first(loops, heard, y):
        loop = loops[0]
        z = loop.memory.z
        for i in range(z.size):
            z[i] = loop.bias[i]
        add_product(loop.W_in, heard, z, loop.memory.spare)
        add_product(loop.W_fb, y, z, loop.memory.spare)
        advance(loop.form, loop.memory)
        advance_layers(loops[1:], loop.memory.x, y)

    return advance_first


def gather(loops, features, place):  # the signature that the overload fills
    """Copy the states of all layers into `features`; where the next feature goes."""
    raise NotImplementedError("gather runs in compiled loops only")


@overload(gather)
def _gather(loops, features, place):
    if len(loops) == 0:
        return lambda loops, features, place: place

    def gather_first(loops, features, place):
        loop = loops[0]
        for i in range(loop.units):
            features[place + i] = loop.memory.x[i]
        return gather(loops[1:], features, place + loop.units)

    return gather_first


@kernel
def _dot(weights, row, features, scratch):
    """weights[row] . features; both padded with zeros to full registers."""
    a, b = splat(0.0), splat(0.0)
    size = features.size
    place = row * size
    whole = size - size % (2 * LANES)
    for i in range(0, whole, 2 * LANES):
        a = fma(load(weights, place + i), load(features, i), a)
        b = fma(load(weights, place + i + LANES), load(features, i + LANES), b)
    for i in range(whole, size, LANES):
        a = fma(load(weights, place + i), load(features, i), a)
    store(scratch, 0, add(a, b))
    return (
        ((scratch[0] + scratch[1]) + (scratch[2] + scratch[3]))
        + ((scratch[4] + scratch[5]) + (scratch[6] + scratch[7]))
    )  # fmt: skip


@kernel
def _run_free(
    loops, weights, bias, features, transform, with_inputs, closed, inputs, jitter, y, out
):
    """The loop over time; see `run_free`."""
    scratch = np.empty(LANES)
    outputs = bias.size
    for t in range(out.shape[0]):
        if closed and t > 0:
            for k in range(outputs):
                inputs[t, k] = y[k]
        advance_layers(loops, inputs[t], y)
        end = gather(loops, features, 0)
        if with_inputs:
            for k in range(inputs.shape[1]):
                features[end + k] = inputs[t, k]
            end += inputs.shape[1]
        if transform == 1:
            for k in range(end):
                features[end + k] = features[k] * features[k]
        elif transform == 2:
            for k in range(1, end, 2):
                features[k] *= features[k]
        for k in range(outputs):
            out[t, k] = bias[k] + _dot(weights, k, features, scratch)
            y[k] = out[t, k] + jitter[t, k]


def run_free(
    layers: Sequence[Layer],
    memories: Sequence[Memory],
    weights: np.ndarray,
    bias: np.ndarray,
    inputs: np.ndarray,
    y: np.ndarray,
    *,
    closed: bool,
    with_inputs: bool,
    transform: str | None,
    jitter: np.ndarray,
) -> np.ndarray:
    """Outputs of a network that hears its own outputs, axes (time, output).

    Args:
        layers: The first hears the inputs, each other one the layer before it.
        memories: Where each begins; left as they are after the last step.
        weights: The readout's, axes (feature, output).
        bias: The readout's, axes (output).
        inputs: Axes (time, input). When closed, the first outputs' columns count at step 0 only.
        y: The output before the first step, axes (output).
        closed: Whether each output is the next step's first inputs.
        with_inputs: Whether the readout sees the inputs too.
        transform: None, "squares" or "alternate".
        jitter: Added to outputs where they are fed back, axes (time, output).
    """
    loops = tuple(
        Loop(
            layer.form, memory, as_operator(_array(layer.W_in)), as_operator(_array(layer.W_fb)),
            layer.bias, layer.units,
        )
        for layer, memory in zip(layers, memories, strict=True)
    )  # fmt: skip
    features, outputs = weights.shape
    width = padded_size(features)
    rows = aligned_zeros(outputs * width, "float64")
    rows.reshape(outputs, width)[:, :features] = weights.T
    out = np.empty((len(inputs), outputs))
    code = TRANSFORMS[transform] if transform else 0
    _run_free(
        loops, rows, padded(bias, outputs)[:outputs], padded(0.0, width), code, with_inputs, closed,
        np.array(inputs, dtype=np.float64, order="C"), np.ascontiguousarray(jitter),
        np.array(y, dtype=np.float64), out,
    )  # fmt: skip
    return out


def _array(weights: Any) -> Any:
    return weights if hasattr(weights, "tocsr") else np.asarray(weights)
