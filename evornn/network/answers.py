"""Outputs and states of one network: lanes are its sequences, or its units if there are few."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evornn.flow.axes import axis_size
from evornn.simd.feed import feed_networks, feed_sequences

if TYPE_CHECKING:
    from evornn.network.network import Network

FEW = 2  # so many sequences leave most lanes of a register empty
Answers = tuple[list[np.ndarray], list[dict[str, np.ndarray]]]


def answers(
    network: Network, sequences: list[np.ndarray], forced: list[int], want_states: bool
) -> Answers:
    """Outputs, and states if wanted, of every sequence, each from a clean state.

    Args:
        network: Has weights.
        sequences: Inputs, each with axes (time, input).
        forced: Steps of each that read the input; later ones read the output before.
        want_states: Return the states too.

    Returns:
        For every sequence the outputs, axes (time, output), and the states by name, axes (time,
        entry).
    """
    units = len(sequences) <= FEW
    kernel = network.one_sequence if units else network.many_sequences
    lanes = 1 if units else kernel.form.lanes
    width = network.sizes["output"]
    nothing = [np.zeros((len(x), width)) for x in sequences]
    if units:
        masks = [np.zeros(y.shape, dtype=bool) for y in nothing]
        feed = feed_networks(sequences, nothing, masks, forced, network.dtype, 1)
    else:
        feed = feed_sequences(sequences, nothing, nothing, forced, network.dtype, lanes)
    blocks = len(feed.arrays[3])
    widths = {
        slot.name: axis_size(slot.declaration.axes[0], network.sizes)
        if slot.declaration.axes
        else 1
        for slot in network.graph.states
    }
    loss, out = kernel.empty(blocks), kernel.empty(feed.rows, width)
    history = kernel.empty(feed.rows, sum(widths.values())) if want_states else None
    kernel.run(network.own()[None, :], (0, blocks), feed.arrays, loss, out, history)
    results: list[np.ndarray] = [np.empty(0)] * len(sequences)
    states: list[dict[str, np.ndarray]] = [{} for _ in sequences]
    rows = out.reshape(feed.rows, width, lanes)
    for place, k in enumerate(feed.order):
        if k < 0:
            continue
        first = feed.arrays[3][place // lanes]
        here = slice(first, first + len(sequences[k]))
        results[k] = rows[here, :, place % lanes].copy()
        if history is not None:
            found = history.reshape(feed.rows, -1, lanes)[here, :, place % lanes]
            ends = np.cumsum(list(widths.values()))[:-1]
            states[k] = dict(zip(widths, np.split(found, ends, axis=1), strict=True))
    return results, states
