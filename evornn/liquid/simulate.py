"""The compiled loop over time: currents arrive, neurons advance, spikes are delivered.

The order within step n, which spans the time from n dt to (n + 1) dt:

1. Input spikes of time n dt enter their synapses; currents whose delay ends at n dt arrive.
2. Every neuron advances to (n + 1) dt, the synaptic currents decay.
3. Neurons at their threshold fire at (n + 1) dt: they are reset, begin to rest, and their
   synapses put currents into the ring of coming steps.

The work of 2 runs over contiguous rows in vector registers; the work of 1 and 3 is done for spikes
only, over the contiguous synapses of the neuron that fired.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from evornn.compiled import kernel
from evornn.liquid.neurons import ADAPTIVE, INTEGRATE, Cells
from evornn.liquid.wiring import Wiring

NEVER = -(2**40)  # step of the spike before the first one
FADED = 1e-30  # nA: a synaptic current below this is taken for none


class State(NamedTuple):
    """Everything that a liquid remembers between two steps; the loop changes it in place.

    Attributes:
        potential: mV, axes (neuron).
        second: Adaptation current or recovery variable, axes (neuron).
        currents: nA, axes (2 x neuron): excitatory, then inhibitory.
        ring: Currents on their way, nA, axes (slot, 2 x neuron); slots are a power of two.
        coming: Whether anything waits in a slot, axes (slot).
        u: Of the recurrent synapses, axes (synapse) or empty, and likewise `r`.
        r: Share of the resources left, axes (synapse) or empty.
        last: Step of each neuron's last spike, axes (neuron).
        in_u: As `u`, of the input synapses.
        in_r: As `r`, of the input synapses.
        in_last: Step of each input channel's last spike, axes (channel).
        resting: Neurons that are refractory, axes (neuron); the first clock[1] count.
        left: Steps that they still rest, axes (neuron).
        held: Their second variable after this step, axes (neuron).
        clock: The next step, and how many neurons rest; axes (2).
    """

    potential: np.ndarray
    second: np.ndarray
    currents: np.ndarray
    ring: np.ndarray
    coming: np.ndarray
    u: np.ndarray
    r: np.ndarray
    last: np.ndarray
    in_u: np.ndarray
    in_r: np.ndarray
    in_last: np.ndarray
    resting: np.ndarray
    left: np.ndarray
    held: np.ndarray
    clock: np.ndarray


@kernel
def deliver(
    source: int,
    step: int,
    wiring: Wiring,
    u: np.ndarray,
    r: np.ndarray,
    last: np.ndarray,
    ring: np.ndarray,
    coming: np.ndarray,
) -> None:
    """Send a source's spike at the start of `step` through its synapses into the ring."""
    mask = ring.shape[0] - 1
    gap = step - last[source]
    last[source] = step
    dynamic = wiring.use.size > 0
    for s in range(wiring.first[source], wiring.first[source + 1]):
        amount = wiring.weight[s]
        if dynamic:
            kept = math.exp(-gap * wiring.facilitation[s])
            lost = math.exp(-gap * wiring.recovery[s])
            resources = 1.0 + (r[s] - u[s] * r[s] - 1.0) * lost
            used = wiring.use[s] + u[s] * (1.0 - wiring.use[s]) * kept
            r[s] = resources
            u[s] = used
            amount *= used * resources
        slot = (step + wiring.delay[s]) & mask
        ring[slot, wiring.lane[s]] += amount
        coming[slot] = 1


@kernel
def advance_integrate(
    rows: np.ndarray, threshold: np.ndarray, v: np.ndarray, excite: np.ndarray, inhibit: np.ndarray
) -> bool:
    """One step of `LIF`; whether any neuron may have reached its threshold."""
    own, by_e, by_i, constant = rows[0], rows[1], rows[2], rows[3]
    reached = 0
    for i in range(v.size):
        v[i] = own[i] * v[i] + by_e[i] * excite[i] + by_i[i] * inhibit[i] + constant[i]
        reached += v[i] >= threshold[i]
    return reached > 0


@kernel
def advance_adaptive(
    rows: np.ndarray,
    threshold: np.ndarray,
    v: np.ndarray,
    w: np.ndarray,
    excite: np.ndarray,
    inhibit: np.ndarray,
) -> bool:
    """One step of `AdaptiveLIF`; whether any neuron may have reached its threshold."""
    reached = 0
    for i in range(v.size):
        x, y, e, f = v[i], w[i], excite[i], inhibit[i]
        v[i] = rows[0, i] * x + rows[1, i] * y + rows[2, i] * e + rows[3, i] * f + rows[4, i]
        w[i] = rows[6, i] * x + rows[7, i] * y + rows[8, i] * e + rows[9, i] * f + rows[10, i]
        reached += v[i] >= threshold[i]
    return reached > 0


@kernel
def advance_izhikevich(
    rows: np.ndarray,
    threshold: np.ndarray,
    v: np.ndarray,
    u: np.ndarray,
    excite: np.ndarray,
    inhibit: np.ndarray,
) -> bool:
    """One step of `Izhikevich`; whether any neuron may have reached its threshold."""
    rate, b, gain, background, dt = rows[0], rows[1], rows[2], rows[3], rows[4]
    reached = 0
    five, quadratic, constant = v.dtype.type(5), v.dtype.type(0.04), v.dtype.type(140)
    for i in range(v.size):
        x = v[i]
        current = excite[i] + inhibit[i] + background[i]
        slope = quadratic * x * x + five * x + constant - u[i]
        v[i] = x + dt[i] * slope + gain[i] * current
        u[i] += rate[i] * (b[i] * x - u[i])
        reached += v[i] >= threshold[i]
    return reached > 0


