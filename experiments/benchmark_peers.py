"""The contenders of the benchmarks: one function each, all computing the same population loss.

Every function takes a case, the chromosomes (individual, gene), inputs and targets (sequence, time)
and returns the forms it can be run in, by name: functions without arguments that return the mean
squared error of every individual. The weights stand wherever the library wants them before the
clock starts. The libraries are imported here inside functions only, since each contender has its
own process.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Loss = Callable[[], np.ndarray]
GATES = {"elman": ("",), "lstm": ("_i", "_f", "_g", "_o"), "gru": ("_z", "_r", "_n")}
ALONE = 2  # networks that "one at a time" times; the rest is scaled


@dataclass(frozen=True)
class Case:
    """What is computed: cell, units, individuals, sequences of so many steps."""

    cell: str
    hidden: int
    population: int = 256
    sequences: int = 1
    time: int = 1000

    @property
    def network_steps(self) -> int:
        """Time steps of networks in one evaluation."""
        return self.population * self.sequences * self.time

    def network(self) -> Any:
        """The evornn network, one input and one output."""
        from evornn import cells
        from evornn.network import Network

        return Network(getattr(cells, self.cell), inputs=1, outputs=1, hidden=self.hidden)

    def data(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Chromosomes (individual, gene), inputs and targets (sequence, time), float32."""
        rng = np.random.default_rng(np.random.SeedSequence([1, self.hidden, self.sequences]))
        chromosomes = self.network().initial(rng, self.population)
        x = rng.standard_normal((self.sequences, self.time + 1)).astype(np.float32)
        return chromosomes, x[:, 1:].copy(), x[:, :-1].copy()


def evornn(case: Case, chromosomes: np.ndarray, x: np.ndarray, y: np.ndarray) -> dict[str, Loss]:
    """This package: packing the chromosomes is inside the clock."""
    from evornn.population import Evaluator, Workers

    inputs, targets = [list(a[:, :, None]) for a in (x, y)]
    evaluator = Evaluator(case.network(), inputs, targets, workers=Workers(2))
    return {"": lambda: evaluator.mse(chromosomes)}


def jax_plain(case: Case, chromosomes: np.ndarray, x: np.ndarray, y: np.ndarray) -> dict[str, Loss]:
    """JAX as its manual writes it: vmap of a jitted scan over W @ x + U @ h, gates side by side."""
    return {"": _jax_loss(case, chromosomes, x, y, False, True, 0, 1)}


def jax_best(case: Case, chromosomes: np.ndarray, x: np.ndarray, y: np.ndarray) -> dict[str, Loss]:
    """JAX tuned: h @ U, one array a gate, sigmoid by tanh, chunks that fit a cache, unrolling."""
    forms = {}
    for transposed in (True, False):
        for chunk in (0, 8, 32):
            for unroll in (1, 4) if chunk == 0 else (1,):
                layout = "h @ W" if transposed else "W @ h"
                name = layout + (f", chunks of {chunk}" if chunk else "")
                name += f", unroll {unroll}" if unroll > 1 else ""
                forms[name] = _jax_loss(
                    case, chromosomes, x, y, transposed, False, chunk, unroll
                )
    return forms


def use_two_host_devices() -> None:
    """Make JAX see two devices; it reads the flag when it is imported."""
    flag = "--xla_force_host_platform_device_count=2"
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flag}"
    os.environ["JAX_PLATFORMS"] = "cpu"


