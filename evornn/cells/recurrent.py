"""Fully recurrent networks: every other topology is this one with weights removed."""

from evornn.flow import cell, matrix, vector
from evornn.flow.language import tanh
from evornn.flow.signal import Signal


@cell
def recurrent(
    x: Signal,
    y: Signal,
    *,
    W: Signal = matrix("hidden", "input"),
    U: Signal = matrix("hidden", "hidden"),
    b: Signal = vector("hidden"),
) -> Signal:
    """Fully recurrent network: every unit sees every input and every unit's last output.

    y' = tanh(W x + U y + b), with W and U times a mask: `recurrent.with_mask(U=mask)` removes
    weights, and gives any topology whose loops take one step.

    Source: Williams & Zipser 1989, Neural Computation 1:270, eq. 1-2.
    """
    return tanh(W @ x + U @ y + b)
