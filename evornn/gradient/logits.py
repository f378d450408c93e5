"""Losses of logits: what a network says before its softmax or logistic readout."""

from __future__ import annotations

import copy
from dataclasses import replace

from evornn.flow.graph import Node
from evornn.gradient.loss import Loss
from evornn.network import Network

LINKS = {"cross_entropy": "softmax", "last_cross_entropy": "softmax", "bernoulli": "sigmoid"}


def network_of_logits(network: Network, loss: Loss) -> Network:
    """The network as the loss sees it, with the same chromosome.

    Cross-entropy and the Bernoulli loss are computed from logits, which cannot overflow. The
    network that is trained answers with probabilities, so that its errors mean something; the loss
    sees it without the last operation.

    Args:
        network: Bound to a task.
        loss: Which loss it is trained on.

    Raises:
        ValueError: If the loss needs logits and the network does not answer with probabilities.
    """
    link = LINKS.get(loss.name)
    if link is None:
        return network
    (output,) = network.graph.outputs
    logits = _before_softmax(output) if link == "softmax" else _before_sigmoid(output)
    if logits is None:
        raise ValueError(
            f"the loss {loss.name} needs a network that answers with probabilities, got the output "
            f"`{output.op}` of {network.graph.name}; pass readout={link!r} to Network, or end the "
            f"cell with {link}(...)."
        )
    bare = copy.copy(network)
    bare.graph = replace(network.graph, outputs=(logits,))
    bare.__dict__.pop("_kernel", None)  # compiled with the last operation
    return bare


def _before_sigmoid(output: Node) -> Node | None:
    return output.args[0] if output.op == "sigmoid" else None


def _before_softmax(output: Node) -> Node | None:
    """`v` of exp(v - largest(v)) / total(exp(v - largest(v)))."""
    if output.op != "div":
        return None
    powers, sum_of_powers = output.args
    if powers.op != "exp" or sum_of_powers.op != "total" or sum_of_powers.args[0] is not powers:
        return None
    (shifted,) = powers.args
    if shifted.op != "sub" or shifted.args[1].op != "largest":
        return None
    logits = shifted.args[0]
    return logits if shifted.args[1].args[0] is logits else None
