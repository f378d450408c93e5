"""Callbacks: told about every run's start, generations and end, in the calling process.

A callback is a function of one dictionary, an event. All events have

- `event`: "start", "generation" or "end",
- `experiment`, `contender`: names, and `replicate`: the number of the seed, from 0,
- `folder`: the run's folder, a `pathlib.Path`,
- `elapsed_s`: seconds that the run has taken so far, over all times it was resumed.

"start" has `settings`, all that determines the run's result, and `resumed_after`, the generation
after which an interrupted run goes on, or None. "generation" and "end" have `row`, the row of
history.csv as a dictionary; "end" has `result`, what result.json holds.

After a run was killed, the generations since its last checkpoint are computed, and told, again.
On a cluster, a run's generations are told together whenever a worker has brought some home.
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evornn.experiment.trackers import MLflow as MLflow
from evornn.experiment.trackers import TensorBoard as TensorBoard

Event = dict[str, Any]
Callback = Callable[[Event], object]


class CallbackError(RuntimeError):
    """A callback has raised; the text names it, the run, and what it raised."""


class RunEvents:
    """Tells callbacks about one run.

    Args:
        callbacks: Called in this order.
        experiment: The experiment's name.
        contender: The contender's name.
        replicate: The number of the seed.
        folder: The run's folder.
    """

    def __init__(
        self,
        callbacks: Sequence[Callback],
        experiment: str,
        contender: str,
        replicate: int,
        folder: pathlib.Path,
    ) -> None:
        self._callbacks = callbacks
        self._common = {
            "experiment": experiment,
            "contender": contender,
            "replicate": replicate,
            "folder": folder,
        }

    def start(self, settings: Mapping[str, Any], state: Mapping[str, Any] | None) -> None:
        """The run starts, or goes on from the state of a checkpoint."""
        after = None if state is None else state["generation"]
        elapsed_s = 0.0 if state is None else state.get("elapsed_s", 0.0)
        self._tell("start", elapsed_s, settings=dict(settings), resumed_after=after)

    def generation(self, row: Any, elapsed_s: float) -> None:
        """A generation is on disk."""
        self._tell("generation", elapsed_s, row=row._asdict())

    def end(self, row: Any, elapsed_s: float, result: Mapping[str, Any]) -> None:
        """The run has ended, and its result is on disk."""
        self._tell("end", elapsed_s, row=row._asdict(), result=dict(result))

    def _tell(self, event: str, elapsed_s: float, **more: Any) -> None:
        for callback in self._callbacks:
            # A dictionary of its own: what one callback changes, the next does not see.
            told = {"event": event, **self._common, "elapsed_s": elapsed_s, **more}
            try:
                callback(told)
            except Exception as error:
                name = getattr(callback, "__qualname__", type(callback).__qualname__)
                raise CallbackError(
                    f"callback `{name}` failed on the event {event!r} of "
                    f"{self._common['contender']} seed {self._common['replicate']}: "
                    f"{type(error).__name__}: {error}; the run is saved, mend the callback and "
                    "start again to go on"
                ) from error


def check_callbacks(callbacks: Sequence[Callback]) -> tuple[Callback, ...]:
    """The callbacks as a tuple.

    Raises:
        TypeError: If one cannot be called.
    """
    for callback in callbacks:
        if not callable(callback):
            raise TypeError(
                f"`callbacks` needs functions of one dictionary, got {callback!r}; a class has to "
                "be called first, as in TensorBoard('logs')"
            )
    return tuple(callbacks)
