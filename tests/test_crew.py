"""Threads that share out tasks: what they return, what they raise, and that they end."""

import gc
import threading
import time

import pytest

from evornn.crew import Crew


@pytest.fixture
def crew():
    made = Crew(3)
    yield made
    made.close()


def wait_until(condition):
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.001)
    return condition()


def test_results_stand_in_the_order_of_the_tasks(crew):
    assert crew.map(lambda k: k * k, range(100)) == [k * k for k in range(100)]


def test_tasks_run_on_several_threads(crew):
    barrier = threading.Barrier(4, timeout=10)  # passed only by four at once
    names = crew.map(lambda _: (barrier.wait(), threading.current_thread().name)[1], range(4))
    assert names.count("evornn-crew") == 3


@pytest.mark.parametrize("pause_s", [0.0, 0.02], ids=["awake", "asleep"])
def test_rounds_follow_one_another(crew, pause_s):
    for k in range(10 if pause_s else 2000):
        time.sleep(pause_s)
        assert crew.map(lambda x, k=k: x + k, [1, 2, 3]) == [1 + k, 2 + k, 3 + k]


def test_the_caller_waits_for_a_task_that_outlasts_its_patience(crew):
    held = threading.Barrier(2, timeout=10)

    def slow(k):
        held.wait()  # both threads have one
        if threading.current_thread() is not threading.main_thread():
            time.sleep(0.05)
        return k

    assert crew.map(slow, [1, 2]) == [1, 2]


def test_an_error_reaches_the_caller_and_no_further_task_is_begun(crew):
    begun = []

    def fails(k):
        begun.append(k)
        if k == 5:
            raise ValueError("five")
        time.sleep(0.001)

    with pytest.raises(ValueError, match="five"):
        crew.map(fails, range(1000))
    assert len(begun) < 100
    assert crew.map(abs, [-1, -2]) == [1, 2]


def test_a_task_may_map_tasks_of_its_own(crew):
    def outer(k):
        return sum(crew.map(lambda x: x * k, range(5)))

    assert crew.map(outer, range(8)) == [10 * k for k in range(8)]


def test_several_callers_share_the_threads(crew):
    found = {}

    def call(k):
        found[k] = [crew.map(lambda x: x + k, range(5)) for _ in range(200)]

    callers = [threading.Thread(target=call, args=(k,)) for k in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(timeout=30)
    assert found == {k: [[x + k for x in range(5)]] * 200 for k in range(4)}


@pytest.mark.parametrize("end", ["close", "forget"])
def test_the_threads_end_with_the_crew(end):
    earlier = set(threading.enumerate())
    made = Crew(2)
    made.map(abs, [1, 2, 3])
    mine = set(threading.enumerate()) - earlier
    assert len(mine) == 2
    if end == "close":
        made.close()
    else:
        del made
        gc.collect()
    assert wait_until(lambda: not any(thread.is_alive() for thread in mine))
