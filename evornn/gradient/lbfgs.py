"""L-BFGS: whole batches, and a picture of the loss's curvature from the last few gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from evornn.checks import check_count, check_range
from evornn.gradient.constraints import Limits
from evornn.gradient.together import Answers, Ask, Together

TOO_LARGE = 1e300  # stands for a loss that is not finite, so that a line search steps back
NO_GRADIENT = "the gradient is not finite"


class Minimised(NamedTuple):
    """Where some iterations have led.

    Attributes:
        weights: Axes (lane, gene), of the type of the weights that came in.
        loss: Axes (lane).
        norms: Norm of the gradient, axes (lane).
        evaluations: Gradients that each lane has asked for, axes (lane).
        iterations: Iterations done, axes (lane).
        ended: For every lane that cannot go on, how it ended, "converged" or "diverged", and why.
    """

    weights: np.ndarray
    loss: np.ndarray
    norms: np.ndarray
    evaluations: np.ndarray
    iterations: np.ndarray
    ended: dict[int, tuple[str, str]]


@dataclass(frozen=True)
class LBFGS:
    """Limited-memory BFGS with bounds, from scipy; one update is an iteration.

    Works on whole batches, for the lanes of a population at the same time. Its memory begins anew
    with every row of the history, so that a run that is resumed goes on as if nothing had happened.

    Source: Byrd, Lu, Nocedal & Zhu 1995 (SIAM J. Sci. Comput. 16), by `scipy.optimize.minimize`
    with L-BFGS-B.

    Attributes:
        memory: Gradients that are remembered, at least 1.
        searches: Evaluations of a line search at most.
        tolerance: A lane has converged when no entry of its (projected) gradient is larger.
        weight_decay: Added to the loss, times half the squared norm of the weights; at least 0.
    """

    memory: int = 10
    searches: int = 20
    tolerance: float = 1e-9
    weight_decay: float = 0.0
    lanes = None  # no setting differs between lanes

    def __post_init__(self) -> None:
        """Refuse settings outside their ranges."""
        check_count("LBFGS", "memory", self.memory, 1)
        check_count("LBFGS", "searches", self.searches, 1)
        check_range("LBFGS", "tolerance", self.tolerance, 0.0)
        check_range("LBFGS", "weight_decay", self.weight_decay, 0.0)

    def settings(self) -> dict[str, Any]:
        """All settings, JSON-able."""
        return {"optimizer": "LBFGS", **asdict(self)}

    def minimise(
        self,
        function: Callable[[np.ndarray], Answers],
        weights: np.ndarray,
        limits: Limits | None,
        alive: np.ndarray,
        iterations: int,
    ) -> Minimised:
        """Walk some iterations downhill, all lanes side by side.

        Args:
            function: Weights, axes (lane, gene), to losses, axes (lane), and gradients.
            weights: Where to begin, axes (lane, gene).
            limits: Least and largest value of every gene, or None.
            alive: Lanes that walk, axes (lane); the others stay.
            iterations: At most so many.
        """
        lanes = len(weights)
        found = Minimised(
            weights.copy(),
            np.full(lanes, np.nan),
            np.full(lanes, np.nan),
            np.zeros(lanes, dtype=np.int64),
            np.zeros(lanes, dtype=np.int64),
            {},
        )
        together = Together(lambda points: function(points.astype(weights.dtype)), weights)

        def walk(lane: int, ask: Ask) -> None:
            self._walk(lane, ask, found, limits, iterations)

        together.run(walk, np.flatnonzero(alive).tolist())
        found.evaluations[:] = together.answered
        return found

    def _walk(
        self, lane: int, ask: Ask, found: Minimised, limits: Limits | None, iterations: int
    ) -> None:
        from scipy.optimize import Bounds, minimize

        diverged: list[str] = []

        def judged(point: np.ndarray) -> tuple[float, np.ndarray]:
            loss, slope = ask(point)
            if not (np.isfinite(loss) and np.isfinite(slope).all()):
                diverged.append(f"loss is {loss}" if not np.isfinite(loss) else NO_GRADIENT)
                return TOO_LARGE, np.zeros(point.shape)
            decay = self.weight_decay
            slope = slope.astype(np.float64) + decay * point
            return loss + 0.5 * decay * float(point @ point), slope

        start = found.weights[lane].astype(np.float64)
        result = minimize(
            judged,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=None if limits is None else Bounds(*limits),
            options={
                "maxiter": iterations,
                "maxfun": iterations * (self.searches + 1) + 1,
                "maxls": self.searches,
                "maxcor": self.memory,
                "ftol": 0.0,
                "gtol": self.tolerance,
            },
        )
        found.weights[lane] = result.x
        found.loss[lane] = result.fun
        found.norms[lane] = np.linalg.norm(result.jac)
        found.iterations[lane] = result.nit
        if result.fun >= TOO_LARGE:  # at the very beginning: everywhere else there was a way back
            found.ended[lane] = ("diverged", diverged[0])
        elif result.status == 0:
            steepest = np.abs(result.jac).max()
            found.ended[lane] = ("converged", f"no entry of the gradient is above {steepest:.2g}")
        elif result.nit == 0:
            found.ended[lane] = ("converged", "no step along the gradient lowers the loss")
