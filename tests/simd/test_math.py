"""The lane functions against NumPy in float64 (for float32) and against mpmath (for float64)."""

import functools

import mpmath
import numpy as np
import pytest
from numba import njit

from evornn.simd.lanes import aligned_empty, default_lanes, memory_operations
from evornn.simd.math import LANE_FUNCTIONS

DTYPES = ("float32", "float64")
NAMES = tuple(LANE_FUNCTIONS)
TINY = {dtype: float(np.finfo(dtype).tiny) for dtype in DTYPES}
# Where a function changes its course: it saturates, overflows, underflows or reduces anew.
BREAKPOINTS = {
    "float32": [9.0109, 9.1, 17.33, 87.34, 87.68, 88.03, 88.376, 88.723, 89.0, 103.98, 0.5**0.5],
    "float64": [19.06, 20.0, 36.74, 708.4, 709.09, 709.78, 710.0, 744.44, 745.14, 0.5**0.5],
}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


IN_FLOAT64 = {name: getattr(np, name, None) for name in NAMES} | {
    "sigmoid": sigmoid,
    "softplus": softplus,
}
IN_MPMATH = {name: getattr(mpmath, name, None) for name in NAMES} | {
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
}


@functools.cache
def kernel(name, dtype, lanes):
    load, store, _, _ = memory_operations(dtype, lanes)
    function = LANE_FUNCTIONS[name].function

    @njit(error_model="numpy")
    def apply(x, out):
        for i in range(0, x.size, lanes):
            store(out, i, function(load(x, i)))

    return apply


def on_lanes(name, x, lanes=None):
    """The lane function of every element of x, in x's precision."""
    dtype = x.dtype.name
    padded = aligned_empty(x.size + -x.size % 64, dtype)
    padded[:] = 1
    padded[: x.size] = x
    out = aligned_empty(padded.size, dtype)
    kernel(name, dtype, lanes or default_lanes(dtype))(padded, out)
    return out[: x.size]


def neighbours(points, dtype, reach):
    """All numbers within `reach` steps of each point and its negative."""
    bits = np.array(points, dtype).view(f"i{np.dtype(dtype).itemsize}")
    near = (bits[:, None] + np.arange(-reach, reach + 1)).ravel().view(dtype)
    return np.concatenate([near, -near])


def breakpoints(dtype):
    log_2 = np.log(2) * np.arange(1, 300) / 2
    pi = np.pi * np.arange(1, 200) / 2
    return np.concatenate([BREAKPOINTS[dtype], log_2, pi])


def check_errors(name, x, got, exact, difference):
    """Prints the largest error and holds it against the table's promise.

    Args:
        name: The function.
        x: Arguments.
        got: Results, in the precision of x.
        exact: Exact results, in float64.
        difference: got - exact, wherever both are finite.
    """
    promise, dtype = LANE_FUNCTIONS[name], x.dtype.name
    rounded = exact.astype(dtype)
    np.testing.assert_array_equal(got[np.isinf(rounded)], rounded[np.isinf(rounded)])
    assert np.all(np.isfinite(got[np.isfinite(rounded)]))
    ulp = np.abs(difference) / np.spacing(np.maximum(np.abs(rounded), TINY[dtype]))
    if not promise.denormal_results:
        denormal = np.abs(exact) < TINY[dtype]
        assert np.all((got[denormal] >= 0) & (got[denormal] <= TINY[dtype]))
        ulp[denormal] = 0
    ulp[np.isinf(rounded)] = 0
    worst = int(np.argmax(ulp))
    print(f"{name:8s} {dtype}: {ulp[worst]:.2f} ulp at {float(x[worst])!r}, mean {ulp.mean():.3f}")
    assert ulp[worst] <= (promise.float32_ulp if dtype == "float32" else promise.float64_ulp)


@pytest.mark.parametrize("name", NAMES)
def test_a_float32_function_keeps_its_promise_over_the_whole_range(name):
    bits = np.arange(0, 2**32, 1021, dtype=np.uint32)
    x = np.concatenate([bits.view("f4"), neighbours(breakpoints("float32"), "float32", 500)])
    x = x[np.isfinite(x) & (np.abs(x) <= LANE_FUNCTIONS[name].float32_reach)]
    x = x[x >= 0] if name == "log" else x
    got = on_lanes(name, x)
    with np.errstate(all="ignore"):
        exact = IN_FLOAT64[name](x.astype("f8"))
        check_errors(name, x, got, exact, got - exact)


