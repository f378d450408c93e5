"""Optimisers: from a gradient to an update of the weights, for many lanes at once.

An optimiser is its settings. Each setting is one number, or a sequence with one number for each
lane, so that a population tries many settings side by side. What an optimiser remembers are plain
arrays, made by `start` and changed by `step`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from evornn.gradient import rules
from evornn.gradient.settings_in_lanes import Range, Setting, checked, in_lanes, written

State = dict[str, np.ndarray]


class Optimizer:
    """What all optimisers have in common; use one of its children.

    Attributes:
        numbers: The settings that may differ between lanes, with their ranges, in the order in
            which the rule reads them.
        slots: Names of the arrays that are remembered, each with the weights' axes.
        rule: The inner loop, see `rules`.
        flags: Names of the settings that the rule reads last, the same for all lanes.
    """

    numbers: ClassVar[dict[str, Range]]
    slots: ClassVar[tuple[str, ...]]
    rule: ClassVar[Any]
    flags: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        """Refuse settings outside their ranges."""
        owner = type(self).__name__
        for name, allowed in self.numbers.items():
            value = checked(owner, name, getattr(self, name), allowed)
            object.__setattr__(self, name, value)

    @property
    def lanes(self) -> int | None:
        """How many lanes the settings are meant for; None: any number."""
        lengths = [len(v) for n in self.numbers if isinstance(v := getattr(self, n), tuple)]
        return max(lengths, default=None)

    def settings(self) -> dict[str, Any]:
        """All settings, JSON-able."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        return {"optimizer": type(self).__name__, **written(values)}

    def start(self, lanes: int, genes: int, dtype: Any) -> State:
        """What the optimiser remembers, before the first update.

        Args:
            lanes: Networks side by side.
            genes: Weights of each.
            dtype: The weights' type.

        Returns:
            `settings`, axes (setting, lane), float64, and an array with axes (lane, gene) for each
            slot; `count`, axes (lane), is how often a lane was updated.

        Raises:
            ValueError: If a setting has numbers for another number of lanes.
        """
        owner = type(self).__name__
        rows = [in_lanes(owner, name, getattr(self, name), lanes) for name in self.numbers]
        state = {slot: np.zeros((lanes, genes), dtype=dtype) for slot in self.slots}
        return {**state, "count": np.zeros(lanes, dtype=np.int64), "settings": np.array(rows)}

    def step(
        self,
        weights: np.ndarray,
        gradient: np.ndarray,
        state: State,
        factor: np.ndarray,
        alive: np.ndarray,
    ) -> None:
        """Update the weights and the state in place.

        Args:
            weights: Axes (lane, gene), float32 or float64, C-contiguous.
            gradient: The loss's derivative, like the weights; may be overwritten.
            state: From `start`.
            factor: Of the learning rate, from a schedule, axes (lane), float64.
            alive: Lanes that are updated, axes (lane), boolean; the others stay as they are.
        """
        remembered = (state[slot] for slot in self.slots)
        flags = (getattr(self, flag) for flag in self.flags)
        count, settings = state["count"], state["settings"]
        count += alive
        self.rule(weights, gradient, *remembered, count, settings, factor, alive, *flags)


_RATE = Range(0.0)
_SHARE = Range(0.0, 1.0, below=True)  # of the past that is kept
_EPSILON = Range(0.0)


@dataclass(frozen=True)
class SGD(Optimizer):
    """Gradient descent, plain, with momentum, or with Nesterov's look ahead.

    v' = momentum v + g;  w' = w - learning_rate v'  (Nesterov: g + momentum v' in the place of v')

    Source: Polyak 1964 (USSR Comp. Math. Math. Phys. 4); Nesterov 1983 (Soviet Math. Dokl. 27) in
    the form of Sutskever, Martens, Dahl & Hinton 2013 (ICML), eq. 3-4, with the velocity at the
    point looked at.

    Attributes:
        learning_rate: At least 0; one number, or one a lane, as all numbers here.
        momentum: Share of the velocity that is kept, in [0, 1).
        nesterov: Look ahead.
        weight_decay: Added to the gradient, times the weights; at least 0.
    """

    learning_rate: Setting = 0.01
    momentum: Setting = 0.0
    nesterov: bool = False
    weight_decay: Setting = 0.0
    numbers: ClassVar = {"learning_rate": _RATE, "momentum": _SHARE, "weight_decay": _RATE}
    slots: ClassVar = ("velocity",)
    rule: ClassVar = staticmethod(rules.sgd)
    flags: ClassVar = ("nesterov",)


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """The gradient over the root of its running mean square.

    s' = smoothing s + (1 - smoothing) g^2;  w' = w - learning_rate g / (sqrt(s') + epsilon)

    Source: Tieleman & Hinton 2012 (Coursera lecture 6.5); centered: Graves 2013, Generating
    sequences with recurrent neural networks (arXiv:1308.0850), eq. 38-41.

    Attributes:
        learning_rate: At least 0; one number, or one a lane, as all numbers here.
        smoothing: Share of the mean square that is kept, in [0, 1).
        epsilon: Added to the root.
        momentum: Share of the last update that is repeated, in [0, 1).
        centered: Subtract the square of the running mean: the variance in place of the mean square.
        weight_decay: Added to the gradient, times the weights; at least 0.
    """

    learning_rate: Setting = 0.01
    smoothing: Setting = 0.99
    epsilon: Setting = 1e-8
    momentum: Setting = 0.0
    centered: bool = False
    weight_decay: Setting = 0.0
    numbers: ClassVar = {
        "learning_rate": _RATE,
        "smoothing": _SHARE,
        "epsilon": _EPSILON,
        "momentum": _SHARE,
        "weight_decay": _RATE,
    }
    slots: ClassVar = ("square", "mean", "velocity")
    rule: ClassVar = staticmethod(rules.rmsprop)
    flags: ClassVar = ("centered",)


