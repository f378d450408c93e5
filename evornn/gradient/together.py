"""Several solvers that ask one point at a time, answered together."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

Answer = tuple[float, np.ndarray]
Ask = Callable[[np.ndarray], Answer]
Answers = tuple[np.ndarray, np.ndarray]


class _EndedError(Exception):
    """Nobody answers any more."""


class Together:
    """Runs one solver a lane, each in a thread, and evaluates what all of them ask at once.

    A solver that asks waits until all the others ask as well or have returned; so each call of the
    function serves all lanes that are still at work, and no answer depends on timing.

    Args:
        function: Points, axes (lane, gene), to values, axes (lane), and gradients, axes (lane,
            gene); a lane that does not ask is shown the point it last asked for.
        points: What lanes are shown before they ask, axes (lane, gene).

    Attributes:
        answered: How many answers each lane has had, axes (lane).
    """

    def __init__(self, function: Callable[[np.ndarray], Answers], points: np.ndarray) -> None:
        self._function = function
        self._points = points.copy()
        self.answered = np.zeros(len(points), dtype=np.int64)
        self._asking: set[int] = set()
        self._answers: dict[int, Answer] = {}
        self._at_work = 0
        self._errors: list[BaseException] = []
        self._ended = False
        self._change = threading.Condition()

    def run(self, solve: Callable[[int, Ask], None], lanes: list[int]) -> None:
        """Call `solve(lane, ask)` for every lane; returns when all have returned.

        Raises:
            BaseException: What the function or a solver raises.
        """
        if len(lanes) == 1:  # nobody to wait for
            solve(lanes[0], lambda point: self._alone(lanes[0], point))
            return
        self._at_work = len(lanes)
        threads = [
            threading.Thread(target=self._solve, args=(solve, lane), daemon=True) for lane in lanes
        ]
        for thread in threads:
            thread.start()
        try:
            self._serve()
        finally:
            with self._change:
                self._ended = True
                self._change.notify_all()
            for thread in threads:
                thread.join()
        if self._errors:
            raise self._errors[0]

    def _solve(self, solve: Callable[[int, Ask], None], lane: int) -> None:
        try:
            solve(lane, lambda point: self._ask(lane, point))
        except _EndedError:
            pass
        except BaseException as error:
            self._errors.append(error)
        finally:
            with self._change:
                self._at_work -= 1
                self._change.notify_all()

    def _alone(self, lane: int, point: np.ndarray) -> Answer:
        self._points[lane] = point
        values, gradients = self._function(self._points.copy())
        self.answered[lane] += 1
        return float(values[lane]), gradients[lane].copy()

    def _ask(self, lane: int, point: np.ndarray) -> Answer:
        with self._change:
            self._points[lane] = point
            self._asking.add(lane)
            self._change.notify_all()
            self._change.wait_for(lambda: lane in self._answers or self._ended)
            if lane not in self._answers:
                raise _EndedError
            return self._answers.pop(lane)

    def _serve(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: len(self._asking) == self._at_work)
                if self._at_work == 0:
                    return
                asking, points = sorted(self._asking), self._points.copy()
            values, gradients = self._function(points)
            with self._change:
                self._asking.clear()
                self.answered[asking] += 1
                self._answers |= {k: (float(values[k]), gradients[k].copy()) for k in asking}
                self._change.notify_all()
