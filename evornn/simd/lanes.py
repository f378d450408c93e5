"""A SIMD register as a Numba value: the lane type and its primitive operations.

Numba has no vector type, and LLVM's loop vectoriser does not keep accumulators in registers, so
the vector is made explicit: a Numba type whose data model is LLVM's `<count x float>`, and
intrinsics that emit exactly one vector instruction each. Every operation is IEEE arithmetic on
independent lanes, so a lane's result does not depend on its neighbours or on the lane count.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import models
from numba.extending import intrinsic, register_model

ALIGNMENT = 64  # bytes; a vector that straddles a cache line costs two loads


class LaneType(types.Type):
    """The Numba type of one register of `count` lanes of `dtype` ("float32" or "float64")."""

    def __init__(self, dtype: str, count: int) -> None:
        self.dtype = dtype
        self.count = count
        super().__init__(name=f"lanes({dtype} x {count})")


@register_model(LaneType)
class _LaneModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: LaneType) -> None:
        super().__init__(dmm, fe_type, vector_ir(fe_type))


def scalar_ir(lane_type: LaneType) -> ir.Type:
    """LLVM's scalar type of a lane."""
    return ir.FloatType() if lane_type.dtype == "float32" else ir.DoubleType()


def vector_ir(lane_type: LaneType) -> ir.VectorType:
    """LLVM's vector type of a register."""
    return ir.VectorType(scalar_ir(lane_type), lane_type.count)


@functools.cache
def register_bytes() -> int:
    """Width of this machine's widest SIMD register in bytes: 64 (AVX-512), 32 (AVX) or 16."""
    features = llvm.get_host_cpu_features()
    if features.get("avx512f"):
        return 64
    return 32 if features.get("avx") else 16


def default_lanes(dtype: str) -> int:
    """Lanes of `dtype` that fill one register of this machine."""
    return register_bytes() // np.dtype(dtype).itemsize


def fitting_lanes(rows: int, dtype: str) -> int:
    """Lanes of a register for vectors of so many rows: as few as hold one, at least 4."""
    lanes = default_lanes(dtype)
    while lanes > 4 and rows <= lanes // 2:
        lanes //= 2
    return lanes


def aligned_empty(size: int, dtype: str) -> np.ndarray:
    """An uninitialised one-dimensional array whose first element is 64-byte aligned."""
    item = np.dtype(dtype).itemsize
    raw = np.empty(size * item + ALIGNMENT, dtype=np.uint8)
    shift = -raw.ctypes.data % ALIGNMENT
    return raw[shift : shift + size * item].view(dtype)


def aligned_zeros(size: int, dtype: str) -> np.ndarray:
    """A zeroed one-dimensional array whose first element is 64-byte aligned."""
    array = aligned_empty(size, dtype)
    array[:] = 0
    return array


