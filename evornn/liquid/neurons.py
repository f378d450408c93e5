"""Spiking neurons: what they are, and the arrays that advance them by one step.

All of them have a membrane potential V (mV) that jumps to `reset_mV` at a spike, and a second
variable (an adaptation current, a recovery variable, or nothing) that jumps by an amount of its
own. Their input is I_e + I_i + background + injected current (nA); the synaptic currents I_e and
I_i decay exponentially.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from evornn.liquid.per_item import per_item
from evornn.liquid.propagator import propagators
from evornn.liquid.vectors import LANES, aligned_copy, padded

INTEGRATE, ADAPTIVE, IZHIKEVICH = 0, 1, 2
"""Kinds of neurons, as the compiled loop tells them apart."""
FOREVER = 2.0**40  # steps; more would reach the end of the whole numbers


class Cells(NamedTuple):
    """Neurons as the compiled loop reads them; one dtype throughout.

    Attributes:
        rows: Coefficients of the step, axes (row, neuron); their meaning is the kind's.
        constant: What a step adds to the potential and to the second variable, axes (2, neuron).
        gain: What an injected current of 1 nA adds to `constant`, axes (2, neuron).
        reset: Potential after a spike, mV, axes (neuron).
        jump: What a spike adds to the second variable, axes (neuron).
        resting: Refractory steps, whole numbers, axes (neuron).
        decay: Of the excitatory and of the inhibitory currents in a step, axes (2).
    """

    rows: np.ndarray
    constant: np.ndarray
    gain: np.ndarray
    reset: np.ndarray
    jump: np.ndarray
    resting: np.ndarray
    decay: np.ndarray

    def in_registers(self, dtype: np.dtype) -> Cells:
        """The arrays in one precision, laid out for registers of neurons.

        The rows of eight neurons stand together, axes (register x row x lane); `constant` and
        `gain` get axes (2 x row). What fills the last register has a threshold above its reset
        and no input, so that it never fires.
        """
        rows = padded(self.rows.astype(dtype))
        rows[-2, self.rows.shape[1] :] = 1.0  # the threshold
        blocks = rows.reshape(len(rows), -1, LANES).swapaxes(0, 1)
        return Cells(
            rows=aligned_copy(blocks).ravel(),
            constant=padded(self.constant.astype(dtype)).ravel(),
            gain=padded(self.gain.astype(dtype)).ravel(),
            reset=self.reset.astype(dtype),
            jump=self.jump.astype(dtype),
            resting=self.resting,
            decay=self.decay.astype(dtype),
        )


@dataclass(frozen=True, eq=False)
class LIF:
    """Leaky integrate-and-fire neurons, integrated exactly between the steps of the grid.

    tau dV/dt = -(V - rest) + R (I_e + I_i + background + injected); at V >= threshold the neuron
    fires, and V stays at reset for the refractory time. Under constant current I a neuron fires
    every refractory + tau ln((R I + rest - reset) / (R I + rest - threshold)) ms, rounded up to
    the grid.

    Each argument is a number for all neurons or an array with one for each; the defaults are those
    of Maass, Natschlaeger & Markram 2002 without their spread.

    Args:
        tau_ms: Membrane time constant, above 0.
        resistance_MOhm: Of the membrane, above 0.
        rest_mV: Potential without current.
        threshold_mV: Above `reset_mV`.
        reset_mV: Potential after a spike.
        refractory_ms: At least 0; rounded to whole steps.
        background_nA: Constant current.
        start_mV: Potential at the start of a sequence.

    Source: Maass, Natschlaeger & Markram 2002 (Neural Computation 14); exact
    integration: Rotter & Diesmann 1999 (Biological Cybernetics 81).
    """

    tau_ms: ArrayLike = 30.0
    resistance_MOhm: ArrayLike = 1.0  # noqa: N815 (units as they are written)
    rest_mV: ArrayLike = 0.0  # noqa: N815
    threshold_mV: ArrayLike = 15.0  # noqa: N815
    reset_mV: ArrayLike = 13.5  # noqa: N815
    refractory_ms: ArrayLike = 3.0
    background_nA: ArrayLike = 13.5  # noqa: N815
    start_mV: ArrayLike = 13.5  # noqa: N815

    kind: ClassVar[int] = INTEGRATE

    def cells(self, count: int, dt_ms: float, tau_syn_ms: tuple[float, float]) -> Cells:
        """Arrays of the step of `dt_ms`; rows: factors of V, I_e, I_i, threshold, reset.

        Raises:
            ValueError: If a value is out of its range, or a reset not below its threshold.
        """
        tau = per_item("LIF", "tau_ms", self.tau_ms, count, 0.0, above=True)
        resistance = per_item(
            "LIF", "resistance_MOhm", self.resistance_MOhm, count, 0.0, above=True
        )
        rest = per_item("LIF", "rest_mV", self.rest_mV, count)
        background = per_item("LIF", "background_nA", self.background_nA, count)
        zero = np.zeros(count)
        steps = propagators(tau, resistance, np.ones(count), zero, tau_syn_ms, dt_ms)
        own, _, *currents, injected = steps[:, 0].T
        constant = (1.0 - own) * rest + injected * background
        threshold, reset = _levels("LIF", self, count)
        return Cells(
            rows=np.stack([own, *currents, threshold, reset]),
            constant=np.stack([constant, zero]),
            gain=np.stack([injected, zero]),
            reset=reset,
            jump=zero,
            resting=_resting("LIF", self, count, dt_ms),
            decay=np.exp(-dt_ms / np.asarray(tau_syn_ms)),
        )

    def start(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Potential and second variable (none) at the start, axes (neuron)."""
        return per_item("LIF", "start_mV", self.start_mV, count), np.zeros(count)


