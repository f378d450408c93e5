"""The error of candidate reservoirs on a task, many candidates at once."""

from __future__ import annotations

import numpy as np

from evornn.reservoir import ESN
from evornn.reservoir.vectors import LANES
from evornn.search.fitting import fit_model
from evornn.search.one_thread import one_blas_thread
from evornn.search.side_by_side import Outcome, validation_errors
from evornn.search.space import Space
from evornn.tasks.part import Part
from evornn.tasks.task import Task
from evornn.workers import Workers


class Scorer:
    """Fits candidates on the training part and scores them on the validation part.

    A candidate's error depends on nothing but its chromosome and the space's seeds: neither on the
    others nor on who computes it.

    Args:
        space: What a chromosome stands for.
        task: Needs a validation part.

    Raises:
        ValueError: If there is no validation part.
    """

    def __init__(self, space: Space, task: Task) -> None:
        if task.validation is None:
            raise ValueError(
                f"a search among reservoirs needs a validation part, task {task.name!r} has none; "
                "a readout that is fitted and judged on the same steps tells nothing"
            )
        self.space, self.kind = space, task.kind
        self.train: Part = task.train
        self.validation: Part = task.validation

    def errors(self, chromosomes: np.ndarray, workers: Workers) -> tuple[np.ndarray, list[str]]:
        """Mean validation error over the draws, axes (individual), inf where none can be had.

        Args:
            chromosomes: Axes (individual, gene).
            workers: Who computes.

        Returns:
            The errors, and what candidates that cannot be drawn or fitted were refused for.
        """
        batches = self._batches(chromosomes, workers.jobs)
        tasks = [chromosomes[batch] for batch in batches]
        if workers.in_threads:
            with one_blas_thread():
                found = workers.map(self.errors_of, tasks)
        else:
            found = workers.map_elsewhere(Scorer.errors_there, self, tasks)
        outcomes: list[Outcome] = [(np.inf, "")] * len(chromosomes)
        for batch, part in zip(batches, found, strict=True):
            for k, outcome in zip(batch, part, strict=True):
                outcomes[k] = outcome
        return np.array([error for error, _ in outcomes]), [why for _, why in outcomes if why]

    def _batches(self, chromosomes: np.ndarray, jobs: int) -> list[np.ndarray]:
        """Candidates that one worker takes at once: as many as lanes, alike ones side by side."""
        alike = sorted(
            range(len(chromosomes)), key=lambda k: self.space.connections(chromosomes[k])
        )
        wanted = -(-len(alike) // (LANES * jobs)) * jobs
        return [part for part in np.array_split(alike, wanted) if len(part)]

    def error(self, chromosome: np.ndarray) -> Outcome:
        """Mean validation error of one candidate over its draws, and why if there is none."""
        return self.errors_of(chromosome[None])[0]

    def errors_of(self, chromosomes: np.ndarray) -> list[Outcome]:
        """As `error`, of several candidates in the calling thread.

        Args:
            chromosomes: Axes (individual, gene).
        """
        drawn: list[list[ESN]] = []
        problems: dict[int, str] = {}
        for k, chromosome in enumerate(chromosomes):
            try:
                drawn.append(self.space.networks(np.array(chromosome)))
            except (ValueError, np.linalg.LinAlgError) as refused:  # this one, not the others
                drawn.append([])
                problems[k] = str(refused)
        networks = [network for draws in drawn for network in draws]
        outcomes = iter(
            validation_errors(networks, self.train, self.validation, self.kind, self.fitted_error)
        )
        found: list[Outcome] = []
        for k, draws in enumerate(drawn):
            errors, whys = zip(*(next(outcomes) for _ in draws), strict=True) if draws else ((), ())
            why = problems.get(k) or next(filter(None, whys), "")
            mean = np.inf if why else float(np.mean(errors))
            if not why and not np.isfinite(mean):
                mean, why = np.inf, "its outputs are not finite"
            found.append((mean, why))
        return found

    def errors_there(self, chromosomes: np.ndarray) -> list[Outcome]:
        """As `errors_of`, in another process."""
        with one_blas_thread():
            return self.errors_of(chromosomes)

    def fitted_error(self, network: ESN) -> float:
        """Validation error of a network, which is fitted on the way."""
        fit_model(network, self.train, self.kind)
        return self.validation.mse(network.predict(list(self.validation.inputs)))

    def best_draw(self, chromosome: np.ndarray) -> ESN:
        """The draw with the least validation error, fitted."""
        networks = self.space.networks(chromosome)
        with one_blas_thread():
            errors = [self.fitted_error(network) for network in networks]
        return networks[int(np.argmin(errors))]

    def steps_of(self, candidates: int) -> int:
        """Time steps computed for so many candidates."""
        draws = len(getattr(self.space, "seeds", (0,)))
        return candidates * draws * (self.train.steps + self.validation.steps)
