"""The contenders of the training benchmark: loss and gradient of the same networks.

Every function takes a case and returns the forms it can be run in, by name: functions without
arguments that return, for every network, its mean squared error plus the norm of its gradient, so
that one number tells whether two contenders computed the same. Weights stand where each library
wants them before the clock starts; the clock covers forwards and backwards.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from benchmark_jax import Form, individual_loss, sharded, use_two_host_devices
from benchmark_peers import Case, Loss, flat_weights

SCANS = (1, 8)  # steps of JAX's scan that are written out


def evornn_gradient(case: Case) -> dict[str, Loss]:
    """This package: BPTT in lanes."""
    from evornn.gradient import BPTT
    from evornn.gradient.loss import LOSSES

    return _evornn(case, BPTT(), LOSSES["mse"])


def evornn_rtrl(case: Case) -> dict[str, Loss]:
    """This package: exact RTRL."""
    from evornn.gradient import RTRL
    from evornn.gradient.loss import LOSSES

    return _evornn(case, RTRL(), LOSSES["mse"])


def _evornn(case: Case, method: Any, loss: Any) -> dict[str, Loss]:
    from evornn.tasks.part import Part
    from evornn.workers import Workers

    chromosomes, x, y = case.data()
    inputs, targets = (tuple(a[:, :, None]) for a in (x, y))
    part = Part(inputs, targets, tuple(np.ones(t.shape, dtype=bool) for t in targets))
    gradient = method.start(case.network(), part, loss, Workers(2))

    def run() -> np.ndarray:
        losses, found = gradient(chromosomes)
        return losses + np.sqrt(np.einsum("ng,ng->n", found, found))

    return {"": run}


def jax_gradient(case: Case) -> dict[str, Loss]:
    """JAX: value and gradient of a jitted scan, the fastest of several forms.

    The two host devices share the networks, or the sequences of a single one.
    """
    use_two_host_devices()
    chromosomes, x, y = case.data()
    weights = flat_weights(case, chromosomes)
    forms = [Form(transposed, fused, 0, unroll) for unroll in SCANS for transposed, fused in
             ((False, True), (True, False), (False, False))]  # fmt: skip
    found = {}
    for form in forms:
        turned = {
            name: np.ascontiguousarray(a.swapaxes(1, 2))
            if form.transposed and name.startswith("U")
            else a
            for name, a in weights.items()
        }
        if case.population > 1:
            found[f"{form}, networks shared"] = _jax_networks(case, turned, x, y, form)
        if case.population > 1 and case.sequences > 1:
            continue
        found[f"{form}, one device"] = _jax_alone(case, turned, x, y, form)
        if case.population == 1 and case.sequences > 1:
            found[f"{form}, sequences shared"] = _jax_sequences(case, turned, x, y, form)
    return found


def _norm(gradients: dict[str, Any]) -> Any:
    import jax.numpy as jnp

    return jnp.sqrt(sum(jnp.sum(jnp.square(g)) for g in gradients.values()))


def _each(case: Case, x: np.ndarray, y: np.ndarray, form: Form) -> Any:
    """Loss plus gradient norm of one network, as a function of its weights."""
    import jax

    loss = individual_loss(case.cell, x, y, form)

    def each(w: dict[str, Any]) -> Any:
        value, gradients = jax.value_and_grad(loss)(w)
        return value + _norm(gradients)

    return each


def _jax_networks(
    case: Case, weights: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray, form: Form
) -> Loss:
    run = sharded(_each(case, x, y, form), 0)
    return lambda: np.asarray(run(weights))


def _jax_alone(
    case: Case, weights: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray, form: Form
) -> Loss:
    import jax

    each = _each(case, x, y, form)
    placed = {name: jax.device_put(a) for name, a in weights.items()}
    run = jax.jit(jax.vmap(each) if case.population > 1 else lambda w: each(
        {name: a[0] for name, a in w.items()}))  # fmt: skip
    return lambda: np.atleast_1d(np.asarray(run(placed)))


def _jax_sequences(
    case: Case, weights: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray, form: Form
) -> Loss:
    """Each device takes half of the sequences; the gradients are averaged."""
    import jax

    mesh = jax.make_mesh((2,), ("device",), axis_types=(jax.sharding.AxisType.Auto,))
    share, whole = jax.sharding.PartitionSpec("device"), jax.sharding.PartitionSpec()

    def half(w: dict[str, Any], x_s: Any, y_s: Any) -> Any:
        value, gradients = jax.value_and_grad(individual_loss(case.cell, x_s, y_s, form))(w)
        return jax.lax.pmean(value, "device"), jax.lax.pmean(gradients, "device")

    def both(w: dict[str, Any], x_s: Any, y_s: Any) -> Any:
        mapped = jax.shard_map(
            half, mesh=mesh, in_specs=(whole, share, share), out_specs=whole, check_vma=False
        )
        value, gradients = mapped(w, x_s, y_s)
        return value + _norm(gradients)

    run = jax.jit(both)
    single = {name: a[0] for name, a in weights.items()}
    return lambda: np.atleast_1d(np.asarray(run(single, x, y)))


def torch_gradient(case: Case) -> dict[str, Loss]:
    """torch.nn's layers; several networks one after the other."""
    import torch

    torch.set_num_threads(2)
    chromosomes, x, y = case.data()
    layers = [_torch_layer(case, flat_weights(case, c[None])) for c in chromosomes]
    inputs, targets = (torch.from_numpy(a)[:, :, None] for a in (x, y))

    def run() -> np.ndarray:
        return np.array([_torch_one(case, *layer, inputs, targets) for layer in layers])

    return {"nn": run}


