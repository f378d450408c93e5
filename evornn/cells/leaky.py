"""Leaky-integrator units."""

from evornn.flow import cell, matrix, scalar, vector
from evornn.flow.language import tanh
from evornn.flow.signal import Signal


@cell
def leaky(
    x: Signal,
    h: Signal,
    *,
    W: Signal = matrix("hidden", "input"),
    U: Signal = matrix("hidden", "hidden"),
    b: Signal = vector("hidden"),
    leak: Signal = scalar(fixed=0.3),
) -> Signal:
    """Leaky-integrator units, the usual neuron of an echo state network.

    h' = (1 - leak) h + leak tanh(W x + U h + b)

    Args:
        x: Input, axes (input).
        h: State, axes (hidden), each entry in [-1, 1].
        leak: Share of the state replaced per step, in (0, 1]; `dt_ms / tau_ms` for a time
            constant `tau_ms`. `leaky.with_fixed(leak=0.1)` changes it.

    Source: Jaeger, Lukosevicius, Popovici & Siewert 2007 (Neural Networks 20:335).
    """
    return (1 - leak) * h + leak * tanh(W @ x + U @ h + b)