@dataclass(frozen=True, eq=False)
class AdaptiveLIF:
    """Leaky integrate-and-fire neurons with an adaptation current w (nA), integrated exactly.

    tau dV/dt = -(V - rest) + R (I_e + I_i + background + injected - w)
    tau_w dw/dt = a (V - rest) - w; a spike adds `spike_adaptation_nA` to w.

    The arguments that `LIF` has mean the same here; all are numbers, or arrays with one for each
    neuron.

    Args:
        tau_adaptation_ms: Time constant of w, above 0.
        coupling_uS: a, the adaptation that the potential below the threshold brings (nA per mV);
            at least 0.
        spike_adaptation_nA: What a spike adds to w.

    Source: Benda & Herz 2003 (Neural Computation 15); the linear part of Brette & Gerstner 2005
    (J. Neurophysiology 94), without its exponential term.
    """

    tau_ms: ArrayLike = 30.0
    resistance_MOhm: ArrayLike = 1.0  # noqa: N815
    rest_mV: ArrayLike = 0.0  # noqa: N815
    threshold_mV: ArrayLike = 15.0  # noqa: N815
    reset_mV: ArrayLike = 13.5  # noqa: N815
    refractory_ms: ArrayLike = 3.0
    background_nA: ArrayLike = 13.5  # noqa: N815
    start_mV: ArrayLike = 13.5  # noqa: N815
    tau_adaptation_ms: ArrayLike = 100.0
    coupling_uS: ArrayLike = 0.0  # noqa: N815
    spike_adaptation_nA: ArrayLike = 0.5  # noqa: N815

    kind: ClassVar[int] = ADAPTIVE

    def cells(self, count: int, dt_ms: float, tau_syn_ms: tuple[float, float]) -> Cells:
        """Arrays of the step of `dt_ms`.

        Rows: for V and then for w, the factors of V, w, I_e, I_i; threshold and reset stand last,
        before them what becomes of w while V is held: a factor of w, and a number.

        Raises:
            ValueError: If a value is out of its range, or a reset not below its threshold.
        """
        name = "AdaptiveLIF"
        tau = per_item(name, "tau_ms", self.tau_ms, count, 0.0, above=True)
        resistance = per_item(name, "resistance_MOhm", self.resistance_MOhm, count, 0.0, above=True)
        tau_w = per_item(name, "tau_adaptation_ms", self.tau_adaptation_ms, count, 0.0, above=True)
        coupling = per_item(name, "coupling_uS", self.coupling_uS, count, 0.0)
        rest = per_item(name, "rest_mV", self.rest_mV, count)
        background = per_item(name, "background_nA", self.background_nA, count)
        jump = per_item(name, "spike_adaptation_nA", self.spike_adaptation_nA, count)
        steps = propagators(tau, resistance, tau_w, coupling, tau_syn_ms, dt_ms)
        threshold, reset = _levels(name, self, count)
        rows, constant, gain = [], [], []
        for row, base in ((0, rest), (1, np.zeros(count))):  # V is counted from rest, w is not
            by_v, by_w, by_e, by_i, injected = steps[:, row].T
            rows += [by_v, by_w, by_e, by_i]
            constant.append(base - by_v * rest + injected * background)
            gain.append(injected)
        kept = np.exp(-dt_ms / tau_w)  # while V is held, w relaxes to a (reset - rest)
        rows += [kept, (1.0 - kept) * coupling * (reset - rest), threshold, reset]
        return Cells(
            rows=np.stack(rows),
            constant=np.stack(constant),
            gain=np.stack(gain),
            reset=reset,
            jump=jump,
            resting=_resting(name, self, count, dt_ms),
            decay=np.exp(-dt_ms / np.asarray(tau_syn_ms)),
        )

    def start(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Potential and adaptation current (0) at the start, axes (neuron)."""
        return per_item("AdaptiveLIF", "start_mV", self.start_mV, count), np.zeros(count)


@dataclass(frozen=True, eq=False)
class Izhikevich:
    """Izhikevich's neurons, by Euler's rule with both variables taken from the step before.

    dV/dt = 0.04 V^2 + 5 V + 140 - u + I / C,  du/dt = a (b V - u) with t in ms, V in mV;
    at V >= threshold: V becomes `reset_mV`, u grows by `d`. Each argument is a number or one for
    each neuron; the defaults are a regular spiking neuron.

    Args:
        a: Rate of the recovery variable u per ms, at least 0.
        b: Its sensitivity to V.
        d: What a spike adds to u.
        capacitance_nF: C, above 0: 1 nA changes V by 1 / C mV per ms.
        threshold_mV: Peak of a spike, above `reset_mV`.
        reset_mV: Potential after a spike (the paper's c).
        refractory_ms: At least 0; the model needs none.
        background_nA: Constant current.
        start_mV: Potential at the start of a sequence; u starts at b times it.

    Source: Izhikevich 2003 (IEEE Trans. Neural Networks 14), eq. 1-3.
    """

    a: ArrayLike = 0.02
    b: ArrayLike = 0.2
    d: ArrayLike = 8.0
    capacitance_nF: ArrayLike = 1.0  # noqa: N815
    threshold_mV: ArrayLike = 30.0  # noqa: N815
    reset_mV: ArrayLike = -65.0  # noqa: N815
    refractory_ms: ArrayLike = 0.0
    background_nA: ArrayLike = 0.0  # noqa: N815
    start_mV: ArrayLike = -65.0  # noqa: N815

    kind: ClassVar[int] = IZHIKEVICH

    def cells(self, count: int, dt_ms: float, tau_syn_ms: tuple[float, float]) -> Cells:
        """Arrays of the step of `dt_ms`; rows: dt a, b, dt / C, dt, threshold, reset.

        Raises:
            ValueError: If a value is out of its range, or a reset not below its threshold.
        """
        name = "Izhikevich"
        rate = dt_ms * per_item(name, "a", self.a, count, 0.0)
        b = per_item(name, "b", self.b, count)
        capacitance = per_item(name, "capacitance_nF", self.capacitance_nF, count, 0.0, above=True)
        background = per_item(name, "background_nA", self.background_nA, count)
        gain, zero = dt_ms / capacitance, np.zeros(count)
        threshold, reset = _levels(name, self, count)
        return Cells(
            rows=np.stack([rate, b, gain, zero + dt_ms, threshold, reset]),
            constant=np.stack([gain * background, zero]),
            gain=np.stack([gain, zero]),
            reset=reset,
            jump=per_item(name, "d", self.d, count),
            resting=_resting(name, self, count, dt_ms),
            decay=np.exp(-dt_ms / np.asarray(tau_syn_ms)),
        )

    def start(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Potential and recovery variable at the start, axes (neuron)."""
        potential = per_item("Izhikevich", "start_mV", self.start_mV, count)
        return potential, per_item("Izhikevich", "b", self.b, count) * potential


Neurons = LIF | AdaptiveLIF | Izhikevich


def _levels(name: str, neurons: Neurons, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Threshold and reset, both axes (neuron)."""
    threshold = per_item(name, "threshold_mV", neurons.threshold_mV, count)
    reset = per_item(name, "reset_mV", neurons.reset_mV, count)
    if (reset >= threshold).any():
        k = int(np.argmax(reset >= threshold))
        raise ValueError(
            f"`{name}` needs `reset_mV` below `threshold_mV`, got {reset[k]:g} and "
            f"{threshold[k]:g} for neuron {k}."
        )
    return threshold, reset


def _resting(name: str, neurons: Neurons, count: int, dt_ms: float) -> np.ndarray:
    """Refractory steps, axes (neuron)."""
    refractory = per_item(name, "refractory_ms", neurons.refractory_ms, count, 0.0)
    return np.rint(np.minimum(refractory / dt_ms, FOREVER)).astype(np.int64)
