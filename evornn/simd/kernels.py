"""The loops around a step: over blocks of lanes, sequences and time, with loss and outputs.

Three kernels, from the same step:

- lanes are networks: each lane has its own weights, all lanes read the same data;
- lanes are sequences: one network, each lane reads its own sequence;
- lanes are units: one network on one sequence, each lane computes a row of every vector.

The first two compute the sum of squared errors of every lane; all write, when asked, the outputs
and the states of every step. The sum is compensated (Kahan), so that float32 loses nothing over
long sequences.
"""

from __future__ import annotations

import re
import textwrap

import numpy as np
from numba import njit

from evornn.flow.graph import Graph
from evornn.simd.emit import emit_step
from evornn.simd.schedule import schedule
from evornn.simd.step import Form, StepSource

HEADER = '''"""Compiled by evornn from the cell {cell}; safe to delete."""
import numpy as np
from numba import njit
from evornn.simd import lanes, math
from evornn.simd.pipeline import KernelCompiler
from evornn.simd.kernels import pack_block, pack_shared

load, store, splat, splat_load = lanes.memory_operations("{dtype}", {lanes})
load1, store1, splat1, _ = lanes.memory_operations("{dtype}", 1)
first_lane = lanes.first_lane
number = np.{dtype}
{functions}

@njit(nogil=True, error_model="numpy", cache={{cache}}, pipeline_class=KernelCompiler)
'''

LANES_ARE_NETWORKS = """
def run(genes, gather, constants, first, last, w, s, dims, xs, ys, scored, begin, length, forced,
        loss, outputs, history, want_outputs, want_history):
{dims}
    zero = splat(number(0.0))
    steps = xs.size // {n_x}
    for block in range(first, last):
        pack_block(genes, gather, constants, block * {lanes}, {lanes}, w)
{setup}
        for group in range(0, length.size, {sequences}):
            longest = 0
            for slot in range(group, group + {sequences}):
                longest = max(longest, length[slot])
{sums}
{start}
            for time in range(longest):
{inputs}
{step}
{score}
{results}
"""

INPUTS_OF_SLOT = """
at{slot} = begin[group + {slot}] + min(time, max(length[group + {slot}], 1) - 1)
for k in range({n_x}):
    store(s, at_x + k * {unit} + {shift}, splat_load(xs, at{slot} * {n_x} + k))
if time >= forced[group + {slot}] and time > 0:
    for k in range({n_y}):
        store(s, at_x + k * {unit} + {shift}, load(s, at_y + k * {unit} + {shift}))
"""

SCORE_OF_SLOT = """
if time < length[group + {slot}]:
    for k in range({n_y}):
        if scored[at{slot} * {n_y} + k]:
            error = sub(load(s, at_y + k * {unit} + {shift}), splat_load(ys, at{slot} * {n_y} + k))
            addend = fma(error, error, neg(lost{slot}))
            raised = add(sum{slot}, addend)
            lost{slot} = sub(sub(raised, sum{slot}), addend)
            sum{slot} = raised
    if want_outputs:
        for k in range({n_y}):
            store(outputs, ((block * steps + at{slot}) * {n_y} + k) * {lanes},
                  load(s, at_y + k * {unit} + {shift}))
    if want_history:
        to = (block * steps + at{slot}) * {state_rows} * {lanes}
{history}
"""

LANES_ARE_SEQUENCES = """
def run(genes, gather, constants, first, last, w, s, dims, xs, ys, scored, begin, length, forced,
        loss, outputs, history, want_outputs, want_history):
{dims}
    zero = splat(number(0.0))
    pack_shared(genes, gather, constants, w)
    for block in range(first, last):
{setup}
{sums}
{start}
        for time in range(length[block]):
            at0 = begin[block] + time
            for k in range({n_x}):
                store(s, at_x + k * {unit}, load(xs, (at0 * {n_x} + k) * {lanes}))
            if time >= forced[block] and time > 0:
                for k in range({n_y}):
                    store(s, at_x + k * {unit}, load(s, at_y + k * {unit}))
{step}
            for k in range({n_y}):
                target = (at0 * {n_y} + k) * {lanes}
                error = sub(load(s, at_y + k * {unit}), load(ys, target))
                addend = fma(error, error, neg(lost0))
                addend = where(load(scored, target), addend, zero)
                raised = add(sum0, addend)
                # Where nothing is scored the compensation must wait for the next scored step.
                lost0 = where(load(scored, target), sub(sub(raised, sum0), addend), lost0)
                sum0 = raised
            if want_outputs:
                for k in range({n_y}):
                    store(outputs, (at0 * {n_y} + k) * {lanes}, load(s, at_y + k * {unit}))
            if want_history:
                to = at0 * {state_rows} * {lanes}
{history}
        store(loss, block * {lanes}, sum0)
"""

LANES_ARE_UNITS = """
def run(genes, gather, constants, first, last, w, s, dims, xs, ys, scored, begin, length, forced,
        loss, outputs, history, want_outputs, want_history):
{dims}
    zero1 = splat1(number(0.0))
    pack_shared(genes, gather, constants, w)
    for block in range(first, last):
{setup}
{start}
        for time in range(length[block]):
            at0 = begin[block] + time
            for k in range({n_x}):
                store1(s, at_x + k, load1(xs, at0 * {n_x} + k))
            if time >= forced[block] and time > 0:
                for k in range({n_y}):
                    store1(s, at_x + k, load1(s, at_y + k))
{step}
            if want_outputs:
                for k in range({n_y}):
                    store1(outputs, at0 * {n_y} + k, load1(s, at_y + k))
            if want_history:
                to = at0 * {state_rows}
{history}
"""

