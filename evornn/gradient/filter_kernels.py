"""Compiled loops over time for layers of filters: forwards, sensitivities and errors backwards.

Time is the last axis of every signal. Before the first step stand as many columns as any filter
looks back (zeros at a sequence's start), so that no loop asks where the sequence begins. A layer
of K units on M inputs has `w` (K, M, moving-average taps), `v` (K, M, autoregressive taps) and
`b` (K); `x` is (M, time), the synapses' outputs `y` (K, M, time), the units' `out` (K, time).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")
LINEAR, TANH, SIGMOID, RELU = range(4)


@_compiled
def run_layer(x, w, v, b, kind, y, out, start, stop):  # type: ignore[no-untyped-def]
    """Outputs of the synapses and of the units for the steps from `start` to `stop`."""
    units, inputs, taps = w.shape
    lags = v.shape[2]
    for k in range(units):
        for t in range(start, stop):
            out[k, t] = b[k]
        for m in range(inputs):
            for t in range(start, stop):
                total = 0.0
                for p in range(taps):
                    total += w[k, m, p] * x[m, t - p]
                for r in range(lags):
                    total += v[k, m, r] * y[k, m, t - 1 - r]
                y[k, m, t] = total
                out[k, t] += total
        for t in range(start, stop):
            if kind == TANH:
                out[k, t] = np.tanh(out[k, t])
            elif kind == SIGMOID:
                out[k, t] = 1 / (1 + np.exp(-out[k, t]))
            elif kind == RELU:
                out[k, t] = max(out[k, t], 0.0)


@_compiled
def run_sensitivities(x, y, v, ds_dw, ds_dv, start, stop):  # type: ignore[no-untyped-def]
    """ds/dw_0 and (one step early) ds/dv_1 of every synapse; other taps have the same, delayed.

    ds/dw_p[t] = x[t - p] + sum_r v_r ds/dw_p[t - r], and the same for v_p with y in place of x.
    """
    units, inputs, lags = v.shape
    for k in range(units):
        for m in range(inputs):
            for t in range(start, stop):
                by_x, by_y = x[m, t], y[k, m, t]
                for r in range(lags):
                    by_x += v[k, m, r] * ds_dw[k, m, t - 1 - r]
                    by_y += v[k, m, r] * ds_dv[k, m, t - 1 - r]
                ds_dw[k, m, t] = by_x
                ds_dv[k, m, t] = by_y


@_compiled
def impulse_responses(w, v, count):  # type: ignore[no-untyped-def]
    """The first `count` samples of every synapse's impulse response, axes (K, M, sample)."""
    units, inputs, taps = w.shape
    found = np.zeros((units, inputs, count))
    for k in range(units):
        for m in range(inputs):
            for p in range(count):
                total = w[k, m, p] if p < taps else 0.0
                for r in range(min(v.shape[2], p)):
                    total += v[k, m, r] * found[k, m, p - 1 - r]
                found[k, m, p] = total
    return found


@_compiled
def errors_below(delta, h, e, start, stop, end):  # type: ignore[no-untyped-def]
    """Errors of the units below: e_m[t] = sum_k sum_p delta_k[t + p] h_km[p], t + p < end."""
    units, inputs, count = h.shape
    for m in range(inputs):
        for t in range(start, stop):
            total = 0.0
            for k in range(units):
                for p in range(min(count, end - t)):
                    total += delta[k, t + p] * h[k, m, p]
            e[m, t] = total


@_compiled
def all_errors_below(delta, w, v, e, start, end):  # type: ignore[no-untyped-def]
    """The same over the whole future: every synapse runs backwards in time, as a filter."""
    units, inputs, taps = w.shape
    lags = v.shape[2]
    u = np.empty(end - start)
    for m in range(inputs):
        for t in range(start, end):
            e[m, t] = 0.0
        for k in range(units):
            for t in range(end - 1, start - 1, -1):
                total = delta[k, t]
                for r in range(min(lags, end - 1 - t)):
                    total += v[k, m, r] * u[t - start + 1 + r]
                u[t - start] = total
                for p in range(min(taps, end - t)):
                    e[m, t] += w[k, m, p] * u[t - start + p]


@_compiled
def run_errors(e, out, kind, delta, start, stop):  # type: ignore[no-untyped-def]
    """Delta = e f'(s), with the slope from the unit's output."""
    for k in range(len(e)):
        for t in range(start, stop):
            slope = 1.0
            if kind == TANH:
                slope = 1 - out[k, t] * out[k, t]
            elif kind == SIGMOID:
                slope = out[k, t] * (1 - out[k, t])
            elif kind == RELU:
                slope = 1.0 if out[k, t] > 0 else 0.0
            delta[k, t] = e[k, t] * slope


@_compiled
def add_gradients(delta, ds_dw, ds_dv, gw, gv, gb, start, stop):  # type: ignore[no-untyped-def]
    """Add sum_t delta_k[t] ds/dw_kmp[t], and the same for v and b, of the steps to `stop`."""
    units, inputs, taps = gw.shape
    for k in range(units):
        for t in range(start, stop):
            gb[k] += delta[k, t]
        for m in range(inputs):
            for p in range(taps):
                total = 0.0
                for t in range(start, stop):
                    total += delta[k, t] * ds_dw[k, m, t - p]
                gw[k, m, p] += total
            for r in range(gv.shape[2]):
                total = 0.0
                for t in range(start, stop):
                    total += delta[k, t] * ds_dv[k, m, t - 1 - r]
                gv[k, m, r] += total
