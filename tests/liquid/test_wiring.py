"""Synapses: who is reached when, and how use changes it."""

import numpy as np
import pytest

from evornn.liquid import LIF, Liquid, Spikes, Synapses, steady_efficacy

DT = 0.1
QUIET = LIF(background_nA=0.0, start_mV=0.0, threshold_mV=1e6)


def jumps(synapses, spikes, inputs=1, count=1, tau=1e-3):
    """Currents that arrive at the neurons in each step, nA, axes (step, neuron).

    With so short a synaptic time constant, a current is gone after one step.
    """
    liquid = Liquid(
        QUIET, count, input_synapses=synapses, inputs=inputs, dt_ms=DT,
        tau_excitatory_ms=tau, tau_inhibitory_ms=tau,
    )  # fmt: skip
    trace = liquid.run(spikes, watch=range(count)).trace_mV
    own, gone = np.exp(-DT / 30), np.exp(-DT / tau)
    unit = tau / (30 - tau) * (own - gone)  # potential per nA that arrives
    return (trace - own * np.vstack([np.zeros(count), trace[:-1]])) / unit


@pytest.mark.parametrize("rate", [5.0, 20.0, 100.0])
@pytest.mark.parametrize(
    ("use", "recovery", "facilitation"),
    [(0.5, 1100.0, 50.0), (0.05, 125.0, 1200.0), (0.25, 700.0, 20.0), (0.32, 144.0, 60.0)],
)
def test_a_dynamic_synapse_reaches_its_steady_state(rate, use, recovery, facilitation):
    times = np.arange(1, 200) * 1000.0 / rate
    spikes = Spikes(np.zeros(199, int), times, 1, times[-1] + 1)
    synapses = Synapses([0], [0], 10.0, 0.0, use, recovery, facilitation)
    arrived = jumps(synapses, spikes)[np.rint(times / DT).astype(int), 0]
    # The formula by hand, not by the package: fixed point of u and R at a constant interval.
    kept, lost = np.exp(-1000 / rate / facilitation), np.exp(-1000 / rate / recovery)
    u = use / (1 - (1 - use) * kept)
    r = (1 - lost) / (1 - (1 - u) * lost)
    assert arrived[0] == pytest.approx(10 * use, rel=1e-9)  # rested: u = U, R = 1
    assert arrived[-1] == pytest.approx(10 * u * r, rel=1e-6)
    np.testing.assert_allclose(steady_efficacy(rate, use, recovery, facilitation), (u, r))


def test_a_dynamic_synapse_follows_its_recursion_at_any_intervals(rng):
    steps = np.sort(rng.choice(3000, 40, replace=False))
    spikes = Spikes(np.zeros(40, int), steps * DT, 1, 300.1)
    arrived = jumps(Synapses([0], [0], 3.0, 0.0, 0.3, 90.0, 200.0), spikes)[steps, 0]
    u, r, expected = 0.3, 1.0, []
    for k in range(40):
        if k:
            gap = (steps[k] - steps[k - 1]) * DT
            r = 1 + (r - u * r - 1) * np.exp(-gap / 90)
            u = 0.3 + u * (1 - 0.3) * np.exp(-gap / 200)
        expected.append(3 * u * r)
    np.testing.assert_allclose(arrived, expected, rtol=1e-8)


def test_every_synapse_delivers_its_own_weight_after_its_own_delay(rng):
    weights = np.array([2.0, -3.0, 5.0, 7.0])
    delays = np.array([0.0, 1.5, 12.7, 0.4])
    synapses = Synapses([0, 0, 1, 1], [0, 1, 1, 2], weights, delays)
    spikes = Spikes([0, 1, 1], [2.0, 3.0, 3.1], 2, 30.0)
    arrived = jumps(synapses, spikes, inputs=2, count=3)
    expected = np.zeros_like(arrived)
    for channel, time in zip(spikes.neuron, spikes.time_ms, strict=True):
        for source, target, weight, delay in zip([0, 0, 1, 1], [0, 1, 1, 2], weights, delays,
                                                 strict=True):  # fmt: skip
            if source == channel:
                expected[round((time + delay) / DT), target] += weight
    np.testing.assert_allclose(arrived, expected, atol=1e-6)


