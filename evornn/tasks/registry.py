"""All task functions by name, for the command line and for tests that hold for every task."""

from __future__ import annotations

from collections.abc import Callable

from evornn.tasks.adding import adding
from evornn.tasks.back_tsoi import back_tsoi
from evornn.tasks.digits import digits
from evornn.tasks.long_lag import long_lag, long_lag_distractors
from evornn.tasks.lorenz import lorenz
from evornn.tasks.mackey_glass import mackey_glass
from evornn.tasks.narendra import narendra_plant
from evornn.tasks.narma import narma10
from evornn.tasks.santa_fe import santa_fe_laser
from evornn.tasks.sines import superimposed_sines
from evornn.tasks.sunspots import sunspots
from evornn.tasks.task import Task
from evornn.tasks.temporal_order import temporal_order
from evornn.tasks.temporal_xor import temporal_xor
from evornn.tasks.tomita import tomita

TASKS: dict[str, Callable[..., Task]] = {
    function.__name__: function
    for function in (
        santa_fe_laser,
        sunspots,
        mackey_glass,
        lorenz,
        narma10,
        back_tsoi,
        narendra_plant,
        superimposed_sines,
        adding,
        temporal_order,
        temporal_xor,
        long_lag,
        long_lag_distractors,
        tomita,
        digits,
    )
}
"""Each can be called without arguments; `Task.settings` names its function and arguments."""
