"""The source around a taped step: forwards through frames, and backwards with sums of products."""

from __future__ import annotations

import re
import textwrap

from evornn.flow.graph import Graph
from evornn.simd.accumulate_source import accumulate_source, indent
from evornn.simd.emit_tape import emit_backward, emit_forward
from evornn.simd.frames import Frames, Place
from evornn.simd.kernels import FUNCTIONS
from evornn.simd.step import Form, StepSource
from evornn.simd.tape import Tape

CHUNK = 16  # steps whose products are added up together: their records stay in the first caches

HEADER = '''"""Compiled by evornn from the cell {cell}; safe to delete."""
import numpy as np
from numba import njit
from evornn.simd import lanes, math
from evornn.simd.pipeline import KernelCompiler
from evornn.simd.kernels import pack_block, pack_shared

load, store, splat, splat_load = lanes.memory_operations("{dtype}", {lanes})
load1, store1, splat1, splat_load1 = lanes.memory_operations("{dtype}", 1)
first_lane = lanes.first_lane
number = np.{dtype}
{functions}
'''

DECORATOR = '@njit(nogil=True, error_model="numpy", cache={cache}, pipeline_class=KernelCompiler)'

FORWARD = """
{decorator}
def run(genes, first_network, gather, constants, w, f, s, dims, xs, ys, marks, begin, length,
        first, slot, steps, fresh_weights, fresh_states):
{dims}
    zero1 = splat1(number(0.0))
    zero = splat(number(0.0))
    if fresh_weights:
        {pack}
{setup}
    if fresh_states:
        before = (slot - 1) * frame_size
{start}
    for time in range(steps):
        frame = (slot + time) * frame_size
        before = frame - frame_size
{inputs}
{step}
"""

FORWARD_INPUTS_OF_NETWORKS = """
now = first + time
row = begin[{slot}] + min(now, max(length[{slot}], 1) - 1)
for k in range({n_x}):
    store(f, frame + off_{x} + k * {unit} + {shift}, splat_load(xs, row * {n_x} + k))
for k in range({n_y}):
    store(f, frame + off_target + k * {unit} + {shift}, splat_load(ys, row * {n_y} + k))
    mark = splat_load(marks, row * {n_y} + k) if now < length[{slot}] else zero
    store(f, frame + off_scored + k * {unit} + {shift}, mark)
"""

FORWARD_INPUTS_OF_SEQUENCES = """
row = begin[0] + first + time
for k in range({n_x}):
    store(f, frame + off_{x} + k * {unit}, load(xs, (row * {n_x} + k) * {unit}))
for k in range({n_y}):
    store(f, frame + off_target + k * {unit}, load(ys, (row * {n_y} + k) * {unit}))
    store(f, frame + off_scored + k * {unit}, load(marks, (row * {n_y} + k) * {unit}))
"""

FORWARD_INPUTS_OF_UNITS = """
row = begin[0] + first + time
for k in range({n_x}):
    store1(f, frame + off_{x} + k, load1(xs, row * {n_x} + k))
for k in range({n_y}):
    store1(f, frame + off_target + k, load1(ys, row * {n_y} + k))
    store1(f, frame + off_scored + k, load1(marks, row * {n_y} + k))
"""

BACKWARD = """
{accumulate}

{decorator}
def run(genes, first_network, gather, constants, w, f, s, dims, records, sums, slot, steps, seeded,
        fresh_weights, fresh_carry):
{dims}
    zero1 = splat1(number(0.0))
    zero = splat(number(0.0))
    one = splat(number(1.0))
    if fresh_weights:
        {pack}
{setup}
    if fresh_carry:
{clear}
    for chunk in range(0, steps, {chunk}):
        count = min({chunk}, steps - chunk)
        for time in range(chunk, chunk + count):
            frame = (slot - time) * frame_size
            before = frame - frame_size
            record = records + (time - chunk) * record_size
{seed}
{step}
        frame = (slot - chunk) * frame_size
        before = frame - frame_size
{products}
{settle}
"""


def forward_source(frames: Frames, form: Form, input_name: str) -> tuple[str, StepSource]:
    """The source of the run forwards, and its step."""
    step = emit_forward(frames, form)
    names = _names(frames.forward, form, step, input_name)
    if form.units:
        inputs = FORWARD_INPUTS_OF_UNITS.format(**names)
    elif form.shared:
        inputs = FORWARD_INPUTS_OF_SEQUENCES.format(**names)
    else:
        inputs = "".join(
            FORWARD_INPUTS_OF_NETWORKS.format(slot=k, shift=k * form.lanes, **names)
            for k in range(form.sequences)
        )
    body = FORWARD.format(
        decorator=DECORATOR,
        dims=dims(step),
        pack=_pack(form),
        setup=indent(step.setup, 1),
        start=indent(step.start or ["pass"], 2),
        inputs=textwrap.indent(inputs.strip("\n"), " " * 8),
        step=indent(step.step, 2),
    )
    return header(frames.forward, form) + body, step


