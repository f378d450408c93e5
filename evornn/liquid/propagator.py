"""Exact integration of a linear neuron over one step, by the matrix exponential."""

from __future__ import annotations

import numpy as np


def propagators(
    tau_ms: np.ndarray,
    resistance_MOhm: np.ndarray,
    tau_adaptation_ms: np.ndarray,
    coupling_uS: np.ndarray,
    tau_syn_ms: tuple[float, float],
    dt_ms: float,
) -> np.ndarray:
    """How V - rest and w after a step depend on what they and the currents were before it.

    tau dx/dt = -x + R (I_e + I_i + I - w), tau_w dw/dt = a x - w, tau_e dI_e/dt = -I_e,
    tau_i dI_i/dt = -I_i, I constant over the step.

    Args:
        tau_ms: Membrane, axes (neuron).
        resistance_MOhm: R, axes (neuron).
        tau_adaptation_ms: tau_w, axes (neuron).
        coupling_uS: a, axes (neuron).
        tau_syn_ms: tau_e and tau_i.
        dt_ms: The step.

    Returns:
        Axes (neuron, 2, 5): for x and then w, the factors of x, w, I_e, I_i and I.

    Source: Rotter & Diesmann 1999 (Biological Cybernetics 81).
    """
    from scipy.linalg import expm

    # Neurons mostly share these four numbers, and an exponential costs as much as many steps.
    kinds, kind = np.unique(
        np.stack([tau_ms, resistance_MOhm, tau_adaptation_ms, coupling_uS], axis=1),
        axis=0,
        return_inverse=True,
    )
    tau, resistance, tau_w, coupling = kinds.T
    rates = np.zeros((len(kinds), 5, 5))
    rates[:, 0, 0] = -1.0 / tau
    rates[:, 0, 1] = -resistance / tau
    rates[:, 0, 2:] = (resistance / tau)[:, None]
    rates[:, 1, 0] = coupling / tau_w
    rates[:, 1, 1] = -1.0 / tau_w
    rates[:, 2, 2] = -1.0 / tau_syn_ms[0]
    rates[:, 3, 3] = -1.0 / tau_syn_ms[1]
    return expm(rates * dt_ms)[kind.reshape(-1), :2]