@dataclass(frozen=True)
class Adam(Optimizer):
    """The running mean of the gradient over the root of its running mean square.

    Source: Kingma & Ba 2015 (ICLR), algorithm 1.

    Attributes:
        learning_rate: At least 0; one number, or one a lane, as all numbers here.
        beta1: Share of the mean that is kept, in [0, 1).
        beta2: Share of the mean square that is kept, in [0, 1).
        epsilon: Added to the root.
        weight_decay: Added to the gradient, times the weights; at least 0.
    """

    learning_rate: Setting = 1e-3
    beta1: Setting = 0.9
    beta2: Setting = 0.999
    epsilon: Setting = 1e-8
    weight_decay: Setting = 0.0
    numbers: ClassVar = {
        "learning_rate": _RATE,
        "beta1": _SHARE,
        "beta2": _SHARE,
        "epsilon": _EPSILON,
        "weight_decay": _RATE,
    }
    slots: ClassVar = ("mean", "square")
    rule: ClassVar = staticmethod(rules.adam)


@dataclass(frozen=True)
class AdamW(Optimizer):
    """Adam with weight decay beside it: the weights shrink by learning_rate * weight_decay.

    Source: Loshchilov & Hutter 2019 (ICLR), algorithm 2, line 12.

    Attributes:
        learning_rate: At least 0; one number, or one a lane, as all numbers here.
        beta1: As for `Adam`.
        beta2: As for `Adam`.
        epsilon: As for `Adam`.
        weight_decay: Share of the weights that an update of rate 1 takes away; at least 0.
    """

    learning_rate: Setting = 1e-3
    beta1: Setting = 0.9
    beta2: Setting = 0.999
    epsilon: Setting = 1e-8
    weight_decay: Setting = 0.01
    numbers: ClassVar = Adam.numbers
    slots: ClassVar = Adam.slots
    rule: ClassVar = staticmethod(rules.adamw)


@dataclass(frozen=True)
class Rprop(Optimizer):
    """Resilient propagation: only the gradient's sign counts, each weight has its own step.

    A step grows while the sign stays and shrinks when it changes; after a change the weight rests
    once. Meant for whole batches, not for samples of them.

    Source: Riedmiller & Braun 1993 (ICNN); without weight-backtracking: Igel & Huesken 2003
    (Neurocomputing 50), iRprop-.

    Attributes:
        learning_rate: The first step of every weight; one number, or one a lane, as all numbers.
        shrink: Factor of the step when the sign changes, in (0, 1].
        grow: Factor of the step while the sign stays, at least 1.
        least: The least step.
        most: The largest step.
    """

    learning_rate: Setting = 0.01
    shrink: Setting = 0.5
    grow: Setting = 1.2
    least: Setting = 1e-6
    most: Setting = 50.0
    numbers: ClassVar = {
        "learning_rate": _RATE,
        "shrink": Range(0.0, 1.0, above=True),
        "grow": Range(1.0),
        "least": _RATE,
        "most": _RATE,
    }
    slots: ClassVar = ("before", "sizes")
    rule: ClassVar = staticmethod(rules.rprop)

    def start(self, lanes: int, genes: int, dtype: Any) -> State:
        """See `Optimizer.start`."""
        state = super().start(lanes, genes, dtype)
        state["sizes"][:] = state["settings"][0][:, None]
        return state
