"""The largest Lyapunov exponent: how fast neighbouring trajectories part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evornn.checks import check_count
from evornn.measures.arrays import as_columns, begun_from

State = NDArray[np.float64]


def lyapunov_exponent(
    step: Any,
    start: ArrayLike,
    *,
    steps: int | None = None,
    u: ArrayLike | None = None,
    jacobian: Callable[..., ArrayLike] | None = None,
    dt: float = 1.0,
    transient: int = 100,
    every: int = 1,
    distance: float = 1e-8,
    rng: np.random.Generator,
) -> float:
    """Largest Lyapunov exponent of a map, of one step of a flow, or of a driven reservoir.

    With `jacobian`, a tangent vector is carried along and shortened to length 1 again and again
    (exact); without, a second trajectory is, and is pulled back to the `distance`. The exponent is
    the mean logarithm of the growth per unit of time. With inputs it is the conditional exponent of
    the driven system: below 0, the state forgets where it began.

    Args:
        step: x -> next x, axes (dimension), also for numbers; with inputs (x, u) -> next x. For a
            flow, `runge_kutta(derivative, dt)`. Or an `ESN`, whose states are driven by `u`.
        start: A state, axes (dimension), or a number.
        steps: That count, at least 1; without `u`.
        u: Inputs, axes (time, input) or (time), one a step; those of the transient come first.
        jacobian: As `step`, but returns the derivatives of the next state by the state, axes
            (dimension, dimension).
        dt: Time from one state to the next: 1 gives the exponent per step.
        transient: Steps that are left out, for the state and the tangent to settle.
        every: Steps between two shortenings, at least 1.
        distance: Of the second trajectory, above 0: small against the attractor, and large against
            1e-16 of the state, so that rounding leaves it.
        rng: Draws the first direction.

    Returns:
        The exponent, in 1 / unit of time; -inf if the trajectories meet.

    Raises:
        TypeError: A `step` that is no function, and no `ESN`.
        ValueError: A setting out of range, or a state that is no longer finite.

    Source: Benettin, Galgani, Giorgilli & Strelcyn 1980 (Meccanica 15).
    """
    owner = "lyapunov_exponent"
    check_count(owner, "every", every, 1)
    check_count(owner, "transient", transient, 0)
    if not (dt > 0 and distance > 0):
        raise ValueError(f"`{owner}` needs `dt` and `distance` above 0, got {dt} and {distance}.")
    inputs = None if u is None else as_columns(owner, "inputs", u)
    if (steps is None) == (inputs is None):
        raise ValueError(f"`{owner}` needs either `steps` or inputs `u`.")
    total = len(inputs) if inputs is not None else transient + int(steps or 0)
    if total - transient < 1:
        raise ValueError(
            f"`{owner}` needs steps beyond the transient of {transient}, got {total} in all."
        )
    if not callable(step):
        step = _steps_of(owner, step, inputs)
    x = np.atleast_1d(np.asarray(start, dtype=np.float64))
    direction = rng.normal(size=len(x))
    direction /= np.linalg.norm(direction)
    scale = 1.0 if jacobian is not None else distance
    apart = scale * direction
    growth = 0.0
    for t in range(total):
        lost = jacobian is None and np.array_equal(x + apart, x)
        extra = () if inputs is None else (inputs[t],)
        following = np.atleast_1d(np.asarray(step(x, *extra), dtype=np.float64))
        if jacobian is not None:
            apart = np.atleast_2d(np.asarray(jacobian(x, *extra))) @ apart
        else:
            apart = np.atleast_1d(np.asarray(step(x + apart, *extra))) - following
        x = following
        if not np.isfinite(x).all():
            raise ValueError(f"`{owner}` needs finite states, got NaN or infinity at step {t}.")
        if (t + 1) % every == 0 or t + 1 in (transient, total):
            length = float(np.linalg.norm(apart))
            if lost:
                raise ValueError(
                    f"`{owner}` needs a larger `distance`: {distance:g} is lost in rounding beside "
                    f"the state at step {t}."
                )
            if length == 0.0:
                return -np.inf
            if t >= transient:
                growth += np.log(length / scale)
            apart *= scale / length
    return float(growth / ((total - transient) * dt))


def _steps_of(owner: str, system: Any, inputs: State | None) -> Callable[[State, State], State]:
    if inputs is None:
        raise ValueError(f"`{owner}` of a driven system needs inputs `u`, got none.")
    run = begun_from(owner, system)
    return lambda x, u: np.asarray(run(u[None], x))[0]


def runge_kutta(
    derivative: Callable[[State], ArrayLike], dt: float
) -> Callable[[State], NDArray[np.float64]]:
    """One step of a flow dx/dt = derivative(x) by the classical Runge-Kutta method.

    Args:
        derivative: Axes (dimension) -> axes (dimension).
        dt: Length of the step, above 0.

    Returns:
        A function x(t) -> x(t + dt), for `lyapunov_exponent`.
    """

    def step(x: State) -> NDArray[np.float64]:
        k1 = np.asarray(derivative(x))
        k2 = np.asarray(derivative(x + 0.5 * dt * k1))
        k3 = np.asarray(derivative(x + 0.5 * dt * k2))
        k4 = np.asarray(derivative(x + dt * k3))
        following: NDArray[np.float64] = x + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        return following

    return step
