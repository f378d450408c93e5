"""Losses: what a step's output costs, as equations; so that they are derived like cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evornn.flow.graph import Graph, StateSlot
from evornn.flow.language import exp, largest, log, softplus, square, total, where
from evornn.flow.signal import Signal
from evornn.flow.trace import Tracer

Equation = Callable[[Signal, Signal, Signal], Signal]


@dataclass(frozen=True)
class Loss:
    """A loss of one step; the loss of sequences is its mean over the scored entries or steps.

    Attributes:
        name: How `Train(loss=...)` calls it.
        equation: (y, target, scored) -> a scalar: the step's loss, from the network's output, the
            target and 1 where an entry is scored, else 0; each with axes (output).
        per_step: A step with a scored entry counts once, however many outputs there are
            (cross-entropy of one class); otherwise each scored entry counts.
        last: Of each sequence only the last scored step counts.
        description: What it is, for tables.
    """

    name: str
    equation: Equation
    per_step: bool = False
    last: bool = False
    description: str = ""


def squared_error(y: Signal, target: Signal, scored: Signal) -> Signal:
    """Sum of (y - target)^2 over the scored entries."""
    return total(where(scored, square(y - target), 0.0))


def cross_entropy(y: Signal, target: Signal, scored: Signal) -> Signal:
    """-sum_k target_k log softmax(y)_k; y are the logits, the target a distribution or one-hot."""
    top = largest(y)
    partition = top + log(total(exp(y - top)))
    return total(where(scored, target * (partition - y), 0.0))


def bernoulli(y: Signal, target: Signal, scored: Signal) -> Signal:
    """-sum_k log p(target_k), p = sigmoid(y_k): y are the logits, targets probabilities, 0 or 1."""
    return total(where(scored, softplus(y) - target * y, 0.0))


LOSSES = {
    loss.name: loss
    for loss in (
        Loss("mse", squared_error, description="mean squared error"),
        Loss("cross_entropy", cross_entropy, True, description="cross-entropy of softmax, nats"),
        Loss(
            "last_cross_entropy",
            cross_entropy,
            True,
            True,
            description="cross-entropy of softmax at the last step, nats",
        ),
        Loss("bernoulli", bernoulli, description="cross-entropy of logistic outputs, nats"),
    )
}


def loss_named(loss: str | Loss) -> Loss:
    """The loss of a name, or the loss itself.

    Raises:
        ValueError: An unknown name.
        TypeError: Neither a name nor a loss.
    """
    if isinstance(loss, Loss):
        return loss
    if not isinstance(loss, str):
        raise TypeError(f"a loss needs to be a name or a `Loss`, got {loss!r}")
    if loss not in LOSSES:
        raise ValueError(f"a loss needs to be one of {', '.join(LOSSES)}, got {loss!r}")
    return LOSSES[loss]


def with_loss(graph: Graph, loss: Loss) -> Graph:
    """The step with its loss as its only output; reads `target` and `scored`, axes (output).

    Raises:
        ValueError: The cell's input or a state has one of these names.
    """
    taken = {"target", "scored", "loss"} & {*graph.inputs, *(s.name for s in graph.states)}
    if taken:
        raise ValueError(
            f"training needs other names than target, scored and loss for the input and the states "
            f"of a cell, got {', '.join(sorted(taken))} in {graph.name}; rename it"
        )
    tracer = Tracer(graph.name)
    leaves = {}
    for kind, found in (("input", graph.inputs), ("parameter", graph.parameter_leaves)):
        for name, leaf in found.items():
            leaves[leaf] = tracer.leaf(kind, name, leaf.axes)
    for slot in graph.states:
        leaves[slot.leaf] = tracer.leaf("state", slot.name, slot.leaf.axes)
    made = tracer.replay(graph, leaves, {})
    output = made[graph.outputs[0]]
    target = tracer.leaf("input", "target", output.axes)
    scored = tracer.leaf("input", "scored", output.axes)
    return Graph(
        graph.name,
        {
            **{name: made[leaf].node for name, leaf in graph.inputs.items()},
            "target": target.node,
            "scored": scored.node,
        },
        tuple(
            StateSlot(s.name, s.declaration, made[s.leaf].node, made[s.following].node)
            for s in graph.states
        ),
        dict(graph.parameters),
        (loss.equation(output, target, scored).node,),
        {name: made[leaf].node for name, leaf in graph.parameter_leaves.items()},
    )
