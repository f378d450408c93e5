"""Fit a model once to the scored steps of one part of a task, and ask it for answers."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from evornn.liquid import LiquidStateMachine
from evornn.readout import as_readout
from evornn.reservoir import ESN, NGRC
from evornn.tasks.part import Part


def fit_model(model: Any, part: Part, kind: str = "series") -> None:
    """Fit a model to a part's scored targets; what is not scored is not learned.

    An `ESN` leaves out its own washout too if the part is a series; of a task with many sequences
    the mask alone says what counts. Models of other kinds than those of this package are given the
    sequences in lists, `fit(inputs, targets)`, and `mask=` if they take that.

    Args:
        model: Changed in place.
        part: What to learn.
        kind: "series" or "sequences", as of the task.

    Raises:
        ValueError: If the model cannot leave unscored steps out, or refuses the data.
    """
    if isinstance(model, ESN):
        _fit_esn(model, part, kind)
    elif isinstance(model, NGRC):
        _fit_ngrc(model, part)
    elif isinstance(model, LiquidStateMachine):
        _fit_liquid(model, part)
    elif "mask" in inspect.signature(model.fit).parameters:
        model.fit(list(part.inputs), list(part.targets), mask=list(part.mask))
    else:
        if not all(mask.all() for mask in part.mask):
            raise ValueError(
                f"`{type(model).__name__}` needs a method fit(inputs, targets, mask) for a task "
                "with unscored steps, it takes no mask."
            )
        model.fit(list(part.inputs), list(part.targets))


def answers(model: Any, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """A fitted model's outputs for every sequence, each with axes (time, output).

    Steps that an `NGRC` cannot answer yet get 0, the mean of normalised training data.
    """
    if isinstance(model, NGRC):
        found = [model.predict(x) for x in inputs]
        return [np.pad(y, ((model.warmup, 0), (0, 0))) for y in found]
    return [np.asarray(y) for y in model.predict(list(inputs))]


def trained_weights(model: Any) -> int:
    """Numbers that fitting has found: a network's genes, a readout's weights; 0 if unknown."""
    genes = getattr(model, "genes", None)
    if isinstance(genes, int):
        return genes
    readout = getattr(model, "readout", model)
    parts = (getattr(readout, "weights", None), getattr(readout, "bias", None))
    return sum(int(np.size(part)) for part in parts if part is not None)


def _fit_esn(esn: ESN, part: Part, kind: str) -> None:
    if esn.pooling or esn.classify:
        raise ValueError(
            "an `ESN` needs an answer at every step to be scored on a task, got pooling or "
            "classify; leave them out, the task's mask says which steps count"
        )
    rows = [scored_steps(mask) for mask in part.mask]
    firsts = {int(np.argmax(row)) for row in rows}
    own = esn.washout if kind == "series" else 0
    if len(firsts) == 1 and all(row[int(np.argmax(row)) :].all() for row in rows):
        esn.washout = max(own, *firsts)
        esn.fit(list(part.inputs), list(part.targets))
        return
    if esn.feedback:
        raise ValueError(
            "an `ESN` with feedback needs a task that is scored without gaps; use feedback=False"
        )
    front = esn.draw(part.inputs[0].shape[1], part.targets[0].shape[1])
    rng = np.random.default_rng(np.random.SeedSequence(esn.seed).spawn(2)[1])
    features = [next(iter(front.pieces(u, len(u), rng=rng)))[1] for u in part.inputs]
    for row in rows:
        row[:own] = False
    if not any(row.any() for row in rows):
        raise ValueError(f"a washout of {own} steps leaves no scored step; lower the washout")
    esn.readout = as_readout(copy.deepcopy(esn.fresh_readout))
    esn.readout.fit(_taken(features, rows), _taken(part.targets, rows))


def _fit_ngrc(model: NGRC, part: Part) -> None:
    rows = [scored_steps(mask) for mask in part.mask]
    # Of steps before the delays reach back, only as many as they need: unscored ones would widen
    # the range that the Chebyshev basis is scaled to.
    firsts = [max(0, int(np.argmax(row)) - model.warmup) for row in rows]
    model.fit(
        [x[k:] for x, k in zip(part.inputs, firsts, strict=True)],
        [y[k:] for y, k in zip(part.targets, firsts, strict=True)],
        [row[k:] for row, k in zip(rows, firsts, strict=True)],
    )


def _fit_liquid(machine: LiquidStateMachine, part: Part) -> None:
    features = machine.states(list(part.inputs))
    if machine.pooling is not None or any(
        len(x) != len(u) for x, u in zip(features, part.inputs, strict=True)
    ):
        raise ValueError(
            "a `LiquidStateMachine` needs a sample for every step of a task: no pooling, no "
            "washout_ms, and sample_ms equal to its encoder's step"
        )
    rows = [scored_steps(mask) for mask in part.mask]
    machine.readout = as_readout(copy.deepcopy(machine.fresh_readout))
    machine.readout.fit(_taken(features, rows), _taken(part.targets, rows))


def scored_steps(mask: np.ndarray) -> np.ndarray:
    """Which steps of a sequence count, axes (time); a copy.

    Raises:
        ValueError: If some outputs of a step count and others do not.
    """
    some: np.ndarray = np.any(mask, axis=1)
    if not np.array_equal(some, mask.all(axis=1)):
        raise ValueError(
            "a readout needs targets for all outputs of a step or for none, got a mask that "
            "scores some of them; fit a model for each output"
        )
    return some


def _taken(series: Sequence[np.ndarray], rows: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([x[row] for x, row in zip(series, rows, strict=True)])
