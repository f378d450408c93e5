"""A network of filters on its way through a sequence, with what CRBP remembers of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evornn.gradient.filter_kernels import (
    add_gradients,
    all_errors_below,
    errors_below,
    impulse_responses,
    run_errors,
    run_layer,
    run_sensitivities,
)
from evornn.gradient.filter_layers import FilterLayer, Filters


@dataclass
class _Signals:
    """One layer's signals, time last: the last steps in front, then the window's.

    Attributes:
        x: Inputs, axes (input, time).
        y: Synapses' outputs, axes (unit, input, time).
        out: Units' outputs, axes (unit, time).
        ds_dw: Sensitivities, axes (unit, input, time).
        ds_dv: The same for the autoregressive taps.
        e: Errors of the units, axes (unit, time).
        delta: The same times the slopes.
        gradient: What was gathered so far.
    """

    x: np.ndarray
    y: np.ndarray
    out: np.ndarray
    ds_dw: np.ndarray
    ds_dv: np.ndarray
    e: np.ndarray
    delta: np.ndarray
    gradient: Filters


class FilterRun:
    """Runs a network over a sequence in windows and gathers its gradient.

    Args:
        layers: From the inputs upwards.
        steps: Steps of a window; the last one may be shorter.
        horizon: Q of CRBP, or None for the whole rest of the window.
        windows: There may be more than one; then a layer learns of a step when the errors of the
            layer above it are known for the next Q steps.
    """

    def __init__(
        self, layers: list[FilterLayer], steps: int, horizon: int | None, *, windows: bool
    ) -> None:
        self.layers, self.steps, self.horizon = layers, steps, horizon
        self.passed = 0
        self.delays = [0] * len(layers)
        for k in range(len(layers) - 2, -1, -1):
            wait = reach(layers[k + 1], horizon) or 0
            self.delays[k] = self.delays[k + 1] + wait if windows else 0
        longest = max(max(layer.taps - 1, len(layer.lags)) for layer in layers)
        self.before = self.delays[0] + longest
        self.signals = [self._fresh(layer) for layer in layers]

    def _fresh(self, layer: FilterLayer) -> _Signals:
        units, inputs, time = layer.units, layer.inputs, self.before + self.steps
        rows, synapses = (units, time), (units, inputs, time)
        return _Signals(
            np.zeros((inputs, time)),
            np.zeros(synapses),
            np.zeros(rows),
            np.zeros(synapses),
            np.zeros(synapses),
            np.zeros(rows),
            np.zeros(rows),
            _no_gradient(layer),
        )

    def advance(
        self,
        filters: list[Filters],
        inputs: np.ndarray,
        targets: np.ndarray,
        marks: np.ndarray,
        *,
        last: bool,
    ) -> float:
        """Run the next window; the sum of squared errors of what is scored in it.

        Args:
            filters: Of each layer.
            inputs: Axes (input, time), at most `steps` of them.
            targets: Axes (output, time).
            marks: Axes (output, time); True where a target is scored.
            last: The sequence ends with this window.
        """
        start, stop = self.before, self.before + inputs.shape[1]
        x = inputs
        for layer, weights, s in zip(self.layers, filters, self.signals, strict=True):
            s.x[:, start:stop] = x
            run_layer(s.x, weights.w, weights.v, weights.b, layer.kind, s.y, s.out, start, stop)
            run_sensitivities(s.x, s.y, weights.v, s.ds_dw, s.ds_dv, start, stop)
            x = s.out[:, start:stop]
        difference = np.where(marks, x - targets, 0.0)
        self.signals[-1].e[:, start:stop] = 2 * difference
        self._backward(filters, start, stop, last)
        self.passed += stop - start
        if not last:
            self._remember()
        return float(np.sum(difference * difference))

    def _backward(self, filters: list[Filters], start: int, stop: int, last: bool) -> None:
        """Errors and gradients of the steps whose future is now known."""
        for number in range(len(self.layers) - 1, -1, -1):
            s, delay = self.signals[number], self.delays[number]
            begin = start - min(delay, self.passed)  # before the sequence there is no error
            end = stop if last else max(begin, stop - delay)
            if number < len(self.layers) - 1:
                above, weights = self.signals[number + 1], filters[number + 1]
                future = reach(self.layers[number + 1], self.horizon)
                if future is None:
                    all_errors_below(above.delta, weights.w, weights.v, s.e, begin, end)
                else:
                    count = min(future, stop - begin) + 1
                    h = impulse_responses(weights.w, weights.v, count)
                    errors_below(above.delta, h, s.e, begin, end, stop)
            run_errors(s.e, s.out, self.layers[number].kind, s.delta, begin, end)
            g = s.gradient
            add_gradients(s.delta, s.ds_dw, s.ds_dv, g.w, g.v, g.b, begin, end)

    def _remember(self) -> None:
        """Move the last steps to the front, for the next window."""
        for s in self.signals:
            for a in (s.x, s.y, s.out, s.ds_dw, s.ds_dv, s.e, s.delta):
                a[..., : self.before] = a[..., self.steps :].copy()

    def gathered(self) -> list[Filters]:
        """The derivatives of the squared errors' sum since the last call, for each layer."""
        found = [s.gradient for s in self.signals]
        for layer, s in zip(self.layers, self.signals, strict=True):
            s.gradient = _no_gradient(layer)
        return found


def reach(layer: FilterLayer, horizon: int | None) -> int | None:
    """Steps by which an error in a layer reaches back into the layer below; None: without end."""
    if layer.lags:
        return horizon
    return layer.taps - 1 if horizon is None else min(horizon, layer.taps - 1)


def _no_gradient(layer: FilterLayer) -> Filters:
    shape = (layer.units, layer.inputs)
    return Filters(
        np.zeros((*shape, layer.taps)), np.zeros((*shape, len(layer.lags))), np.zeros(layer.units)
    )
