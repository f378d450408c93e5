"""Trace a Python function into a signal-flow graph, and say clearly where a cell is wrong."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, overload

from evornn.flow.axes import Axes, axis_names, rename_axis, written
from evornn.flow.declare import Parameter, State
from evornn.flow.graph import LEAVES, Graph, Node, StateSlot
from evornn.flow.ops import OPS
from evornn.flow.signal import Signal


class Tracer:
    """Collects the nodes of one graph; the same expression written twice is one node."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._interned: dict[tuple[Any, ...], Node] = {}

    def node(self, op: str, args: tuple[Node, ...], axes: Axes, meta: Any = None) -> Node:
        """The node for this expression, made once."""
        # Equal floats of different type or sign (0.0, -0.0) must not be merged, hence repr.
        key = (op, tuple(id(a) for a in args), axes, repr(meta))
        if key not in self._interned:
            self._interned[key] = Node(op, args, axes, meta)
        return self._interned[key]

    def leaf(self, kind: str, name: str, axes: Axes) -> Signal:
        """A signal that comes from outside: an input, a state or a parameter."""
        return Signal(self.node(kind, (), axes, name), self)

    def apply(self, op: str, *args: Signal, meta: Any = None) -> Signal:
        """The signal of an operation, with its axes checked.

        Raises:
            ValueError: If the axes do not fit; names the cell, the operation and the axes.
        """
        nodes = tuple(a.node for a in args)
        axes = OPS[op].axes(self.name, nodes, meta)
        return Signal(self.node(op, nodes, axes, meta), self)

    def replay(
        self,
        graph: Graph,
        leaves: Mapping[Node, Signal],
        axes: Mapping[str, str],
        without: Collection[str] = (),
    ) -> dict[Node, Signal]:
        """Repeat a graph inside this one, with its leaves and axis names replaced.

        Operations in `without` are left out: their first argument stands in their place.
        """
        made: dict[Node, Signal] = dict(leaves)
        for node in graph.nodes():
            if node in made:
                continue
            if node.op == "constant":
                made[node] = Signal(self.node("constant", (), (), node.meta), self)
                continue
            if node.op in without:
                made[node] = made[node.args[0]]
                continue
            if node.op in LEAVES:
                raise ValueError(f"{graph.name} reads {node.meta}, which has no replacement")
            meta = OPS[node.op].rename(node.meta, lambda axis: rename_axis(axis, axes))
            made[node] = self.apply(node.op, *(made[a] for a in node.args), meta=meta)
        return made


@dataclass(frozen=True)
class Cell:
    """A recurrent cell: its equations, traced.

    Attributes:
        name: The function's name.
        graph: One time step.
        input: The name of the input argument.
        description: The function's docstring.
    """

    name: str
    graph: Graph
    input: str
    description: str = ""

    @property
    def output_axis(self) -> str:
        """The axis of what the cell emits."""
        return self.graph.outputs[0].axes[0]

    @property
    def input_axis(self) -> str:
        """The axis of what the cell reads."""
        return self.graph.inputs[self.input].axes[0]

    def with_fixed(self, **values: Any) -> Cell:
        """The same cell with parameters held at the given values (they have no genes)."""
        return self._declared(
            {k: replace(self._of(k), fixed=v, mask=None) for k, v in values.items()}
        )

    def with_mask(self, **masks: Any) -> Cell:
        """The same cell with weights removed: 0 in the mask means that the weight is absent."""
        return self._declared(
            {k: replace(self._of(k), mask=m, fixed=None) for k, m in masks.items()}
        )

    def with_initial(self, **distributions: Any) -> Cell:
        """The same cell with other initial distributions."""
        return self._declared(
            {k: replace(self._of(k), initial=d) for k, d in distributions.items()}
        )

    def _of(self, name: str) -> Parameter:
        if name not in self.graph.parameters:
            raise ValueError(
                f"cell {self.name} has the parameters {', '.join(self.graph.parameters)}, got "
                f"{name!r}"
            )
        return self.graph.parameters[name]

    def _declared(self, changes: dict[str, Parameter]) -> Cell:
        graph = replace(self.graph, parameters={**self.graph.parameters, **changes})
        return replace(self, graph=graph)

    def __str__(self) -> str:
        return str(self.graph)


