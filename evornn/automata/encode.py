"""From a finite automaton to the weights of a second-order network."""

from __future__ import annotations

import numpy as np

from evornn.automata.dfa import Dfa
from evornn.cells.second_order import second_order
from evornn.network import Network


def encode(dfa: Dfa, strength: float = 8.0, *, dtype: str = "float64") -> Network:
    """A second-order network that behaves like an automaton on one-hot inputs.

    Unit 0 is the response, near 1 after an accepted word and near 0 after others; unit 1 + q is
    near 1 while the automaton is in state q. For every transition from q to r under symbol a,
    W[1+r, 1+q, a] = H; W[1+q, 1+q, a] = -H unless r is q; W[0, 1+q, a] = H if r accepts, else -H.
    All biases are -H/2. The output is the response; for the empty word, it is in the initial state.

    Hard thresholds in place of sigmoids, which is H going to infinity, would make it exact for
    words of any length. With sigmoids the units that should be off leak about exp(-H/2) each, and
    H must be large enough for the sum of what leaks into one unit: 6 for most small automata, 8 for
    random ones of 100 states, 10 for 1000. `agreement` tells.

    Args:
        dfa: The automaton; it need not be minimal.
        strength: H, positive. From about 80 (float32: 40) on, what leaks is below rounding.
        dtype: "float32" or "float64".

    Returns:
        A network with weights, `dfa.symbols` inputs and one output. All weights are genes, so that
        it can be trained further; the initial state is fixed.

    Raises:
        ValueError: If the strength is not positive and finite.

    Source: Omlin & Giles 1996, Journal of the ACM 43:937, section 4.
    """
    if not (np.isfinite(strength) and strength > 0):
        raise ValueError(f"`encode` needs a positive, finite strength, got {strength}.")
    units = dfa.states + 1
    W = np.zeros((units, units, dfa.symbols))
    left, symbol = np.indices(dfa.transitions.shape)
    entered = dfa.transitions
    W[1 + left, 1 + left, symbol] = -strength
    W[1 + entered, 1 + left, symbol] = strength
    W[0, 1 + left, symbol] = np.where(dfa.accepting[entered], strength, -strength)
    start = np.zeros(units)
    start[1 + dfa.start] = 1.0
    start[0] = dfa.accepting[dfa.start]
    network = Network(
        second_order.with_fixed(h_0=start),
        inputs=dfa.symbols,
        outputs=1,
        hidden=units,
        dtype=dtype,
    )
    weights = {
        "W": W,
        "b": np.full(units, -strength / 2),
        "h_0": start,
        "V": np.eye(1, units),
        "c": np.zeros(1),
    }
    return network.with_chromosome(network.pack(weights))