@kernel
def decay(currents: np.ndarray, factor: np.ndarray) -> None:
    """One step of the synaptic currents, axes (2 x neuron)."""
    least, none = currents.dtype.type(FADED), currents.dtype.type(0)
    for i in range(currents.size):
        left = currents[i] * factor[i]
        # What has faded is 0: numbers too small to be normal take a hundred times as long.
        currents[i] = left if abs(left) > least else none


@kernel
def find_reached(v: np.ndarray, threshold: np.ndarray, found: np.ndarray) -> int:
    """Write the neurons at their threshold to the beginning of `found`; how many they are."""
    count = 0
    for i in range(v.size):
        found[count] = i  # always written, rarely kept: five times faster than a branch
        count += v[i] >= threshold[i]
    return count


@kernel
def inject(kind: int, rows: np.ndarray, v: np.ndarray, second: np.ndarray, nA: np.ndarray) -> None:
    """Add what a current that is constant over the step brings, axes (neuron)."""
    row = 4 if kind == INTEGRATE else (5 if kind == ADAPTIVE else 2)
    for i in range(v.size):
        v[i] += rows[row, i] * nA[i]
        if kind == ADAPTIVE:
            second[i] += rows[11, i] * nA[i]


@kernel
def simulate(
    kind: int,
    steps: int,
    cells: Cells,
    wiring: Wiring,
    incoming: Wiring,
    state: State,
    event_channel: np.ndarray,
    event_step: np.ndarray,
    current: np.ndarray,
    watched: np.ndarray,
    trace: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Run a liquid for some steps.

    Args:
        kind: Of its neurons.
        steps: How many.
        cells: Its neurons.
        wiring: Synapses between them.
        incoming: Synapses from the input channels.
        state: Changed in place.
        event_channel: Input spikes, axes (event).
        event_step: Their steps, ascending, counted from the state's clock; axes (event).
        current: Injected currents in nA, axes (step, neuron), or no steps for none.
        watched: Neurons whose potential is kept, axes (watched).
        trace: Filled with it, mV after each step, axes (step, watched).

    Returns:
        Neuron and step of every spike, both axes (spike), ordered by step, then neuron.
    """
    v, second, currents = state.potential, state.second, state.currents
    n = v.size
    excite, inhibit = currents[:n], currents[n:]
    mask = state.ring.shape[0] - 1
    begin = state.clock[0]
    resting = state.clock[1]
    event = 0
    count = 0
    spike_neuron = np.empty(max(64, n), np.int64)
    spike_step = np.empty(max(64, n), np.int64)
    for step in range(begin, begin + steps):
        while event < event_step.size and event_step[event] + begin == step:
            deliver(
                event_channel[event],
                step,
                incoming,
                state.in_u,
                state.in_r,
                state.in_last,
                state.ring,
                state.coming,
            )
            event += 1
        slot = step & mask
        if state.coming[slot]:
            arriving = state.ring[slot]
            for i in range(2 * n):
                currents[i] += arriving[i]
            arriving[:] = 0
            state.coming[slot] = 0
        if kind != INTEGRATE:
            for k in range(resting):
                i = state.resting[k]
                state.held[k] = cells.hold[0, i] * second[i] + cells.hold[1, i]
        if kind == INTEGRATE:
            reached = advance_integrate(cells.rows, cells.threshold, v, excite, inhibit)
        elif kind == ADAPTIVE:
            reached = advance_adaptive(cells.rows, cells.threshold, v, second, excite, inhibit)
        else:
            reached = advance_izhikevich(cells.rows, cells.threshold, v, second, excite, inhibit)
        if current.shape[0]:
            inject(kind, cells.rows, v, second, current[step - begin])
            reached = True
        decay(currents, cells.decay)
        # The neurons that rest were advanced with the others: cheaper than asking each of them.
        k = 0
        while k < resting:
            i = state.resting[k]
            v[i] = cells.reset[i]
            second[i] = state.held[k]
            state.left[k] -= 1
            if state.left[k] == 0:
                resting -= 1
                state.resting[k] = state.resting[resting]
                state.left[k] = state.left[resting]
                state.held[k] = state.held[resting]
            else:
                k += 1
        if reached:
            if count + n > spike_neuron.size:  # all of them may fire
                more = 2 * spike_neuron.size
                longer_neuron, longer_step = np.empty(more, np.int64), np.empty(more, np.int64)
                longer_neuron[:count] = spike_neuron[:count]
                longer_step[:count] = spike_step[:count]
                spike_neuron, spike_step = longer_neuron, longer_step
            fired = find_reached(v, cells.threshold, spike_neuron[count:])
            for k in range(count, count + fired):
                i = spike_neuron[k]
                spike_step[k] = step
                v[i] = cells.reset[i]
                second[i] += cells.jump[i]
                if cells.resting[i]:
                    state.resting[resting] = i
                    state.left[resting] = cells.resting[i]
                    resting += 1
                deliver(
                    i,
                    step + 1,
                    wiring,
                    state.u,
                    state.r,
                    state.last,
                    state.ring,
                    state.coming,
                )
            count += fired
        for k in range(watched.size):
            trace[step - begin, k] = v[watched[k]]
    state.clock[0] = begin + steps
    state.clock[1] = resting
    return spike_neuron[:count], spike_step[:count]
