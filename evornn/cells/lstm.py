"""Long short-term memory."""

from evornn.flow import Constant, cell, matrix, vector
from evornn.flow.language import sigmoid, tanh, truncate_here
from evornn.flow.signal import Signal

OPEN = Constant(1.0, noise=0.1)  # forget gates start open, so that cells remember from the start
SHUT = Constant(-1.0, noise=0.1)  # for an input gate that is also the forget gate


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
    h = truncate_here(h)
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
    h = truncate_here(h)
    i = sigmoid(W_i @ x + U_i @ h + b_i + p_i * c)
    f = sigmoid(W_f @ x + U_f @ h + b_f + p_f * c)
    g = tanh(W_g @ x + U_g @ h + b_g)
    c_new = f * c + i * g
    o = sigmoid(W_o @ x + U_o @ h + b_o + p_o * c_new)
    return o * tanh(c_new), c_new


@cell
def lstm_1997(
    x: Signal,
    h: Signal,
    c: Signal,
    *,
    W_i: Signal = matrix("hidden", "input"),
    U_i: Signal = matrix("hidden", "hidden"),
    b_i: Signal = vector("hidden"),
    W_g: Signal = matrix("hidden", "input"),
    U_g: Signal = matrix("hidden", "hidden"),
    b_g: Signal = vector("hidden"),
    W_o: Signal = matrix("hidden", "input"),
    U_o: Signal = matrix("hidden", "hidden"),
    b_o: Signal = vector("hidden"),
) -> tuple[Signal, Signal]:
    """LSTM as first published: no forget gate, so that the cell adds up and never decays.

    i, o = sigmoid(W x + U h + b), g = 4 sigmoid(W_g x + U_g h + b_g) - 2
    c' = c + i g, h' = o (2 sigmoid(c') - 1)

    Every memory block has one cell. The first networks also fed the gates' own activations back
    as inputs; that is left out here.

    Args:
        x: Input, axes (input).
        h: Output of the cells, axes (hidden), each entry in (-1, 1).
        c: State of the cells, axes (hidden), unbounded: it moves by less than 2 a step.

    Source: Hochreiter & Schmidhuber 1997, Neural Computation 9:1735, section 4 and appendix A.1.
    """
    h = truncate_here(h)
    i = sigmoid(W_i @ x + U_i @ h + b_i)
    g = 4 * sigmoid(W_g @ x + U_g @ h + b_g) - 2
    o = sigmoid(W_o @ x + U_o @ h + b_o)
    c_new = c + i * g
    return o * (2 * sigmoid(c_new) - 1), c_new


@cell
def lstm_coupled(
    x: Signal,
    h: Signal,
    c: Signal,
    *,
    W_i: Signal = matrix("hidden", "input"),
    U_i: Signal = matrix("hidden", "hidden"),
    b_i: Signal = vector("hidden", initial=SHUT),
    W_g: Signal = matrix("hidden", "input"),
    U_g: Signal = matrix("hidden", "hidden"),
    b_g: Signal = vector("hidden"),
    W_o: Signal = matrix("hidden", "input"),
    U_o: Signal = matrix("hidden", "hidden"),
    b_o: Signal = vector("hidden"),
) -> tuple[Signal, Signal]:
    """LSTM that forgets exactly as much as it writes: the forget gate is 1 - i.

    i, o = sigmoid(W x + U h + b), g = tanh(W_g x + U_g h + b_g)
    c' = (1 - i) c + i g, h' = o tanh(c')

    Source: Greff, Srivastava, Koutnik, Steunebrink & Schmidhuber 2017 (IEEE Trans. Neural Networks
    and Learning Systems 28:2222), the variant CIFG, without peepholes.
    """
    h = truncate_here(h)
    i = sigmoid(W_i @ x + U_i @ h + b_i)
    g = tanh(W_g @ x + U_g @ h + b_g)
    o = sigmoid(W_o @ x + U_o @ h + b_o)
    c_new = (1 - i) * c + i * g
    return o * tanh(c_new), c_new
