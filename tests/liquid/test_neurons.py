"""Single neurons against what calculus says about them."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from evornn.liquid import LIF, AdaptiveLIF, Izhikevich, Liquid, Spikes, Synapses

DT = 0.1


def one_input(weight, delay=0.0, **neuron):
    """A LIF neuron at rest that never fires, with one static input synapse."""
    settings = {"background_nA": 0.0, "start_mV": 0.0, "threshold_mV": 1e6, **neuron}
    synapses = Synapses([0], [0], weight, delay)
    return Liquid(LIF(**settings), 1, input_synapses=synapses, dt_ms=DT)


@pytest.mark.parametrize("refractory", [0.0, 0.3, 2.0])
@pytest.mark.parametrize("current", [15.1, 17.3, 40.0])
def test_the_interspike_interval_is_the_formulas_rounded_up_to_the_grid(current, refractory):
    neurons = LIF(
        tau_ms=30, resistance_MOhm=1.1, rest_mV=-0.2, reset_mV=13.2, start_mV=13.2,
        refractory_ms=refractory, background_nA=current,
    )  # fmt: skip
    times = Liquid(neurons, 1, dt_ms=DT).run(duration_ms=2000).spikes.time_ms
    target = 1.1 * current - 0.2
    climb = 30 * np.log((target - 13.2) / (target - 15))
    steps = np.ceil(climb / DT)
    np.testing.assert_allclose(times[0], steps * DT, rtol=1e-12)
    np.testing.assert_allclose(np.diff(times), steps * DT + refractory, rtol=1e-9)
    assert len(times) >= 10


def test_smaller_steps_approach_the_interspike_interval():
    target, exact = 16.0, 3 + 30 * np.log((16 - 13.5) / (16 - 15))
    for dt in (1.0, 0.1, 0.01):
        liquid = Liquid(LIF(background_nA=target), 1, dt_ms=dt)
        interval = np.diff(liquid.run(duration_ms=200).spikes.time_ms).mean()
        assert exact <= interval < exact + dt * 1.001


def test_below_the_threshold_nothing_fires():
    assert len(Liquid(LIF(background_nA=14.99), 3).run(duration_ms=5000).spikes) == 0


def test_a_neuron_fires_at_its_threshold_and_not_only_above():
    start = [15.0, np.nextafter(15.0, 0.0)]
    frozen = LIF(tau_ms=1e30, background_nA=0.0, start_mV=start)  # too slow to move at all
    spikes = Liquid(frozen, 2, dt_ms=DT).run(duration_ms=1).spikes
    assert spikes.neuron.tolist() == [0]
    assert spikes.time_ms[0] == pytest.approx(DT)


@pytest.mark.parametrize(("weight", "tau"), [(7.0, 3.0), (-7.0, 6.0), (7.0, 30.0)])
def test_a_synaptic_current_decays_and_charges_the_membrane_exactly(weight, tau):
    liquid = one_input(weight, resistance_MOhm=0.8)
    liquid = Liquid(
        liquid.neurons, 1, input_synapses=liquid.input_synapses, dt_ms=DT,
        tau_excitatory_ms=tau, tau_inhibitory_ms=tau,
    )  # fmt: skip
    at = 5.0
    activity = liquid.run(Spikes([0], [at], 1, 100.0), watch=[0])
    since = DT * np.arange(1, 1001) - at
    if tau == 30.0:  # as slow as the membrane: the formula's limit
        expected = 0.8 * weight * since / 30 * np.exp(-since / 30)
    else:
        share = tau / (30.0 - tau)
        expected = 0.8 * weight * share * (np.exp(-since / 30) - np.exp(-since / tau))
    expected[since < 0] = 0.0
    np.testing.assert_allclose(activity.trace_mV[:, 0], expected, rtol=1e-11, atol=1e-13)
    kept = activity.state.currents
    np.testing.assert_allclose(kept.sum(), weight * np.exp(-95 / tau), rtol=1e-11)


def test_while_a_neuron_rests_its_potential_is_held_and_its_currents_decay():
    neurons = LIF(refractory_ms=4.0, background_nA=20.0)
    liquid = Liquid(neurons, 1, input_synapses=Synapses([0], [0], 5.0), dt_ms=DT)
    first = liquid.run(duration_ms=50).spikes.time_ms[0]
    during = Spikes([0], [first + 1.0], 1, 50.0)  # arrives while the neuron rests
    activity = liquid.run(during, duration_ms=first + 4.0, watch=[0])
    fired = round(first / DT) - 1
    np.testing.assert_array_equal(activity.trace_mV[fired:, 0], 13.5)
    assert len(activity.trace_mV) == fired + 41  # the step of the spike and forty of rest
    np.testing.assert_allclose(activity.state.currents[0], 5.0 * np.exp(-3.0 / 3.0))
    later = liquid.run(during, duration_ms=first + 4.0 + DT, watch=[0]).trace_mV[-1, 0]
    decay = np.exp(-DT / 30)
    drive = 5.0 * np.exp(-1.0) * (3 / 27) * (decay - np.exp(-DT / 3))
    assert later == pytest.approx(13.5 * decay + 20 * (1 - decay) + drive, rel=1e-12)


def test_an_adaptive_neuron_follows_its_differential_equation():
    neurons = AdaptiveLIF(
        tau_ms=20.0, resistance_MOhm=2.0, rest_mV=-3.0, threshold_mV=1e6, background_nA=1.5,
        start_mV=4.0, tau_adaptation_ms=35.0, coupling_uS=0.7,
    )  # fmt: skip
    synapses = Synapses([0, 1], [0, 0], [6.0, -4.0])
    liquid = Liquid(neurons, 1, input_synapses=synapses, inputs=2, dt_ms=0.5)
    current = np.full((160, 1), 0.9)
    spikes = Spikes([0, 1], [0.0, 0.0], 2, 80.0)
    activity = liquid.run(spikes, current_nA=current, watch=[0])

    def slope(t, state):
        v, w = state
        total = 6 * np.exp(-t / 3) - 4 * np.exp(-t / 6) + 1.5 + 0.9 - w
        return [(-(v + 3) + 2 * total) / 20, (0.7 * (v + 3) - w) / 35]

    times = 0.5 * np.arange(1, 161)
    exact = solve_ivp(slope, (0, 80), [4.0, 0.0], t_eval=times, rtol=1e-11, atol=1e-12).y
    np.testing.assert_allclose(activity.trace_mV[:, 0], exact[0], atol=1e-8)
    np.testing.assert_allclose(activity.state.second[0], exact[1, -1], atol=1e-8)


def test_adaptation_stretches_the_interspike_intervals():
    neurons = AdaptiveLIF(background_nA=20.0, spike_adaptation_nA=0.5)
    intervals = np.diff(Liquid(neurons, 1).run(duration_ms=300).spikes.time_ms)
    assert (np.diff(intervals[:5]) >= 0).all()
    assert intervals[-1] > 1.3 * intervals[0]


def test_an_adaptive_neuron_without_adaptation_is_a_lif_neuron():
    settings = {"background_nA": np.linspace(15, 40, 20), "refractory_ms": np.arange(20) / 4}
    plain = Liquid(LIF(**settings), 20).run(duration_ms=500)
    same = AdaptiveLIF(**settings, spike_adaptation_nA=0.0)
    adaptive = Liquid(same, 20).run(duration_ms=500)
    np.testing.assert_array_equal(plain.spikes.neuron, adaptive.spikes.neuron)
    np.testing.assert_array_equal(plain.spikes.time_ms, adaptive.spikes.time_ms)


def test_izhikevichs_neuron_approaches_its_differential_equation():
    def slope(_, state):
        v, u = state
        return [0.04 * v * v + 5 * v + 140 - u + 10.0 / 2.0, 0.02 * (0.2 * v - u)]

    def crosses(_, state):
        return state[0] - 30

    crosses.terminal = True
    exact = solve_ivp(slope, (0, 200), [-65, -13], events=crosses, rtol=1e-10).t_events[0][0]
    errors = []
    for dt in (0.1, 0.05, 0.025):
        neurons = Izhikevich(background_nA=10.0, capacitance_nF=2.0)
        first = Liquid(neurons, 1, dt_ms=dt).run(duration_ms=100).spikes.time_ms[0]
        errors.append(abs(first - exact))
    assert errors[0] < 0.6  # Euler's rule: the error shrinks with the step
    assert errors[2] < 0.5 * errors[0] + 0.03


def test_kinds_of_izhikevich_neurons_differ_in_rate():
    """At 10 nA a fast spiking neuron (a=.1, d=2) fires far more often than a regular one."""
    neurons = Izhikevich(a=[0.02, 0.1], d=[8.0, 2.0], background_nA=10.0)
    rates = Liquid(neurons, 2, dt_ms=DT).run(duration_ms=1000).spikes.rates_hz()
    assert 10 < rates[0] < 50
    assert rates[1] > 2 * rates[0]


@pytest.mark.parametrize(
    ("neurons", "message"),
    [
        (LIF(tau_ms=0.0), "`LIF` needs finite `tau_ms` above 0, got 0.0."),
        (LIF(refractory_ms=[1.0, -1.0]), "`LIF` needs finite `refractory_ms` of at least 0, got"),
        (LIF(reset_mV=[1.0, 15.0]), "needs `reset_mV` below `threshold_mV`, got 15 and 15 for n"),
        (LIF(background_nA=[1.0, 2.0, 3.0]), "one number or one for each of 2 neurons, got shape"),
        (LIF(start_mV=np.nan), "`LIF` needs finite `start_mV`, got nan."),
        (AdaptiveLIF(coupling_uS=-1.0), "`AdaptiveLIF` needs finite `coupling_uS` of at least 0"),
        (Izhikevich(capacitance_nF=0.0), "`Izhikevich` needs finite `capacitance_nF` above 0"),
    ],
)
def test_a_neuron_out_of_range_is_refused(neurons, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        Liquid(neurons, 2).start()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_current_that_has_faded_is_none(dtype):
    """Numbers too small to be normal would slow every later step down."""
    liquid = Liquid(LIF(), 2, input_synapses=Synapses([0, 0], [0, 1], [1.0, -1.0]), dtype=dtype)
    spikes = Spikes([0], [0.0], 1, 1000.0)
    before = liquid.run(spikes, duration_ms=60.0).state.currents
    excite, inhibit = before.reshape(2, -1)[:, :2]
    np.testing.assert_allclose(excite, [np.exp(-20), 0], rtol=1e-4)
    np.testing.assert_allclose(inhibit, [0, -np.exp(-10)], rtol=1e-4)
    after = liquid.run(spikes).state.currents
    np.testing.assert_array_equal(after, 0.0)
