"""Long short-term memory."""

from evornn.flow import Constant, cell, matrix, vector
from evornn.flow.language import sigmoid, tanh
from evornn.flow.signal import Signal

OPEN = Constant(1.0, noise=0.1)  # forget gates start open, so that cells remember from the start


@cell
def lstm(
    x: Signal,
    h: Signal,
    c: Signal,
    *,
    W_i: Signal = matrix("hidden", "input"),
    U_i: Signal = matrix("hidden", "hidden"),
    b_i: Signal = vector("hidden"),
    W_f: Signal = matrix("hidden", "input"),
    U_f: Signal = matrix("hidden", "hidden"),
    b_f: Signal = vector("hidden", initial=OPEN),
    W_g: Signal = matrix("hidden", "input"),
    U_g: Signal = matrix("hidden", "hidden"),
    b_g: Signal = vector("hidden"),
    W_o: Signal = matrix("hidden", "input"),
    U_o: Signal = matrix("hidden", "hidden"),
    b_o: Signal = vector("hidden"),
) -> tuple[Signal, Signal]:
    """Long short-term memory with forget gate.

    i, f, o = sigmoid(W x + U h + b), g = tanh(W_g x + U_g h + b_g)
    c' = f c + i g, h' = o tanh(c')

    Source: Hochreiter & Schmidhuber 1997, Neural Computation 9:1735; forget gate: Gers,
    Schmidhuber & Cummins 2000, Neural Computation 12:2451.
    """
    i = sigmoid(W_i @ x + U_i @ h + b_i)
    f = sigmoid(W_f @ x + U_f @ h + b_f)
    g = tanh(W_g @ x + U_g @ h + b_g)
    o = sigmoid(W_o @ x + U_o @ h + b_o)
    c_new = f * c + i * g
    return o * tanh(c_new), c_new


@cell
def lstm_peephole(
    x: Signal,
    h: Signal,
    c: Signal,
    *,
    W_i: Signal = matrix("hidden", "input"),
    U_i: Signal = matrix("hidden", "hidden"),
    b_i: Signal = vector("hidden"),
    p_i: Signal = vector("hidden"),
    W_f: Signal = matrix("hidden", "input"),
    U_f: Signal = matrix("hidden", "hidden"),
    b_f: Signal = vector("hidden", initial=OPEN),
    p_f: Signal = vector("hidden"),
    W_g: Signal = matrix("hidden", "input"),
    U_g: Signal = matrix("hidden", "hidden"),
    b_g: Signal = vector("hidden"),
    W_o: Signal = matrix("hidden", "input"),
    U_o: Signal = matrix("hidden", "hidden"),
    b_o: Signal = vector("hidden"),
    p_o: Signal = vector("hidden"),
) -> tuple[Signal, Signal]:
    """LSTM whose gates look at the cell: input and forget gate at c, output gate at c'.

    i, f = sigmoid(W x + U h + p c + b), o = sigmoid(W_o x + U_o h + p_o c' + b_o)

    Source: Gers, Schraudolph & Schmidhuber 2002, JMLR 3:115.
    """
    i = sigmoid(W_i @ x + U_i @ h + b_i + p_i * c)
    f = sigmoid(W_f @ x + U_f @ h + b_f + p_f * c)
    g = tanh(W_g @ x + U_g @ h + b_g)
    c_new = f * c + i * g
    o = sigmoid(W_o @ x + U_o @ h + b_o + p_o * c_new)
    return o * tanh(c_new), c_new