class LaneBuilder:
    """Emits LLVM instructions on registers of one lane type; lane mathematics is written on it.

    Every method takes and returns LLVM values of the register type (`vector`), of the integer
    register of the same width (`integers`), or of the lane mask (`<count x i1>`).
    """

    def __init__(self, builder: ir.IRBuilder, lane_type: LaneType) -> None:
        self.builder = builder
        self.dtype = lane_type.dtype
        self.count = lane_type.count
        self.scalar = scalar_ir(lane_type)
        self.vector = vector_ir(lane_type)
        self.bits = 32 if lane_type.dtype == "float32" else 64
        self.integers = ir.VectorType(ir.IntType(self.bits), lane_type.count)

    def const(self, value: float) -> ir.Constant:
        """A register with `value` in every lane, rounded to the lane's precision."""
        number = float(np.float32(value)) if self.dtype == "float32" else float(value)
        return ir.Constant(self.vector, [ir.Constant(self.scalar, number)] * self.count)

    def const_int(self, value: int) -> ir.Constant:
        """An integer register with `value` in every lane."""
        return ir.Constant(self.integers, [ir.Constant(self.integers.element, value)] * self.count)

    def _call(self, name: str, *operands: ir.Value) -> ir.Value:
        # module.declare_intrinsic does not know vector types: declare by full name and type.
        suffix = f"v{self.count}f{self.bits}"
        kind = ir.FunctionType(self.vector, [self.vector] * len(operands))
        function = cgutils.get_or_insert_function(
            self.builder.module, kind, f"llvm.{name}.{suffix}"
        )
        return self.builder.call(function, operands)

    def fma(self, a: ir.Value, b: ir.Value, c: ir.Value) -> ir.Value:
        """A * b + c, rounded once."""
        return self._call("fma", a, b, c)

    def add(self, a: ir.Value, b: ir.Value) -> ir.Value:
        return self.builder.fadd(a, b)

    def sub(self, a: ir.Value, b: ir.Value) -> ir.Value:
        return self.builder.fsub(a, b)

    def mul(self, a: ir.Value, b: ir.Value) -> ir.Value:
        return self.builder.fmul(a, b)

    def div(self, a: ir.Value, b: ir.Value) -> ir.Value:
        return self.builder.fdiv(a, b)

    def neg(self, a: ir.Value) -> ir.Value:
        return self.builder.fneg(a)

    def abs(self, a: ir.Value) -> ir.Value:
        return self._call("fabs", a)

    def sqrt(self, a: ir.Value) -> ir.Value:
        return self._call("sqrt", a)

    def round_even(self, a: ir.Value) -> ir.Value:
        """The nearest integer, halves to even, as a floating-point register."""
        return self._call("roundeven", a)

    def copysign(self, magnitude: ir.Value, sign: ir.Value) -> ir.Value:
        return self._call("copysign", magnitude, sign)

    def compare(self, op: str, a: ir.Value, b: ir.Value) -> ir.Value:
        """A lane mask; `op` is one of < <= > >= == (false where a lane is NaN) and != (true)."""
        if op == "!=":
            return self.builder.fcmp_unordered(op, a, b)
        return self.builder.fcmp_ordered(op, a, b)

    def is_nan(self, a: ir.Value) -> ir.Value:
        return self.builder.fcmp_unordered("uno", a, a)

    def select(self, mask: ir.Value, a: ir.Value, b: ir.Value) -> ir.Value:
        """A where the mask holds, else b."""
        return self.builder.select(mask, a, b)

    def minimum(self, a: ir.Value, b: ir.Value) -> ir.Value:
        """The smaller lane by lane; NaN if either is NaN (LLVM's minnum would drop it)."""
        smaller = self.select(self.compare("<", b, a), b, a)
        return self.select(self.is_nan(b), b, smaller)

    def maximum(self, a: ir.Value, b: ir.Value) -> ir.Value:
        """The larger lane by lane; NaN if either is NaN."""
        larger = self.select(self.compare(">", b, a), b, a)
        return self.select(self.is_nan(b), b, larger)

    def clamp(self, a: ir.Value, low: float, high: float) -> ir.Value:
        """`a` limited to [low, high] by compare and select, so that NaN stays NaN."""
        a = self.select(self.compare("<", a, self.const(low)), self.const(low), a)
        return self.select(self.compare(">", a, self.const(high)), self.const(high), a)

    def to_bits(self, a: ir.Value) -> ir.Value:
        """The lanes' bit patterns as integers."""
        return self.builder.bitcast(a, self.integers)

    def from_bits(self, a: ir.Value) -> ir.Value:
        return self.builder.bitcast(a, self.vector)

    def to_int(self, a: ir.Value) -> ir.Value:
        """Truncate to integers; lanes must be finite and in range, else the value is poison."""
        return self.builder.fptosi(a, self.integers)

    def polynomial(self, x: ir.Value, coefficients: list[float]) -> ir.Value:
        """Horner's rule with fma; coefficients from the constant term up."""
        result = self.const(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            result = self.fma(result, x, self.const(coefficient))
        return result


def _element_pointer(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [index])


@functools.cache
def load_anywhere(dtype: str, count: int) -> Callable:
    """`load(array, i)` of `count` lanes where i is no multiple of them."""
    lane_type = LaneType(dtype, count)

    @intrinsic
    def load(typingctx, array, index):
        def codegen(context, builder, signature, args):
            pointer = _element_pointer(context, builder, array, args[0], args[1])
            pointer = builder.bitcast(pointer, vector_ir(lane_type).as_pointer())
            return builder.load(pointer, align=np.dtype(dtype).itemsize)

        return lane_type(array, types.intp), codegen

    return load


@functools.cache
def memory_operations(dtype: str, count: int) -> tuple[Callable, Callable, Callable, Callable]:
    """`load`, `store`, `splat` and `splat_load` for registers of `count` lanes of `dtype`.

    load(array, i): the register at array[i : i + count]; i a multiple of count, array aligned.
    store(array, i, register): its opposite.
    splat(number): the number in every lane.
    splat_load(array, i): array[i] in every lane.
    """
    lane_type = LaneType(dtype, count)
    item = np.dtype(dtype).itemsize
    align = min(ALIGNMENT, item * count)

    @intrinsic
    def load(typingctx, array, index):
        def codegen(context, builder, signature, args):
            pointer = _element_pointer(context, builder, array, args[0], args[1])
            pointer = builder.bitcast(pointer, vector_ir(lane_type).as_pointer())
            return builder.load(pointer, align=align)

        return lane_type(array, types.intp), codegen

    @intrinsic
    def store(typingctx, array, index, register):
        def codegen(context, builder, signature, args):
            pointer = _element_pointer(context, builder, array, args[0], args[1])
            pointer = builder.bitcast(pointer, vector_ir(lane_type).as_pointer())
            builder.store(args[2], pointer, align=align)
            return context.get_dummy_value()

        return types.void(array, types.intp, lane_type), codegen

    def spread(builder: Any, value: Any) -> Any:
        vector = vector_ir(lane_type)
        first = builder.insert_element(
            ir.Constant(vector, ir.Undefined), value, ir.Constant(ir.IntType(32), 0)
        )
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), count), [0] * count)
        return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), zeros)

    @intrinsic
    def splat(typingctx, number):
        scalar = types.float32 if dtype == "float32" else types.float64

        def codegen(context, builder, signature, args):
            return spread(builder, args[0])

        return lane_type(scalar), codegen

    @intrinsic
    def splat_load(typingctx, array, index):
        def codegen(context, builder, signature, args):
            pointer = _element_pointer(context, builder, array, args[0], args[1])
            return spread(builder, builder.load(pointer))

        return lane_type(array, types.intp), codegen

    return load, store, splat, splat_load