def jax_individual_loss(
    cell: str, x: Any, y: Any, transposed: bool, fused: bool, unroll: int
) -> Callable[[dict[str, Any]], Any]:
    """The mean squared error of one individual, a function of its named weights."""
    import jax
    import jax.numpy as jnp

    times = (lambda U, h: h @ U) if transposed else (lambda U, h: U @ h)
    sigmoid = jax.nn.sigmoid if fused else lambda a: 0.5 * jnp.tanh(0.5 * a) + 0.5

    def gates(w: dict[str, Any], x_t: Any, h: Any, names: tuple[str, ...]) -> list[Any]:
        """W x + U h + b of the named gates, as one product of stacked matrices if fused."""
        if not fused:
            return [w["W" + g] * x_t + times(w["U" + g], h) + w["b" + g] for g in names]
        W, U, b = (jnp.concatenate([w[k + g] for g in names]) for k in "WUb")
        return jnp.split(W * x_t + U @ h + b, len(names))

    def step(w: dict[str, Any], state: Any, x_t: Any) -> tuple[Any, Any]:
        if cell == "elman":
            state = (jnp.tanh(gates(w, x_t, state[0], ("",))[0]),)
        elif cell == "lstm":
            i, f, g, o = gates(w, x_t, state[0], GATES["lstm"])
            c = sigmoid(f) * state[1] + sigmoid(i) * jnp.tanh(g)
            state = (sigmoid(o) * jnp.tanh(c), c)
        else:
            (h,) = state
            z, r = (sigmoid(a) for a in gates(w, x_t, h, ("_z", "_r")))
            n = jnp.tanh(w["W_n"] * x_t + times(w["U_n"], r * h) + w["b_n"])
            state = ((1 - z) * n + z * h,)
        return state, w["V"] @ state[0] + w["c"]

    def sequence(w: dict[str, Any], x_s: Any, y_s: Any) -> Any:
        zero = jnp.zeros_like(w["V"])
        start = (zero, zero) if cell == "lstm" else (zero,)
        _, outputs = jax.lax.scan(functools.partial(step, w), start, x_s, unroll=unroll)
        return jnp.mean((outputs - y_s) ** 2)

    if len(x) == 1:
        return lambda w: sequence(w, x[0], y[0])
    return lambda w: jnp.mean(jax.vmap(sequence, (None, 0, 0))(w, x, y))


def _jax_loss(
    case: Case, chromosomes: np.ndarray, x: np.ndarray, y: np.ndarray,
    transposed: bool, fused: bool, chunk: int, unroll: int,
) -> Loss:  # fmt: skip
    import jax

    mesh = jax.make_mesh((len(jax.devices()),), ("device",))
    shares = jax.sharding.PartitionSpec("device")
    weights = {}
    for name, a in flat_weights(case, chromosomes).items():
        turned = a.swapaxes(1, 2) if transposed and name.startswith("U") else a
        sharding = jax.sharding.NamedSharding(mesh, shares)
        weights[name] = jax.device_put(np.ascontiguousarray(turned), sharding)
    loss = jax_individual_loss(case.cell, x, y, transposed, fused, unroll)
    if chunk:
        mapped = functools.partial(jax.lax.map, loss, batch_size=chunk)
    else:
        mapped = jax.vmap(loss)
    run = jax.jit(jax.shard_map(mapped, mesh=mesh, in_specs=(shares,), out_specs=shares))
    return lambda: np.asarray(run(weights))


def flat_weights(case: Case, chromosomes: np.ndarray) -> dict[str, np.ndarray]:
    """Named weights with the axes of one input and one output dropped."""
    named = case.network().unpack(chromosomes)
    flat = {k: a[..., 0] if k.startswith("W") else a for k, a in named.items()}
    return {k: a[:, 0] if k in ("V", "c") and a.shape[1] == 1 else a for k, a in flat.items()}


