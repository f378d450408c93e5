"""Ctrl-C: the first ends the run after its generation, with a checkpoint; the second at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any


class InterruptedRunError(Exception):
    """A run was asked to end, and has saved its state.

    Attributes:
        status: The exit status: 130 after Ctrl-C, 143 after SIGTERM.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.status = 128 + number


class Interruption:
    """Listens for Ctrl-C and SIGTERM while runs go on; a context manager.

    Elsewhere than in the main thread it hears nothing, and Python's own handling stays.

    Args:
        say: Told what the user's Ctrl-C has set off.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._asked: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._heard)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        if self._asked is not None:
            raise KeyboardInterrupt
        self._asked = number
        self._say("ending after this generation; once more to end at once")

    def asked(self) -> bool:
        """Whether the runs are to end."""
        return self._asked is not None

    def check(self) -> None:
        """Raise `InterruptedRunError` if the runs are to end."""
        if self._asked is not None:
            raise InterruptedRunError(self._asked)
