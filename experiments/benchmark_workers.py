"""One process per contender, timed in turns.

Each library keeps its own pool of threads in its own process and sleeps on a pipe while another
one is timed; a short pause lets threads that still spin fall asleep.
"""

from __future__ import annotations

import math
import multiprocessing
import time
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np
from benchmark_peers import CONTENDERS, Case, use_two_host_devices

PAUSE_S = 0.03
SPAN_S = 0.03  # a measurement repeats its call until it lasts about so long


class Prepared(NamedTuple):
    """A contender ready to be timed.

    Attributes:
        first_s: Seconds of the first call, compiling included; of the chosen form.
        loss: Mean squared error, axes (individual).
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


class Worker:
    """A contender in a process of its own."""

    def __init__(self, contender: str) -> None:
        """Start the process."""
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other, contender), daemon=True)
        self._process.start()
        other.close()

    def _ask(self, *question: Any) -> Any:
        self._pipe.send(question)
        return self._pipe.recv()

    def prepare(self, case: Case) -> Prepared:
        """Compile and warm up every form, and keep the fastest."""
        return Prepared(*self._ask("prepare", case))

    def seconds(self) -> float:
        """Seconds of one evaluation, now."""
        time.sleep(PAUSE_S)
        return float(self._ask("time"))

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join()


def interleave(ours: Worker, theirs: Worker, repeats: int) -> tuple[np.ndarray, Ratio]:
    """Our seconds, and theirs against ours, in pairs that take turns at being first."""
    mine, other = np.empty(repeats), np.empty(repeats)
    for k in range(repeats):
        if k % 2:
            other[k], mine[k] = theirs.seconds(), ours.seconds()
        else:
            mine[k], other[k] = ours.seconds(), theirs.seconds()
    low, median, high = np.quantile(other / mine, (0.25, 0.5, 0.75))
    return mine, Ratio(other, low, median, high)


def _serve(pipe: Connection, contender: str) -> None:
    if contender.startswith("JAX"):
        use_two_host_devices()
    run, calls = None, 1
    while True:
        try:
            question, *details = pipe.recv()
        except EOFError:
            return
        if question == "time":
            began = time.perf_counter()
            for _ in range(calls):
                run()
            pipe.send((time.perf_counter() - began) / calls)
            continue
        try:
            run, calls, answer = _prepared(contender, details[0])
        except (ImportError, RuntimeError) as error:
            answer = (math.nan, np.empty(0), "", f"{type(error).__name__}: {error}".splitlines()[0])
        pipe.send(answer)


def _prepared(contender: str, case: Case) -> tuple[Any, int, tuple]:
    forms = CONTENDERS[contender](case, *case.data())
    best = (math.inf, "", math.nan, np.empty(0))
    for name, run in forms.items():
        began = time.perf_counter()
        run()
        first = time.perf_counter() - began
        spans = []
        for _ in range(3):
            began = time.perf_counter()
            loss = run()
            spans.append(time.perf_counter() - began)
        best = min(best, (min(spans), name, first, loss), key=lambda entry: entry[0])
    seconds, name, first, loss = best
    calls = max(1, math.ceil(SPAN_S / seconds))
    return forms[name], calls, (first, loss, name, "")
