"""Approximate forward gradients: one trace per weight, where the exact tangent is a vector."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from evornn.gradient.loss import Loss, with_loss
from evornn.gradient.rtrl import ForwardGradient
from evornn.network import Network
from evornn.simd.locality import is_diagonal
from evornn.simd.tangent_builder import make_local_tangent
from evornn.tasks.part import Part
from evornn.workers import Workers


@dataclass(frozen=True)
class TruncatedRTRL:
    """The LSTM's own learning rule: errors are cut at the `truncate_here` marks, then exact.

    S_c = f S_c + i g' z^T and so on: within a memory cell nothing is cut, so one trace per weight
    follows the constant error carousel for any time. Local in space and in time: O(weights) in
    memory and time per step. Works for every cell that becomes diagonal by its marks.

    Source: Hochreiter & Schmidhuber 1997, Neural Computation 9:1735, appendix A.1; with forget
    gates: Gers, Schmidhuber & Cummins 2000, Neural Computation 12:2451.
    """

    def settings(self) -> dict[str, Any]:
        """What determines it, JSON-able."""
        return {"method": "TruncatedRTRL"}

    def start(self, network: Network, part: Part, loss: Loss, workers: Workers) -> ForwardGradient:
        """The method at work.

        Raises:
            ValueError: If the marks do not make the cell diagonal.
        """
        graph = with_loss(network.graph, loss)
        if not is_diagonal(graph, truncated=True):
            raise ValueError(
                f"the truncated rule needs a cell in which no error passes between units once it "
                f"is cut at `truncate_here` marks, got {network.graph.name}; mark what its "
                f"products read, or use RTRL()"
            )
        tangent = make_local_tangent(graph, truncated=True)
        return ForwardGradient(tangent, network, part, loss, workers)


@dataclass(frozen=True)
class SnAp1:
    """Sparse n-step approximation with n = 1: each weight moves its own unit only.

    S = diag(ds_t/ds_{t-1}) S + ds_t/dw on the entries that a weight reaches in one step. Exact for
    independently recurrent units. Local in time, and in space but for the error, which comes
    through the step's own connections: O(weights) in memory and time.

    Source: Menick, Elsen, Evci, Osindero, Simonyan & Graves 2020 (arXiv:2006.07232), section 3.
    """

    def settings(self) -> dict[str, Any]:
        """What determines it, JSON-able."""
        return {"method": "SnAp1"}

    def start(self, network: Network, part: Part, loss: Loss, workers: Workers) -> ForwardGradient:
        """The method at work on a network and a part of a task."""
        tangent = make_local_tangent(with_loss(network.graph, loss), diagonal=True)
        return ForwardGradient(tangent, network, part, loss, workers)


@dataclass(frozen=True)
class EProp:
    """Eligibility traces within the units times a learning signal from the output.

    Traces follow the way from a unit's past to its present within the unit (a leak, a gated cell),
    and leave out what passes through recurrent weights. Local in time and in space, with a
    broadcast error: O(weights) in memory and time.

    Attributes:
        feedback: "symmetric": errors come back through the readout's weights; "random": through
            fixed random weights, so that no unit needs to know the readout.
        seed: Of the random weights.

    Source: Bellec et al. 2020, Nature Communications 11:3625.
    """

    feedback: str = "symmetric"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.feedback not in ("symmetric", "random"):
            raise ValueError(
                f'`{type(self).__name__}` needs "symmetric" or "random" for `feedback`, got '
                f"{self.feedback!r}."
            )

    def settings(self) -> dict[str, Any]:
        """What determines it, JSON-able."""
        return {"method": type(self).__name__, **asdict(self)}

    def start(self, network: Network, part: Part, loss: Loss, workers: Workers) -> ForwardGradient:
        """The method at work on a network and a part of a task."""
        tangent = make_local_tangent(with_loss(network.graph, loss))
        seed = self.seed if self.feedback == "random" else None
        return ForwardGradient(tangent, network, part, loss, workers, random_feedback=seed)


@dataclass(frozen=True)
class RFLO(EProp):
    """Random feedback local online learning: e-prop's traces for leaky units, random feedback.

    p = (1 - leak) p + leak phi'(a) h^T, dW = (B e) p. Local in time and in space.

    Source: Murray 2019, eLife 8:e43299, eq. 4-6.
    """

    feedback: str = "random"
