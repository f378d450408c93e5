"""One group of sequences on its way through the frames, forwards and backwards."""

from __future__ import annotations

import numpy as np

from evornn.gradient.batch import Group
from evornn.simd.gradient_kernel import GradientKernel, Workspace


class Stream:
    """Sequences side by side, with the frames of their last steps.

    Args:
        kernel: Compiled for the network.
        space: Its memory.
        group: The sequences.
        network: The network of the first lane.
        capacity: Frames in memory.

    Attributes:
        time: Steps done.
        filled: How many of the last steps have frames.
        losses: Sums over the steps so far, one number for each lane and sequence side by side.
    """

    def __init__(
        self, kernel: GradientKernel, space: Workspace, group: Group, network: int, capacity: int
    ) -> None:
        self.kernel, self.space, self.group = kernel, space, group
        self.network, self.capacity = network, capacity
        self.time = self.filled = 0
        width = 1 if kernel.kind == "units" else kernel.lanes * kernel.sequences
        self.losses = np.zeros(width)

    def forward(self, genes: np.ndarray, steps: int, *, fresh_weights: bool) -> None:
        """Run further steps into frames; older frames make room."""
        if self.filled + steps > self.capacity:
            self.keep(self.capacity - steps)
        first = self.time == 0
        self.kernel.forward(
            self.space.forward,
            self.space.frames,
            genes,
            self.network,
            self.group.data,
            self.time,
            self.filled + 1,
            steps,
            fresh_weights=fresh_weights,
            fresh_states=first,
        )
        self.time += steps
        self.filled += steps

    def count_losses(self, steps: int) -> None:
        """Add the losses of the last steps to `losses`."""
        self.kernel.forward.losses(self.space.frames, self.filled - steps + 1, steps, self.losses)

    def keep(self, steps: int) -> None:
        """Forget all frames but those of the last steps, and the states before them."""
        steps = max(0, min(steps, self.filled))
        size = self.kernel.frame_size
        first = (self.filled - steps) * size
        frames = self.space.frames
        # NumPy copies overlapping memory as if through a copy of it.
        frames[: (steps + 1) * size] = frames[first : first + (steps + 1) * size]
        self.filled = steps

    def states(self) -> np.ndarray:
        """The frame of the last step, whose states the next step starts from."""
        size = self.kernel.frame_size
        return self.space.frames[self.filled * size : (self.filled + 1) * size].copy()

    def resume(self, states: np.ndarray, time: int) -> None:
        """Go back to a frame of `states`."""
        self.space.frames[: states.size] = states
        self.time, self.filled = time, 0

    def backward(
        self,
        genes: np.ndarray,
        steps: int,
        seeded: int,
        *,
        fresh_weights: bool,
        fresh_carry: bool = True,
    ) -> None:
        """Run transposed steps from the last frame on; the first `seeded` losses enter."""
        self.kernel.backward(
            self.space.backward,
            self.space.frames,
            genes,
            self.network,
            self.filled,
            steps,
            seeded,
            fresh_weights=fresh_weights,
            fresh_carry=fresh_carry,
        )

    def collect_initial(self, gradient: np.ndarray) -> None:
        """Add the part of states that start at a parameter, after the first step was reached."""
        self.kernel.backward.collect_initial(self.space.backward[1], gradient, 0)
