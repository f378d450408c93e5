"""The compiled loop over time: currents arrive, neurons advance, spikes are delivered.

The order within step n, which spans the time from n dt to (n + 1) dt:

1. Input spikes of time n dt enter their synapses; currents whose delay ends at n dt arrive.
2. Every neuron advances to (n + 1) dt, the synaptic currents decay.
3. Neurons at their threshold fire at (n + 1) dt: they are reset, begin to rest, and their
   synapses put currents into the ring of coming steps.

The work of 2 runs over contiguous rows in vector registers; the work of 1 and 3 is done for spikes
only, over the contiguous synapses of the neuron that fired, in vector registers too where their
efficacy changes.
"""

# mypy: no-warn-unreachable
# mypy: disable-error-code="call-arg"

from __future__ import annotations

import numpy as np

from evornn.compiled import kernel
from evornn.liquid.advance import advance_adaptive, advance_integrate, advance_izhikevich
from evornn.liquid.deliver import deliver
from evornn.liquid.neurons import ADAPTIVE, INTEGRATE, Cells
from evornn.liquid.state import State
from evornn.liquid.vectors import LANES, inner, lowest
from evornn.liquid.wiring import Wiring

FADED = 1e-30  # nA: a synaptic current below this is taken for none, because numbers too small to
FADING = 128  # be normal take far longer; looked for once in so many steps
ONE = np.uint64(1)


@inner
def longer(values: np.ndarray) -> np.ndarray:
    """The same numbers with room for as many again."""
    more = np.empty(2 * values.size, values.dtype)
    for i in range(values.size):
        more[i] = values[i]
    return more


@inner
def run_until_full(
    kind: int,
    begin: int,
    steps: int,
    event: int,
    count: int,
    cells: Cells,
    constant: np.ndarray,
    wiring: Wiring,
    incoming: Wiring,
    state: State,
    event_channel: np.ndarray,
    event_step: np.ndarray,
    current: np.ndarray,
    watched: np.ndarray,
    trace: np.ndarray,
    fired: np.ndarray,
    amount: np.ndarray,
    spike_neuron: np.ndarray,
    spike_step: np.ndarray,
) -> tuple[int, int]:
    """Go on from the state's clock until the run ends or there is no room for a step's spikes.

    Nothing here gets a new array, so that no array's users are counted within the loop.

    Args:
        begin: First step of the run.
        steps: Of the run.
        event: First input spike that has not arrived yet.
        count: Spikes found so far.
        constant: That of the cells, or room for it if currents are injected.
        fired: Room for bits of neurons, axes (byte), a multiple of eight.
        amount: Room for a register.
        spike_neuron: Room for the neuron of each spike, axes (spike).
        spike_step: Room for its step.

    The others are those of `simulate`. Returns `event` and `count` as they are now.
    """
    v, second, currents = state.potential, state.second, state.currents
    rows = v.size
    mask = state.ring.shape[0] - 1
    words = fired.view(np.uint64)
    for step in range(state.clock[0], begin + steps):
        if count + rows > spike_neuron.size:  # all of them may fire
            break
        state.clock[0] = step + 1
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
                amount,
            )
            event += 1
        slot = step & mask
        if state.coming[slot]:
            for i in range(currents.size):
                currents[i] += state.ring[slot, i]
            for i in range(currents.size):
                state.ring[slot, i] = 0
            state.coming[slot] = 0
        if current.shape[0]:
            for i in range(current.shape[1]):
                for part in range(2):
                    k = part * rows + i
                    constant[k] = cells.constant[k] + cells.gain[k] * current[step - begin, i]
        if kind == INTEGRATE:
            reached = advance_integrate(
                cells.rows, constant, state.until, step, cells.decay, v, currents, fired
            )
        elif kind == ADAPTIVE:
            reached = advance_adaptive(
                cells.rows, constant, state.until, step, cells.decay, v, second, currents, fired
            )
        else:
            reached = advance_izhikevich(
                cells.rows, constant, state.until, step, cells.decay, v, second, currents, fired
            )
        if reached:
            for k in range(words.size):
                left = words[k]
                while left:
                    i = 64 * k + lowest(left)
                    left &= left - ONE
                    spike_neuron[count] = i
                    spike_step[count] = step
                    count += 1
                    v[i] = cells.reset[i]
                    second[i] += cells.jump[i]
                    state.until[i] = step + cells.resting[i]
                    deliver(
                        i,
                        step + 1,
                        wiring,
                        state.u,
                        state.r,
                        state.last,
                        state.ring,
                        state.coming,
                        amount,
                    )
        if step % FADING == 0:
            for i in range(currents.size):
                if abs(currents[i]) < FADED:
                    currents[i] = 0
        for k in range(watched.size):
            trace[step - begin, k] = v[watched[k]]
    return event, count


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
    rows = state.potential.size
    begin = state.clock[0]
    event = 0
    count = 0
    spike_neuron = np.empty(max(64, rows), np.int64)
    spike_step = np.empty(max(64, rows), np.int64)
    # Bits of neurons that fire: written eight at a time, read 64 at a time.
    fired = np.zeros((rows + 63) // 64 * 8, np.uint8)
    amount = np.empty(LANES, state.potential.dtype)
    constant = cells.constant
    if current.shape[0]:
        constant = cells.constant.copy()
    while True:
        event, count = run_until_full(
            kind,
            begin,
            steps,
            event,
            count,
            cells,
            constant,
            wiring,
            incoming,
            state,
            event_channel,
            event_step,
            current,
            watched,
            trace,
            fired,
            amount,
            spike_neuron,
            spike_step,
        )
        if state.clock[0] == begin + steps:
            return spike_neuron[:count], spike_step[:count]
        spike_neuron, spike_step = longer(spike_neuron), longer(spike_step)
