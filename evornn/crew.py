"""Threads that stay awake a moment after their work, because waking one up takes longer.

A gradient of a small network takes a tenth of a millisecond, and a sleeping thread about as long to
wake up. So a thread that has finished looks out for the next tasks for a moment before it sleeps,
without holding the interpreter's lock; the caller waits for the others in the same way.
"""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue
from typing import Any

import numpy as np
from llvmlite import binding as llvm
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from evornn.compiled import kernel

LOOKS = 8_000  # with a pause after each, some tenths of a millisecond
TURN = 64  # looks after which another thread may have the processor
PAUSES = {"x86_64": ("llvm.x86.sse2.pause", ()), "aarch64": ("llvm.aarch64.hint", (1,))}


class Round:
    """One list of tasks, shared out among whoever is free.

    Attributes:
        results: What the function returned, in the tasks' order.
        finished: For each task, 1 once its result stands, or once it will never be begun.
        errors: What was raised.
        asleep: The caller has waited for long enough, and wants a token in `over` at the end.
    """

    def __init__(self, function: Callable[[Any], Any], tasks: Sequence[Any]) -> None:
        self.function, self.tasks = function, tasks
        self.results: list[Any] = [None] * len(tasks)
        self.finished = np.zeros(len(tasks), dtype=np.int64)
        self.errors: list[BaseException] = []
        self.asleep = False
        self.over: SimpleQueue[None] = SimpleQueue()
        self._numbers: Iterator[int] = iter(range(len(tasks)))  # next() on it is atomic

    def work(self) -> int:
        """Take tasks until none is left; after an error none is begun.

        Returns:
            The last task taken, which the caller has still to mark as finished; -1 for none.
        """
        last = -1
        for k in self._numbers:
            if last >= 0:
                self.finished[last] = 1
            try:
                self.results[k] = self.function(self.tasks[k])
            except BaseException as error:
                self.errors.append(error)
                for rest in self._numbers:
                    self.finished[rest] = 1
            last = k
        return last

    def wait(self) -> None:
        """Return when the others have finished too; raise the first error of all."""
        if not all_set(self.finished, LOOKS):
            self.asleep = True
            while not self.finished.all():
                self.over.get()
        if self.errors:
            raise self.errors[0]


class _Post:
    """What the threads of a crew share; they must not hold the crew itself, or it never ends."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.asleep = 0
        self.processor = UNKNOWN
        self.closed = False
        self.rounds = np.zeros(1, dtype=np.int64)
        self.round: Round | None = None

    def announce(self, new: Round | None) -> None:
        """Hand a round to the threads, or None: that they may go."""
        self.round = new
        self.processor = processor()
        self.closed = new is None
        self.rounds[0] += 1
        if self.asleep or self.closed:
            with self.changed:
                self.changed.notify_all()

    def serve(self) -> None:
        """A thread's life."""
        seen, last, marks = 0, -1, np.zeros(1, dtype=np.int64)
        now: Round | None = None
        while True:
            # The last task is marked as finished in there, where the interpreter's lock is free:
            # the caller, who sees the mark, would otherwise fall asleep over that lock.
            if self.processor == processor() != UNKNOWN:
                leave(self.processor)
            soon = differs(self.rounds, seen, LOOKS, marks, last)
            if now is not None and now.asleep:
                now.over.put(None)
            now = None
            if not soon:
                with self.changed:
                    self.asleep += 1
                    while self.rounds[0] == seen:
                        self.changed.wait()
                    self.asleep -= 1
            seen, last = int(self.rounds[0]), -1
            if self.closed:
                return
            now = self.round
            if now is not None:
                last, marks = now.work(), now.finished
                if self.round is now:
                    self.round = None  # its results are the caller's alone


class Crew:
    """Threads beside the calling one.

    Args:
        size: How many.
    """

    def __init__(self, size: int) -> None:
        self._post = _Post()
        for _ in range(size):
            threading.Thread(target=self._post.serve, name="evornn-crew", daemon=True).start()
        self._end = weakref.finalize(self, self._post.announce, None)

    def map(self, function: Callable[[Any], Any], tasks: Sequence[Any]) -> list[Any]:
        """function(task) for every task, in order; the calling thread is one of the workers.

        Raises:
            BaseException: The first that a task raised; tasks not begun by then are left out.
        """
        new = Round(function, tasks)
        self._post.announce(new)
        last = new.work()
        if last >= 0:
            new.finished[last] = 1
        new.wait()
        return new.results

    def close(self) -> None:
        """Let the threads go."""
        self._end()


UNKNOWN = -1
_libc = ctypes.PyDLL(None) if os.name == "posix" else None
_processor = getattr(_libc, "sched_getcpu", None)
CAN_YIELD = hasattr(_libc, "sched_yield")


def processor() -> int:
    """The number of the processor that runs this thread, or UNKNOWN."""
    return int(_processor()) if _processor is not None else UNKNOWN


def leave(number: int) -> None:
    """Move this thread to another processor, if it may run on one.

    After an idle tenth of a second, Linux was seen to keep caller and worker on one processor, each
    waiting for the other, with the second one idle for a hundred rounds and more.
    """
    allowed = os.sched_getaffinity(0)
    others = allowed - {number}
    if others:
        os.sched_setaffinity(0, others)
        os.sched_setaffinity(0, allowed)  # it stays where it is now, but is free again


@intrinsic
def _look(typing_context: Any, array: Any, index: Any) -> Any:
    """An entry of an int64 array as memory has it now: the optimiser must not keep it.

    A pause follows: the two threads of a core share its units, and a thread that only waits would
    take half of them from the one that works.
    """

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        value = builder.load_atomic(builder.gep(data, [arguments[1]]), "acquire", 8)
        name, numbers = PAUSES.get(llvm.get_process_triple().split("-")[0], ("", ()))
        if name:
            kind = ir.FunctionType(ir.VoidType(), [ir.IntType(32)] * len(numbers))
            pause = cgutils.get_or_insert_function(builder.module, kind, name)
            builder.call(pause, [ir.Constant(ir.IntType(32), number) for number in numbers])
        return value

    return types.int64(array, types.intp), emit


@intrinsic
def _set(typing_context: Any, array: Any, index: Any, value: Any) -> Any:
    """Set an entry of an int64 array, after all that was written before."""

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        builder.store_atomic(arguments[2], builder.gep(data, [arguments[1]]), "release", 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.int64), emit


@intrinsic
def _give_way(typing_context: Any) -> Any:
    """Let another thread that waits for this processor run."""

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        if CAN_YIELD:
            kind = ir.FunctionType(ir.IntType(32), [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "sched_yield"), [])
        return context.get_dummy_value()

    return types.void(), emit


LOOK: Any = _look  # for the type checker: compiled code calls them without the context
SET: Any = _set
GIVE_WAY: Any = _give_way


@kernel
def differs(array: Any, seen: int, looks: int, marks: Any, mark: int) -> bool:
    """Set a mark, if it is not below 0; whether then an entry becomes another within the looks."""
    if mark >= 0:
        SET(marks, mark, 1)
    for look in range(looks):
        if LOOK(array, 0) != seen:
            return True
        if look % TURN == TURN - 1:
            GIVE_WAY()
    return False


@kernel
def all_set(array: Any, looks: int) -> bool:
    """Whether all entries become other than 0 within so many looks."""
    k = 0
    for look in range(looks):
        while k < array.size and LOOK(array, k) != 0:
            k += 1
        if k == array.size:
            return True
        if look % TURN == TURN - 1:
            GIVE_WAY()
    return False
