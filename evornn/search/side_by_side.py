"""Candidate networks fitted and scored at once: their reservoirs run in lanes where they can."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from evornn.readout import as_readout
from evornn.reservoir import ESN
from evornn.reservoir.stack import Stack
from evornn.reservoir.together import Together, shape_of
from evornn.reservoir.training import WHOLE_BYTES
from evornn.reservoir.vectors import LANES
from evornn.search.fitting import scored_steps
from evornn.tasks.part import Part

Outcome = tuple[float, str]  # an error, and why there is none


def attempt(compute: Callable[[], float]) -> Outcome:
    """A network's error; infinite, with the reason, where its data or settings are refused."""
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            return compute(), ""
    except (ValueError, np.linalg.LinAlgError) as refused:  # this network, not the others
        return np.inf, str(refused)


def validation_errors(
    networks: Sequence[ESN],
    train: Part,
    validation: Part,
    kind: str,
    alone: Callable[[ESN], float],
) -> list[Outcome]:
    """The validation error of every network, fitted to the training part.

    Networks of one layer whose units hear the same others run side by side; their states, and so
    their errors, are those that each has alone.

    Args:
        networks: Drawn from settings, not fitted yet.
        train: What to fit to.
        validation: What to score on.
        kind: "series" or "sequences", as of the task.
        alone: Fits one network and returns its validation error: the way of all others.
    """
    outcomes: list[Outcome] = [(np.inf, "")] * len(networks)
    groups: dict[tuple[Any, ...], list[int]] = {}
    for k, network in enumerate(networks):
        try:
            shape = _lanes_shape(network, train, validation)
        except (ValueError, np.linalg.LinAlgError) as refused:
            outcomes[k] = np.inf, str(refused)
            continue
        if shape is None:
            outcomes[k] = attempt(partial(alone, network))
        else:
            groups.setdefault(shape, []).append(k)
    for members in groups.values():
        for first in range(0, len(members), LANES):
            lanes = members[first : first + LANES]
            found = _in_lanes([networks[k] for k in lanes], train, validation, kind)
            for k, outcome in zip(lanes, found, strict=True):
                outcomes[k] = outcome
    return outcomes


def _lanes_shape(network: ESN, train: Part, validation: Part) -> tuple[Any, ...] | None:
    """What the network needs to have in common with those beside it; None if it runs alone."""
    front = network.draw(*_widths(train))
    if not isinstance(front.reservoir, Stack) or front.at_once or len(front.stack.layers) != 1:
        return None
    layer = front.stack.layers[0]
    held = 8 * LANES * layer.units * (train.steps + validation.steps)
    return None if any(front.stack.noise) or held > WHOLE_BYTES else shape_of(layer)


def _in_lanes(networks: Sequence[ESN], train: Part, validation: Part, kind: str) -> list[Outcome]:
    """The errors of up to eight networks of one shape."""
    together = Together([network.draw(*_widths(train)).stack.layers[0] for network in networks])
    learned = [together.run(u) for u in train.inputs]
    seen = [together.run(u) for u in validation.inputs]
    return [
        attempt(
            partial(
                _error, network, [s[k] for s in learned], [s[k] for s in seen], train, validation,
                kind,
            )
        )
        for k, network in enumerate(networks)
    ]  # fmt: skip


def _widths(part: Part) -> tuple[int, int]:
    """Numbers of inputs and outputs."""
    return part.inputs[0].shape[1], part.targets[0].shape[1]


def _error(
    network: ESN,
    learned: Sequence[np.ndarray],
    seen: Sequence[np.ndarray],
    train: Part,
    validation: Part,
    kind: str,
) -> float:
    """The validation error of a readout fitted to states, axes (time, unit) of each sequence."""
    front = network.draw(*_widths(train))
    lost = network.washout if kind == "series" else 0
    rows = [scored_steps(mask) for mask in train.mask]
    for row in rows:
        row[:lost] = False
    if not any(row.any() for row in rows):
        raise ValueError(f"a washout of {lost} steps leaves no scored step; lower the washout")
    features, targets = [], []
    for states, u, y, row in zip(learned, train.inputs, train.targets, rows, strict=True):
        first = int(np.argmax(row))
        # Where all that follows counts, a slice serves and nothing is copied.
        steps = slice(first, None) if row[first:].all() else row
        features.append(front.features(states, u)[steps])
        targets.append(y[steps])
    readout = as_readout(copy.deepcopy(network.fresh_readout))
    readout.fit(_joined(features), _joined(targets))
    answers = [
        readout.predict(front.features(states, u))
        for states, u in zip(seen, validation.inputs, strict=True)
    ]
    return validation.mse(answers)


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
