"""Which coefficients give the lane functions their accuracy, at the least number of them?

    python experiments/derive_lane_math.py [--smoke]

Prints the constant tables of evornn/simd/math.py with the error of each fit. Each fit is Remez's
exchange in 60 digits, on the form that the lane function evaluates and weighted so that the
relative error of the function's value is levelled. `--smoke` makes the first fit only.

Showed: r coth(r/2) 2^-28.8 (float32, two coefficients) and 2^-60.0 (float64, five), atanh 2^-27.7
and 2^-59.4, sine 2^-27.2 and 2^-61.6, tanh 2^-25.7. A coefficient less would cost from half a
rounding (atanh, float64: 2^-54.2) to a thousand; as it is, the errors are rounding errors.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import mpmath
import numpy as np
from mpmath import mpf

Function = Callable[[mpf], mpf]
FREE = None  # a coefficient to be fitted
GRID = 1200  # Chebyshev points on which the extremes of the error are sought


def evaluate(coefficients: Sequence[mpf], x: mpf) -> mpf:
    """The polynomial with these coefficients, from the constant term up, at x."""
    return mpmath.polyval(list(coefficients)[::-1], x)


def remez(
    f: Function, weight: Function, high: mpf, p: list[mpf | None], q: list[mpf | None]
) -> tuple[list[mpf], list[mpf], mpf]:
    """The P/Q that minimises the maximum of weight |P/Q - f| on [0, high], and that maximum.

    `p` and `q` are coefficients from the constant term up; those that are FREE are fitted.
    """
    free_p = [j for j, c in enumerate(p) if c is FREE]
    free_q = [j for j, c in enumerate(q) if c is FREE]
    count = len(free_p) + len(free_q) + 1
    fixed_p, fixed_q = ([mpf(0) if c is FREE else c for c in side] for side in (p, q))
    fitted_p, fitted_q = list(fixed_p), list(fixed_q)
    x = [high * mpmath.sin(mpmath.pi * (i + 0.5) / (2 * GRID)) ** 2 for i in range(GRID)]
    values, weights = [f(v) for v in x], [weight(v) for v in x]
    nodes = [int(GRID * (i + 0.5) / count) for i in range(count)]
    for _ in range(20):
        for _ in range(5 if free_q else 1):  # the product of the error and Q makes it nonlinear
            matrix, right = mpmath.matrix(count, count), mpmath.matrix(count, 1)
            for row, i in enumerate(nodes):
                terms = [x[i] ** j for j in free_p] + [-values[i] * x[i] ** j for j in free_q]
                for column, term in enumerate(terms):
                    matrix[row, column] = weights[i] * term
                matrix[row, count - 1] = (-1) ** row * evaluate(fitted_q, x[i])
                rest = values[i] * evaluate(fixed_q, x[i]) - evaluate(fixed_p, x[i])
                right[row] = weights[i] * rest
            solution = iter(mpmath.lu_solve(matrix, right))
            for j in free_p:
                fitted_p[j] = next(solution)
            for j in free_q:
                fitted_q[j] = next(solution)
        errors = [
            w * (evaluate(fitted_p, v) / evaluate(fitted_q, v) - y)
            for v, y, w in zip(x, values, weights, strict=True)
        ]
        # The new nodes: the largest error of each run of one sign.
        runs = np.split(range(GRID), np.flatnonzero(np.diff([e > 0 for e in errors])) + 1)
        extremes = [max(run, key=lambda i: abs(errors[i])) for run in runs]
        while len(extremes) > count:
            extremes.pop(0 if abs(errors[extremes[0]]) < abs(errors[extremes[-1]]) else -1)
        if extremes == nodes or len(extremes) < count:
            break
        nodes = extremes
    return fitted_p, fitted_q, max(abs(e) for e in errors)


def half_angle(z: mpf) -> mpf:
    """tanh(r / 2) / r, z = r^2."""
    r = mpmath.sqrt(z)
    return mpmath.tanh(r / 2) / r


def coth_tail(z: mpf) -> mpf:
    """C in r coth(r / 2) = 2 + z C(z), z = r^2."""
    r = mpmath.sqrt(z)
    return (r * mpmath.coth(r / 2) - 2) / z


def atanh_tail(z: mpf) -> mpf:
    """R in 2 atanh(s) = 2 s + s z R(z), z = s^2."""
    s = mpmath.sqrt(z)
    return (2 * mpmath.atanh(s) / s - 2) / z


def sine_tail(z: mpf) -> mpf:
    """S in sin(r) = r + r z S(z), z = r^2."""
    r = mpmath.sqrt(z)
    return (mpmath.sin(r) / r - 1) / z


def tanh_weight(z: mpf) -> mpf:
    """The share of an error of t = tanh(x/2) that reaches tanh(x) = 2 t / (1 + t^2), z = x^2.

    Halved above 0.8, where less rounding is added.
    """
    x = mpmath.sqrt(z)
    return (1 if x < 0.8 else 0.5) / (half_angle(z) * mpmath.cosh(x))


def show(name: str, dtype: str, coefficients: Sequence[mpf], error: mpf) -> None:
    """Prints a fit's error and its coefficients, rounded to `dtype`."""
    kind = np.dtype(dtype).type
    print(f"# error 2^{float(mpmath.log(error, 2)):.1f}")
    print(f"{name}[{dtype}] = {[float(str(kind(float(c)))) for c in coefficients]}")


