"""Jordan's network: the context comes from the output."""

from evornn.flow import cell, matrix, scalar, state, vector
from evornn.flow.language import tanh
from evornn.flow.signal import Signal


@cell
def jordan(
    x: Signal,
    s: Signal = state("output"),
    *,
    W: Signal = matrix("hidden", "input"),
    U: Signal = matrix("hidden", "output"),
    b: Signal = vector("hidden"),
    V: Signal = matrix("output", "hidden"),
    c: Signal = vector("output"),
    memory: Signal = scalar(fixed=0.5),
) -> tuple[Signal, Signal]:
    """Jordan network: state units remember the outputs, decaying by `memory` each step.

    h = tanh(W x + U s + b), y = V h + c, s' = memory s + y

    It has its own output layer: use it with `Network(jordan, readout=None)`.

    Args:
        x: Input, axes (input).
        s: State units, axes (output).
        memory: Share of the state kept per step, in [0, 1); 0 is plain output feedback.

    Source: Jordan 1986, Proc. 8th Conf. Cognitive Science Society, 531.
    """
    h = tanh(W @ x + U @ s + b)
    y = V @ h + c
    return y, memory * s + y
