"""What a user sees while an experiment runs."""

import io

import pytest
from rich.console import Console

from evornn.evolution.evolve import Generation
from evornn.experiment.display import Display, clock, si

ROW = Generation(7, 512, 1_000_000, 0.0312, 0.5, 0.04, 32.0, 2.0, 0.1, 0.3, 0)


@pytest.mark.parametrize(
    ("number", "text"), [(3, "3 "), (1234, "1.23 k"), (2.5e6, "2.5 M"), (3e9, "3 G")]
)
def test_numbers_have_si_prefixes(number, text):
    assert si(number) == text


@pytest.mark.parametrize(("seconds", "text"), [(5, "0:05"), (65, "1:05"), (3661, "1:01:01")])
def test_times_are_clocks(seconds, text):
    assert clock(seconds) == text


def test_a_terminal_sees_the_figures_of_the_run():
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=200, highlight=False)
    with Display(2, console=console) as display:
        display.begin("elman seed 0")
        display._last = 0.0
        display.show(ROW, 0.5)
        display._live.refresh()
        display.end("elman seed 0: done")
    shown = stream.getvalue()
    for text in ("generation 7", "best MSE 0.03120", "median 0.50000", "validation 0.04000"):
        assert text in shown
    for text in ("evals/s", "steps/s", "left 0:0", "elman seed 0: done"):
        assert text in shown


def test_quiet_shows_nothing():
    stream = io.StringIO()
    with Display(1, quiet=True, console=Console(file=stream)) as display:
        display.begin("a")
        display.show(ROW, 0.5)
        display.end("done")
    assert stream.getvalue() == ""


def test_plain_lines_come_every_few_seconds():
    stream = io.StringIO()
    with Display(1, console=Console(file=stream, force_terminal=False, width=200)) as display:
        display.begin("a")
        display.show(ROW, 0.5)
        assert "generation" not in stream.getvalue()
        display._last -= 10
        display.show(ROW, None)
    assert "a: generation 7  best MSE 0.03120" in stream.getvalue()
    assert "left ?" in stream.getvalue()
