"""Elementary functions on lanes: tanh, sigmoid, exp, log and relatives.

Each function is a ratio of short polynomials behind an exact range reduction. It uses correctly
rounded operations only (no approximate reciprocals), so a lane's bits depend neither on its
neighbours nor on the lane count. The coefficients come from experiments/derive_lane_math.py.
`LANE_FUNCTIONS` lists the functions with their ranges and errors.

One even polynomial carries the exponential family: A(r) = r coth(r / 2), with which
e^r = (A + r) / (A - r) and tanh(r / 2) = r / A. One division then serves each function of e^r, and
a division costs only three fused multiply-adds (Zen 4, AVX-512).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from llvmlite import ir

from evornn.simd.lanes import LaneBuilder, lane_function

_MANTISSA = {"float32": 23, "float64": 52}
_BIAS = {"float32": 127, "float64": 1023}
# Added to a small number, it leaves the nearest integer in the low bits of the sum.
_ROUNDER = {"float32": 1.5 * 2.0**23, "float64": 1.5 * 2.0**52}

# ln 2 and pi as sums of numbers of the lane's precision, each the rounded rest of those before.
_LN2 = {
    "float32": (0.6931471824645996, -1.9046542121259336e-09),
    "float64": (0.6931471805599453, 2.3190468138462996e-17),
}
_PI = {
    "float32": (3.1415927410125732, -8.742277657347586e-08, -3.4302490200117637e-15),
    "float64": (3.141592653589793, 1.2246467991473532e-16, -2.9947698097183397e-33),
}

# r coth(r / 2) = 2 + z C(z), z = r^2, for |r| <= ln(2) / 2.
_COTH = {
    "float32": [0.16666625, -0.00276672],
    "float64": [
        0.16666666666666602, -0.0027777777777005393, 6.613756318509339e-05,
        -1.6533898916252858e-06, 4.138010847170658e-08,
    ],
}  # fmt: skip
# 2 atanh(s) = 2 s + s z R(z), z = s^2 <= 1 / 9.
_ATANH = {
    "float32": [0.6666642, 0.40021527, 0.28001806, 0.28011987],
    "float64": [
        0.6666666666666631, 0.40000000000155117, 0.28571428548118, 0.22222223953645703,
        0.18181744479144923, 0.15386548390387614, 0.1330112141671541, 0.12104944567534814,
        0.08344973071867372, 0.17009753616099899,
    ],
}  # fmt: skip
# sin(r) = r + r z S(z), z = r^2, for |r| <= 1.576.
_SIN = {
    "float32": [-0.1666666, 0.008333061, -0.00019809177, 2.6047887e-06],
    "float64": [
        -0.16666666666666666, 0.008333333333333188, -0.00019841269841206727,
        2.7557319210699757e-06, -2.5052106831830124e-08, 1.605893760322567e-10,
        -7.642935711883911e-13, 2.720577138878567e-15,
    ],
}  # fmt: skip
# float32: tanh(x / 2) = x P(x^2) / Q(x^2) for x <= 9.1, Q with leading coefficient 1.
_TANH_P = [487587.84, 14300.968, 51.008636]
_TANH_Q = [975175.7, 109866.48, 1131.2058]  # and a leading 1


def _at_most(b: LaneBuilder, x: ir.Value, high: float) -> ir.Value:
    """min(x, high), NaN kept."""
    return b.select(b.compare(">", x, b.const(high)), b.const(high), x)


def _below_zero_is_zero(b: LaneBuilder, x: ir.Value) -> ir.Value:
    return b.select(b.compare("<", x, b.const(0.0)), b.const(0.0), x)


def _reduce(b: LaneBuilder, x: ir.Value, sign: int = 1) -> tuple[ir.Value, ir.Value]:
    """Returns r and the integers k + bias with x = sign k ln 2 + r, |r| <= ln(2) / 2.

    The integers carry rubbish above the bits of an exponent, which a shift to its place drops.
    """
    high, low = _LN2[b.dtype]
    rounder = b.const(_ROUNDER[b.dtype] + _BIAS[b.dtype])
    shifted = b.fma(x, b.const(sign / math.log(2)), rounder)
    k = b.sub(shifted, rounder)
    r = b.fma(k, b.const(-sign * high), x)  # exact: the leading bits cancel
    return b.fma(k, b.const(-sign * low), r), b.to_bits(shifted)


def _power_of_two(b: LaneBuilder, biased: ir.Value) -> ir.Value:
    """2^k from k + bias; 0 for k + bias = 0 and infinity for the largest exponent."""
    return b.from_bits(b.builder.shl(biased, b.const_int(_MANTISSA[b.dtype])))


def _r_coth(b: LaneBuilder, r: ir.Value) -> ir.Value:
    """A = r coth(r / 2) for a reduced r."""
    return b.polynomial(b.mul(r, r), [2.0, *_COTH[b.dtype]])


def _expm1_reduced(b: LaneBuilder, r: ir.Value) -> ir.Value:
    """e^r - 1 for a reduced r: 2 r / (A - r) = r + r (r - (A - 2)) / (A - r)."""
    z = b.mul(r, r)
    above_two = b.mul(z, b.polynomial(z, _COTH[b.dtype]))
    below = b.sub(r, above_two)
    return b.fma(r, b.div(below, b.sub(b.const(2.0), below)), r)


def _tanh(b: LaneBuilder, x: ir.Value) -> ir.Value:
    """Tanh by its half angle, exactly odd, never beyond 1.

    float32: with tanh(x/2) = P/Q, tanh(x) = 2PQ / (P^2 + Q^2) = 2PQ / (2PQ + (Q - P)^2). The
    square vanishes where tanh saturates, and errors of P/Q with it, so low degrees suffice.
    float64, with s = 2^k and w = (s - 1) (A + r): (w + 2 r) / (w + 2 A) for 2 x.
    """
    if b.dtype == "float32":
        a = _at_most(b, b.abs(x), 9.1)
        z = b.mul(a, a)
        p = b.mul(a, b.polynomial(z, _TANH_P))
        # The leading 1 is added, not multiplied: adders stand idle here, multipliers do not.
        q = b.add(z, b.const(_TANH_Q[2]))
        q = b.fma(b.fma(q, z, b.const(_TANH_Q[1])), z, b.const(_TANH_Q[0]))
        top = b.mul(p, b.add(q, q))
        gap = b.sub(q, p)
        return b.copysign(b.div(top, b.fma(gap, gap, top)), x)
    a = _at_most(b, b.abs(x), 20.0)
    r, biased = _reduce(b, b.add(a, a))
    even = _r_coth(b, r)
    w = b.mul(b.sub(_power_of_two(b, biased), b.const(1.0)), b.add(even, r))
    top = b.fma(r, b.const(2.0), w)
    bottom = b.fma(even, b.const(2.0), w)
    return b.copysign(b.div(top, bottom), x)


def _sigmoid(b: LaneBuilder, x: ir.Value) -> ir.Value:
    """1 / (1 + e^-x) = (A + r) / (A + r + s (A - r)) with -x = k ln 2 - r, s = 2^k."""
    # At the ends s is infinite and 0, and the quotient exactly 0 and 1.
    low, high = (-89.0, 88.0) if b.dtype == "float32" else (-710.0, 709.0)
    r, biased = _reduce(b, b.clamp(x, low, high), sign=-1)
    even = _r_coth(b, r)
    top = b.add(even, r)
    return b.div(top, b.fma(_power_of_two(b, biased), b.sub(even, r), top))


def _exp(b: LaneBuilder, x: ir.Value) -> ir.Value:
    """e^x over the whole range, denormal results included: 2^k in two factors."""
    low, high = (-105.0, 90.0) if b.dtype == "float32" else (-746.0, 711.0)
    r, biased = _reduce(b, b.clamp(x, low, high))
    bias = b.const_int(_BIAS[b.dtype])
    k = b.builder.sub(biased, b.to_bits(b.const(_ROUNDER[b.dtype] + _BIAS[b.dtype])))
    half = b.builder.ashr(k, b.const_int(1))
    first = _power_of_two(b, b.builder.add(half, bias))
    second = _power_of_two(b, b.builder.add(b.builder.sub(k, half), bias))
    return b.mul(b.fma(_expm1_reduced(b, r), first, first), second)


def _expm1(b: LaneBuilder, x: ir.Value) -> ir.Value:
    """e^x - 1, accurate near 0."""
    low, high = (-40.0, 89.0) if b.dtype == "float32" else (-60.0, 710.0)
    r, biased = _reduce(b, b.clamp(x, low, high))
    # 2^(k - 1) exists where 2^k overflows and e^x does not.
    half = _power_of_two(b, b.builder.sub(biased, b.const_int(1)))
    result = b.fma(_expm1_reduced(b, r), half, b.sub(half, b.const(0.5)))
    return b.copysign(b.add(result, result), x)


def _atanh_tail(b: LaneBuilder, s: ir.Value) -> ir.Value:
    """2 atanh(s) / s - 2 for |s| <= 1 / 3."""
    z = b.mul(s, s)
    return b.mul(z, b.polynomial(z, _ATANH[b.dtype]))


def _log(b: LaneBuilder, x: ir.Value) -> ir.Value:
    """Log: ln x = k ln 2 + ln m with m in [sqrt(1/2), sqrt(2)); denormal x included."""
    shift = b.const_int(_MANTISSA[b.dtype])
    smallest, steps = (2.0**-126, 32.0) if b.dtype == "float32" else (2.0**-1022, 64.0)
    denormal = b.compare("<", x, b.const(smallest))
    bits = b.to_bits(b.select(denormal, b.mul(x, b.const(2.0**steps)), x))
    exponent = b.builder.ashr(b.builder.sub(bits, b.to_bits(b.const(math.sqrt(0.5)))), shift)
    m = b.from_bits(b.builder.sub(bits, b.builder.shl(exponent, shift)))
    k = b.builder.sitofp(exponent, b.vector)
    k = b.select(denormal, b.sub(k, b.const(steps)), k)
    # ln(1 + u) = 2 atanh(s), s = u / (2 + u). As 2 s = u - s u = u - u^2/2 + s u^2/2, the rounding
    # of s reaches only a term that is small beside u.
    u = b.sub(m, b.const(1.0))
    s = b.div(u, b.add(u, b.const(2.0)))
    half_square = b.mul(b.mul(u, b.const(0.5)), u)
    correction = b.fma(s, b.add(half_square, _atanh_tail(b, s)), b.neg(half_square))
    high, low = _LN2[b.dtype]
    result = b.fma(k, b.const(high), b.add(u, b.fma(k, b.const(low), correction)))
    result = b.select(b.compare("==", x, b.const(math.inf)), x, result)
    zero = b.compare("==", x, b.const(0.0))
    outside = b.select(zero, b.const(-math.inf), b.const(math.nan))
    return b.select(b.compare(">", x, b.const(0.0)), result, outside)


def _softplus(b: LaneBuilder, x: ir.Value) -> ir.Value:
    """Softplus: max(x, 0) + 2 atanh(u / (2 + u)), u = e^-|x| = s (A - r) / (A + r)."""
    high = 88.0 if b.dtype == "float32" else 709.0  # where s is 0
    r, biased = _reduce(b, _at_most(b, b.abs(x), high), sign=-1)
    even = _r_coth(b, r)
    top = b.mul(_power_of_two(b, biased), b.sub(even, r))
    ratio = b.div(top, b.fma(b.add(even, r), b.const(2.0), top))
    start = b.add(ratio, b.add(ratio, _below_zero_is_zero(b, x)))
    return b.fma(ratio, _atanh_tail(b, ratio), start)


def _sine(b: LaneBuilder, x: ir.Value, half_turns: ir.Value, sign: ir.Value) -> ir.Value:
    """sin(x - half_turns pi), its sign bit flipped where `sign` (integers) has one."""
    r = x
    for part in _PI[b.dtype]:
        r = b.fma(half_turns, b.const(-part), r)
    z = b.mul(r, r)
    value = b.fma(b.mul(z, r), b.polynomial(z, _SIN[b.dtype]), r)
    # Beyond the documented range half_turns is inexact, r long, and the polynomial out of bounds.
    value = b.clamp(value, -1.0, 1.0)
    return b.from_bits(b.builder.xor(b.to_bits(value), sign))


def _parity(b: LaneBuilder, shifted: ir.Value) -> ir.Value:
    """The lowest bit in the place of the sign."""
    return b.builder.shl(b.to_bits(shifted), b.const_int(b.bits - 1))


def _sin(b: LaneBuilder, x: ir.Value) -> ir.Value:
    """Sine from the nearest multiple of pi; exactly odd."""
    rounder = b.const(_ROUNDER[b.dtype])
    a = b.abs(x)
    shifted = b.fma(a, b.const(1 / math.pi), rounder)
    minus = b.builder.and_(b.to_bits(x), b.to_bits(b.const(-0.0)))
    flip = b.builder.xor(_parity(b, shifted), minus)
    return _sine(b, a, b.sub(shifted, rounder), flip)


def _cos(b: LaneBuilder, x: ir.Value) -> ir.Value:
    """Cosine from the nearest odd multiple of pi / 2, so that its zeros are accurate too."""
    # cos((n + 1/2) pi + r) = (-1)^(n + 1) sin r: one more makes the parity right.
    rounder = b.const(_ROUNDER[b.dtype] + 1)
    a = b.abs(x)
    shifted = b.add(b.fma(a, b.const(1 / math.pi), b.const(-0.5)), rounder)
    half_turns = b.add(b.sub(shifted, rounder), b.const(0.5))
    return _sine(b, a, half_turns, _parity(b, shifted))


tanh = lane_function(1, _tanh)
sigmoid = lane_function(1, _sigmoid)
exp = lane_function(1, _exp)
expm1 = lane_function(1, _expm1)
log = lane_function(1, _log)
softplus = lane_function(1, _softplus)
sin = lane_function(1, _sin)
cos = lane_function(1, _cos)


class LaneFunction(NamedTuple):
    """A function of one register and what it promises.

    Attributes:
        function: The intrinsic, for any lane type.
        float32_ulp: Largest error in units in the last place of the exact result, float32.
        float64_ulp: The same for float64.
        float32_reach: The errors hold for |x| up to here, float32.
        float64_reach: The same for float64. Beyond, sin and cos stay within [-1, 1] and lose
            accuracy; they are NaN for infinities.
        denormal_results: Whether results below the smallest normal number are kept; else they may
            be 0.
    """

    function: Callable
    float32_ulp: float
    float64_ulp: float
    float32_reach: float = math.inf
    float64_reach: float = math.inf
    denormal_results: bool = True


LANE_FUNCTIONS = {
    "tanh": LaneFunction(tanh, 4.0, 3.5),
    "sigmoid": LaneFunction(sigmoid, 3.0, 3.0, denormal_results=False),
    "exp": LaneFunction(exp, 1.5, 1.5),
    "expm1": LaneFunction(expm1, 2.0, 2.5),
    "log": LaneFunction(log, 1.0, 1.0),
    "softplus": LaneFunction(softplus, 3.5, 3.5, denormal_results=False),
    "sin": LaneFunction(sin, 2.0, 2.0, 1e5, 1e9),
    "cos": LaneFunction(cos, 2.0, 2.0, 1e5, 1e9),
}
