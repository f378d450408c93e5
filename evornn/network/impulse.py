"""Finite and infinite impulse: which networks can be replaced by one without memory, and by which.

A network has a finite impulse response if the digraph of its equations has no cycle: then each
output depends on a fixed number of inputs, and the network unrolls into a strictly feed-forward
one that reads this window of inputs. With a cycle it cannot be unrolled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evornn.flow.axes import axis_names, axis_size
from evornn.flow.graph import Graph, Node, StateSlot
from evornn.flow.language import window
from evornn.flow.signal import Signal
from evornn.flow.trace import Cell, Tracer
from evornn.network.dependence import Dependence, dependence
from evornn.network.lines import Lines
from evornn.network.network import Network


def is_finite_impulse(system: Cell | Network) -> bool:
    """Whether no entry of a state depends, over any number of steps, on its own past.

    The vertices of the digraph are the entries of the states, so that a tapped delay line, where
    every entry follows the one before it, is no cycle. Weights that are masked or held at 0 make
    no edge.

    Args:
        system: A network; or a cell, which is judged as if no weight of it were masked (a mask
            needs sizes), with two entries on every axis.

    Raises:
        TypeError: If it is neither.
        ValueError: If a network does not know its inputs and outputs yet.
    """
    found = _of_network(system) if isinstance(system, Network) else _of_cell(system)
    return _depths(found.states) is not None


def memory(network: Network) -> int:
    """Steps back that an output reaches: 0 for a network without states.

    Raises:
        ValueError: If the network has an infinite impulse response.
    """
    found = _of_network(network)
    depths = _depths(found.states)
    if depths is None:
        raise ValueError(
            f"a finite memory needs a digraph without cycles, but in the network "
            f"{network.graph.name} {_on_cycle(network, found.states)}; only networks of finite "
            "impulse response, such as stacks of cells.fir, can be unrolled"
        )
    reached = found.output.any(axis=0)
    return int(depths[reached].max(initial=0))


@dataclass(frozen=True)
class Unrolled:
    """A network without memory that answers a window of inputs as a finite-impulse network does.

    Attributes:
        network: The feed-forward network: as many inputs as the window has, the newest first, and
            the same genes as the recurrent one.
        window: Number of steps that it reads, the network's memory and the present one.
    """

    network: Network
    window: int

    def windows(self, inputs: np.ndarray) -> np.ndarray:
        """Every complete window of a sequence, axes (time - window + 1, window * input).

        Args:
            inputs: Axes (time, input), or (time) with one input.

        Raises:
            ValueError: If the sequence is shorter than a window.
        """
        x = np.asarray(inputs, dtype=np.float64)
        x = x[:, None] if x.ndim == 1 else x
        if len(x) < self.window:
            raise ValueError(
                f"the unrolled network {self.network.graph.name} needs at least {self.window} "
                f"steps, got {len(x)}"
            )
        views = np.lib.stride_tricks.sliding_window_view(x, self.window, axis=0)
        return np.ascontiguousarray(views.transpose(0, 2, 1)[:, ::-1]).reshape(len(views), -1)

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Outputs for every complete window, axes (time - window + 1, output).

        They are the recurrent network's outputs from step window - 1 on; before it, what the
        recurrent network's states are at the start plays a part.
        """
        outputs: np.ndarray = self.network.predict(self.windows(inputs))
        return outputs


