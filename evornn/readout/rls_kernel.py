"""The loops of recursive least squares.

Eight rows are learned as one measurement whose noise shrinks by lambda from row to row. With P from
before the group, the gain of its row i is

    g_i = P x_i - sum_{c < i} g_c (g_c . x_i) / d_c,    d_i = lambda^(i + 1) + x_i . g_i,

its error is taken with the weights that the rows before it have left, and after the group

    P = (P - sum_i g_i g_i^T / d_i) / lambda^8.

This is the row-by-row rule written out (no approximation), but P, the one large array, is read and
written once in eight rows.
"""

# Numba types jitted functions at their first call.
# mypy: allow-untyped-defs

from __future__ import annotations

import math

from evornn.readout.compiled import compiled

GROUP = 8


@compiled
def _eight_products(P, x, first, gains):
    """P x for rows `first` to `first` + 7, axes (row, feature): P is read once."""
    x0, x1, x2, x3 = x[first], x[first + 1], x[first + 2], x[first + 3]
    x4, x5, x6, x7 = x[first + 4], x[first + 5], x[first + 6], x[first + 7]
    for i in range(len(P)):
        row = P[i]
        # Eight names, not an array: only so do the sums stay in registers.
        a = b = c = d = e = f = g = h = 0.0
        for j in range(len(row)):
            p = row[j]
            a += p * x0[j]
            b += p * x1[j]
            c += p * x2[j]
            d += p * x3[j]
            e += p * x4[j]
            f += p * x5[j]
            g += p * x6[j]
            h += p * x7[j]
        gains[0, i], gains[1, i], gains[2, i], gains[3, i] = a, b, c, d
        gains[4, i], gains[5, i], gains[6, i], gains[7, i] = e, f, g, h


@compiled
def _one_product(P, x, gain):
    """P x for one row, axes (feature)."""
    for i in range(len(P)):
        row = P[i]
        total = 0.0
        for j in range(len(row)):
            total += row[j] * x[j]
        gain[i] = total


@compiled
def _dot(a, b):
    total = 0.0
    for j in range(len(a)):
        total += a[j] * b[j]
    return total


@compiled
def _learn_one(table, gain, noise, x, y, errors):
    """Error before and weights after one row; the gain leaves divided by the root of its d."""
    spread = noise + _dot(x, gain)
    for o in range(len(y)):
        errors[o] = y[o] - _dot(table[o], x)
        push = errors[o] / spread
        for j in range(len(gain)):
            table[o, j] += push * gain[j]
    root = 1.0 / math.sqrt(spread)
    for j in range(len(gain)):
        gain[j] *= root


@compiled
def _take_eight(P, gains, scale):
    """P = scale (P - sum of the gains' squares); entries (i, j) and (j, i) in the same order."""
    g0, g1, g2, g3 = gains[0], gains[1], gains[2], gains[3]
    g4, g5, g6, g7 = gains[4], gains[5], gains[6], gains[7]
    for i in range(len(P)):
        row = P[i]
        a, b, c, d, e, f, g, h = g0[i], g1[i], g2[i], g3[i], g4[i], g5[i], g6[i], g7[i]
        for j in range(len(row)):
            four = a * g0[j] + b * g1[j] + c * g2[j] + d * g3[j]
            others = e * g4[j] + f * g5[j] + g * g6[j] + h * g7[j]
            row[j] = scale * (row[j] - four - others)


@compiled
def _take_one(P, gain, scale):
    for i in range(len(P)):
        row, g = P[i], gain[i]
        for j in range(len(row)):
            row[j] = scale * (row[j] - g * gain[j])


@compiled
def learn_rows(P, table, gains, x, y, errors, forgetting):
    """Learn rows in turn, all in place.

    Args:
        P: Axes (feature, feature).
        table: Weights, axes (output, feature).
        gains: Room to work, axes (8, feature).
        x: States, axes (time, feature).
        y: Targets, axes (time, output).
        errors: Filled with the errors before each row was learned, axes (time, output).
        forgetting: lambda.
    """
    t = 0
    while t + GROUP <= len(x):
        _eight_products(P, x, t, gains)
        noise = 1.0
        for i in range(GROUP):
            gain = gains[i]
            for c in range(i):
                pull = _dot(gains[c], x[t + i])
                for j in range(len(gain)):
                    gain[j] -= pull * gains[c, j]
            noise *= forgetting
            _learn_one(table, gain, noise, x[t + i], y[t + i], errors[t + i])
        _take_eight(P, gains, 1.0 / noise)
        t += GROUP
    while t < len(x):
        _one_product(P, x[t], gains[0])
        _learn_one(table, gains[0], forgetting, x[t], y[t], errors[t])
        _take_one(P, gains[0], 1.0 / forgetting)
        t += 1
