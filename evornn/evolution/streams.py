"""Random streams for kernels: one stream a row, so that threads cannot change a result.

Every stream is SplitMix64 in counter form: its whole state is one 64-bit word, so it lives in a
register, consecutive words do not wait for each other, and any word is a fine starting point. The
starting points are drawn by the run's own NumPy generator, one per row and generation.

Source: Steele, Lea & Flood 2014, Fast splittable pseudorandom number generators (OOPSLA), fig. 17,
with Stafford's mixing constants (variant 13).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from evornn.compiled import kernel

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
ALL_BITS = np.uint64(0xFFFFFFFFFFFFFFFF)
ZERO, ONE = np.uint64(0), np.uint64(1)
S11, S27, S30, S31, S63 = (np.uint64(shift) for shift in (11, 27, 30, 31, 63))
UNIT = 2.0**-53


@kernel
def word_at(stream, k):
    """The k-th word after the stream's state, k from 0; a loop over k runs in vector registers."""
    z = stream + GOLDEN * np.uint64(k + 1)
    z = (z ^ (z >> S30)) * MIX_1
    z = (z ^ (z >> S27)) * MIX_2
    return z ^ (z >> S31)


@kernel
def skip(stream, words):
    """The stream's state after so many words."""
    return stream + GOLDEN * np.uint64(words)


@kernel
def next_word(stream):
    """The stream's next state and 64 random bits."""
    return skip(stream, 1), word_at(stream, 0)


@kernel
def to_unit(word):
    """A word as a number in the open interval (0, 1)."""
    return (np.float64(word >> S11) + 0.5) * UNIT


@kernel
def uniform(stream):
    """The stream's next state and a number in the open interval (0, 1)."""
    stream, word = next_word(stream)
    return stream, to_unit(word)


@kernel
def below(stream, n):
    """The stream's next state and an integer in 0 .. n - 1; n must be small against 2**53."""
    stream, u = uniform(stream)
    return stream, int(u * n)


def probability_digits(probability: float) -> np.uint64:
    """A probability in [0, 1] as the binary digits that `bernoulli_word` compares with.

    1.0 becomes 1 - 2**-64, which no run can tell from certainty.
    """
    return np.uint64(min(int(probability * 2.0**64), 2**64 - 1))


@kernel
def bernoulli_word(stream, digits):
    """64 independent coins at once: each bit is 1 with the probability given by `digits`.

    Bit by bit from the most significant, 64 random numbers are compared with the probability; a
    coin is decided at the first digit that differs, so about eight words settle all 64 coins,
    exactly, whatever the probability (one word for 1/2). One uniform a coin would take 64.

    Args:
        stream: State of the stream.
        digits: The probability from `probability_digits`.

    Returns:
        The stream's next state and the word of coins.
    """
    heads = ZERO
    undecided = ALL_BITS
    while undecided != ZERO and digits != ZERO:
        stream, word = next_word(stream)
        if digits >> S63:
            heads |= undecided & ~word
            undecided &= word
        else:
            undecided &= ~word
        digits = digits << ONE
    return stream, heads


@kernel
def draw_places(places, length, digits, stream):
    """Choose among 0 .. length - 1, each with the probability given by `digits`.

    Args:
        places: Written from its start, ascending, axes (place); at least `length` long.
        length: How many there are to choose from.
        digits: The probability from `probability_digits`.
        stream: State of the stream.

    Returns:
        The stream's next state and how many were chosen.
    """
    count = 0
    for base in range(0, length, 64):
        stream, chosen = bernoulli_word(stream, digits)
        if length - base < 64:
            chosen &= ALL_BITS >> np.uint64(64 - (length - base))
        while chosen != ZERO:
            places[count] = base + trailing_zeros(chosen)
            count += 1
            chosen &= chosen - ONE
    return stream, count


@intrinsic
def trailing_zeros(_context: Any, word: Any) -> Any:
    """Index of the lowest 1 bit of a 64-bit word that is not zero (one instruction)."""

    def emit(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.intp(types.uint64), emit
