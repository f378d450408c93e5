"""Exact normal numbers for kernels, by the ziggurat.

The half bell is covered by 256 strips of equal area; 98.8 % of the numbers need one random word,
one multiplication and one comparison. The rest falls into the strips' corners or the tail, where
the density itself decides, so the numbers are exactly normal (to 53 bits).

Source: Marsaglia & Tsang 2000, The ziggurat method (J. Stat. Software 5:8); the strip's number and
the signed abscissa are taken from different bits, as Doornik 2005 demands.
"""

from __future__ import annotations

import math

import numpy as np

from evornn.compiled import kernel

from .streams import next_word, skip, uniform, word_at

STRIPS = 256
TAIL = 3.6541528853610088  # where the tail begins, so that the 256 equal areas close at 0
_STRIP_BITS = np.uint64(STRIPS - 1)
SIGNED_UNIT = 2.0**-52


def _strips() -> tuple[np.ndarray, np.ndarray]:
    """Right edges of the strips, axes (edge), from the base up, and the bell's height there."""
    area = TAIL * math.exp(-0.5 * TAIL**2) + math.sqrt(0.5 * math.pi) * math.erfc(TAIL * 0.5**0.5)
    edges = np.zeros(STRIPS + 1)
    edges[0] = area / math.exp(-0.5 * TAIL**2)  # the base strip as a rectangle, tail included
    edges[1] = TAIL
    for strip in range(1, STRIPS - 1):
        height = area / edges[strip] + math.exp(-0.5 * edges[strip] ** 2)
        edges[strip + 1] = math.sqrt(-2.0 * math.log(height))
    return edges, np.exp(-0.5 * edges**2)


# Tables must be module constants for Numba to place them in the kernel; making them takes 0.2 ms.
EDGES, HEIGHTS = _strips()


@kernel
def _tail(stream):
    """A number beyond `TAIL` (Marsaglia 1964)."""
    while True:
        stream, u = uniform(stream)
        stream, v = uniform(stream)
        excess = -math.log(u) / TAIL
        if -2.0 * math.log(v) > excess * excess:
            return stream, TAIL + excess


@kernel
def _candidate(word):
    """A point under the ziggurat: its strip and signed abscissa, from different bits."""
    strip = np.int64(word & _STRIP_BITS)
    return strip, (np.float64(np.int64(word) >> 11) + 0.5) * SIGNED_UNIT * EDGES[strip]


@kernel
def _settle(stream, word):
    """A normal number from a candidate's word, and from further words where it does not decide."""
    while True:
        strip, x = _candidate(word)
        if abs(x) < EDGES[strip + 1]:
            return stream, x
        if strip == 0:
            stream, beyond = _tail(stream)
            return stream, math.copysign(beyond, x)
        stream, u = uniform(stream)
        y = HEIGHTS[strip] + u * (HEIGHTS[strip + 1] - HEIGHTS[strip])
        if y < math.exp(-0.5 * x * x):
            return stream, x
        stream, word = next_word(stream)


@kernel
def normal(stream):
    """The stream's next state and a number with mean 0 and variance 1."""
    stream, word = next_word(stream)
    return _settle(stream, word)


@kernel
def fill_normal(out, stream):
    """Fill an array with normal numbers; the stream's next state.

    All candidates are drawn first, without a branch and so in vector registers; the few that lie
    outside their strip's sure part are drawn again from there on.
    """
    for k in range(out.size):
        strip, x = _candidate(word_at(stream, k))
        out[k] = x if abs(x) < EDGES[strip + 1] else np.nan
    start = stream
    stream = skip(stream, out.size)
    for k in range(out.size):
        if np.isnan(out[k]):
            stream, out[k] = _settle(stream, word_at(start, k))
    return stream
