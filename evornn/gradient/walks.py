"""Methods that go through the sequences once, forwards: what RTRL, the hybrid and others share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from evornn.checks import check_count
from evornn.gradient.batch import Group, groups_of, marks_of
from evornn.gradient.loss import Loss
from evornn.gradient.method import Found
from evornn.gradient.of_network import checked_genes
from evornn.network import Network
from evornn.tasks.part import Part
from evornn.workers import Workers


class Walk(Protocol):
    """One network on one sequence.

    Attributes:
        time: Steps done.
        group: The sequence.
    """

    time: int
    group: Group

    def advance(self, genes: np.ndarray, steps: int, gradient: np.ndarray) -> float:
        """Go on by at most `steps` steps; add to the gradient, axes (gene); the sum of losses."""
        ...


class WalkingGradient(ABC):
    """A method at work, one walk for each network and sequence; see `method.Gradient`.

    Attributes:
        cost: Network-steps charged for each time step.
        side_by_side: Walks run on different threads; otherwise each uses the threads itself.
    """

    cost: float = 1.0
    side_by_side = True

    def __init__(self, network: Network, part: Part, loss: Loss, workers: Workers) -> None:
        self.network, self.part, self.loss, self.workers = network, part, loss, workers

    def prepare(self, networks: int, sequences: int) -> None:  # noqa: B027 - most have nothing to do
        """Nothing is left to compile once the method has started."""

    @abstractmethod
    def walk(self, group: Group, number: int) -> Walk:
        """A new walk on one sequence; `number` tells walks with random parts apart."""

    def groups(self, numbers: Sequence[int]) -> tuple[list[Group], list[np.ndarray]]:
        """Each sequence by itself, and what each of its steps counts."""
        marks = marks_of(self.part, numbers, self.loss)
        made = groups_of(self.part, numbers, marks, self.network.dtype, "units", 1)
        return made, marks.counted

    def __call__(self, chromosomes: np.ndarray, sequences: Sequence[int] | None = None) -> Found:
        """See `method.Gradient`."""
        online = OnlineWalks(self, None, sequences)
        loss, gradient, _ = online(chromosomes)
        return loss, gradient

    def online(self, every: int, sequences: Sequence[int] | None = None) -> OnlineWalks:
        """Gradients of `every` steps at a time; states and traces are carried along."""
        check_count(type(self).__name__, "every", every, 1)
        return OnlineWalks(self, every, sequences)


class OnlineWalks:
    """Sequences that pass by; see `method.Online`."""

    def __init__(
        self, owner: WalkingGradient, every: int | None, sequences: Sequence[int] | None
    ) -> None:
        self.owner = owner
        numbers = range(owner.part.sequences) if sequences is None else list(sequences)
        self.groups, self.counted = owner.groups(numbers)
        self.length = max(group.length for group in self.groups)
        self.every = self.length if every is None else every
        self.time = 0
        self.done = False
        self._walks: list[list[Walk]] | None = None

    def __call__(self, chromosomes: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
        """The next steps."""
        owner = self.owner
        genes = checked_genes(owner.network, chromosomes)
        if self._walks is None:
            self._walks = [
                [owner.walk(group, k) for k, group in enumerate(self.groups)] for _ in genes
            ]
        jobs = [
            (network, walk)
            for network, walks in enumerate(self._walks)
            for walk in walks
            if walk.time < walk.group.length
        ]

        def work(job: tuple[int, Walk]) -> tuple[float, np.ndarray]:
            network, walk = job
            found = np.zeros(genes.shape[1], genes.dtype)
            return walk.advance(genes[network : network + 1], self.every, found), found

        results = (
            owner.workers.map(work, jobs) if owner.side_by_side else [work(job) for job in jobs]
        )
        gradient, losses = np.zeros_like(genes), np.zeros(len(genes))
        for (network, _), (loss, found) in zip(jobs, results, strict=True):
            losses[network] += loss
            gradient[network] += found
        end = self.time + self.every
        counted = int(sum(c[self.time : end].sum() for c in self.counted))
        self.time, self.done = end, end >= self.length
        scale = max(1, counted)
        return losses / scale, gradient / gradient.dtype.type(scale), counted