def test_spikes_of_one_step_add_up():
    spikes = Spikes([0, 0, 0], [1.0, 1.0, 1.0], 1, 5.0)
    assert jumps(Synapses([0], [0], 4.0), spikes)[10, 0] == pytest.approx(12.0)


def test_a_spike_travels_from_neuron_to_neuron_in_its_delay():
    """A chain: each neuron fires once its only input has arrived, so times tell the delays."""
    neurons = LIF(
        background_nA=0.0, start_mV=[14.99, 0.0, 0.0], threshold_mV=15.0, reset_mV=0.0, tau_ms=30.0
    )
    chain = Synapses([0, 1], [1, 2], 1e6, [2.0, 0.7])
    entry = Synapses([0], [0], 1e6)
    liquid = Liquid(neurons, 3, chain, entry, dt_ms=DT, tau_excitatory_ms=1e-3)
    spikes = liquid.run(Spikes([0], [1.0], 1, 10.0)).spikes
    assert spikes.neuron.tolist() == [0, 1, 2]
    np.testing.assert_allclose(spikes.time_ms, [1.1, 1.1 + 2.0 + DT, 1.1 + 2.0 + DT + 0.7 + DT])


def test_the_order_of_the_synapses_changes_nothing(rng):
    count, neurons = 200, LIF(background_nA=np.linspace(14, 20, 30))
    ends = rng.integers(30, size=(2, count))
    weight, delay = 20 * rng.standard_normal(count), rng.uniform(0, 3, count)
    order = rng.permutation(count)
    one = Liquid(neurons, 30, Synapses(*ends, weight, delay)).run(duration_ms=300).spikes
    shuffled = Synapses(*ends[:, order], weight[order], delay[order])
    other = Liquid(neurons, 30, shuffled).run(duration_ms=300).spikes
    np.testing.assert_array_equal(one.neuron, other.neuron)
    np.testing.assert_array_equal(one.time_ms, other.time_ms)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0], [0, 1], 1.0), "a source and a target for each synapse, got 1 and 2"),
        (([0, -1], [0, 1], 1.0), "`source` as a list of numbers of at least 0, got"),
        (([0], [0], [1.0, 2.0]), "`weight_nA` as one number or one for each of 1 synapses"),
        (([0], [0], np.nan), "needs finite `weight_nA`, got nan"),
        (([0], [0], 1.0, -0.1), "needs finite `delay_ms` of at least 0, got -0.1"),
        (([0], [0], 1.0, 0.0, 0.5), "all of `use`, `recovery_ms` and `facilitation_ms`, or none"),
        (([0], [0], 1.0, 0.0, 1.5, 1.0, 1.0), "`use` in (0, 1], got 1.5"),
        (([0], [0], 1.0, 0.0, 0.5, 0.0, 1.0), "finite `recovery_ms` above 0, got 0"),
    ],
)
def test_wrong_synapses_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        Synapses(*arguments)


def test_ends_need_whole_numbers():
    with pytest.raises(TypeError, match="whole numbers for `target`, got float64"):
        Synapses([0], [0.5], 1.0)


@pytest.mark.parametrize(
    ("synapses", "incoming", "message"),
    [
        (Synapses([5], [0], 1.0), Synapses.none(), "`synapses` needs each `source` below 2, got 5"),
        (Synapses([0], [2], 1.0), Synapses.none(), "`synapses` needs each `target` below 2, got 2"),
        (Synapses([0], [0], 1.0, 1e6), Synapses.none(), "at most 1048576 steps, got 1e\\+06 ms in"),
        (Synapses.none(), Synapses([1], [0], 1.0), "`input_synapses` needs each `source` below 1"),
    ],
)
def test_synapses_beyond_the_liquid_are_refused(synapses, incoming, message):
    with pytest.raises(ValueError, match=message):
        Liquid(LIF(), 2, synapses, incoming)
