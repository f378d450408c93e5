"""The inner loops of the optimisers: one update of every lane's weights, in place.

Every lane has its own settings and is computed by itself, gene after gene, so that its bytes do not
depend on its neighbours. All arithmetic is in the weights' own type. Common arguments:

- weights, gradient (may be overwritten), and what an optimiser remembers: axes (lane, gene),
  C-contiguous,
- count: updates done, this one included, axes (lane), int64,
- settings: axes (setting, lane), float64, in the order of the optimiser's `numbers`,
- factor: the schedule's factor of the learning rate, axes (lane), float64,
- alive: lanes that are updated; the others are left as they are, axes (lane).
"""

from __future__ import annotations

import math
from typing import Any

from evornn.compiled import kernel

Array = Any  # typed by Numba at the first call


@kernel
def sgd(
    weights: Array,
    gradient: Array,
    velocity: Array,
    count: Array,
    settings: Array,
    factor: Array,
    alive: Array,
    nesterov: bool,
) -> None:
    """Gradient descent with momentum; settings: learning rate, momentum, weight decay."""
    real = weights.dtype.type
    for k in range(weights.shape[0]):
        if alive[k]:
            rate, momentum = real(settings[0, k] * factor[k]), real(settings[1, k])
            decay = real(settings[2, k])
            w, g, v = weights[k], gradient[k], velocity[k]
            for i in range(w.size):
                slope = g[i] + decay * w[i]
                v[i] = momentum * v[i] + slope
                w[i] -= rate * (slope + momentum * v[i] if nesterov else v[i])


@kernel
def rmsprop(
    weights: Array,
    gradient: Array,
    square: Array,
    mean: Array,
    velocity: Array,
    count: Array,
    settings: Array,
    factor: Array,
    alive: Array,
    centered: bool,
) -> None:
    """RMSprop; settings: learning rate, smoothing, epsilon, momentum, weight decay."""
    real = weights.dtype.type
    for k in range(weights.shape[0]):
        if alive[k]:
            rate, smoothing = real(settings[0, k] * factor[k]), real(settings[1, k])
            epsilon, momentum = real(settings[2, k]), real(settings[3, k])
            decay, fresh = real(settings[4, k]), real(1.0 - settings[1, k])
            w, g, s, m, v = weights[k], gradient[k], square[k], mean[k], velocity[k]
            for i in range(w.size):
                slope = g[i] + decay * w[i]
                s[i] = smoothing * s[i] + fresh * slope * slope
                variance = s[i]
                if centered:
                    m[i] += fresh * (slope - m[i])
                    variance -= m[i] * m[i]
                v[i] = momentum * v[i] + slope / (math.sqrt(variance) + epsilon)
                w[i] -= rate * v[i]


@kernel
def adam(
    weights: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    count: Array,
    settings: Array,
    factor: Array,
    alive: Array,
) -> None:
    """Adam; settings: learning rate, beta1, beta2, epsilon, weight decay."""
    real = weights.dtype.type
    for k in range(weights.shape[0]):
        if alive[k]:
            rate, decay = settings[0, k] * factor[k], real(settings[4, k])
            w, g = weights[k], gradient[k]
            for i in range(w.size):
                g[i] += decay * w[i]
            _adam_lane(w, g, mean[k], square[k], count[k], settings[:, k], rate)


@kernel
def adamw(
    weights: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    count: Array,
    settings: Array,
    factor: Array,
    alive: Array,
) -> None:
    """Adam with decay of the weights beside it; settings as for `adam`."""
    real = weights.dtype.type
    for k in range(weights.shape[0]):
        if alive[k]:
            rate = settings[0, k] * factor[k]
            w, kept = weights[k], real(1.0 - rate * settings[4, k])
            for i in range(w.size):
                w[i] *= kept
            _adam_lane(w, gradient[k], mean[k], square[k], count[k], settings[:, k], rate)


@kernel
def _adam_lane(
    w: Array, g: Array, m: Array, s: Array, count: Array, settings: Array, rate: Array
) -> None:
    real = w.dtype.type
    beta1, beta2, epsilon = real(settings[1]), real(settings[2]), real(settings[3])
    fresh1, fresh2 = real(1.0 - settings[1]), real(1.0 - settings[2])
    step = real(rate / (1.0 - settings[1] ** count))
    root = real(math.sqrt(1.0 - settings[2] ** count))
    for i in range(w.size):
        m[i] = beta1 * m[i] + fresh1 * g[i]
        s[i] = beta2 * s[i] + fresh2 * g[i] * g[i]
        w[i] -= step * m[i] / (math.sqrt(s[i]) / root + epsilon)


@kernel
def rprop(
    weights: Array,
    gradient: Array,
    before: Array,
    sizes: Array,
    count: Array,
    settings: Array,
    factor: Array,
    alive: Array,
) -> None:
    """Resilient propagation; settings: first step, shrink, grow, least and largest step."""
    real = weights.dtype.type
    for k in range(weights.shape[0]):
        if alive[k]:
            shrink, grow = real(settings[1, k]), real(settings[2, k])
            least, most, scale = real(settings[3, k]), real(settings[4, k]), real(factor[k])
            w, g, b, d = weights[k], gradient[k], before[k], sizes[k]
            for i in range(w.size):
                slope = g[i]
                agreement = slope * b[i]
                if agreement > 0:
                    d[i] = min(d[i] * grow, most)
                elif agreement < 0:
                    d[i] = max(d[i] * shrink, least)
                    slope = real(0.0)
                if slope > 0:
                    w[i] -= scale * d[i]
                elif slope < 0:
                    w[i] += scale * d[i]
                b[i] = slope
