"""Registers of eight numbers: eight neurons, or eight synapses of a neuron, at once.

Rows are padded to a multiple of eight, so that a loop over registers needs no rest. Eight float64
are one AVX-512 register or two of AVX, eight float32 one of AVX; LLVM splits what is too wide. Each
lane computes for itself, so a neuron's numbers are the same wherever it stands.
"""

# Numba types jitted functions at their first call; mypy takes an intrinsic for its Python body.
# mypy: allow-untyped-defs

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit
from numba.core import types
from numba.extending import intrinsic

from evornn.simd.lanes import LaneBuilder, LaneType, aligned_empty, vector_ir

LANES = 8


def inner(function: Callable[..., Any]) -> Any:
    """Compile a function that only compiled ones call.

    There is no way in from Python, which takes long to compile, and nothing is kept on disk, where
    the caller's machine code holds this one's.
    """
    options: dict[str, Any] = {"no_cpython_wrapper": True}
    return njit(nogil=True, error_model="numpy", **options)(function)


def padded_size(size: Any) -> Any:
    """The next multiple of the number of lanes; also of each of an array of sizes."""
    return -(-size // LANES) * LANES


def padded(values: np.ndarray, fill: float = 0.0) -> np.ndarray:
    """The same numbers from a cache line's start on, the last axis filled up to whole registers."""
    values = np.asarray(values)
    shape = (*values.shape[:-1], padded_size(values.shape[-1]))
    wide = aligned_empty(int(np.prod(shape)), values.dtype.str).reshape(shape)
    wide[..., : values.shape[-1]] = values
    wide[..., values.shape[-1] :] = fill
    return wide


def aligned_copy(values: np.ndarray) -> np.ndarray:
    """A copy from a cache line's start on."""
    copy = aligned_empty(values.size, values.dtype.str).reshape(values.shape)
    copy[...] = values
    return copy


def _register(array: Any) -> LaneType:
    return LaneType(str(array.dtype), LANES)


def _bytes(register: LaneType) -> int:
    # Of a number: arrays begin where a cache line does, which is fast, but nothing relies on it.
    return np.dtype(register.dtype).itemsize


def _pointer(context: Any, builder: Any, kind: Any, array: Any, index: Any, vector: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), vector.as_pointer())


@intrinsic
def load(typingctx, array, index):
    """The register at array[index : index + 8]."""
    register = _register(array)

    def codegen(context, builder, signature, args):
        vector = vector_ir(register)
        pointer = _pointer(context, builder, array, args[0], args[1], vector)
        return builder.load(pointer, align=_bytes(register))

    return register(array, types.intp), codegen


@intrinsic
def store(typingctx, array, index, register):
    """Write a register to array[index : index + 8]."""

    def codegen(context, builder, signature, args):
        vector = vector_ir(register)
        pointer = _pointer(context, builder, array, args[0], args[1], vector)
        builder.store(args[2], pointer, align=_bytes(register))
        return context.get_dummy_value()

    return types.void(array, types.intp, register), codegen


def _spread(builder: Any, value: Any, vector: Any) -> Any:
    undefined = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(undefined, value, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(first, undefined, zeros)


@intrinsic
def splat(typingctx, array, number):
    """A number in all lanes of a register of the array's kind."""
    register = _register(array)

    def codegen(context, builder, signature, args):
        return _spread(builder, args[1], vector_ir(register))

    return register(array, array.dtype), codegen


@intrinsic
def at_least(typingctx, steps, index, step, register):
    """1 in each lane where steps[index + lane] >= step, else 0; a register like the last one."""

    def codegen(context, builder, signature, args):
        b = LaneBuilder(builder, register)
        whole = ir.VectorType(ir.IntType(64), LANES)
        found = builder.load(_pointer(context, builder, steps, args[0], args[1], whole), align=8)
        mask = builder.icmp_signed(">=", found, _spread(builder, args[2], whole))
        return b.select(mask, b.const(1.0), b.const(0.0))

    return register(steps, types.intp, types.int64, register), codegen


@intrinsic
def bits(typingctx, register):
    """A number whose bit k says whether lane k is not 0."""

    def codegen(context, builder, signature, args):
        b = LaneBuilder(builder, register)
        mask = b.compare("!=", args[0], b.const(0.0))
        return builder.bitcast(mask, ir.IntType(LANES))

    return types.uint8(register), codegen


@intrinsic
def lowest(typingctx, word):
    """The place of the lowest bit of a word that is 1, from 0; the word must not be 0."""

    def codegen(context, builder, signature, args):
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), codegen
