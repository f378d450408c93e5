"""Tasks: data and score."""

from evornn.tasks.adding import adding as adding
from evornn.tasks.back_tsoi import back_tsoi as back_tsoi
from evornn.tasks.digits import digits as digits
from evornn.tasks.long_lag import long_lag as long_lag
from evornn.tasks.long_lag import long_lag_distractors as long_lag_distractors
from evornn.tasks.lorenz import lorenz as lorenz
from evornn.tasks.mackey_glass import mackey_glass as mackey_glass
from evornn.tasks.narendra import narendra_plant as narendra_plant
from evornn.tasks.narma import narma10 as narma10
from evornn.tasks.part import Part as Part
from evornn.tasks.registry import TASKS as TASKS
from evornn.tasks.santa_fe import santa_fe_laser as santa_fe_laser
from evornn.tasks.scale import Scale as Scale
from evornn.tasks.series_parallel import series_parallel as series_parallel
from evornn.tasks.sines import superimposed_sines as superimposed_sines
from evornn.tasks.sunspots import sunspots as sunspots
from evornn.tasks.task import Task as Task
from evornn.tasks.temporal_order import temporal_order as temporal_order
from evornn.tasks.temporal_xor import temporal_xor as temporal_xor
from evornn.tasks.tomita import tomita as tomita
