"""Gated memory under the control of another network: a bank of registers."""

from __future__ import annotations

from evornn.cells.compose import Composition
from evornn.cells.elman import elman
from evornn.checks import check_count
from evornn.flow import Constant, Normal, matrix, state, vector
from evornn.flow.axes import axis_names
from evornn.flow.declare import State
from evornn.flow.graph import Node, StateSlot
from evornn.flow.language import concatenate, sigmoid
from evornn.flow.signal import Signal
from evornn.flow.trace import Cell

KEPT = Constant(-1.0, noise=0.1)  # writing and erasing start rare, so that registers remember
SMALL = Normal(0.1)  # registers hardly move among each other at first, so that none grows

DESCRIPTION = """A bank of registers that another network reads and writes through gates.

h = controller(x, read)
write, erase, look = sigmoid(G h + a), one of each for every register
value = A x + B h + M bank + b
bank' = (1 - erase) bank + write value, read' = look bank'

The controller, a cell of its own, sees the input and what was read in the step before; the output
is h and read', one after the other. A register is linear: with write and erase shut it holds any
number, exactly and for ever; with both open it takes over the value, and a matrix M that moves
every register to the next one makes the bank a shift register.

Source: the gates are those of a memory cell (Hochreiter & Schmidhuber 1997, Neural Computation
9:1735), with erasing and writing apart as in Graves, Wayne & Danihelka 2014 (arXiv 1410.5401), eq.
3-4, and every register with an address of its own.
"""


def registers_under(controller: Cell, registers: int = 4, name: str | None = None) -> Cell:
    """A bank of registers under the control of a cell; see `DESCRIPTION` for the equations.

    The controller's parameters and states are called `controller_...`; the bank has the
    parameters G, a (with `_write`, `_erase`, `_look`), A, B, M, b and the states bank and read.

    Args:
        controller: Any cell with one input.
        registers: Number of registers, at least 1.
        name: The name of the whole.

    Raises:
        TypeError: If `registers` is no whole number.
        ValueError: If there is no register.
    """
    check_count("registers_under", "registers", registers, 1)
    whole = Composition(name or f"registers_under_{controller.name}")
    axis = str(registers)
    x = whole.tracer.leaf("input", "x", ("input",))
    bank, read = (whole.tracer.leaf("state", word, (axis,)) for word in ("bank", "read"))
    names = {n: n for a in controller.graph.axis_names() for n in axis_names(a)}
    h = whole.add(controller, concatenate(x, read), "controller_", names)
    unit = h.axes[0]

    def gate(word: str, start: Constant | Normal) -> Signal:
        weights = whole.parameter(f"G_{word}", matrix(axis, unit))
        return sigmoid(weights @ h + whole.parameter(f"a_{word}", vector(axis, initial=start)))

    write, erase, look = gate("write", KEPT), gate("erase", KEPT), gate("look", Normal(0.1))
    a = whole.parameter("A", matrix(axis, "input"))
    b = whole.parameter("B", matrix(axis, unit))
    m = whole.parameter("M", matrix(axis, axis, initial=SMALL))
    value = a @ x + b @ h + m @ bank + whole.parameter("b", vector(axis))
    following = (1 - erase) * bank + write * value
    seen = look * following

    def remember(signal: Signal, next_node: Node) -> None:
        declared: State = state(axis)
        whole.slots.append(StateSlot(str(signal.node.meta), declared, signal.node, next_node))

    remember(bank, following.node)
    remember(read, seen.node)
    graph = whole.finish(x, concatenate(h, seen))
    return Cell(whole.tracer.name, graph, "x", DESCRIPTION)


register_bank = registers_under(elman, name="register_bank")
