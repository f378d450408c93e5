"""Constraints: weights that stay in a range, whatever the gradient says."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from evornn.network import Network

Limits = tuple[np.ndarray, np.ndarray]


class Bound:
    """Holds parameters in a range, by name; put back into it after every update.

    `Bound(u=(-1.0, 1.0), W=(None, 3.0))`; a single number a means (-a, a). In a stack, `u` means
    the `u` of every layer, and `layer2_u` that of the second.

    Args:
        **ranges: For each parameter its least and largest value; None: free on that side.

    Raises:
        TypeError: If a range is neither a number nor a pair.
        ValueError: If there is no parameter, or a range is empty.
    """

    def __init__(self, **ranges: Any) -> None:
        if not ranges:
            raise ValueError(
                "`Bound` needs at least one parameter, as in Bound(u=(-1, 1)), got none."
            )
        self.ranges = {name: _range(name, value) for name, value in ranges.items()}

    @classmethod
    def of_memory(cls, steps: int, gain: float = 2.0, parameter: str = "u") -> Bound:
        """The bound |u| <= gain^(1 / steps) of independently recurrent units.

        Over so many steps, a unit's own past is then multiplied by at most `gain`.

        Source: Li, Li, Cook, Zhu & Gao 2018 (CVPR, 5457), section 3.2.

        Args:
            steps: Length of the sequences, at least 1.
            gain: Largest product over a sequence, above 0.
            parameter: The recurrent weights' name.

        Raises:
            ValueError: If `steps` or `gain` is too small.
        """
        if steps < 1 or not gain > 0:
            raise ValueError(
                "`Bound.of_memory` needs at least 1 step and a gain above 0, got "
                f"{steps} and {gain:g}."
            )
        return cls(**{parameter: gain ** (1.0 / steps)})

    def settings(self) -> dict[str, Any]:
        """All settings, JSON-able."""
        described = {
            name: [None if math.isinf(end) else end for end in limits]
            for name, limits in self.ranges.items()
        }
        return {"constraint": "Bound", **described}

    def limits(self, network: Network) -> Limits:
        """Least and largest value of every gene, each with axes (gene); infinite where free.

        Args:
            network: With inputs and outputs bound.

        Raises:
            ValueError: If the network has no such parameter with genes.
        """
        low, high = np.full(network.genes, -np.inf), np.full(network.genes, np.inf)
        for name, (least, most) in self.ranges.items():
            pattern = re.compile(rf"(layer\d+_)*{re.escape(name)}")
            genes = [
                address[address >= 0]
                for parameter, address in network.map.addresses.items()
                if pattern.fullmatch(parameter)
            ]
            if not any(each.size for each in genes):
                raise ValueError(
                    f"`Bound` needs parameters of the network, got {name!r}; the network "
                    f"{network.graph.name} has {network.map.describe()}."
                )
            for each in genes:
                low[each] = np.maximum(low[each], least)
                high[each] = np.minimum(high[each], most)
        return low, high

    def __repr__(self) -> str:
        return f"Bound({', '.join(f'{name}={limits}' for name, limits in self.ranges.items())})"


def limits_of(constraints: Sequence[Bound], network: Network) -> Limits | None:
    """The limits that meet all constraints, in the network's type; None without constraints.

    Raises:
        ValueError: If two constraints contradict each other, or of `Bound.limits`.
    """
    if not constraints:
        return None
    each = [constraint.limits(network) for constraint in constraints]
    low = np.max([limits[0] for limits in each], axis=0).astype(network.dtype)
    high = np.min([limits[1] for limits in each], axis=0).astype(network.dtype)
    if (low > high).any():
        gene = int(np.argmax(low > high))
        raise ValueError(
            f"the constraints need a value that all allow, got {low[gene]:g} to {high[gene]:g} for "
            f"{network.map.names[gene]}"
        )
    return low, high


def _range(name: str, value: Any) -> tuple[float, float]:
    pair = (-value, value) if isinstance(value, int | float) else value
    numbers = (int, float, np.integer, np.floating, type(None))
    if (
        not isinstance(pair, tuple | list)
        or len(pair) != 2
        or not all(isinstance(end, numbers) for end in pair)
    ):
        raise TypeError(
            f"`Bound` needs a number or a pair (least, largest) for `{name}`, got {value!r}."
        )
    low = -math.inf if pair[0] is None else float(pair[0])
    high = math.inf if pair[1] is None else float(pair[1])
    if not low <= high:
        raise ValueError(f"`Bound` needs least <= largest for `{name}`, got {value!r}.")
    return low, high
