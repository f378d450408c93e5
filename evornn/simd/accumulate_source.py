"""The source that adds up outer products over several steps, in registers."""

from __future__ import annotations

import textwrap

from evornn.simd.step import Form

# Callees are compiled into `run`, which is what the cache keeps.
INNER = '@njit(nogil=True, error_model="numpy", pipeline_class=KernelCompiler)'

# Rows and columns four at a time: eight loads serve sixteen fused multiply-adds.
ACCUMULATE = """
{decorator}
def accumulate(g, at_g, a, at_a, step_a, n_a, b, at_b, step_b, n_b, steps):
    for i in range(0, n_a, 4):
        for j in range(0, n_b - 3, 4):
            to = at_g + (i * n_b + j * 4) * {lanes}
{load_16}
            for t in range(steps):
                left = at_a + t * step_a + i * {unit}
                right = at_b + t * step_b + j * {unit_b}
{fma_16}
{store_16}
        for j in range(n_b // 4 * 4, n_b):
            to = at_g + (i * n_b + j * 4) * {lanes}
{load_4}
            for t in range(steps):
                left = at_a + t * step_a + i * {unit}
                right = at_b + t * step_b + j * {unit_b}
{fma_4}
{store_4}
"""

ACCUMULATE_UNITS = """
{decorator}
def accumulate(g, at_g, a, at_a, step_a, n_a, b, at_b, step_b, n_b, steps):
    rows = (n_a + {lanes} - 1) // {lanes} * {lanes}
    for i in range(0, rows, {lanes}):
        for j in range(0, n_b - 7, 8):
{load_16}
            for t in range(steps):
                left = load(a, at_a + t * step_a + i)
                right = at_b + t * step_b + j
{fma_16}
{store_16}
        for j in range(n_b // 8 * 8, n_b):
{load_4}
            for t in range(steps):
                left = load(a, at_a + t * step_a + i)
                right = at_b + t * step_b + j
{fma_4}
{store_4}
"""

PAIRS = """
{decorator}
def accumulate_pairs(g, at_g, a, at_a, step_a, n_a, b, at_b, step_b, n_b, c, at_c, step_c, n_c,
                     steps):
{frames}
    for i in range(n_a):
        for j in range(n_b):
            for l in range(n_c):
                to = at_g + ((i * n_b + j) * n_c + l) * {lanes}
                total = load(g, to)
                for t in range(steps):
                    left = at_a + t * step_a
                    right = at_b + t * step_b
                    third = at_c + t * step_c
{pair}
                store(g, to, total)
"""

PAIRS_OF_UNITS = """
{decorator}
def accumulate_pairs(g, at_g, a, at_a, step_a, n_a, b, at_b, step_b, n_b, c, at_c, step_c, n_c,
                     steps):
    rows = (n_a + {lanes} - 1) // {lanes} * {lanes}
    for i in range(0, rows, {lanes}):
        for j in range(n_b):
            for l in range(n_c):
                to = at_g + (j * n_c + l) * rows + i
                total = load(g, to)
                for t in range(steps):
                    uv = mul(splat_load(b, at_b + t * step_b + j),
                             splat_load(c, at_c + t * step_c + l))
                    total = fma(load(a, at_a + t * step_a + i), uv, total)
                store(g, to, total)
"""


def accumulate_source(form: Form) -> str:
    """The functions that add outer products over steps."""
    if form.units:
        return _accumulate_units(form) + PAIRS_OF_UNITS.format(decorator=INNER, lanes=form.lanes)
    text = _accumulate_lanes(form, "accumulate", form.unit, "load")
    if form.one_frame:
        text += _accumulate_lanes(form, "accumulate_frame", 1, "splat_load")
    slots = [k * form.lanes for k in range(form.sequences)]
    pair = []
    for k in slots:
        in_frame = f"splat_load(b, right + j) if frame_b else load(b, right + j * {form.unit})"
        u = in_frame if form.one_frame else f"load(b, right + j * {form.unit} + {k})"
        in_frame = f"splat_load(c, third + l) if frame_c else load(c, third + l * {form.unit})"
        v = in_frame if form.one_frame else f"load(c, third + l * {form.unit} + {k})"
        pair += [
            f"uv = mul({u}, {v})",
            f"total = fma(load(a, left + i * {form.unit} + {k}), uv, total)",
        ]
    frames = ["frame_b = step_b < 0", "frame_c = step_c < 0"] if form.one_frame else ["pass"]
    return text + PAIRS.format(
        decorator=INNER,
        lanes=form.lanes,
        frames=indent(frames, 1),
        pair=indent(pair, 5),
    )


def _accumulate_lanes(form: Form, name: str, unit_b: int, load_b: str) -> str:
    slots = [k * form.lanes for k in range(form.sequences)]

    def block(columns: int) -> dict[str, str]:
        cells = [(i, j) for j in range(columns) for i in range(4)]
        fma = []
        for k in slots:
            fma += [f"a{i} = load(a, left + {i * form.unit + k})" for i in range(4)]
            for j in range(columns):
                fma.append(f"b0 = {load_b}(b, right + {j * unit_b + (k if unit_b > 1 else 0)})")
                fma += [f"c{i}_{j} = fma(a{i}, b0, c{i}_{j})" for i in range(4)]
        size = 16 if columns == 4 else 4
        place = "to + {}"
        return {
            f"load_{size}": indent(
                [f"c{i}_{j} = load(g, {place.format((j * 4 + i) * form.lanes)})" for i, j in cells],
                3,
            ),
            f"fma_{size}": indent(fma, 4),
            f"store_{size}": indent(
                [f"store(g, {place.format((j * 4 + i) * form.lanes)}, c{i}_{j})" for i, j in cells],
                3,
            ),
        }

    text = ACCUMULATE.format(
        decorator=INNER,
        lanes=form.lanes,
        unit=form.unit,
        unit_b=unit_b,
        **block(4),
        **block(1),
    )
    return text.replace("def accumulate(", f"def {name}(")


def _accumulate_units(form: Form) -> str:
    def block(columns: int) -> dict[str, str]:
        size = 16 if columns == 8 else 4
        at = "at_g + (j + {}) * rows + i"
        return {
            f"load_{size}": indent([f"c{j} = load(g, {at.format(j)})" for j in range(columns)], 3),
            f"fma_{size}": indent(
                [f"c{j} = fma(left, splat_load(b, right + {j}), c{j})" for j in range(columns)], 4
            ),
            f"store_{size}": indent([f"store(g, {at.format(j)}, c{j})" for j in range(columns)], 3),
        }

    return ACCUMULATE_UNITS.format(decorator=INNER, lanes=form.lanes, **block(8), **block(1))


def indent(lines: list[str], depth: int) -> str:
    """Lines of source, so many levels deep."""
    return textwrap.indent("\n".join(lines), "    " * depth)