def split(value: mpf, dtype: str, parts: int) -> list[float]:
    """`value` as a sum of numbers of `dtype`, each the rounded rest of those before."""
    result: list[float] = []
    for _ in range(parts):
        result.append(float(np.dtype(dtype).type(float(value))))
        value -= result[-1]
    return result


def main(smoke: bool) -> None:
    """Prints all tables, or with `smoke` the first."""
    mpmath.mp.dps = 60
    # A little beyond half a step of the reduction by ln 2, which rounds.
    step = (mpmath.log(2) / 2 * mpf("1.002")) ** 2
    for dtype, degree in (("float32", 1), ("float64", 4)):
        p, _, error = remez(
            coth_tail,
            lambda z: z / (2 + z * coth_tail(z)),
            step,
            [FREE] * (degree + 1),
            [mpf(1)],
        )
        show("COTH", dtype, p, error)
        if smoke:
            return
    for dtype, degree in (("float32", 3), ("float64", 9)):
        p, _, error = remez(
            atanh_tail,
            lambda z: z / (2 + z * atanh_tail(z)),
            mpf(1) / 9,
            [FREE] * (degree + 1),
            [mpf(1)],
        )
        show("ATANH", dtype, p, error)
    for dtype, degree in (("float32", 3), ("float64", 7)):
        p, _, error = remez(
            sine_tail,
            lambda z: z / (1 + z * sine_tail(z)),
            mpf("1.576") ** 2,  # beyond pi/2, as the reduction rounds
            [FREE] * (degree + 1),
            [mpf(1)],
        )
        show("SIN", dtype, p, error)
    # Q is used divided by its leading coefficient, which saves a multiplication. Its constant is
    # then chosen a little below a power of two, where numbers are rounded relatively least.
    scale = mpf("0.93") * 2**20
    p, q, error = remez(
        half_angle,
        tanh_weight,
        mpf("9.1") ** 2,
        [mpf(0.5), FREE, FREE],
        [mpf(1), FREE, FREE, 1 / scale],
    )
    show("TANH_P", "float32", [c * scale for c in p], error)
    show("TANH_Q", "float32", [c * scale for c in q], error)

    for dtype in ("float32", "float64"):
        print(f"LN2[{dtype}] = {split(mpmath.log(2), dtype, 2)}")
        print(f"PI[{dtype}] = {split(mpmath.pi, dtype, 3)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--smoke", action="store_true")
    main(parser.parse_args().smoke)
