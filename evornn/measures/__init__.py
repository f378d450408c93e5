"""Measures of dynamics: of reservoirs, of chaotic systems, and of forecasts."""

from evornn.measures.consistency import consistency as consistency
from evornn.measures.consistency import echo_state_index as echo_state_index
from evornn.measures.errors import mse as mse
from evornn.measures.errors import nmse as nmse
from evornn.measures.errors import nrmse as nrmse
from evornn.measures.errors import valid_prediction_time as valid_prediction_time
from evornn.measures.information import Capacity as Capacity
from evornn.measures.information import InformationCapacity as InformationCapacity
from evornn.measures.information import information_capacity as information_capacity
from evornn.measures.information import information_capacity_of as information_capacity_of
from evornn.measures.lyapunov import lyapunov_exponent as lyapunov_exponent
from evornn.measures.lyapunov import runge_kutta as runge_kutta
from evornn.measures.memory import MemoryCapacity as MemoryCapacity
from evornn.measures.memory import memory_capacity as memory_capacity
from evornn.measures.memory import memory_capacity_of as memory_capacity_of
from evornn.measures.rank import generalisation_rank as generalisation_rank
from evornn.measures.rank import kernel_rank as kernel_rank
from evornn.measures.rank import rank_of as rank_of
