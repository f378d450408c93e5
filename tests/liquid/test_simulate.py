"""The compiled loop, in registers, against the equations written out one neuron at a time."""

import math

import numpy as np
import pytest
from scipy.linalg import expm

from evornn.liquid import LIF, AdaptiveLIF, Izhikevich, Liquid, Spikes, Synapses

DT, TAU_E, TAU_I = 0.1, 3.0, 6.0
COUNT, CHANNELS, STEPS = 21, 3, 500  # two full registers of neurons and a part of a third


def membrane(neurons, k):
    """What advances (V, second, I_e, I_i, injected) of neuron k by a step."""
    value = {name: np.broadcast_to(v, COUNT)[k] for name, v in vars(neurons).items()}
    if isinstance(neurons, Izhikevich):

        def euler(v, u, e, i, injected):
            drive = (e + i + value["background_nA"] + injected) / value["capacitance_nF"]
            slope = 0.04 * v * v + 5 * v + 140 - u + drive
            return v + DT * slope, u + DT * value["a"] * (value["b"] * v - u)

        return euler
    tau, resistance, rest = value["tau_ms"], value["resistance_MOhm"], value["rest_mV"]
    tau_w, coupling = value.get("tau_adaptation_ms", 1.0), value.get("coupling_uS", 0.0)
    push = resistance / tau
    rates = np.zeros((6, 6))  # of V, w, I_e, I_i, the injected current, and a constant 1
    rates[0] = [-1 / tau, -push, push, push, push, rest / tau + push * value["background_nA"]]
    rates[1] = [coupling / tau_w, -1 / tau_w, 0, 0, 0, -coupling * rest / tau_w]
    rates[2, 2], rates[3, 3] = -1 / TAU_E, -1 / TAU_I
    after = expm(rates * DT)[:2]
    return lambda *state: after @ [*state, 1.0]


def plain(neurons, synapses, incoming, events, current):
    """Spikes as (step, neuron), and potentials, axes (step, neuron)."""
    value = {name: np.broadcast_to(v, COUNT) for name, v in vars(neurons).items()}
    resting = np.rint(value["refractory_ms"] / DT).astype(int)
    v = np.array(value["start_mV"], dtype=float)
    second = value["b"] * v if isinstance(neurons, Izhikevich) else np.zeros(COUNT)
    second = np.array(second)
    jump = value.get("d", value.get("spike_adaptation_nA", np.zeros(COUNT)))
    advance = [membrane(neurons, k) for k in range(COUNT)]
    currents, until = np.zeros((2, COUNT)), np.full(COUNT, -1)
    coming, found, trace, used = {}, [], [], {}

    def send(name, given, source, step):
        for s in np.flatnonzero(np.asarray(given.source) == source):
            amount = given.weight_nA[s]
            if given.use is not None:
                u, r, last = used.get((name, s), (0.0, 1.0, -math.inf))
                gap = (step - last) * DT
                r = 1 + (r - u * r - 1) * math.exp(-gap / given.recovery_ms[s])
                u = given.use[s] + u * (1 - given.use[s]) * math.exp(
                    -gap / given.facilitation_ms[s]
                )
                used[name, s] = u, r, step
                amount *= u * r
            arrives = step + round(given.delay_ms[s] / DT)
            coming.setdefault(arrives, []).append((given.target[s], amount))

    for step in range(STEPS):
        for channel in events.get(step, []):
            send("in", incoming, channel, step)
        for target, amount in coming.pop(step, []):
            currents[int(amount < 0), target] += amount
        for k in range(COUNT):
            new, other = advance[k](v[k], second[k], *currents[:, k], current[step, k])
            if step <= until[k]:
                new = value["reset_mV"][k]
                if isinstance(neurons, AdaptiveLIF):
                    level = value["coupling_uS"][k] * (new - value["rest_mV"][k])
                    kept = math.exp(-DT / value["tau_adaptation_ms"][k])
                    other = level + (second[k] - level) * kept
            v[k], second[k] = new, other
        currents *= np.exp(-DT / np.array([[TAU_E], [TAU_I]]))
        for k in np.flatnonzero(v >= value["threshold_mV"]):
            found.append((step, k))
            v[k] = value["reset_mV"][k]
            second[k] += jump[k]
            until[k] = step + resting[k]
            send("own", synapses, k, step + 1)
        trace.append(v.copy())
    return found, np.array(trace)


