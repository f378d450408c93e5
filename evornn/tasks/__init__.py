"""Tasks: data and score."""

from evornn.tasks.adding import adding as adding
from evornn.tasks.mackey_glass import mackey_glass as mackey_glass
from evornn.tasks.narma import narma10 as narma10
from evornn.tasks.part import Part as Part
from evornn.tasks.registry import TASKS as TASKS
from evornn.tasks.santa_fe import santa_fe_laser as santa_fe_laser
from evornn.tasks.scale import Scale as Scale
from evornn.tasks.sines import superimposed_sines as superimposed_sines
from evornn.tasks.sunspots import sunspots as sunspots
from evornn.tasks.task import Task as Task
from evornn.tasks.temporal_order import temporal_order as temporal_order
from evornn.tasks.temporal_xor import temporal_xor as temporal_xor