@intrinsic
def first_lane(typingctx, register):
    """The number in a register's first lane."""
    if not isinstance(register, LaneType):
        return None
    scalar = types.float32 if register.dtype == "float32" else types.float64

    def codegen(context, builder, signature, args):
        return builder.extract_element(args[0], ir.Constant(ir.IntType(32), 0))

    return scalar(register), codegen


def lane_function(arity: int, emit: Callable[..., ir.Value]) -> Callable:
    """An intrinsic of `arity` registers from `emit(lane_builder, *registers)`."""

    def typed(*registers: Any) -> Any:
        first = registers[0]
        if not isinstance(first, LaneType) or any(r != first for r in registers):
            return None

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return emit(LaneBuilder(builder, first), *args)

        return first(*registers), codegen

    # Numba reads the number of arguments off the signature, so each arity has its own line.
    if arity == 1:
        return intrinsic(lambda typingctx, a: typed(a))
    if arity == 2:
        return intrinsic(lambda typingctx, a, b: typed(a, b))
    return intrinsic(lambda typingctx, a, b, c: typed(a, b, c))


def _comparison(op: str) -> Callable:
    def emit(b: LaneBuilder, x: ir.Value, y: ir.Value) -> ir.Value:
        return b.select(b.compare(op, x, y), b.const(1.0), b.const(0.0))

    return lane_function(2, emit)


fma = lane_function(3, lambda b, x, y, z: b.fma(x, y, z))
add = lane_function(2, lambda b, x, y: b.add(x, y))
sub = lane_function(2, lambda b, x, y: b.sub(x, y))
mul = lane_function(2, lambda b, x, y: b.mul(x, y))
div = lane_function(2, lambda b, x, y: b.div(x, y))
neg = lane_function(1, lambda b, x: b.neg(x))
absolute = lane_function(1, lambda b, x: b.abs(x))
square = lane_function(1, lambda b, x: b.mul(x, x))
sqrt = lane_function(1, lambda b, x: b.sqrt(x))
minimum = lane_function(2, lambda b, x, y: b.minimum(x, y))
maximum = lane_function(2, lambda b, x, y: b.maximum(x, y))
relu = lane_function(1, lambda b, x: b.select(b.compare("<", x, b.const(0.0)), b.const(0.0), x))
less = _comparison("<")
less_equal = _comparison("<=")
greater = _comparison(">")
greater_equal = _comparison(">=")
equal = _comparison("==")
where = lane_function(3, lambda b, c, x, y: b.select(b.compare("!=", c, b.const(0.0)), x, y))
