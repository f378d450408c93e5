"""Cells for the tests of gradients: small ones in which everything occurs that kernels do."""

import os

import numpy as np
from oracle import readout_of

from evornn.cells import ZOO, elman, stack
from evornn.flow import Constant, cell, matrix, scalar, state, vector
from evornn.flow.language import (
    concatenate,
    largest,
    shift,
    sigmoid,
    softmax,
    softplus,
    tanh,
    total,
    where,
    window,
)
from evornn.gradient.loss import LOSSES
from evornn.network import Network
from evornn.workers import Workers

EVERYTHING = bool(os.environ.get("EVORNN_TEST_EVERYTHING"))


def ring(shape):
    """A mask: every unit hears itself and the one before it."""
    return np.eye(shape[0]) + np.roll(np.eye(shape[0]), 1, axis=0)


@cell
def probe(
    x,
    h=state("hidden", initial="start"),
    line=state("hidden"),
    mean=state(None, initial="gain"),
    *,
    W=matrix("hidden", "input"),
    U=matrix("hidden", "hidden", mask=ring),
    R=matrix("hidden", "input+hidden"),
    b=vector("hidden"),
    start=vector("hidden", initial=Constant(0.2, noise=0.1)),
    gain=scalar(Constant(0.5, noise=0.1)),
    held=vector("hidden", fixed=lambda shape: np.linspace(0.1, 0.9, shape[0])),
):
    attention = softmax(W @ x + b)
    joined = R @ concatenate(x, tanh(U @ h) * held)
    loudest = largest(joined) * gain
    h_new = tanh(joined + attention * mean + window(line, "1", "hidden")) - 0.1 * loudest
    line_new = shift(line, where(x[0:1] > 0, h_new[1:2], softplus(x[0:1])))
    return h_new * sigmoid(mean), h_new, line_new, tanh(total(h_new * attention) + gain * mean)


deep = stack(elman, elman, skip="residual", name="deep")
CELLS = {"elman": elman, "lstm": ZOO["lstm"], "second_order": ZOO["second_order"]}
CELLS |= {"probe": probe, "deep": deep}
ALL = {**CELLS, **ZOO} if EVERYTHING else CELLS


def network_of(cell, hidden=5, dtype="float64", **settings):
    """A network with 2 inputs and 2 outputs."""
    settings.setdefault("readout", readout_of(cell))
    return Network(cell, inputs=2, outputs=2, hidden=hidden, dtype=dtype, **settings)


def started(method, network, part, loss="mse", jobs=1):
    """A method at work."""
    loss = LOSSES[loss] if isinstance(loss, str) else loss
    return method.start(network, part, loss, Workers(jobs))


def add_up(online, genes):
    """Loss and gradient of windows passing by with constant weights, added up."""
    loss, gradient, count = 0.0, 0.0, 0
    while not online.done:
        value, slope, scored = online(genes)
        loss, gradient, count = loss + scored * value, gradient + scored * slope, count + scored
    return loss / count, gradient / count
