"""Layers whose synapses are filters: finite (FIR) and infinite (IIR, ARMA) impulse response."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from evornn.cells.assembled import assembled, repeated
from evornn.checks import check_count
from evornn.flow import Uniform, matrix, state, vector
from evornn.flow.language import concatenate, relu, shift, sigmoid, tanh, window
from evornn.flow.signal import Signal
from evornn.flow.trace import Cell

ACTIVATIONS: dict[str, Callable[[Signal], Signal]] = {
    "tanh": tanh,
    "sigmoid": sigmoid,
    "relu": relu,
    "linear": lambda s: s,
}


def fir(taps: int, *, activation: str = "tanh", units: str = "hidden") -> Cell:
    """Neurons with a finite impulse response filter at every synapse.

    h_k[t] = f(sum_m sum_{p < taps} w_kmp x_m[t - p] + b_k)

    `W` has the axes (units, taps * input): column p * input + m holds w_kmp. The state `line` is
    a tapped delay line, the newest inputs first.

    Args:
        taps: Samples of each input that a unit sees, the present one included, at least 1; with
            1 the layer has no memory.
        activation: tanh, sigmoid, relu or linear.
        units: The axis of the units. "output" makes the layer the network's last one, for
            `Network(..., readout=None)`.

    Raises:
        TypeError: If `taps` is no whole number.
        ValueError: If there are fewer taps than 1, or the activation is unknown.

    Source: Back & Tsoi 1991 (Neural Computation 3:375); Wan 1990 (IJCNN 1:575).
    """
    check_count("fir", "taps", taps, 1)
    f = activation_of("fir", activation)

    def step(
        x: Signal, states: dict[str, Signal], weights: dict[str, Signal]
    ) -> tuple[Signal, dict[str, Signal]]:
        seen, following = _seen(x, states)
        return f(weights["W"] @ seen + weights["b"]), following

    return assembled(
        "fir",
        str(fir.__doc__),
        {"line": state(repeated("input", taps - 1))} if taps > 1 else {},
        {"W": matrix(units, repeated("input", taps)), "b": vector(units)},
        step,
    )


def iir(
    ma: int, ar: int, *, inputs: int = 1, activation: str = "tanh", units: str = "hidden"
) -> Cell:
    """Neurons with an infinite impulse response filter at every synapse (an IIR-MLP's layer).

    y_km[t] = sum_{p < ma} w_kmp x_m[t - p] + sum_{p = 1..ar} v_kmp y_km[t - p]
    h_k[t]  = f(sum_m y_km[t] + b_k)

    Synapse (k, m) is row m * units + k of `W` and entry m * units + k of `v1`, `v2`, ... and of
    the states `y1` (the newest), `y2`, ...; of its row only the columns p * input + m, its own
    input's samples, are weights. A synapse is stable while the roots of z^ar - v1 z^(ar - 1) -
    ... - v_ar lie inside the unit circle; initially sum_p |v_p| <= 1/2, which is sufficient.

    Args:
        ma: Moving-average taps, the present input included, at least 1.
        ar: Autoregressive taps, at least 1 (for none, use `fir`).
        inputs: Number of inputs: every pair of input and unit is a synapse of its own. In a
            stack, the number of units of the layer below.
        activation: tanh, sigmoid, relu or linear.
        units: The axis of the units. "output" makes the layer the network's last one, for
            `Network(..., readout=None)`.

    Raises:
        TypeError: If a count is no whole number.
        ValueError: If a count is below its least, or the activation is unknown; when sizes are
            known, if there are not `inputs` inputs.

    Source: Back & Tsoi 1991 (Neural Computation 3:375); Campolucci, Uncini, Piazza & Rao 1999
    (IEEE Trans. Neural Networks 10:253).
    """
    for name, count in (("ma", ma), ("ar", ar), ("inputs", inputs)):
        check_count("iir", name, count, 1)
    f = activation_of("iir", activation)
    synapses = repeated(units, inputs)
    lags = [str(p) for p in range(1, ar + 1)]

    def own_taps(shape: tuple[int, ...]) -> np.ndarray:
        """Which entries of `W` exist: of each synapse's row, the samples of its own input."""
        count = shape[1] // ma
        if count != inputs:
            raise ValueError(
                f"iir(inputs={inputs}) needs {inputs} inputs, got {count}; pass inputs={count}"
            )
        own = np.zeros((inputs, shape[0] // inputs, ma, inputs), dtype=int)
        for m in range(inputs):
            own[m, :, :, m] = 1
        return own.reshape(shape)

    def step(
        x: Signal, states: dict[str, Signal], weights: dict[str, Signal]
    ) -> tuple[Signal, dict[str, Signal]]:
        seen, following = _seen(x, states)
        y = weights["W"] @ seen
        for p in lags:
            y = y + weights[f"v{p}"] * states[f"y{p}"]
        s = weights["b"]
        for m in range(inputs):
            s = window(y, repeated(units, m) or "0", units) + s
        following |= {f"y{p}": states[f"y{q}"] for q, p in itertools.pairwise(lags)}
        return f(s), following | {"y1": y}

    line = {"line": state(repeated("input", ma - 1))} if ma > 1 else {}
    initial = Uniform(-0.5 / ar, 0.5 / ar)
    return assembled(
        "iir",
        str(iir.__doc__),
        line | {f"y{p}": state(synapses) for p in lags},
        {
            "W": matrix(synapses, repeated("input", ma), mask=own_taps),
            **{f"v{p}": vector(synapses, initial=initial) for p in lags},
            "b": vector(units),
        },
        step,
    )


def _seen(x: Signal, states: dict[str, Signal]) -> tuple[Signal, dict[str, Signal]]:
    """The samples in the delay line with the present one in front, and the line's next state."""
    if "line" not in states:
        return x, {}
    return concatenate(x, states["line"]), {"line": shift(states["line"], x)}


def activation_of(layer: str, name: str) -> Callable[[Signal], Signal]:
    """The activation function of a name; `layer` is who asks.

    Raises:
        ValueError: If the name is unknown.
    """
    if name not in ACTIVATIONS:
        raise ValueError(f"{layer} needs an activation of {', '.join(ACTIVATIONS)}, got {name!r}")
    return ACTIVATIONS[name]
