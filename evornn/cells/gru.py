"""Gated recurrent units and the minimal gated unit."""

from evornn.flow import cell, matrix, vector
from evornn.flow.language import sigmoid, tanh
from evornn.flow.signal import Signal


@cell
def gru(
    x: Signal,
    h: Signal,
    *,
    W_z: Signal = matrix("hidden", "input"),
    U_z: Signal = matrix("hidden", "hidden"),
    b_z: Signal = vector("hidden"),
    W_r: Signal = matrix("hidden", "input"),
    U_r: Signal = matrix("hidden", "hidden"),
    b_r: Signal = vector("hidden"),
    W_n: Signal = matrix("hidden", "input"),
    U_n: Signal = matrix("hidden", "hidden"),
    b_n: Signal = vector("hidden"),
) -> Signal:
    """Gated recurrent unit; the reset gate acts before the product.

    z, r = sigmoid(W x + U h + b), n = tanh(W_n x + U_n (r h) + b_n), h' = (1 - z) n + z h

    Source: Cho et al. 2014 (EMNLP, 1724), eq. 5-8.
    """
    z = sigmoid(W_z @ x + U_z @ h + b_z)
    r = sigmoid(W_r @ x + U_r @ h + b_r)
    n = tanh(W_n @ x + U_n @ (r * h) + b_n)
    return (1 - z) * n + z * h


@cell
def gru_reset_after(
    x: Signal,
    h: Signal,
    *,
    W_z: Signal = matrix("hidden", "input"),
    U_z: Signal = matrix("hidden", "hidden"),
    b_z: Signal = vector("hidden"),
    W_r: Signal = matrix("hidden", "input"),
    U_r: Signal = matrix("hidden", "hidden"),
    b_r: Signal = vector("hidden"),
    W_n: Signal = matrix("hidden", "input"),
    b_n: Signal = vector("hidden"),
    U_n: Signal = matrix("hidden", "hidden"),
    d_n: Signal = vector("hidden"),
) -> Signal:
    """Gated recurrent unit; the reset gate acts after the product, as in torch and cuDNN.

    n = tanh(W_n x + b_n + r (U_n h + d_n)); otherwise as `gru`. It has one stage instead of
    two, and is faster.

    Source: PyTorch, torch.nn.GRU, with its two biases of z and r added up.
    """
    z = sigmoid(W_z @ x + U_z @ h + b_z)
    r = sigmoid(W_r @ x + U_r @ h + b_r)
    n = tanh(W_n @ x + b_n + r * (U_n @ h + d_n))
    return (1 - z) * n + z * h


@cell
def mgu(
    x: Signal,
    h: Signal,
    *,
    W_f: Signal = matrix("hidden", "input"),
    U_f: Signal = matrix("hidden", "hidden"),
    b_f: Signal = vector("hidden"),
    W_n: Signal = matrix("hidden", "input"),
    U_n: Signal = matrix("hidden", "hidden"),
    b_n: Signal = vector("hidden"),
) -> Signal:
    """Minimal gated unit: one gate that both resets and updates.

    f = sigmoid(W_f x + U_f h + b_f), n = tanh(W_n x + U_n (f h) + b_n), h' = (1 - f) h + f n

    Source: Zhou, Wu, Zhang & Zhou 2016 (Int. J. Automation and Computing 13:226), eq. 7.
    """
    f = sigmoid(W_f @ x + U_f @ h + b_f)
    n = tanh(W_n @ x + U_n @ (f * h) + b_n)
    return (1 - f) * h + f * n