def drawn_synapses(rng, sources, dynamic):
    """Random ones of both signs; fans of 0 to 20, so that registers are full, part full, or none.

    Some neurons reach themselves, and some delays are none.
    """
    source = np.repeat(np.arange(sources), rng.permutation(np.linspace(0, 20, sources).astype(int)))
    count = len(source)
    settings = {}
    if dynamic:
        settings = {
            "use": rng.uniform(0.05, 1.0, count),
            "recovery_ms": rng.uniform(5, 300, count),
            "facilitation_ms": rng.uniform(5, 300, count),
        }
    return Synapses(
        source,
        rng.integers(COUNT, size=count),
        rng.choice([-1.0, 1.0, 1.0], count) * rng.uniform(1, 20, count),
        DT * rng.integers(0, 25, count),
        **settings,
    )


NEURONS = {
    "integrate": lambda rng: LIF(
        tau_ms=rng.uniform(10, 40, COUNT), resistance_MOhm=rng.uniform(0.8, 1.2, COUNT),
        rest_mV=rng.uniform(-1, 1, COUNT), refractory_ms=DT * rng.integers(0, 30, COUNT),
        reset_mV=rng.uniform(8, 14, COUNT), background_nA=rng.uniform(17, 22, COUNT),
    ),
    "adaptive": lambda rng: AdaptiveLIF(
        tau_ms=rng.uniform(10, 40, COUNT), rest_mV=rng.uniform(-1, 1, COUNT),
        refractory_ms=DT * rng.integers(0, 30, COUNT), background_nA=rng.uniform(16, 20, COUNT),
        tau_adaptation_ms=rng.uniform(20, 90, COUNT), coupling_uS=rng.uniform(0, 0.2, COUNT),
        spike_adaptation_nA=rng.uniform(0, 1, COUNT),
    ),
    "izhikevich": lambda rng: Izhikevich(
        a=rng.uniform(0.02, 0.1, COUNT), d=rng.uniform(2, 8, COUNT),
        capacitance_nF=rng.uniform(0.8, 1.2, COUNT), background_nA=rng.uniform(2, 12, COUNT),
        refractory_ms=DT * rng.integers(0, 30, COUNT),
    ),
}  # fmt: skip


@pytest.mark.parametrize("dynamic", [True, False])
@pytest.mark.parametrize("kind", NEURONS)
def test_a_network_fires_as_its_equations_say(kind, dynamic, rng):
    neurons = NEURONS[kind](rng)
    synapses = drawn_synapses(rng, COUNT, dynamic)
    incoming = drawn_synapses(rng, CHANNELS, dynamic)
    step, channel = np.sort(rng.integers(STEPS, size=60)), rng.integers(CHANNELS, size=60)
    current = rng.normal(0, 1, (STEPS, COUNT)) if dynamic else np.zeros((STEPS, COUNT))
    events = {int(n): list(channel[step == n]) for n in step}
    found, trace = plain(neurons, synapses, incoming, events, current)
    liquid = Liquid(
        neurons, COUNT, synapses, incoming, CHANNELS, dt_ms=DT, tau_excitatory_ms=TAU_E,
        tau_inhibitory_ms=TAU_I,
    )  # fmt: skip
    drive = Spikes(channel, step * DT, CHANNELS, STEPS * DT)
    given = {"current_nA": current} if dynamic else {}
    activity = liquid.run(drive, watch=range(COUNT), **given)
    spikes = activity.spikes
    mine = list(zip(np.rint(spikes.time_ms / DT).astype(int) - 1, spikes.neuron, strict=True))
    assert len(found) > 40
    assert mine == found
    np.testing.assert_allclose(activity.trace_mV, trace, rtol=0, atol=1e-7)


def test_single_precision_stays_close_while_nothing_fires(rng):
    neurons = LIF(threshold_mV=1e6, tau_ms=rng.uniform(10, 40, COUNT))
    incoming = drawn_synapses(rng, CHANNELS, dynamic=True)
    step, channel = np.sort(rng.integers(STEPS, size=60)), rng.integers(CHANNELS, size=60)
    events = {int(n): list(channel[step == n]) for n in step}
    _, trace = plain(neurons, Synapses.none(), incoming, events, np.zeros((STEPS, COUNT)))
    liquid = Liquid(
        neurons, COUNT, input_synapses=incoming, inputs=CHANNELS, dt_ms=DT, dtype="float32"
    )
    drive = Spikes(channel, step * DT, CHANNELS, STEPS * DT)
    found = liquid.run(drive, watch=range(COUNT)).trace_mV
    assert found.dtype == np.float32
    assert np.ptp(trace) > 1.0
    np.testing.assert_allclose(found, trace, rtol=1e-5)
