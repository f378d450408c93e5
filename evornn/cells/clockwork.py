"""The clockwork network: modules of units that tick at periods of their own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import numpy as np

from evornn.checks import check_count
from evornn.flow import cell, matrix, vector
from evornn.flow.language import tanh, where
from evornn.flow.signal import Signal
from evornn.flow.trace import Cell


def module_of(units: int, modules: int) -> np.ndarray:
    """The module of every unit, axes (unit): modules as equal as possible, in order.

    With fewer units than modules some modules are empty.
    """
    return np.arange(units) * modules // units


def block_upper_triangular(modules: int, shape: tuple[int, ...]) -> np.ndarray:
    """A mask in which every module reads itself and the modules after it.

    `functools.partial(block_upper_triangular, 4)` is a mask for `matrix(..., mask=...)`.

    Args:
        modules: Number of modules that rows and columns are divided into.
        shape: Rows and columns.

    Returns:
        1 where the weight exists, else 0, axes (row, column).
    """
    rows, columns = (module_of(n, modules) for n in shape)
    return (rows[:, None] <= columns[None, :]).astype(np.int64)


def unit_periods(periods: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
    """The period of every unit's module, axes (unit)."""
    return np.asarray(periods)[module_of(shape[0], len(periods))]


def clockwork_of(periods: Sequence[int]) -> Cell:
    """A clockwork network with the given periods, one a module.

    Args:
        periods: Steps between two ticks of each module, at least 1; none below the one before.

    Raises:
        TypeError: If a period is no whole number.
        ValueError: If there is no period, one is below 1, or one below the one before it.
    """
    steps = tuple(periods)
    if not steps:
        raise ValueError(f"`clockwork_of` needs at least one period, got {periods!r}.")
    for period in steps:
        check_count("clockwork_of", "periods", period, 1)
    if any(later < earlier for earlier, later in pairwise(steps)):
        raise ValueError(f"`clockwork_of` needs periods that do not decrease, got {periods!r}.")
    connected = partial(block_upper_triangular, len(steps))

    @cell
    def clockwork(
        x: Signal,
        h: Signal,
        clock: Signal,
        *,
        W: Signal = matrix("hidden", "input"),
        U: Signal = matrix("hidden", "hidden", mask=connected),
        b: Signal = vector("hidden"),
        period: Signal = vector("hidden", fixed=partial(unit_periods, steps)),
    ) -> tuple[Signal, Signal]:
        """Clockwork network: a unit changes only in the steps in which its module ticks.

        h' = tanh(W x + U h + b) where clock = 0, elsewhere h; clock' = (clock + 1) mod period

        The units are divided into modules, the fastest first; each module reads itself and the
        slower ones (U is block upper triangular). In the first step all tick. A kernel computes
        the units that do not tick, too, and drops the result.

        Args:
            x: Input, axes (input).
            h: Units, axes (hidden).
            clock: Steps since the module's last tick, axes (hidden).
            period: Steps between two ticks, axes (hidden); without genes.

        Source: Koutnik, Greff, Gomez & Schmidhuber 2014 (ICML, PMLR 32:1863), section 3.
        """
        h_new = where(clock < 1, tanh(W @ x + U @ h + b), h)
        return h_new, where(clock + 1 < period, clock + 1, 0)

    return clockwork


clockwork = clockwork_of((1, 2, 4, 8))