def cell(function: Callable[..., Any]) -> Cell:
    """Turn a function that states a cell's equations into a `Cell`.

    The function's first argument is the input, the other positional arguments are the states
    (axis "hidden" unless their default is a `state(...)`), and the keyword-only arguments are
    the parameters (`matrix`, `vector`, `tensor`, `scalar`). It returns the following states in
    the order of the arguments; the first is also the cell's output, unless one more value, the
    output, stands before them.

    Raises:
        ValueError: If the equations do not fit; the text names the cell and the operation.
        TypeError: If an argument is not declared, or something else than signals is returned.
    """
    name = function.__name__
    tracer = Tracer(name)
    states: dict[str, State] = {}
    parameters: dict[str, Parameter] = {}
    input_name, input_signal = None, None
    for argument in inspect.signature(function).parameters.values():
        declared = argument.default
        if argument.kind is argument.KEYWORD_ONLY:
            if not isinstance(declared, Parameter):
                raise TypeError(
                    f"parameter {argument.name} of cell {name} needs a declaration such as "
                    f'{argument.name}=matrix("hidden", "input"), got {_default(declared)}'
                )
            parameters[argument.name] = declared
        elif argument.kind is not argument.POSITIONAL_OR_KEYWORD:
            raise TypeError(f"cell {name} needs plain arguments, got {argument}")
        elif input_name is None:
            input_name = argument.name
            axes = declared.axes if isinstance(declared, State) else ("input",)
            input_signal = tracer.leaf("input", input_name, axes)
        else:
            if declared is not inspect.Parameter.empty and not isinstance(declared, State):
                raise TypeError(
                    f"state {argument.name} of cell {name} needs a state(...) or no default, got "
                    f"{_default(declared)}; parameters stand after a *"
                )
            states[argument.name] = declared if isinstance(declared, State) else State(("hidden",))
    if input_name is None or input_signal is None:
        raise TypeError(f"cell {name} needs an input as its first argument, got none")
    leaves = {k: tracer.leaf("state", k, s.axes) for k, s in states.items()}
    weights = {k: tracer.leaf("parameter", k, p.axes) for k, p in parameters.items()}
    returned = function(input_signal, *leaves.values(), **weights)
    values = returned if isinstance(returned, tuple) else (returned,)
    if not all(isinstance(v, Signal) for v in values):
        kinds = ", ".join(type(v).__name__ for v in values)
        raise TypeError(f"cell {name} needs to return signals, got {kinds}")
    if len(values) not in (len(states), len(states) + 1) or not values:
        raise ValueError(
            f"cell {name} needs to return its {len(states)} following states "
            f"({', '.join(states)}), or its output and these, got {len(values)} values"
        )
    following = values[len(values) - len(states) :]
    slots = []
    for (state_name, declared), value in zip(states.items(), following, strict=True):
        if value.node.axes != declared.axes:
            raise ValueError(
                f"state {state_name} of cell {name} needs axes {written(declared.axes)}, its "
                f"following value has {written(value.node.axes)}"
            )
        check_initial(name, state_name, declared, parameters)
        slots.append(StateSlot(state_name, declared, leaves[state_name].node, value.node))
    output = values[0].node
    if len(output.axes) != 1:
        raise ValueError(f"the output of cell {name} needs one axis, got {written(output.axes)}")
    graph = Graph(
        name,
        {input_name: input_signal.node},
        tuple(slots),
        parameters,
        (output,),
        {k: w.node for k, w in weights.items()},
    )
    check_axes_known(graph)
    return Cell(name, graph, input_name, inspect.getdoc(function) or "")


def check_initial(
    cell_name: str, state_name: str, declared: State, parameters: Mapping[str, Parameter]
) -> None:
    """Raise if a state starts from a parameter that does not exist or has other axes."""
    if not isinstance(declared.initial, str):
        return
    if declared.initial not in parameters:
        raise ValueError(
            f"state {state_name} of cell {cell_name} starts at parameter {declared.initial!r}, "
            f"got only {', '.join(parameters)}"
        )
    axes = parameters[declared.initial].axes
    if axes != declared.axes:
        raise ValueError(
            f"state {state_name} of cell {cell_name} needs an initial parameter with axes "
            f"{written(declared.axes)}, {declared.initial} has {written(axes)}"
        )


def check_axes_known(graph: Graph) -> None:
    """Raise if a signal has an axis that no input, state or parameter declares."""
    known: set[str] = set()
    leaves = [p.axes for p in graph.parameters.values()]
    leaves += [slot.declaration.axes for slot in graph.states]
    leaves += [node.axes for node in graph.inputs.values()]
    for axes in leaves:
        known.update(name for axis in axes for name in axis_names(axis))
    for axis in graph.axis_names():
        for name in axis_names(axis):
            if name not in known:
                raise ValueError(
                    f"cell {graph.name} uses axis {name!r}, which none of its arguments has "
                    f"({', '.join(sorted(known))})"
                )


@overload
def rename_declaration(
    declaration: Parameter, axes: Mapping[str, str], prefix: str = ""
) -> Parameter: ...
@overload
def rename_declaration(declaration: State, axes: Mapping[str, str], prefix: str = "") -> State: ...
def rename_declaration(
    declaration: Parameter | State, axes: Mapping[str, str], prefix: str = ""
) -> Parameter | State:
    """A declaration with its axes renamed; a state's initial parameter gets the prefix."""
    renamed = tuple(rename_axis(axis, axes) for axis in declaration.axes)
    if isinstance(declaration, State) and isinstance(declaration.initial, str):
        return State(renamed, prefix + declaration.initial)
    return replace(declaration, axes=renamed)


def _default(value: Any) -> str:
    return "nothing" if value is inspect.Parameter.empty else repr(value)
