"""Record in a task which function made it, so that settings alone make it again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from evornn.tasks.task import Task


def made_by(task: Task, function: str, **arguments: Any) -> Task:
    """The task with the settings {"function": ..., "arguments": {...}}.

    Args:
        task: A task made with one of the constructors.
        function: Its key in `TASKS`.
        arguments: All arguments of that function, as JSON can hold them.
    """
    # NumPy's numbers are no JSON.
    plain = {k: v.item() if isinstance(v, np.generic) else v for k, v in arguments.items()}
    return replace(task, settings={"function": function, "arguments": plain})