def _torch_layer(case: Case, weights: dict[str, np.ndarray]) -> tuple[Any, Any]:
    import torch

    gates = {
        "elman": ("",),
        "lstm": ("_i", "_f", "_g", "_o"),
        "gru_reset_after": ("_r", "_z", "_n"),
    }
    if case.cell not in gates:
        raise ValueError("torch's GRU resets after the product")
    kinds = {"elman": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru_reset_after": torch.nn.GRU}
    layer = kinds[case.cell](1, case.hidden, batch_first=True)
    head = torch.nn.Linear(case.hidden, 1)
    names = gates[case.cell]

    def stacked(letter: str) -> Any:
        return torch.from_numpy(np.concatenate([weights[letter + g][0] for g in names]))

    with torch.no_grad():
        layer.weight_ih_l0.copy_(stacked("W")[:, None])
        layer.weight_hh_l0.copy_(stacked("U"))
        layer.bias_ih_l0.copy_(stacked("b"))
        layer.bias_hh_l0.zero_()
        if case.cell == "gru_reset_after":
            layer.bias_hh_l0[-case.hidden :].copy_(torch.from_numpy(weights["d_n"][0]))
        head.weight.copy_(torch.from_numpy(weights["V"]))
        head.bias.copy_(torch.from_numpy(weights["c"]))
    return layer, head


def _torch_one(case: Case, layer: Any, head: Any, inputs: Any, targets: Any) -> float:
    import torch

    wanted = [p for n, p in layer.named_parameters() if n != "bias_hh_l0"]
    if case.cell == "gru_reset_after":
        wanted.append(layer.bias_hh_l0)
    wanted += list(head.parameters())
    states, _ = layer(inputs)
    loss = torch.square(head(states) - targets).mean()
    found = list(torch.autograd.grad(loss, wanted))
    if case.cell == "gru_reset_after":
        found[-3] = found[-3][-case.hidden :]  # the other gates' second bias is the first again
    norm = torch.sqrt(sum(torch.square(g).sum() for g in found))
    return float((loss + norm).detach())


def jax_rtrl(case: Case) -> dict[str, Loss]:
    """JAX: exact RTRL of an Elman layer as a scan over state and influence matrix.

    S = D (U S + M), where M holds x, h and 1 in each unit's own rows; the readout's gradient is
    the step's own.
    """
    import jax
    import jax.numpy as jnp

    chromosomes, x, y = case.data()
    w = {k: jnp.asarray(a[0]) for k, a in flat_weights(case, chromosomes).items()}
    n = case.hidden
    units = np.arange(n)

    def step(w: dict[str, Any], carry: Any, data: Any) -> tuple[Any, None]:
        h, s, loss, g_v, g_c, g_s = carry
        x_t, y_t = data
        z = jnp.concatenate([x_t[None], h, jnp.ones(1)])
        new = jnp.tanh(w["W"] * x_t + w["U"] @ h + w["b"])
        moved = (w["U"] @ s.reshape(n, -1)).reshape(n, n, n + 2)
        moved = moved.at[units, units].add(z)
        s = (1 - new**2)[:, None, None] * moved
        error = w["V"] @ new + w["c"] - y_t
        g_s = g_s + 2 * error * jnp.einsum("i,ijk->jk", w["V"], s)
        return (new, s, loss + error**2, g_v + 2 * error * new, g_c + 2 * error, g_s), None

    def run_scan(w: dict[str, Any], x_s: Any, y_s: Any, unroll: int) -> Any:
        zero = jnp.zeros(())
        start = (jnp.zeros(n), jnp.zeros((n, n, n + 2)), zero, jnp.zeros(n), zero,
                 jnp.zeros((n, n + 2)))  # fmt: skip
        end, _ = jax.lax.scan(functools.partial(step, w), start, (x_s, y_s), unroll=unroll)
        _, _, loss, g_v, g_c, g_s = end
        squares = jnp.sum(g_v**2) + g_c**2 + jnp.sum(g_s**2)
        return (loss + jnp.sqrt(squares)) / case.time

    forms = {}
    for unroll in (1, 4):
        jitted = jax.jit(functools.partial(run_scan, unroll=unroll))
        forms[f"unroll {unroll}"] = lambda f=jitted: np.atleast_1d(np.asarray(f(w, x[0], y[0])))
    return forms
