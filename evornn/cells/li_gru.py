"""The light gated recurrent unit."""

from evornn.flow import cell, matrix, vector
from evornn.flow.language import relu, sigmoid
from evornn.flow.signal import Signal


@cell
def li_gru(
    x: Signal,
    h: Signal,
    *,
    W_z: Signal = matrix("hidden", "input"),
    U_z: Signal = matrix("hidden", "hidden"),
    b_z: Signal = vector("hidden"),
    W_n: Signal = matrix("hidden", "input"),
    U_n: Signal = matrix("hidden", "hidden"),
    b_n: Signal = vector("hidden"),
) -> Signal:
    """Light gated recurrent unit: one gate, and ReLU instead of tanh.

    z = sigmoid(W_z x + U_z h + b_z), n = relu(W_n x + U_n h + b_n), h' = z h + (1 - z) n

    The published unit normalises W x over the batch, for which a step has no batch to look at:
    biases stand there instead, and nothing but the weights keeps the unbounded n from growing.

    Args:
        x: Input, axes (input).
        h: State, axes (hidden), not negative.

    Source: Ravanelli, Brakel, Omologo & Bengio 2018 (IEEE Trans. Emerging Topics in Computational
    Intelligence 2:92).
    """
    z = sigmoid(W_z @ x + U_z @ h + b_z)
    n = relu(W_n @ x + U_n @ h + b_n)
    return z * h + (1 - z) * n