FUNCTIONS = {
    "lanes": [
        "fma",
        "add",
        "sub",
        "mul",
        "div",
        "neg",
        "absolute",
        "square",
        "sqrt",
        "minimum",
        "maximum",
        "relu",
        "less",
        "less_equal",
        "greater",
        "greater_equal",
        "equal",
        "where",
    ],
    "math": ["tanh", "sigmoid", "softplus", "exp", "log", "sin", "cos"],
}


def kernel_source(graph: Graph, form: Form) -> tuple[str, StepSource]:
    """The source of the kernel of a graph, and the step it contains.

    The source has one placeholder, {cache}, for whether Numba keeps the compiled code.
    """
    step = emit_step(graph, form)
    (leaf,) = graph.inputs.values()
    names = {
        "cell": re.sub(r"\W+", "_", graph.name),  # any text may be a stack's name
        "dtype": form.dtype,
        "lanes": form.lanes,
        "sequences": form.sequences,
        "unit": form.unit,
        "n_x": _size_name(step, leaf.axes[0]),
        "n_y": _size_name(step, graph.outputs[0].axes[0]),
        "state_rows": "state_rows",
    }
    functions = "\n".join(
        f"{name} = {module}.{name}" for module, all_ in FUNCTIONS.items() for name in all_
    )
    dims = [f"{name} = dims[{k}]" for k, name in enumerate(step.dims)]
    state_sizes = [
        _size_name(step, slot.declaration.axes[0]) if slot.declaration.axes else "1"
        for slot in graph.states
    ]
    dims.append(f"state_rows = {' + '.join(state_sizes) or '0'}")
    template = LANES_ARE_SEQUENCES if form.shared else LANES_ARE_NETWORKS
    if form.units:
        template = LANES_ARE_UNITS
    one_network = form.shared or form.units
    slots = range(form.sequences)

    def per_slot(text: str, **more: str) -> list[str]:
        return [
            line
            for slot in slots
            for line in text.strip("\n")
            .format(slot=slot, shift=slot * form.lanes, **names, **more)
            .splitlines()
        ]

    history = _history_lines(graph, form, state_sizes)
    body = template.format(
        **names,
        dims=_indent(dims, 1),
        setup=_indent(step.setup, 2),
        start=_indent(step.start, 2 if one_network else 3),
        sums=_indent(
            [f"sum{k} = zero" for k in slots] + [f"lost{k} = zero" for k in slots],
            2 if one_network else 3,
        ),
        step=_indent(step.step, 3 if one_network else 4),
        inputs=_indent(per_slot(INPUTS_OF_SLOT), 4),
        score=_indent(
            [
                line
                for slot in slots
                for line in SCORE_OF_SLOT.strip("\n")
                .format(
                    slot=slot,
                    shift=slot * form.lanes,
                    history=_indent(history[slot], 2),
                    **names,
                )
                .splitlines()
            ],
            4,
        ),
        results=_indent(
            [
                f"store(loss, (block * length.size + group + {k}) * {form.lanes}, sum{k})"
                for k in slots
            ],
            3,
        ),
        history=_indent(history[0], 4) if one_network else "",
    )
    header = HEADER.format(functions=functions, **names)
    return header + body.lstrip("\n"), step


def _size_name(step: StepSource, axis: str) -> str:
    return next(n for n, (kind, what) in step.dims.items() if kind == "size" and what == axis)


def _history_lines(graph: Graph, form: Form, state_sizes: list[str]) -> list[list[str]]:
    """Per slot, the lines that copy every state's rows to the history.

    They stand after the step, where the following value of a swapped state is already `old_`.
    """
    slots = []
    for slot in range(form.sequences):
        lines = []
        for state, size in zip(graph.states, state_sizes, strict=True):
            source = f"old_{state.name} + i * {form.unit} + {slot * form.lanes}"
            one, width = ("1", 1) if form.units else ("", form.lanes)
            lines += [
                f"for i in range({size}):",
                f"    store{one}(history, to + i * {width}, load{one}(s, {source}))",
                f"to += {size} * {width}",
            ]
        slots.append(lines)
    return slots


def _indent(lines: list[str], depth: int) -> str:
    return textwrap.indent("\n".join(lines), "    " * depth)


# Not cached by themselves: they are part of every kernel, and kernels are.
@njit(nogil=True, error_model="numpy")
def pack_block(genes, gather, constants, start, lanes, w):
    """Interleave the weights of `lanes` networks, from row `start` of the population on.

    Rows beyond the population's end repeat its last one; their results are dropped.
    """
    last = genes.shape[0] - 1
    for k in range(gather.size):
        gene = gather[k]
        to = k * lanes
        if gene < 0:
            for lane in range(lanes):
                w[to + lane] = constants[-1 - gene]
        else:
            for lane in range(lanes):
                w[to + lane] = genes[min(start + lane, last), gene]


@njit(nogil=True, error_model="numpy")
def pack_shared(genes, gather, constants, w):
    """Put the weights of the only network in the order in which the kernel reads them."""
    for k in range(gather.size):
        gene = gather[k]
        w[k] = constants[-1 - gene] if gene < 0 else genes[0, gene]


def products_side_by_side(graph: Graph) -> dict[str, int]:
    """For every axis, the most products that one loop over its rows computes together."""
    most: dict[str, int] = {}
    for level in schedule(graph).levels:
        for loop in level.loops:
            most[loop.axis] = max(most.get(loop.axis, 0), len(loop.chains))
    return most


def no_data(dtype: str) -> np.ndarray:
    """A placeholder for outputs or history that are not asked for."""
    return np.zeros(1, dtype=dtype)