def unroll(network: Network) -> Unrolled:
    """The strictly feed-forward network that replaces a network of finite impulse response.

    The weights are shared: a gene of the recurrent network is the same gene of the unrolled one,
    and stands at as many places as there are steps. For a stack of `fir` layers with L1, L2, ...
    taps, the window is sum(L - 1) + 1 inputs.

    Args:
        network: With inputs and outputs known; its weights, if it has any, are taken over.

    Raises:
        ValueError: If the network has an infinite impulse response.

    Source: Miljanovic 2012 (Indian Journal of Computer and Engineering 3:180); Wan 1990 (IJCNN
    1:575).
    """
    steps = memory(network) + 1
    graph = network.graph
    tracer = Tracer(f"{graph.name}_unrolled")
    ((name, leaf),) = graph.inputs.items()
    axis = leaf.axes[0]
    x = tracer.leaf("input", name, ("+".join([axis] * steps),))
    weights = {n: tracer.leaf("parameter", n, p.axes) for n, p in graph.parameters.items()}
    lines = Lines(tracer)
    values = {slot.name: _initial(slot, lines, weights) for slot in graph.states}
    made: dict[Node, Signal] = {}
    for k in range(steps):
        leaves = {leaf: window(x, "+".join([axis] * (steps - 1 - k)) or "0", axis)}
        leaves |= {node: weights[n] for n, node in graph.parameter_leaves.items()}
        leaves |= {slot.leaf: values[slot.name] for slot in graph.states}
        made = lines.replay(graph, leaves)
        values = {slot.name: made[slot.following] for slot in graph.states}
    static = Graph(
        tracer.name,
        {name: x.node},
        (),
        graph.parameters,
        (made[graph.outputs[0]].node,),
        {n: w.node for n, w in weights.items()},
    )
    used = {n for a in static.axis_names() for n in axis_names(a)} - {"output"}
    unrolled = Network._of_graph(
        static,
        inputs=steps * axis_size(axis, network.sizes),
        outputs=network.outputs,
        dtype=network.dtype,
        sizes={n: axis_size(n, network.sizes) for n in used if steps > 1 or n != axis},
        chromosome=None,
    )
    if network.chromosome is not None:
        unrolled = unrolled.with_chromosome(network.chromosome)
    return Unrolled(unrolled, steps)


def _initial(slot: StateSlot, lines: Lines, weights: dict[str, Signal]) -> Signal:
    """A state's value before the first step."""
    start = slot.declaration.initial
    if isinstance(start, str):
        return weights[start]
    return lines.constant(float(start), slot.leaf.axes[0] if slot.leaf.axes else "")


def _depths(edges: np.ndarray) -> np.ndarray | None:
    """For each state entry, the most delays on a path that ends in it; None if there is a cycle.

    Args:
        edges: Axes (following entry, entry that it depends on).
    """
    waiting = edges.sum(axis=1)
    depths = np.ones(len(edges), dtype=int)
    ready = list(np.flatnonzero(waiting == 0))
    done = 0
    while ready:  # in topological order
        entry = ready.pop()
        done += 1
        for follower in np.flatnonzero(edges[:, entry]):
            depths[follower] = max(depths[follower], depths[entry] + 1)
            waiting[follower] -= 1
            if waiting[follower] == 0:
                ready.append(follower)
    return depths if done == len(edges) else None


def _on_cycle(network: Network, edges: np.ndarray) -> str:
    """Which state stands on a cycle, in words."""
    reach = edges.astype(np.float64)
    for _ in range(int(np.ceil(np.log2(len(edges) + 1)))):  # paths of twice as many steps
        reach = ((reach + reach @ reach) > 0).astype(np.float64)
    entry = int(np.flatnonzero(reach.diagonal())[0])
    slots = network.graph.states
    widths = [axis_size("+".join(s.leaf.axes) or "1", network.sizes) for s in slots]
    ends = np.cumsum(widths)
    place = int(np.searchsorted(ends, entry, side="right"))
    first = int(ends[place] - widths[place])
    return f"the state {slots[place].name}[{entry - first}] depends on its own past"


def _of_network(network: Network) -> Dependence:
    parameters, sizes = network.graph.parameters, network.sizes
    present = {
        name: p.free(sizes, name) | (p.held(sizes, name) != 0) for name, p in parameters.items()
    }
    return dependence(network.graph, sizes, present)


def _of_cell(cell: Cell) -> Dependence:
    if not isinstance(cell, Cell):
        raise TypeError(f"is_finite_impulse needs a cell or a network, got {type(cell).__name__}")
    graph = cell.graph
    least = 2
    for node in graph.nodes():
        if node.op == "window" and "within" in node.meta[2:]:  # a slice such as v[3]
            least = max(least, int(node.meta[0]) + int(node.meta[1] or 1))
    names = {n for axis in graph.axis_names() for n in axis_names(axis)}
    sizes = dict.fromkeys(names, least)
    present = {
        name: np.full(p.shape(sizes), not (np.isscalar(p.fixed) and p.fixed == 0))
        for name, p in graph.parameters.items()
    }
    return dependence(graph, sizes, present)
