"""Online gradients of signal-flow graphs: each step's error goes back over stored activations."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from evornn.checks import check_count
from evornn.gradient.bptt import BPTT, BPTTGradient
from evornn.gradient.loss import Loss
from evornn.network import Network
from evornn.tasks.part import Part
from evornn.workers import Workers


@dataclass(frozen=True)
class SignalFlow:
    """The adjoint signal-flow graph with its delays, excited by every step's own error.

    dJ(t)/dw = sum over tau of e(t) yhat(tau) x(t - tau), tau < history: the adjoint graph is
    linearised at the stored activations of the last `history` steps, and runs anew at each step, so
    that weights can change at each step (`Train(every=1)`). With as long a history as the sequence
    it is the exact gradient; summed over a sequence with constant weights and a history of all
    steps it is backpropagation through time (Wan's method).

    Local in space. Local in time but for the history: O(history) memory, O(history x weights) time
    per step.

    Attributes:
        history: h, steps that an error flows back; None: all.

    Source: Campolucci, Uncini & Piazza 2000, Neural Computation 12:1901; the adjoint graph: Wan &
    Beaufays 1996, Neural Computation 8:182.
    """

    history: int | None = None

    def __post_init__(self) -> None:
        """Refuse an empty history."""
        if self.history is not None:
            check_count("SignalFlow", "history", self.history, 1)

    def settings(self) -> dict[str, Any]:
        """What determines it, JSON-able."""
        return {"method": "SignalFlow", **asdict(self)}

    def start(self, network: Network, part: Part, loss: Loss, workers: Workers) -> BPTTGradient:
        """The method at work on a network and a part of a task."""
        longest = max(len(x) for x in part.inputs)
        history = min(self.history or longest, longest)
        return BPTT(window=history, every=1).start(network, part, loss, workers)
