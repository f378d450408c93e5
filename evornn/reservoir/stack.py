"""Layers in a row, in both directions of time if wanted: a deep, bidirectional reservoir."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from evornn.reservoir.layer import Layer
from evornn.reservoir.plan import LayerPlan
from evornn.reservoir.update import Memory


class Stack:
    """Layers, each of which hears the one before it; the first hears the input.

    Args:
        layers: At least one.
        noise: Of each layer: standard deviation of the noise inside the activation.
        backward: As many layers that read the series from its end; empty if there are none.

    Raises:
        ValueError: If a layer does not hear as many inputs as the one before it has units.

    Source: Gallicchio, Micheli & Pedrelli 2017, Deep reservoir computing (Neurocomputing 268).
    """

    def __init__(
        self, layers: Sequence[Layer], noise: Sequence[float], backward: Sequence[Layer] = ()
    ) -> None:
        self.layers, self.noise, self.backward = list(layers), list(noise), list(backward)
        for chain in (self.layers, self.backward):
            for number, (below, above) in enumerate(pairwise(chain)):
                if above.inputs != below.units:
                    raise ValueError(
                        f"layer {number + 1} hears {above.inputs} inputs, but layer {number} has "
                        f"{below.units} units"
                    )

    @classmethod
    def drawn(
        cls,
        plans: Sequence[LayerPlan | Layer],
        inputs: int,
        feedbacks: int,
        bidirectional: bool,
        rng: np.random.Generator,
    ) -> Stack:
        """Layers drawn from plans; a ready layer is taken as it is.

        Args:
            plans: One for each layer.
            inputs: Number of inputs.
            feedbacks: Outputs that the first layer hears.
            bidirectional: Whether to draw as many layers again that read backwards.
            rng: Where randomness comes from.
        """
        chains = []
        for chain_rng in rng.spawn(2 if bidirectional else 1):
            width, chain = inputs, []
            for number, (plan, own) in enumerate(
                zip(plans, chain_rng.spawn(len(plans)), strict=True)
            ):
                heard = feedbacks if number == 0 else 0
                layer = plan if isinstance(plan, Layer) else plan.draw(width, heard, own)
                _check_fits(layer, number, width, heard)
                chain.append(layer)
                width = layer.units
            chains.append(chain)
        noise = [0.0 if isinstance(p, Layer) else p.noise for p in plans]
        return cls(chains[0], noise, chains[1] if bidirectional else ())

    @property
    def units(self) -> int:
        """Units of all layers."""
        return sum(layer.units for layer in [*self.layers, *self.backward])

    def clean(self) -> list[Memory]:
        """Memories of layers that have seen nothing."""
        return [layer.clean() for layer in self.layers]

    def begun(self, state: np.ndarray) -> list[Memory]:
        """Memories of layers in a given state, axes (unit) of all forward layers.

        Raises:
            ValueError: If there are other numbers of units or layers that read backwards; see also
                `Layer.begun`.
        """
        given = np.asarray(state, dtype=np.float64)
        sizes = [layer.units for layer in self.layers]
        if self.backward or given.shape != (sum(sizes),):
            raise ValueError(
                f"a start needs axes ({sum(sizes)}), for all units of layers that read forwards, "
                f"got shape {given.shape}{' for a bidirectional network' if self.backward else ''}"
            )
        parts = np.split(given, np.cumsum(sizes)[:-1])
        return [layer.begun(x) for layer, x in zip(self.layers, parts, strict=True)]

    def states(
        self,
        u: np.ndarray,
        memories: list[Memory] | None = None,
        feedback: np.ndarray | None = None,
        rng: np.random.Generator | None = None,
    ) -> np.ndarray:
        """States of all layers side by side, axes (time, unit).

        Args:
            u: Axes (time, input).
            memories: Where the forward layers begin; left as they are after the last step.
            feedback: For the first layer: the outputs of the step before each, (time, output).
            rng: Where the noise comes from; None: no noise.
        """
        parts = self._along(self.layers, u, memories or self.clean(), feedback, rng)
        if self.backward:
            turned = [layer.clean() for layer in self.backward]
            late = self._along(self.backward, u[::-1], turned, None, rng)
            parts += [part[::-1] for part in late]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def _along(
        self,
        layers: list[Layer],
        u: np.ndarray,
        memories: list[Memory],
        feedback: np.ndarray | None,
        rng: np.random.Generator | None,
    ) -> list[np.ndarray]:
        parts: list[np.ndarray] = []
        for layer, memory, size in zip(layers, memories, self.noise, strict=True):
            noise = None
            if rng is not None and size > 0:
                noise = size * rng.standard_normal((len(u), layer.units))
            u = layer.run(u, memory, feedback=None if parts else feedback, noise=noise)
            parts.append(u)
        return parts


def _check_fits(layer: Layer, number: int, inputs: int, feedbacks: int) -> None:
    if (layer.inputs, layer.feedbacks) != (inputs, feedbacks):
        raise ValueError(
            f"layer {number} needs to hear {inputs} inputs and {feedbacks} fed-back outputs, the "
            f"given one hears {layer.inputs} and {layer.feedbacks}"
        )
