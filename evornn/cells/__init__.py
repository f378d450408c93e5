"""The zoo: recurrent cells, each its equations and its source."""

from evornn.cells.compose import stack as stack
from evornn.cells.elman import elman as elman
from evornn.cells.gru import gru as gru
from evornn.cells.gru import gru_reset_after as gru_reset_after
from evornn.cells.gru import mgu as mgu
from evornn.cells.indrnn import indrnn as indrnn
from evornn.cells.jordan import jordan as jordan
from evornn.cells.leaky import leaky as leaky
from evornn.cells.lstm import lstm as lstm
from evornn.cells.lstm import lstm_peephole as lstm_peephole
from evornn.cells.recurrent import recurrent as recurrent
from evornn.flow.trace import Cell

ZOO: dict[str, Cell] = {
    cell.name: cell
    for cell in (
        recurrent,
        elman,
        jordan,
        lstm,
        lstm_peephole,
        gru,
        gru_reset_after,
        mgu,
        indrnn,
        leaky,
    )
}
