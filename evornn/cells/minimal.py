"""Minimal gated cells: the gates read the input alone, so that the recurrence is linear."""

from evornn.cells.lstm import OPEN
from evornn.flow import cell, matrix, vector
from evornn.flow.language import sigmoid, softplus
from evornn.flow.signal import Signal


@cell
def min_gru(
    x: Signal,
    h: Signal,
    *,
    W_z: Signal = matrix("hidden", "input"),
    b_z: Signal = vector("hidden"),
    W_n: Signal = matrix("hidden", "input"),
    b_n: Signal = vector("hidden"),
) -> Signal:
    """Minimal GRU: a running mean of candidates, with weights that the input chooses.

    z = sigmoid(W_z x + b_z), n = W_n x + b_n, h' = (1 - z) h + z n

    Nothing on the right depends on h but h itself: h is linear in its past, each unit for itself.

    Source: Feng, Tung, Ahmed, Bengio & Hajimirsadeghi 2024 (arXiv 2410.01201), section 3.1.
    """
    z = sigmoid(W_z @ x + b_z)
    n = W_n @ x + b_n
    return (1 - z) * h + z * n


@cell
def min_lstm(
    x: Signal,
    h: Signal,
    *,
    W_f: Signal = matrix("hidden", "input"),
    b_f: Signal = vector("hidden", initial=OPEN),
    W_i: Signal = matrix("hidden", "input"),
    b_i: Signal = vector("hidden"),
    W_n: Signal = matrix("hidden", "input"),
    b_n: Signal = vector("hidden"),
) -> Signal:
    """Minimal LSTM: forget and input gate read the input alone and are scaled to add up to 1.

    f, i = sigmoid(W x + b), n = W_n x + b_n, h' = f / (f + i) h + i / (f + i) n

    Source: Feng, Tung, Ahmed, Bengio & Hajimirsadeghi 2024 (arXiv 2410.01201), section 3.2; the
    shares from logarithms of the gates, as in its appendix, so that two shut gates divide no 0.
    """
    log_f, log_i = -softplus(-(W_f @ x + b_f)), -softplus(-(W_i @ x + b_i))
    keep = sigmoid(log_f - log_i)
    n = W_n @ x + b_n
    return keep * h + (1 - keep) * n
