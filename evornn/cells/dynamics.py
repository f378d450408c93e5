"""Cells given as differential equations dx/dt, made discrete by graph composition."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from evornn.checks import check_count, check_range
from evornn.flow import scalar
from evornn.flow.declare import Parameter
from evornn.flow.graph import Graph, Node, StateSlot
from evornn.flow.language import exp
from evornn.flow.signal import Signal
from evornn.flow.trace import Cell, Tracer, cell

Values = dict[str, Signal]  # by the state's name


@dataclass(frozen=True)
class Dynamics:
    """A recurrent cell in continuous time; `discretised` gives the cell that a network runs.

    Attributes:
        name: The function's name.
        graph: The equations at one instant: a state's following value is its derivative.
        input: The name of the input argument.
        emits: Whether the equations state an output; else it is the first state.
        description: The function's docstring.
    """

    name: str
    graph: Graph
    input: str
    emits: bool
    description: str = ""

    def discretised(
        self, method: str = "rk4", *, dt: float = 1.0, substeps: int = 1, name: str | None = None
    ) -> Cell:
        """The cell that integrates these equations over `dt` in every step.

        The input is held constant over the step, and the output is that of the states at its end.
        `dt` becomes a fixed scalar parameter: `cell.with_fixed(dt=0.1)` changes it later, and the
        gradient of the discrete cell is exact for the discrete cell.

        - "euler": x + dt f(x), order 1 (the error over a fixed span is O(dt)).
        - "heun": the mean of the slopes at both ends, order 2.
        - "rk4": the classical Runge-Kutta method, order 4.
        - "exponential_euler": order 1, exact where target and rate do not change, stable for
          every dt. x' = target + (x - target) exp(-dt rate).
        - "fused": semi-implicit Euler, order 1, stable for every dt.
          x' = (x + dt rate target) / (1 + dt rate).

        The last two need every derivative to be a relaxation, written `(target - x) / tau`
        (rate = 1 / tau) or `drive - rate * x` (target = drive / rate), x the state itself and
        tau or rate positive.

        Args:
            method: One of these.
            dt: Time from one step to the next, positive, in the unit of the time constants.
            substeps: Integration steps within one step of the cell, each of dt / substeps.
            name: The cell's name; None: the equations' own.

        Raises:
            TypeError: If `dt` is no number or `substeps` no whole number.
            ValueError: If the method is unknown or needs relaxations, or a number is not positive.

        Source: Hairer, Norsett & Wanner 1993 (Solving Ordinary Differential Equations I, II.1);
        exponential Euler: Hochbruck & Ostermann 2010 (Acta Numerica 19:209); fused:
        Hasani, Lechner, Amini, Rus & Grosu 2021 (AAAI, 7657, eq. 3).
        """
        if method not in METHODS:
            raise ValueError(f"discretised needs a method of {', '.join(METHODS)}, got {method!r}")
        check_range("discretised", "dt", dt, 0.0, above=True)
        check_count("discretised", "substeps", substeps, 1)
        integration = _Integration(self, name or self.name, float(dt), substeps)
        values = dict(integration.states)
        for _ in range(substeps):
            values = METHODS[method](integration, values)
        return integration.finish(values)

    def __str__(self) -> str:
        return str(self.graph)


def dynamics(function: Callable[..., Any]) -> Dynamics:
    """Turn a function that states dx/dt of every state into `Dynamics`.

    As under `@cell`: the first argument is the input, the other positional ones are the states,
    the keyword-only ones the parameters. It returns each state's derivative in their order; an
    output may stand before them, else the first state is the output. A time constant stays
    positive as the exponential of a free weight: `tau = exp(log_tau)`.

    Raises:
        ValueError: As `cell`; or if there is no state.
        TypeError: As `cell`.
    """
    returned: list[int] = []

    @functools.wraps(function)
    def counting(*args: Any, **kwargs: Any) -> Any:
        values = function(*args, **kwargs)
        returned.append(len(values) if isinstance(values, tuple) else 1)
        return values

    traced = cell(counting)
    if not traced.graph.states:
        raise ValueError(f"dynamics {traced.name} needs at least one state, got none")
    return Dynamics(
        traced.name,
        traced.graph,
        traced.input,
        returned[0] > len(traced.graph.states),
        inspect.getdoc(function) or "",
    )


class _Integration:
    """A cell in the making: the equations, repeated at the points that a method asks for."""

    def __init__(self, equations: Dynamics, name: str, dt: float, substeps: int) -> None:
        self.equations = equations
        graph = self.graph = equations.graph
        if "dt" in graph.parameters:
            raise ValueError(f"dynamics {equations.name} needs its parameter dt renamed")
        tracer = self.tracer = Tracer(name)
        self.parameters: dict[str, Parameter] = {**graph.parameters, "dt": scalar(fixed=dt)}
        self.leaves = {
            key: tracer.leaf("parameter", key, p.axes) for key, p in self.parameters.items()
        }
        leaf = graph.inputs[equations.input]
        self.x = tracer.leaf("input", equations.input, leaf.axes)
        self.states = {s.name: tracer.leaf("state", s.name, s.leaf.axes) for s in graph.states}
        self.h = self.leaves["dt"] if substeps == 1 else self.leaves["dt"] * (1 / substeps)

    def at(self, values: Mapping[str, Signal]) -> dict[Node, Signal]:
        """Every signal of the equations, with the states at these values."""
        leaves = {leaf: self.leaves[key] for key, leaf in self.graph.parameter_leaves.items()}
        leaves[self.graph.inputs[self.equations.input]] = self.x
        leaves |= {slot.leaf: values[slot.name] for slot in self.graph.states}
        return self.tracer.replay(self.graph, leaves, {})

    def slopes(self, values: Values) -> Values:
        """dx/dt of every state at these values."""
        made = self.at(values)
        return {slot.name: made[slot.following] for slot in self.graph.states}

    def finish(self, values: Values) -> Cell:
        """The cell whose states follow with these values."""
        equations = self.equations
        first = values[self.graph.states[0].name]
        output = self.at(values)[self.graph.outputs[0]] if equations.emits else first
        slots = tuple(
            StateSlot(s.name, s.declaration, self.states[s.name].node, values[s.name].node)
            for s in self.graph.states
        )
        graph = Graph(
            self.tracer.name,
            {equations.input: self.x.node},
            slots,
            self.parameters,
            (output.node,),
            {key: leaf.node for key, leaf in self.leaves.items()},
        )
        return Cell(self.tracer.name, graph, equations.input, equations.description)


def _euler(it: _Integration, values: Values) -> Values:
    slopes = it.slopes(values)
    return {key: v + it.h * slopes[key] for key, v in values.items()}


def _heun(it: _Integration, values: Values) -> Values:
    first = it.slopes(values)
    last = it.slopes({key: v + it.h * first[key] for key, v in values.items()})
    return {key: v + 0.5 * it.h * (first[key] + last[key]) for key, v in values.items()}


def _rk4(it: _Integration, values: Values) -> Values:
    half = 0.5 * it.h
    k1 = it.slopes(values)
    k2 = it.slopes({key: v + half * k1[key] for key, v in values.items()})
    k3 = it.slopes({key: v + half * k2[key] for key, v in values.items()})
    k4 = it.slopes({key: v + it.h * k3[key] for key, v in values.items()})
    return {
        key: v + it.h * (k1[key] + 2 * (k2[key] + k3[key]) + k4[key]) * (1 / 6)
        for key, v in values.items()
    }


def _exponential_euler(it: _Integration, values: Values) -> Values:
    made, following = it.at(values), {}
    for slot in it.graph.states:
        form, a, b = relaxation(it.equations, slot)
        if form == "target":
            target, decay = made[a], exp(-(it.h / made[b]))
        else:
            target, decay = made[a] / made[b], exp(-(it.h * made[b]))
        following[slot.name] = target + (values[slot.name] - target) * decay
    return following


def _fused(it: _Integration, values: Values) -> Values:
    made, following = it.at(values), {}
    for slot in it.graph.states:
        form, a, b = relaxation(it.equations, slot)
        if form == "target":
            rate = it.h / made[b]
            gain = rate * made[a]
        else:
            rate = it.h * made[b]
            gain = it.h * made[a]
        following[slot.name] = (values[slot.name] + gain) / (1 + rate)
    return following


METHODS: dict[str, Callable[[_Integration, Values], Values]] = {
    "euler": _euler,
    "heun": _heun,
    "rk4": _rk4,
    "exponential_euler": _exponential_euler,
    "fused": _fused,
}


def relaxation(equations: Dynamics, slot: StateSlot) -> tuple[str, Node, Node]:
    """How a derivative is written: ("target", target, tau) or ("drive", drive, rate).

    Raises:
        ValueError: If it is neither (target - x) / tau nor drive - rate * x.
    """
    node = slot.following
    if node.op == "div" and node.args[0].op == "sub" and node.args[0].args[1] is slot.leaf:
        return "target", node.args[0].args[0], node.args[1]
    if node.op == "sub" and node.args[1].op == "mul" and slot.leaf in node.args[1].args:
        one, other = node.args[1].args
        return "drive", node.args[0], other if one is slot.leaf else one
    raise ValueError(
        f"this method needs the derivative of {slot.name} in dynamics {equations.name} as "
        f"(target - {slot.name}) / tau or drive - rate * {slot.name}; write it so, or take euler, "
        "heun or rk4"
    )
