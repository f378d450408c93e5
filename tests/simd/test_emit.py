"""Kernels of cells that nobody wrote: random graphs, computed as the interpreter computes them."""

import numpy as np
import pytest
from drawn_cells import cells
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import assert_close, interpreted, interpreted_mse

from evornn.flow import cell, matrix, state, vector
from evornn.flow.language import concatenate, maximum, minimum, part, tanh, total, where
from evornn.network import Network
from evornn.population import Evaluator


def check_everything(drawn, sizes, dtype, sequences, seed):
    """Evaluator and network against the interpreter: scores, outputs, states, free running."""
    rng = np.random.default_rng(seed)
    inputs, outputs = sizes["input"], 1
    network = Network(
        drawn,
        inputs=inputs,
        outputs=outputs,
        hidden=sizes["hidden"],
        other=sizes["other"],
        dtype=dtype,
    )
    x = [rng.uniform(-1, 1, (int(n), inputs)) for n in rng.integers(1, 7, sequences)]
    if sequences == 0:
        check_network(network, rng, dtype)
        return
    y = [rng.uniform(-1, 1, (len(a), outputs)) for a in x]
    masks = [rng.random(a.shape) < 0.7 for a in y]
    masks[0][0] = True
    for targets, mask in zip(y, masks, strict=True):
        targets[~mask] = np.nan
    chromosomes = network.initial(rng, 5)
    forced = [int(rng.integers(0, len(a) + 1)) for a in x]
    evaluator = Evaluator(network, x, y, masks, teacher_forced=forced)
    wanted = interpreted_mse(network, chromosomes, x, y, masks, forced)
    if np.all(np.abs(wanted) < 1e6):
        assert_close(evaluator.mse(chromosomes), wanted, dtype)
    for k, answers in enumerate(evaluator.outputs(chromosomes)):
        for chromosome, got in zip(chromosomes, answers, strict=True):
            wanted, _ = interpreted(network, chromosome, x[k], forced[k])
            assert_close(got, wanted, dtype)


def check_network(network, rng, dtype):
    network = network.with_chromosome(network.initial(rng, 1)[0])
    x = [rng.uniform(-1, 1, (n, network.inputs)) for n in (5, 1, 3)]
    for sequence, outputs, states in zip(x, network.predict(x), network.states(x), strict=True):
        wanted, history = interpreted(network, network.chromosome, sequence)
        assert_close(outputs, wanted, dtype)
        for name, values in states.items():
            assert_close(values, history[name], dtype)


SIZES = st.fixed_dictionaries({name: st.integers(1, 17) for name in ("input", "hidden", "other")})


@settings(max_examples=6)  # each compiles a kernel; several hundred were run by hand
@given(
    drawn=cells(most_operations=10),
    sizes=SIZES,
    sequences=st.sampled_from([0, 0, 1, 1, 2, 5]),
    seed=st.integers(0, 2**32 - 1),
)
def test_random_cells_run_as_the_interpreter_says(drawn, sizes, sequences, seed):
    check_everything(drawn, sizes, "float64", sequences, seed)


# --- corners that random cells reach too seldom ----------------------------------------------


@cell
def exchange(
    x,
    a=state("hidden", initial="first"),
    b=state("hidden", initial=0.5),
    c=state("hidden"),
    p=state(None, initial=1.0),
    q=state(None, initial=np.float64(2.0)),
    still=state("hidden", initial=0.125),
    *,
    W=matrix("hidden", "input"),
    first=vector("hidden"),
):
    """States that follow each other, the same value, a parameter, or themselves."""
    new = tanh(W @ x + a)
    return a, b, a, new, q, p + total(b), still


@cell
def underscores(
    x,
    h,
    both=state("input_hidden"),
    *,
    W=matrix("hidden", "input+hidden"),
    U=matrix("hidden", "input_hidden"),
    back=matrix("input_hidden", "hidden"),
):
    """Axes whose names differ only in how they are written."""
    new = tanh(W @ concatenate(x, h) + U @ both)
    return new, back @ part(concatenate(new, x), "hidden")


@cell
def signs(x, h, *, W=matrix("hidden", "input")):
    """Zeros of both signs, told apart by what they divide."""
    zero = where(h + W @ x > 0.0, 0.0, -0.0)
    return maximum(minimum(1.0 / zero, 3.0), -3.0)


@pytest.mark.parametrize(
    ("made", "sequences"),
    [(exchange, 2), (underscores, 0), (signs, 0)],
    ids=["exchange", "underscores", "signs"],
)
def test_corner_cells_run_as_the_interpreter_says(made, sequences, rng):
    sizes = {"hidden": 3, "input_hidden": 4} if made is underscores else {"hidden": 3}
    network = Network(made, inputs=2, outputs=2, dtype="float64", **sizes)
    if sequences == 0:
        check_network(network, rng, "float64")
        return
    x = [rng.uniform(-1, 1, (n, 2)) for n in (5, 2)]
    chromosomes = network.initial(rng, 3)
    outputs = Evaluator(network, x, x).outputs(chromosomes)
    for k, answers in enumerate(outputs):
        for chromosome, got in zip(chromosomes, answers, strict=True):
            assert_close(got, interpreted(network, chromosome, x[k])[0], "float64")
