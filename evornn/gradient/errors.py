"""The errors by which the networks of a training are chosen and reported."""

from __future__ import annotations

import numpy as np

from evornn.gradient.loss import Loss
from evornn.network import Network
from evornn.population import Evaluator
from evornn.tasks.part import Part
from evornn.workers import Workers


def evaluator_of(network: Network, part: Part, loss: Loss, workers: Workers) -> Evaluator:
    """Mean squared errors of a network's answers, where the loss counts them.

    Args:
        network: Bound to the task, with its readout.
        part: Whose targets are to be met.
        loss: If it counts only the last scored step of each sequence, so do the errors.
        workers: Who computes.
    """
    masks = part.mask
    if loss.last:
        masks = tuple(_last_scored(mask) for mask in masks)
    return Evaluator(network, part.inputs, part.targets, masks, workers=workers)


def _last_scored(mask: np.ndarray) -> np.ndarray:
    """The mask with its last scored step alone, axes (time, output)."""
    last = np.zeros_like(mask)
    steps = np.flatnonzero(mask.any(axis=1))[-1:]
    last[steps] = mask[steps]
    return last
