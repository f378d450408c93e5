"""Independently recurrent units."""

from evornn.flow import Uniform, cell, matrix, vector
from evornn.flow.language import relu
from evornn.flow.signal import Signal


@cell
def indrnn(
    x: Signal,
    h: Signal,
    *,
    W: Signal = matrix("hidden", "input"),
    u: Signal = vector("hidden", initial=Uniform(-1.0, 1.0)),
    b: Signal = vector("hidden"),
) -> Signal:
    """Independently recurrent network: each unit sees only its own past.

    h' = relu(W x + u h + b); other units' past comes in through the next layer, see `stack`.

    Source: Li, Li, Cook, Zhu & Gao 2018 (CVPR, 5457), eq. 2.
    """
    return relu(W @ x + u * h + b)