def backward_source(tape: Tape, form: Form) -> tuple[str, StepSource]:
    """The source of the run backwards, and its step."""
    step = emit_backward(tape, form)
    clear: list[str] = []
    for slot in tape.backward.states:
        if slot.name.startswith("bar_"):
            rows, scale = _rows(step, form, slot.leaf.axes)
            clear += [
                f"for k in range({rows}):",
                f"    store(s, at_{slot.name}_a + k * {scale}, zero)",
            ]
    settle = settled(tape.backward, form, step)
    seed = [
        f"store{'1' if form.units else ''}(s, at_bar_loss + {k * form.lanes}, "
        + (
            "splat1(number(1.0)) if time < seeded else zero1)"
            if form.units
            else "one if time < seeded else zero)"
        )
        for k in range(form.sequences)
    ]
    products = _products(tape, form, step)
    body = BACKWARD.format(
        accumulate=accumulate_source(form),
        decorator=DECORATOR,
        dims=dims(step),
        pack=_pack(form),
        setup=indent(step.setup, 1),
        clear=indent(clear or ["pass"], 2),
        chunk=CHUNK,
        seed=indent(seed, 3),
        step=indent(step.step, 3),
        products=indent(products or ["pass"], 2),
        settle=indent(settle, 1),
    )
    return header(tape.frames.forward, form) + body, step


def settled(graph: Graph, form: Form, step: StepSource) -> list[str]:
    """Lines that leave every state that alternates between two buffers in the first of them."""
    lines: list[str] = []
    for slot in graph.states:
        if slot.name in step.swapped:
            rows, scale = _rows(step, form, slot.leaf.axes)
            lines += [
                f"if old_{slot.name} != at_{slot.name}_a:",
                f"    for k in range({rows}):",
                f"        store(s, at_{slot.name}_a + k * {scale}, "
                f"load(s, at_{slot.name}_b + k * {scale}))",
            ]
    return lines


def _rows(step: StepSource, form: Form, axes: tuple[str, ...]) -> tuple[str, int]:
    """The registers of a vector as a range, and the numbers from one to the next."""
    size = size_name(step, axes[0] if axes else "")
    if form.units:
        return f"0, {size}, {form.lanes}", 1
    return f"{size} * {form.sequences}", form.lanes


def _products(tape: Tape, form: Form, step: StepSource) -> list[str]:
    """Calls that add up each product over the chunk."""
    lines = []
    for number, product in enumerate(tape.products):
        left, step_left = _factor(product.left)
        rows = size_name(step, product.left.axis)
        columns = size_name(step, product.right[0].axis)
        name = "accumulate"
        if len(product.right) > 1:
            name = "accumulate_pairs"
        lines.append(f"# {product.parameter}")
        if len(product.right) == 1:
            right, step_right = _factor(product.right[0])
            if form.one_frame and right.startswith("f, "):
                name = "accumulate_frame"
            one = f"{left}, {step_left}, {rows}"
            other = f"{right}, {step_right}, {columns}"
            if form.units:  # the factor that fills more registers is spread over lanes
                names = "a, at_a, step_a, n_a, b, at_b, step_b, n_b"
                across = f"{registers(columns, form)} * {rows}"
                lines += [
                    f"if {across} < {registers(rows, form)} * {columns}:",
                    f"    {names} = {other}, {one}",
                    "else:",
                    f"    {names} = {one}, {other}",
                    f"accumulate(s, sums[{number}], {names}, count)",
                ]
            else:
                lines.append(f"{name}(s, sums[{number}], {one}, {other}, count)")
        else:
            (u, step_u), (v, step_v) = (_factor(place) for place in product.right)
            more = size_name(step, product.right[1].axis)
            lines.append(
                f"accumulate_pairs(s, sums[{number}], {left}, {step_left}, {rows}, {u}, {step_u}, "
                f"{columns}, {v}, {step_v}, {more}, count)"
            )
    return lines


def registers(size: str, form: Form) -> str:
    """How many registers a vector fills whose rows are lanes."""
    return f"(({size} + {form.lanes - 1}) // {form.lanes})"


def _factor(place: Place) -> tuple[str, str]:
    """Where a factor of the chunk's first step stands, and how far the next step's is."""
    if place.where == "record":
        return f"s, records + off_{place.name}", "record_size"
    return f"f, {'frame' if place.where == 'frame' else 'before'} + off_{place.name}", "-frame_size"


def header(graph: Graph, form: Form) -> str:
    """What every kernel's source begins with."""
    functions = "\n".join(
        f"{name} = {module}.{name}" for module, all_ in FUNCTIONS.items() for name in all_
    )
    return HEADER.format(
        cell=re.sub(r"\W+", "_", graph.name),
        dtype=form.dtype,
        lanes=form.lanes,
        functions=functions,
    )


def _names(graph: Graph, form: Form, step: StepSource, input_name: str) -> dict[str, object]:
    return {
        "x": input_name,
        "n_x": size_name(step, graph.inputs[input_name].axes[0]),
        "n_y": size_name(step, graph.inputs["target"].axes[0]),
        "unit": form.unit,
    }


def size_name(step: StepSource, axis: str) -> str:
    """The variable that holds an axis' size."""
    if not axis:
        return "1"
    return next(n for n, (kind, what) in step.dims.items() if kind == "size" and what == axis)


def dims(step: StepSource) -> str:
    """Lines that take the run-time integers from their array."""
    step.dims["frame_size"] = ("total", "frame_size")
    step.dims["record_size"] = ("total", "record_size")
    return indent([f"{name} = dims[{k}]" for k, name in enumerate(step.dims)], 1)


def _pack(form: Form) -> str:
    if form.width == 1:
        return "pack_shared(genes, gather, constants, w)"
    return f"pack_block(genes, gather, constants, first_network, {form.lanes}, w)"
