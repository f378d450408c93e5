"""Whole runs on a cluster: every worker carries one run on for some seconds at a time.

A slice of a run depends on nothing but the run's state at its beginning, so it can be computed
anywhere and, if its worker dies, again elsewhere, with the same bytes. Workers touch no files: the
calling process writes history and checkpoints as the slices come back.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evornn.cluster import ATTEMPTS
from evornn.experiment.best import Best
from evornn.experiment.lock import RunLock
from evornn.workers import Workers

if TYPE_CHECKING:
    from evornn.experiment.callbacks import RunEvents
    from evornn.experiment.display import Display
    from evornn.experiment.experiment import Experiment
    from evornn.experiment.interrupt import Interruption
    from evornn.experiment.store import RunFolder

SLICE_S = 5.0
Key = tuple[str, int]


@dataclass(frozen=True)
class Slice:
    """What a worker sends back.

    Attributes:
        rows: History rows, each with the run's seconds until then.
        state: The run's state at the end of the slice.
        share: Share of the run that is done, or None.
        reason: Why the run has ended, or None.
        best: The network to be used, once the run has ended.
    """

    rows: list[tuple[Any, float]]
    state: dict[str, Any]
    share: float | None
    reason: str | None
    best: Best | None


def run_slice(job: tuple[Any, ...], state: Mapping[str, Any] | None, seconds: float) -> Slice:
    """Carry a run on, on a worker.

    Args:
        job: Contender, task and seed sequence.
        state: Where the run stands; None: at its beginning.
        seconds: How long; at least one generation is computed.
    """
    contender, task, seed = job
    run = contender.start(task, seed, Workers(1))
    if state is not None:
        run.restore(state)
    began = time.monotonic()
    rows: list[tuple[Any, float]] = []
    while run.reason is None and (not rows or time.monotonic() - began < seconds):
        row = run.advance()
        rows.append((row, run.elapsed_s))
    best = run.best if run.reason is not None else None
    return Slice(rows, run.state(), run.share(), run.reason, best)


def run_on_cluster(
    experiment: Experiment,
    folders: Mapping[Key, RunFolder],
    client: Any,
    display: Display,
    interruption: Interruption,
    events: Mapping[Key, RunEvents],
    slice_s: float = SLICE_S,
) -> Iterator[tuple[Key, Slice]]:
    """Run unfinished runs on all workers of a cluster; yields the last slice of every run.

    Args:
        experiment: Whose runs they are.
        folders: The unfinished runs' folders.
        client: A `distributed.Client`.
        display: Told about progress.
        interruption: Asked whether to end; then every run has a checkpoint.
        events: Told about starts and generations, but not those of a last slice, because its run
            is not saved yet.
        slice_s: Seconds of a slice.
    """
    from distributed import as_completed

    with contextlib.ExitStack() as locks:
        queue = as_completed(loop=client.loop)
        keys: dict[Any, Key] = {}
        jobs: dict[Key, Any] = {}

        def send(key: Key, state: Mapping[str, Any] | None) -> None:
            future = client.submit(
                run_slice, jobs[key], state, slice_s, pure=False, retries=ATTEMPTS
            )
            keys[future] = key
            queue.add(future)

        for key, folder in folders.items():
            locks.enter_context(RunLock(folder.path))
            contender = experiment.contenders[key[0]]
            jobs[key] = client.scatter(
                (contender, experiment.task, experiment.run_seed(*key)),
                broadcast=True,
                hash=False,
            )
            folder.say = display.say
            state = folder.resume()
            if state is None:
                folder.begin(contender.columns)
            locks.callback(folder.close)
            events[key].start(folder.settings, state)
            send(key, state)
        for future in queue:
            key = keys.pop(future)
            part: Slice = future.result()
            for row, elapsed_s in part.rows:
                folders[key].append(row, elapsed_s)
            last = part.rows[-1][0]
            display.show(last, part.share, f"{key[0]} seed {key[1]}")
            if part.reason is not None:
                yield key, part
                continue
            folders[key].checkpoint(last.generation, part.state)
            for row, elapsed_s in part.rows:
                events[key].generation(row, elapsed_s)
            if interruption.asked():
                if not keys:
                    interruption.check()
                continue  # the others still have a slice to bring home
            send(key, part.state)
        interruption.check()
