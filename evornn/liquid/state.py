"""What a liquid remembers from one step to the next."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evornn.simd.lanes import ALIGNMENT, aligned_empty

NEVER = -(2**40)  # step of the spike before the first one


class State(NamedTuple):
    """Everything that a liquid remembers between two steps; the loop changes it in place.

    A row is a neuron or, behind the last one up to a full register, nothing.

    Attributes:
        potential: mV, axes (row).
        second: Adaptation current or recovery variable, axes (row).
        currents: nA, axes (2 x row): excitatory, then inhibitory.
        ring: Currents on their way, nA, axes (slot, 2 x row); slots are a power of two.
        coming: Whether anything waits in a slot, axes (slot).
        u: Of the recurrent synapses, as `Wiring` orders them, or empty; and likewise `r`.
        r: Share of the resources left.
        last: Step of each neuron's last spike, axes (neuron).
        in_u: As `u`, of the input synapses.
        in_r: As `r`, of the input synapses.
        in_last: Step of each input channel's last spike, axes (channel).
        until: Last step in which a neuron rests, axes (row).
        clock: The next step, axes (1).
    """

    potential: np.ndarray
    second: np.ndarray
    currents: np.ndarray
    ring: np.ndarray
    coming: np.ndarray
    u: np.ndarray
    r: np.ndarray
    last: np.ndarray
    in_u: np.ndarray
    in_r: np.ndarray
    in_last: np.ndarray
    until: np.ndarray
    clock: np.ndarray

    def copy(self) -> State:
        """The same in arrays of its own, each from a cache line's start on: fast to load."""
        ends = np.cumsum([-(-array.nbytes // ALIGNMENT) * ALIGNMENT for array in self])
        room = aligned_empty(int(ends[-1]), "uint8")
        copies = []
        for array, end in zip(self, ends, strict=True):
            begin = end - -(-array.nbytes // ALIGNMENT) * ALIGNMENT
            place = room[begin : begin + array.nbytes].view(array.dtype).reshape(array.shape)
            place[...] = array
            copies.append(place)
        return State(*copies)
