"""Cells whose number of states or weights is an argument: no fixed function can say them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from evornn.flow import cell
from evornn.flow.declare import Parameter, State
from evornn.flow.signal import Signal
from evornn.flow.trace import Cell

Step = Callable[[Signal, dict[str, Signal], dict[str, Signal]], tuple[Signal, dict[str, Signal]]]


def assembled(
    name: str,
    description: str,
    states: Mapping[str, State],
    parameters: Mapping[str, Parameter],
    step: Step,
    reads: State | None = None,
) -> Cell:
    """The cell that a function under `@cell` with these arguments would be.

    Args:
        name: The cell's name.
        description: What its equations are and where they come from.
        states: Declarations by name; there may be none.
        parameters: Declarations by name.
        step: (x, states, parameters) -> (output, following states by name).
        reads: Axes of the input; None: axis input.
    """

    def equations(x: Signal, *remembered: Signal, **weights: Signal) -> Any:
        before = dict(zip(states, remembered, strict=True))
        output, after = step(x, before, weights)
        return (output, *(after[key] for key in states))

    either, only = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    nothing = inspect.Parameter.empty
    arguments = [inspect.Parameter("x", either, default=nothing if reads is None else reads)]
    arguments += [inspect.Parameter(key, either, default=s) for key, s in states.items()]
    arguments += [inspect.Parameter(key, only, default=p) for key, p in parameters.items()]
    # An argument with a default may not stand before one without: every state has one here.
    equations.__signature__ = inspect.Signature(arguments)  # type: ignore[attr-defined]
    equations.__name__ = name
    equations.__doc__ = description
    return cell(equations)


def repeated(axis: str, times: int) -> str:
    """The axis of `times` vectors on `axis`, one after the other; "" for none."""
    return "+".join([axis] * times)
