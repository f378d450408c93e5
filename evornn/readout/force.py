"""FORCE: teaching a reservoir while its own output drives it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evornn.checks import check_count
from evornn.readout.online import OnlineReadout
from evornn.readout.rows import as_rows

Step = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def force(
    step: Step, readout: OnlineReadout, targets: ArrayLike, *, every: int = 1
) -> NDArray[np.float64]:
    """Learn online with the readout's own output as feedback, errors kept small from the start.

    At each time the reservoir takes a step under the last output, the readout answers, and is
    taught; the answer before teaching is fed back.

    Args:
        step: Advances the reservoir by one step: output fed back, axes (output) -> state, axes
            (feature). It keeps the reservoir's own state, and may add an input of its own.
        readout: `RLS(alpha=1)` to `RLS(alpha=100)` in the source, goes on where it was; or `LMS`.
        targets: Axes (time, output) or (time).
        every: Steps from one teaching to the next, at least 1.

    Returns:
        The outputs fed back, axes (time, output).

    Raises:
        ValueError: NaN or infinity in targets or states, or `every` below 1.

    Source: Sussillo & Abbott 2009 (Neuron 63).
    """
    wanted = as_rows("force", "targets", targets)
    check_count("force", "every", every, 1)
    outputs = np.empty_like(wanted)
    output = np.zeros(wanted.shape[1])
    for t, target in enumerate(wanted):
        state = np.asarray(step(output), dtype=np.float64)
        if not np.isfinite(state).all():
            raise ValueError(f"`force` needs finite states, got NaN or infinity at step {t}.")
        if not hasattr(readout, "table"):
            readout.begin(len(state), wanted.shape[1])
        if t % every == 0:
            output = readout.step(state, target)
        else:
            output = state @ readout.weights + readout.bias
        outputs[t] = output
    return outputs


def run_free(
    step: Step, readout: OnlineReadout, steps: int, *, output: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Go on alone, each output fed back and nothing learned.

    Args:
        step: As for `force`.
        readout: Fitted.
        steps: Number of steps.
        output: The last output so far, axes (output); 0 if not given.

    Returns:
        Outputs, axes (steps, output).

    Raises:
        ValueError: The readout is not fitted.
    """
    readout.check_fitted()
    weights, bias = readout.weights, readout.bias
    last = np.zeros(len(bias)) if output is None else np.asarray(output, dtype=np.float64)
    outputs = np.empty((steps, len(bias)))
    for t in range(steps):
        last = outputs[t] = np.asarray(step(last), dtype=np.float64) @ weights + bias
    return outputs
