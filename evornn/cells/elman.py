"""Elman's simple recurrent network."""

from evornn.flow import cell, matrix, vector
from evornn.flow.language import tanh
from evornn.flow.signal import Signal


@cell
def elman(
    x: Signal,
    h: Signal,
    *,
    W: Signal = matrix("hidden", "input"),
    U: Signal = matrix("hidden", "hidden"),
    b: Signal = vector("hidden"),
) -> Signal:
    """Simple recurrent network: the context units are the hidden units of the step before.

    h' = tanh(W x + U h + b)

    Source: Elman 1990, Cognitive Science 14:179.
    """
    return tanh(W @ x + U @ h + b)
