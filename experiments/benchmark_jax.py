"""JAX as a contender of the benchmarks: population loss, plain and tuned.

Two host devices share the population. The weights stand on the devices before the clock starts.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from benchmark_peers import GATES, Case, Loss, flat_weights

Weights = dict[str, Any]


class Form(NamedTuple):
    """How the loss is written.

    Attributes:
        transposed: h @ U instead of U @ h.
        fused: One product for gates side by side, and the library's sigmoid; otherwise one weight
            array a gate, and a sigmoid made of tanh.
        chunk: Individuals that `lax.map` runs at once; 0: all.
        unroll: Steps of the scan written out.
    """

    transposed: bool = False
    fused: bool = False
    chunk: int = 0
    unroll: int = 1

    def __str__(self) -> str:
        """In words, for a table."""
        words = ["h @ W" if self.transposed else "W @ h"]
        words += ["gates side by side"] if self.fused else []
        words += [f"chunks of {self.chunk}"] if self.chunk else []
        words += [f"unroll {self.unroll}"] if self.unroll > 1 else []
        return ", ".join(words)


TUNED = [
    Form(fused=True),
    *(
        Form(transposed, False, chunk, unroll)
        for transposed in (True, False)
        for chunk, unroll in ((0, 1), (0, 4), (8, 1), (32, 1))
    ),
]


def jax_plain(case: Case) -> dict[str, Loss]:
    """JAX as its manual writes it: vmap of a jitted scan over W x + U h, gates side by side."""
    return _losses(case, [Form(fused=True)])


def jax_best(case: Case) -> dict[str, Loss]:
    """JAX tuned: the fastest of several layouts, chunks and unrollings."""
    return _losses(case, TUNED)


def _losses(case: Case, forms: list[Form]) -> dict[str, Loss]:
    chromosomes, x, y = case.data()
    weights = flat_weights(case, chromosomes)
    return {str(form): _loss(case, weights, x, y, form) for form in forms}


def _loss(case: Case, weights: Weights, x: np.ndarray, y: np.ndarray, form: Form) -> Loss:
    import jax

    run = sharded(individual_loss(case.cell, x, y, form), form.chunk)
    devices = jax.sharding.NamedSharding(_mesh(), jax.sharding.PartitionSpec("device"))
    placed = {}
    for name, a in weights.items():
        turned = a.swapaxes(1, 2) if form.transposed and name.startswith("U") else a
        placed[name] = jax.device_put(np.ascontiguousarray(turned), devices)
    return lambda: np.asarray(run(placed))


def use_two_host_devices() -> None:
    """Make JAX see two devices; to be called before JAX is imported."""
    flag = "--xla_force_host_platform_device_count=2"
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flag}"
    os.environ["JAX_PLATFORMS"] = "cpu"


@functools.cache
def _mesh() -> Any:
    use_two_host_devices()
    import jax

    return jax.make_mesh((2,), ("device",), axis_types=(jax.sharding.AxisType.Auto,))


def sharded(loss: Callable[[Weights], Any], chunk: int) -> Callable[[Weights], Any]:
    """The jitted loss of a population from that of one individual, on both devices."""
    mesh = _mesh()
    import jax

    share = jax.sharding.PartitionSpec("device")
    mapped = functools.partial(jax.lax.map, loss, batch_size=chunk) if chunk else jax.vmap(loss)
    jitted: Callable[[Weights], Any] = jax.jit(
        jax.shard_map(mapped, mesh=mesh, in_specs=(share,), out_specs=share)
    )
    return jitted


def individual_loss(
    cell: str, x: np.ndarray, y: np.ndarray, form: Form
) -> Callable[[Weights], Any]:
    """The mean squared error of one individual, a function of its named weights.

    Args:
        cell: "elman", "lstm" or "gru".
        x: Inputs, axes (sequence, time).
        y: Targets, axes (sequence, time).
        form: How to write it.
    """
    import jax
    import jax.numpy as jnp

    together = {"elman": ("",), "lstm": GATES["lstm"], "gru": ("_z", "_r")}[cell]

    def product(matrix: Any, h: Any) -> Any:
        return h @ matrix if form.transposed else matrix @ h

    def sigmoid(a: Any) -> Any:
        return jax.nn.sigmoid(a) if form.fused else 0.5 * jnp.tanh(0.5 * a) + 0.5

    def gate(w: Weights, g: str, x_t: Any, h: Any) -> Any:
        return w["W" + g] * x_t + product(w["U" + g], h) + w["b" + g]

    def gates(w: Weights, x_t: Any, h: Any) -> list[Any]:
        if form.fused:
            return jnp.split(gate(w, " all", x_t, h), len(together))
        return [gate(w, g, x_t, h) for g in together]

    def step(w: Weights, state: Any, x_t: Any) -> tuple[Any, Any]:
        h = state[0]
        if cell == "elman":
            state = (jnp.tanh(gates(w, x_t, h)[0]),)
        elif cell == "lstm":
            i, f, g, o = gates(w, x_t, h)
            c = sigmoid(f) * state[1] + sigmoid(i) * jnp.tanh(g)
            state = (sigmoid(o) * jnp.tanh(c), c)
        else:
            z, r = (sigmoid(a) for a in gates(w, x_t, h))
            state = ((1 - z) * jnp.tanh(gate(w, "_n", x_t, r * h)) + z * h,)
        return state, w["V"] @ state[0] + w["c"]

    def sequence(w: Weights, x_s: Any, y_s: Any) -> Any:
        zero = jnp.zeros_like(w["V"])
        start = (zero, zero) if cell == "lstm" else (zero,)
        _, outputs = jax.lax.scan(functools.partial(step, w), start, x_s, unroll=form.unroll)
        return jnp.mean((outputs - y_s) ** 2)

    def loss(w: Weights) -> Any:
        if form.fused:
            w = w | {k + " all": jnp.concatenate([w[k + g] for g in together]) for k in "WUb"}
        if len(x) == 1:
            return sequence(w, x[0], y[0])
        return jnp.mean(jax.vmap(sequence, (None, 0, 0))(w, x, y))

    return loss
