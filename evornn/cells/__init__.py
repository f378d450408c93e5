"""The zoo: recurrent cells, each its equations and its source."""

from evornn.cells.clockwork import block_upper_triangular as block_upper_triangular
from evornn.cells.clockwork import clockwork as clockwork
from evornn.cells.clockwork import clockwork_of as clockwork_of
from evornn.cells.compose import stack as stack
from evornn.cells.continuous import ctrnn as ctrnn
from evornn.cells.continuous import ctrnn_dynamics as ctrnn_dynamics
from evornn.cells.continuous import ltc as ltc
from evornn.cells.continuous import ltc_dynamics as ltc_dynamics
from evornn.cells.deep_indrnn import deep_indrnn as deep_indrnn
from evornn.cells.deep_indrnn import recurrent_bounds as recurrent_bounds
from evornn.cells.dynamics import Dynamics as Dynamics
from evornn.cells.dynamics import dynamics as dynamics
from evornn.cells.elman import elman as elman
from evornn.cells.filters import fir as fir
from evornn.cells.filters import iir as iir
from evornn.cells.gru import gru as gru
from evornn.cells.gru import gru_reset_after as gru_reset_after
from evornn.cells.gru import mgu as mgu
from evornn.cells.gru_simplified import gru_1 as gru_1
from evornn.cells.gru_simplified import gru_2 as gru_2
from evornn.cells.gru_simplified import gru_3 as gru_3
from evornn.cells.gru_simplified import mgu_1 as mgu_1
from evornn.cells.gru_simplified import mgu_2 as mgu_2
from evornn.cells.gru_simplified import mgu_3 as mgu_3
from evornn.cells.indrnn import indrnn as indrnn
from evornn.cells.jordan import jordan as jordan
from evornn.cells.leaky import leaky as leaky
from evornn.cells.li_gru import li_gru as li_gru
from evornn.cells.lru import lru as lru
from evornn.cells.lstm import lstm as lstm
from evornn.cells.lstm import lstm_1997 as lstm_1997
from evornn.cells.lstm import lstm_coupled as lstm_coupled
from evornn.cells.lstm import lstm_peephole as lstm_peephole
from evornn.cells.minimal import min_gru as min_gru
from evornn.cells.minimal import min_lstm as min_lstm
from evornn.cells.narx import narx as narx
from evornn.cells.recurrent import recurrent as recurrent
from evornn.cells.register_bank import register_bank as register_bank
from evornn.cells.register_bank import registers_under as registers_under
from evornn.cells.second_order import second_order as second_order
from evornn.flow.trace import Cell

ZOO: dict[str, Cell] = {
    cell.name: cell
    for cell in (
        recurrent,
        elman,
        jordan,
        lstm,
        lstm_1997,
        lstm_peephole,
        lstm_coupled,
        gru,
        gru_reset_after,
        gru_1,
        gru_2,
        gru_3,
        li_gru,
        mgu,
        mgu_1,
        mgu_2,
        mgu_3,
        min_gru,
        min_lstm,
        indrnn,
        leaky,
        second_order,
        clockwork,
        lru,
        register_bank,
        ctrnn,
        ltc,
    )
}