@pytest.mark.parametrize("name", NAMES)
def test_a_float64_function_keeps_its_promise(name):
    rng = np.random.default_rng(sum(name.encode()))
    reach, count = LANE_FUNCTIONS[name].float64_reach, 1500
    x = np.concatenate(
        [
            rng.uniform(-1, 1, count) * min(reach, 750),
            rng.uniform(-2, 2, 2 * count),
            rng.normal(size=count) * 10.0 ** rng.uniform(-320, 9, count),
            neighbours(breakpoints("float64"), "float64", 1),
        ]
    )
    x = np.abs(x) if name == "log" else x[np.abs(x) <= reach]
    got = on_lanes(name, x)
    with mpmath.workprec(120):
        true = [IN_MPMATH[name](mpmath.mpf(value)) for value in x.tolist()]
        pairs = zip(got.tolist(), true, strict=True)
        difference = np.array([float(result - value) for result, value in pairs])
    check_errors(name, x, got, np.array([float(value) for value in true]), difference)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_nan_stays_nan(name, dtype):
    x = np.array([np.nan, 1.0, -np.nan, 1.0], dtype)
    np.testing.assert_array_equal(np.isnan(on_lanes(name, x)), np.isnan(x))


INF, NAN = np.inf, np.nan
SPECIAL = {  # results for inf, -inf, 0, -0, 1, told apart down to the sign of zero
    "tanh": (1.0, -1.0, 0.0, -0.0, None),
    "sigmoid": (1.0, 0.0, 0.5, 0.5, None),
    "exp": (INF, 0.0, 1.0, 1.0, None),
    "expm1": (INF, -1.0, 0.0, -0.0, None),
    "log": (INF, NAN, -INF, -INF, 0.0),
    "softplus": (INF, 0.0, None, None, None),
    "sin": (NAN, NAN, 0.0, -0.0, None),
    "cos": (NAN, NAN, 1.0, 1.0, None),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_infinities_and_zeros_give_exact_results(name, dtype):
    got = on_lanes(name, np.array([np.inf, -np.inf, 0.0, -0.0, 1.0], dtype))
    for value, expected in zip(got, SPECIAL[name], strict=True):
        if expected is not None:
            np.testing.assert_equal(float(value), expected)
            assert np.isnan(expected) or np.signbit(value) == np.signbit(expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_logarithm_of_a_negative_number_is_nan(dtype):
    x = -np.array([TINY[dtype] / 4, TINY[dtype], 0.5, 1.0, 3.0, 1e30], dtype)
    assert np.all(np.isnan(on_lanes("log", x)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_tanh_and_sin_are_odd_and_cos_is_even_to_the_bit(dtype, rng):
    x = (rng.normal(size=20000) * 10.0 ** rng.uniform(-40, 6, 20000)).astype(dtype)
    for name, sign in (("tanh", -1), ("sin", -1), ("cos", 1)):
        got, mirrored = on_lanes(name, x), on_lanes(name, -x)
        assert got.tobytes() == (sign * mirrored).astype(dtype).tobytes(), name


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["tanh", "sin", "expm1"])
def test_a_tiny_argument_comes_back_unchanged(name, dtype):
    x = np.array([1e-18, 1e-25, 1e-37, TINY[dtype], TINY[dtype] / 8], dtype)
    step = np.spacing(np.maximum(x, TINY[dtype]))
    assert np.all(np.abs(on_lanes(name, x) - x) <= 2 * step)


@pytest.mark.parametrize("dtype", DTYPES)
def test_tanh_reaches_one_and_never_passes_it(dtype):
    x = np.linspace(5, 30, 300001).astype(dtype)
    got = on_lanes("tanh", x)
    assert np.all(got <= 1)
    assert np.all(got[x >= (9.1 if dtype == "float32" else 19.1)] == 1)
    assert np.all(got[x <= (8.0 if dtype == "float32" else 17.5)] < 1)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["sin", "cos"])
def test_sine_and_cosine_never_leave_the_unit_interval(name, dtype, rng):
    high = 38 if dtype == "float32" else 300
    far = 10.0 ** rng.uniform(0, high, 20000)
    near = neighbours(breakpoints(dtype), dtype, 50)
    x = np.concatenate([far, -far, near]).astype(dtype)
    assert np.all(np.abs(on_lanes(name, x)) <= 1)


@pytest.mark.parametrize(("dtype", "counts"), [("float32", (4, 8, 16)), ("float64", (2, 4, 8))])
@pytest.mark.parametrize("name", NAMES)
def test_the_lane_count_does_not_change_a_bit(name, dtype, counts, rng):
    x = (rng.normal(size=4096) * 10.0 ** rng.uniform(-3, 2, 4096)).astype(dtype)
    first, *others = (on_lanes(name, x, lanes) for lanes in counts)
    for other in others:
        assert first.tobytes() == other.tobytes()
