"""The error of candidate reservoirs on a task, many candidates at once."""

from __future__ import annotations

import numpy as np

from evornn.reservoir import ESN
from evornn.search.fitting import fit_model
from evornn.search.one_thread import one_blas_thread
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
        rows = [np.array(row) for row in chromosomes]
        if workers.in_threads:
            with one_blas_thread():
                found = workers.map(self.error, rows)
        else:
            found = workers.map_elsewhere(Scorer.error_there, self, rows)
        return np.array([error for error, _ in found]), [why for _, why in found if why]

    def error(self, chromosome: np.ndarray) -> tuple[float, str]:
        """Mean validation error of one candidate over its draws, and why if there is none."""
        try:
            networks = self.space.networks(chromosome)
            with np.errstate(over="ignore", invalid="ignore"):
                errors = [self.fitted_error(network) for network in networks]
        except (ValueError, np.linalg.LinAlgError) as refused:  # this candidate, not the others
            return np.inf, str(refused)
        mean = float(np.mean(errors))
        return (mean, "") if np.isfinite(mean) else (np.inf, "its outputs are not finite")

    def error_there(self, chromosome: np.ndarray) -> tuple[float, str]:
        """As `error`, in another process."""
        with one_blas_thread():
            return self.error(chromosome)

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