def torch_compiled(
    case: Case, chromosomes: np.ndarray, x: np.ndarray, y: np.ndarray
) -> dict[str, Loss]:
    """torch.compile of ten steps; products as batched matmul, or as a sum that it can fuse."""
    import torch

    torch.set_num_threads(2)
    w = {k: torch.from_numpy(a) for k, a in flat_weights(case, chromosomes).items()}
    unrolled = 10

    def loss(product: Callable[[Any, Any], Any]) -> np.ndarray:
        def steps(state: Any, x_ten: Any, y_ten: Any, error: Any) -> Any:
            for x_t, y_t in zip(x_ten.unbind(), y_ten.unbind(), strict=True):
                state = _step(case.cell, w, state, x_t, product, torch)
                error = error + ((w["V"] * state[0]).sum(-1) + w["c"] - y_t) ** 2
            return state, error

        compiled = torch.compile(steps, dynamic=False)
        x_parts, y_parts = (torch.from_numpy(a[0]).split(unrolled) for a in (x, y))

        @torch.inference_mode()
        def run() -> np.ndarray:
            state = tuple(torch.zeros_like(w["V"]) for _ in range(2 if case.cell == "lstm" else 1))
            error = torch.zeros(case.population)
            for x_ten, y_ten in zip(x_parts, y_parts, strict=True):
                state, error = compiled(state, x_ten, y_ten, error)
            return (error / case.time).numpy()

        return run

    return {
        "bmm": loss(lambda U, h: torch.bmm(U, h.unsqueeze(-1)).squeeze(-1)),
        "sum": loss(lambda U, h: (U * h.unsqueeze(1)).sum(-1)),
    }


def numpy_batched(
    case: Case, chromosomes: np.ndarray, x: np.ndarray, y: np.ndarray
) -> dict[str, Loss]:
    """NumPy, all individuals at once by its batched matmul."""
    w = flat_weights(case, chromosomes)

    def run() -> np.ndarray:
        state, error = (np.zeros_like(w["V"]),) * 2, np.zeros(case.population)
        for x_t, y_t in zip(x[0], y[0], strict=True):
            state = _step(case.cell, w, state, x_t, _matmul, np)
            error += ((w["V"] * state[0]).sum(-1) + w["c"] - y_t) ** 2
        return error / case.time

    return {"": run}


def _matmul(U: np.ndarray, h: np.ndarray) -> np.ndarray:
    return np.matmul(U, h[..., None])[..., 0]


def numpy_alone(
    case: Case, chromosomes: np.ndarray, x: np.ndarray, y: np.ndarray
) -> dict[str, Loss]:
    """NumPy, one network after the other; only the first few are run."""
    each = [
        {k: a[0] for k, a in flat_weights(case, row[None]).items()} for row in chromosomes[:ALONE]
    ]

    def run() -> np.ndarray:
        errors = np.zeros(len(each))
        for k, w in enumerate(each):
            state = (np.zeros_like(w["V"]),) * 2
            for x_t, y_t in zip(x[0], y[0], strict=True):
                state = _step(case.cell, w, state, x_t, np.matmul, np)
                errors[k] += (w["V"] @ state[0] + w["c"] - y_t) ** 2
        return errors / case.time

    return {"": run}


def _step(
    cell: str, w: dict[str, Any], state: Any, x_t: Any, product: Callable, library: Any
) -> tuple[Any, ...]:
    """One step in NumPy's or torch's words, with a sigmoid made of the library's fast tanh."""
    tanh, h = library.tanh, state[0]

    def gate(g: str, h: Any) -> Any:
        return w["W" + g] * x_t + product(w["U" + g], h) + w["b" + g]

    def sigmoid(a: Any) -> Any:
        return 0.5 * tanh(0.5 * a) + 0.5

    if cell == "elman":
        return (tanh(gate("", h)),)
    if cell == "lstm":
        i, f, o = (sigmoid(gate(g, h)) for g in ("_i", "_f", "_o"))
        c = f * state[1] + i * tanh(gate("_g", h))
        return o * tanh(c), c
    z, r = sigmoid(gate("_z", h)), sigmoid(gate("_r", h))
    return ((1 - z) * tanh(gate("_n", r * h)) + z * h,)


CONTENDERS = {
    "evornn": evornn,
    "JAX plain": jax_plain,
    "JAX best-tuned": jax_best,
    "torch.compile": torch_compiled,
    "NumPy batched": numpy_batched,
    "NumPy one at a time": numpy_alone,
}
