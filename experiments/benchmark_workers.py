"""One process per contender, timed in turns.

Each library keeps its own pool of threads in its own process and sleeps on a pipe while another
one is timed; a short pause lets threads that still spin fall asleep.

A contender is a function of a module that a new process can import. It takes a case and returns
the forms it can be run in, by name: functions without arguments that return one number for every
individual it ran.
"""

from __future__ import annotations

import math
import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np

Run = Callable[[], np.ndarray]
Contender = Callable[[Any], dict[str, Run]]
PAUSE_S = 0.03
SPAN_S = 0.03  # a measurement repeats its call until it lasts about so long


class Prepared(NamedTuple):
    """A contender ready to be timed.

    Attributes:
        first_s: Seconds of the first call, compiling included; of the chosen form.
        loss: What the call returned, axes (individual).
        form: The fastest of its forms.
        problem: Why it cannot take part, or "".
    """

    first_s: float
    loss: np.ndarray
    form: str
    problem: str


class Ratio(NamedTuple):
    """A contender against evornn: its seconds, and quartiles of the pairwise ratio."""

    seconds: np.ndarray
    low: float
    median: float
    high: float


class Here:
    """A contender in this process, for one that starts processes itself and takes seconds."""

    def __init__(self, contender: Contender) -> None:
        """Nothing is prepared yet."""
        self._contender = contender
        self._run: Run | None = None
        self._calls, self._share = 1, 1.0

    def prepare(self, case: Any) -> Prepared:
        """Warm up every form, and keep the fastest."""
        self._run, self._calls, answer = fastest(self._contender(case), tries=1)
        prepared = Prepared(*answer)
        self._share = len(prepared.loss) / case.population
        return prepared

    def seconds(self) -> float:
        """Seconds of one call, now; scaled to the whole population."""
        if self._run is None:
            raise ValueError("a contender needs a case first, call prepare")
        time.sleep(PAUSE_S)
        began = time.perf_counter()
        for _ in range(self._calls):
            self._run()
        return (time.perf_counter() - began) / self._calls / self._share


class Worker:
    """A contender in a process of its own."""

    def __init__(self, contender: Contender) -> None:
        """Start the process."""
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other, contender), daemon=True)
        self._process.start()
        other.close()
        self._share = 1.0

    def _ask(self, *question: Any) -> Any:
        self._pipe.send(question)
        return self._pipe.recv()

    def prepare(self, case: Any) -> Prepared:
        """Compile and warm up every form, and keep the fastest."""
        prepared = Prepared(*self._ask("prepare", case))
        self._share = len(prepared.loss) / case.population
        return prepared

    def seconds(self) -> float:
        """Seconds of one call, now; scaled to the whole population."""
        time.sleep(PAUSE_S)
        return float(self._ask("time")) / self._share

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join()


def interleave(
    ours: Worker | Here, theirs: Worker | Here, repeats: int
) -> tuple[np.ndarray, Ratio]:
    """Our seconds, and theirs against ours, in pairs that take turns at being first."""
    mine, other = np.empty(repeats), np.empty(repeats)
    for k in range(repeats):
        if k % 2:
            other[k], mine[k] = theirs.seconds(), ours.seconds()
        else:
            mine[k], other[k] = ours.seconds(), theirs.seconds()
    low, median, high = np.quantile(other / mine, (0.25, 0.5, 0.75))
    return mine, Ratio(other, low, median, high)


def _serve(pipe: Connection, contender: Contender) -> None:
    run: Run | None = None
    calls = 1
    while True:
        try:
            question, *details = pipe.recv()
        except EOFError:
            return
        if question == "time" and run is not None:
            began = time.perf_counter()
            for _ in range(calls):
                run()
            pipe.send((time.perf_counter() - began) / calls)
            continue
        try:
            run, calls, answer = fastest(contender(details[0]))
        except Exception as error:  # a missing or failing peer is a row of the table
            message = f"{type(error).__name__}: {error}".splitlines()[0]
            answer = (math.nan, np.empty(0), "", message)
        pipe.send(answer)


def fastest(
    forms: dict[str, Run], tries: int = 5
) -> tuple[Run, int, tuple[float, np.ndarray, str, str]]:
    """The fastest form, how often a measurement calls it, and the answer to `prepare`."""
    found = []
    for name, run in forms.items():
        began = time.perf_counter()
        loss = run()
        first = time.perf_counter() - began
        spans = []
        for _ in range(tries):
            began = time.perf_counter()
            run()
            spans.append(time.perf_counter() - began)
        found.append((min(spans), name, first, loss))
    seconds, name, first, loss = min(found, key=lambda entry: entry[0])
    return forms[name], max(1, math.ceil(SPAN_S / seconds)), (first, loss, name, "")
