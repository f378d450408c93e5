"""Gated units with simplified gates: what is left when a gate may read less."""

from evornn.flow import cell, matrix, vector
from evornn.flow.language import sigmoid, tanh
from evornn.flow.signal import Signal


@cell
def gru_1(
    x: Signal,
    h: Signal,
    *,
    U_z: Signal = matrix("hidden", "hidden"),
    b_z: Signal = vector("hidden"),
    U_r: Signal = matrix("hidden", "hidden"),
    b_r: Signal = vector("hidden"),
    W_n: Signal = matrix("hidden", "input"),
    U_n: Signal = matrix("hidden", "hidden"),
    b_n: Signal = vector("hidden"),
) -> Signal:
    """Gated recurrent unit whose gates read the state and a bias, not the input.

    z, r = sigmoid(U h + b), n = tanh(W_n x + U_n (r h) + b_n), h' = (1 - z) n + z h

    Source: Dey & Salem 2017 (IEEE MWSCAS, 1597), GRU1; there z and 1 - z are exchanged.
    """
    z = sigmoid(U_z @ h + b_z)
    r = sigmoid(U_r @ h + b_r)
    n = tanh(W_n @ x + U_n @ (r * h) + b_n)
    return (1 - z) * n + z * h


@cell
def gru_2(
    x: Signal,
    h: Signal,
    *,
    U_z: Signal = matrix("hidden", "hidden"),
    U_r: Signal = matrix("hidden", "hidden"),
    W_n: Signal = matrix("hidden", "input"),
    U_n: Signal = matrix("hidden", "hidden"),
    b_n: Signal = vector("hidden"),
) -> Signal:
    """Gated recurrent unit whose gates read the state alone.

    z, r = sigmoid(U h), n = tanh(W_n x + U_n (r h) + b_n), h' = (1 - z) n + z h

    Source: Dey & Salem 2017 (IEEE MWSCAS, 1597), GRU2; there z and 1 - z are exchanged.
    """
    z = sigmoid(U_z @ h)
    r = sigmoid(U_r @ h)
    n = tanh(W_n @ x + U_n @ (r * h) + b_n)
    return (1 - z) * n + z * h


@cell
def gru_3(
    x: Signal,
    h: Signal,
    *,
    b_z: Signal = vector("hidden"),
    b_r: Signal = vector("hidden"),
    W_n: Signal = matrix("hidden", "input"),
    U_n: Signal = matrix("hidden", "hidden"),
    b_n: Signal = vector("hidden"),
) -> Signal:
    """Gated recurrent unit whose gates are biases: a time constant and a gain for each unit.

    z, r = sigmoid(b), n = tanh(W_n x + U_n (r h) + b_n), h' = (1 - z) n + z h

    Source: Dey & Salem 2017 (IEEE MWSCAS, 1597), GRU3; there z and 1 - z are exchanged.
    """
    z = sigmoid(b_z)
    r = sigmoid(b_r)
    n = tanh(W_n @ x + U_n @ (r * h) + b_n)
    return (1 - z) * n + z * h


@cell
def mgu_1(
    x: Signal,
    h: Signal,
    *,
    U_f: Signal = matrix("hidden", "hidden"),
    b_f: Signal = vector("hidden"),
    W_n: Signal = matrix("hidden", "input"),
    U_n: Signal = matrix("hidden", "hidden"),
    b_n: Signal = vector("hidden"),
) -> Signal:
    """Minimal gated unit whose gate reads the state and a bias, not the input.

    f = sigmoid(U_f h + b_f), n = tanh(W_n x + U_n (f h) + b_n), h' = (1 - f) h + f n

    Source: Heck & Salem 2017 (IEEE MWSCAS, 1593), MGU1.
    """
    f = sigmoid(U_f @ h + b_f)
    n = tanh(W_n @ x + U_n @ (f * h) + b_n)
    return (1 - f) * h + f * n


@cell
def mgu_2(
    x: Signal,
    h: Signal,
    *,
    U_f: Signal = matrix("hidden", "hidden"),
    W_n: Signal = matrix("hidden", "input"),
    U_n: Signal = matrix("hidden", "hidden"),
    b_n: Signal = vector("hidden"),
) -> Signal:
    """Minimal gated unit whose gate reads the state alone.

    f = sigmoid(U_f h), n = tanh(W_n x + U_n (f h) + b_n), h' = (1 - f) h + f n

    Source: Heck & Salem 2017 (IEEE MWSCAS, 1593), MGU2.
    """
    f = sigmoid(U_f @ h)
    n = tanh(W_n @ x + U_n @ (f * h) + b_n)
    return (1 - f) * h + f * n


@cell
def mgu_3(
    x: Signal,
    h: Signal,
    *,
    b_f: Signal = vector("hidden"),
    W_n: Signal = matrix("hidden", "input"),
    U_n: Signal = matrix("hidden", "hidden"),
    b_n: Signal = vector("hidden"),
) -> Signal:
    """Minimal gated unit whose gate is a bias: a time constant for each unit.

    f = sigmoid(b_f), n = tanh(W_n x + U_n (f h) + b_n), h' = (1 - f) h + f n

    Source: Heck & Salem 2017 (IEEE MWSCAS, 1593), MGU3.
    """
    f = sigmoid(b_f)
    n = tanh(W_n @ x + U_n @ (f * h) + b_n)
    return (1 - f) * h + f * n
