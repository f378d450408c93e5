"""Registers of eight float64 for the units of one reservoir: one unit a lane.

A reservoir's vectors are padded with zeros to a multiple of eight, so that a loop over registers
needs no rest. Eight lanes are one AVX-512 register, or two registers of AVX; LLVM splits them. The
arithmetic in a lane, and so a reservoir's states, are the same either way.
"""

# Numba types jitted functions at their first call; mypy takes an intrinsic for its Python body.
# mypy: allow-untyped-defs, no-warn-unreachable
# mypy: disable-error-code="call-arg,var-annotated,arg-type"

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from evornn.simd.lanes import LaneType, aligned_zeros, vector_ir

LANES = 8
_REGISTER = LaneType("float64", LANES)


def padded_size(size: int) -> int:
    """The next multiple of the number of lanes."""
    return -(-size // LANES) * LANES


def padded(values: Any, size: int) -> np.ndarray:
    """A float64 vector of `size` entries, or one number for all, with zeros up to a full register.

    Args:
        values: Axes (unit), or a number.
        size: Number of units.
    """
    vector = aligned_zeros(padded_size(size), "float64")
    vector[:size] = values
    return vector


def aligned(values: np.ndarray) -> np.ndarray:
    """A float64 vector at the start of a cache line, where registers load it fastest."""
    vector = aligned_zeros(values.size, "float64")
    vector[:] = values
    return vector


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [index])


# evornn.simd's loads demand aligned arrays, which an array out of a pickle is not. On aligned data
# an unaligned load costs the same, so these are safe everywhere and fast where it matters.
@intrinsic
def load(typingctx, array, index):
    """The register at array[index : index + 8], of any alignment."""

    def codegen(context, builder, signature, args):
        pointer = _pointer(context, builder, array, args[0], args[1])
        return builder.load(builder.bitcast(pointer, vector_ir(_REGISTER).as_pointer()), align=8)

    return _REGISTER(array, types.intp), codegen


@intrinsic
def store(typingctx, array, index, register):
    """Write a register to array[index : index + 8]."""

    def codegen(context, builder, signature, args):
        pointer = _pointer(context, builder, array, args[0], args[1])
        builder.store(args[2], builder.bitcast(pointer, vector_ir(_REGISTER).as_pointer()), align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, _REGISTER), codegen


@intrinsic
def splat(typingctx, number):
    """A number in all lanes."""

    def codegen(context, builder, signature, args):
        vector = vector_ir(_REGISTER)
        undefined = ir.Constant(vector, ir.Undefined)
        first = builder.insert_element(undefined, args[0], ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        return builder.shuffle_vector(first, undefined, zeros)

    return _REGISTER(types.float64), codegen


@intrinsic
def fused(typingctx, a, b, c):
    """A b + c of numbers, rounded once: what `fma` computes in a lane."""

    def codegen(context, builder, signature, args):
        kind = ir.FunctionType(ir.DoubleType(), [ir.DoubleType()] * 3)
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.fma.f64")
        return builder.call(function, args)

    return types.float64(types.float64, types.float64, types.float64), codegen


@intrinsic
def store_across(typingctx, array, index, stride, registers, first):
    """Write the eight registers at registers[first:] so that each lane has a place of its own.

    Lane l of register k goes to array[index + l * stride + k].
    """

    def codegen(context, builder, signature, args):
        kind = vector_ir(_REGISTER)
        place = ir.IntType(32)
        rows = []
        for k in range(LANES):
            at = builder.add(args[4], ir.Constant(args[4].type, k * LANES))
            pointer = _pointer(context, builder, signature.args[3], args[3], at)
            rows.append(builder.load(builder.bitcast(pointer, kind.as_pointer()), align=8))
        # Transposed by halves: blocks off the diagonal change places, of 1, 2 and 4 entries.
        for half in (1, 2, 4):
            low = [lane if not lane & half else LANES + lane - half for lane in range(LANES)]
            high = [lane + half if not lane & half else LANES + lane for lane in range(LANES)]
            for k in range(LANES):
                if not k & half:
                    a, b = rows[k], rows[k + half]
                    rows[k], rows[k + half] = (
                        builder.shuffle_vector(
                            a, b, ir.Constant(ir.VectorType(place, LANES), chosen)
                        )
                        for chosen in (low, high)
                    )
        at = args[1]
        for row in rows:
            pointer = _pointer(context, builder, signature.args[0], args[0], at)
            builder.store(row, builder.bitcast(pointer, kind.as_pointer()), align=8)
            at = builder.add(at, args[2])
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, registers, types.intp), codegen
