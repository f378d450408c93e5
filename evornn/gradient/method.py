"""What training asks of a way to compute gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from evornn.gradient.loss import Loss
from evornn.network import Network
from evornn.tasks.part import Part
from evornn.workers import Workers

Found = tuple[np.ndarray, np.ndarray]


class Online(Protocol):
    """Gradients while the sequences pass by: states, and traces, are carried along.

    Attributes:
        done: All steps have passed.
    """

    done: bool

    def __call__(self, chromosomes: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
        """Loss (network), gradient (network, gene) and count of what was scored in the next steps.

        Loss and gradient are means over what was scored; zero where nothing was.
        """
        ...


class Gradient(Protocol):
    """A method at work on one network and one part of a task.

    Attributes:
        cost: Network-steps charged for each time step of a sequence; a forward pass costs 1.
    """

    cost: float

    def prepare(self, networks: int, sequences: int) -> None:
        """Compile what a call with so many networks and sequences needs."""
        ...

    def __call__(self, chromosomes: np.ndarray, sequences: Sequence[int] | None = None) -> Found:
        """Loss and gradient over whole sequences, each from the network's initial state.

        Args:
            chromosomes: Axes (network, gene).
            sequences: Numbers of the part's sequences; None: all.

        Returns:
            The mean loss over what is scored, axes (network), float64, and its derivative, axes
            (network, gene), of the network's dtype.
        """
        ...

    def online(self, every: int, sequences: Sequence[int] | None = None) -> Online:
        """The same in windows of `every` steps, with states carried from one to the next."""
        ...


class Method(Protocol):
    """A way to compute gradients: `BPTT`, `RTRL`, `Hybrid`, ..."""

    def settings(self) -> dict[str, Any]:
        """What determines it, JSON-able."""
        ...

    def start(self, network: Network, part: Part, loss: Loss, workers: Workers) -> Gradient:
        """The method at work; the network is bound to the task."""
        ...
