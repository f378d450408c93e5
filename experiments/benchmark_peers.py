"""The contenders of the benchmarks: one function each, all computing the same population loss.

Every function takes a case and returns the forms it can be run in, by name: functions without
arguments that return the mean squared error of every individual. Peers find their weights where
they want them before the clock starts. Libraries are imported inside functions only, since each
contender has its own process. JAX stands in benchmark_jax.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Loss = Callable[[], np.ndarray]
Product = Callable[[Any, Any], Any]
GATES = {"elman": ("",), "lstm": ("_i", "_f", "_g", "_o"), "gru": ("_z", "_r", "_n")}
ALONE = 2  # networks that "one at a time" times; the rest is scaled
UNROLLED = 10  # steps that torch compiles together


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

    @property
    def matrix_weights(self) -> int:
        """Weights that meet a signal in every step, two operations each; biases do not count."""
        return len(GATES[self.cell]) * self.hidden * (self.hidden + 1) + self.hidden

    def network(self) -> Any:
        """The evornn network, one input and one output."""
        from evornn import cells
        from evornn.network import Network

        return Network(getattr(cells, self.cell), inputs=1, outputs=1, hidden=self.hidden)

    def series(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and targets, axes (sequence, time), float32: tell the input of the step before."""
        rng = np.random.default_rng(np.random.SeedSequence([1, self.sequences, self.time]))
        x = rng.standard_normal((self.sequences, self.time + 1)).astype(np.float32)
        return x[:, 1:].copy(), x[:, :-1].copy()

    def data(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Chromosomes, axes (individual, gene), and the series."""
        rng = np.random.default_rng(np.random.SeedSequence([2, self.hidden, self.population]))
        return self.network().initial(rng, self.population), *self.series()

    def __str__(self) -> str:
        """The network in words, for a table."""
        name = {
            "elman": "Elman",
            "lstm": "LSTM",
            "gru": "GRU",
            "gru_reset_after": "GRU, reset after",
        }
        return f"{name[self.cell]} {self.hidden}"


def flat_weights(case: Case, chromosomes: np.ndarray) -> dict[str, np.ndarray]:
    """Named weights, with the axes of the one input and the one output dropped."""
    flat = {}
    for name, a in case.network().unpack(chromosomes).items():
        flat[name] = a[..., 0] if name.startswith("W") else a[:, 0] if name in ("V", "c") else a
    return flat


def evornn(case: Case) -> dict[str, Loss]:
    """This package; packing the chromosomes is inside the clock."""
    from evornn.population import Evaluator
    from evornn.workers import Workers

    chromosomes, x, y = case.data()
    inputs, targets = (list(a[:, :, None]) for a in (x, y))
    evaluator = Evaluator(case.network(), inputs, targets, workers=Workers(2))
    return {"": lambda: evaluator.mse(chromosomes)}


def torch_compiled(case: Case) -> dict[str, Loss]:
    """torch.compile of ten steps; products as batched matmul, or as a sum that it can fuse."""
    import torch

    torch.set_num_threads(2)
    torch.compiler.reset()  # after eight variants of a function torch would no longer compile it
    chromosomes, x, y = case.data()
    w = {k: torch.from_numpy(a) for k, a in flat_weights(case, chromosomes).items()}
    x_parts, y_parts = (torch.from_numpy(a[0]).split(UNROLLED) for a in (x, y))

    def loss(product: Product) -> Loss:
        def steps(state: Any, error: Any, x_ten: Any, y_ten: Any) -> Any:
            for x_t, y_t in zip(x_ten.unbind(), y_ten.unbind(), strict=True):
                state = _step(case.cell, w, state, x_t, product, torch.tanh)
                error = error + ((w["V"] * state[0]).sum(-1) + w["c"] - y_t) ** 2
            return state, error

        compiled = torch.compile(steps, dynamic=False)

        def run() -> np.ndarray:
            with torch.inference_mode():
                return mean_error()

        def mean_error() -> np.ndarray:
            state = tuple(torch.zeros_like(w["V"]) for _ in range(2 if case.cell == "lstm" else 1))
            error = torch.zeros(case.population)
            for x_ten, y_ten in zip(x_parts, y_parts, strict=True):
                state, error = compiled(state, error, x_ten, y_ten)
            mean: np.ndarray = (error / case.time).numpy()
            return mean

        return run

    return {
        "bmm": loss(lambda m, h: torch.bmm(m, h.unsqueeze(-1)).squeeze(-1)),
        "sum": loss(lambda m, h: (m * h.unsqueeze(1)).sum(-1)),
    }


def numpy_batched(case: Case) -> dict[str, Loss]:
    """NumPy, all individuals at once by its batched matmul."""
    chromosomes, x, y = case.data()
    w = flat_weights(case, chromosomes)

    def product(matrix: np.ndarray, h: np.ndarray) -> np.ndarray:
        return np.matmul(matrix, h[..., None])[..., 0]

    def run() -> np.ndarray:
        state, error = (np.zeros_like(w["V"]),) * 2, np.zeros(case.population)
        for x_t, y_t in zip(x[0], y[0], strict=True):
            state = _step(case.cell, w, state, x_t, product, np.tanh)
            error += ((w["V"] * state[0]).sum(-1) + w["c"] - y_t) ** 2
        return error / case.time

    return {"": run}


def numpy_alone(case: Case) -> dict[str, Loss]:
    """NumPy, one network after the other; only the first few are run."""
    chromosomes, x, y = case.data()
    flat = flat_weights(case, chromosomes[:ALONE])
    each = [{name: a[k] for name, a in flat.items()} for k in range(len(flat["V"]))]

    def run() -> np.ndarray:
        errors = np.zeros(len(each))
        for k, w in enumerate(each):
            state = (np.zeros_like(w["V"]),) * 2
            for x_t, y_t in zip(x[0], y[0], strict=True):
                state = _step(case.cell, w, state, x_t, np.matmul, np.tanh)
                errors[k] += (w["V"] @ state[0] + w["c"] - y_t) ** 2
        return errors / case.time

    return {"": run}


def _step(
    cell: str, w: dict[str, Any], state: Any, x_t: Any, product: Product, tanh: Callable
) -> tuple[Any, ...]:
    """One step in NumPy's or torch's words, with a sigmoid made of the library's fast tanh."""
    h = state[0]

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
