"""A liquid as a whole: runs that go on, precisions, currents, and bad input."""

import numpy as np
import pytest

from evornn.liquid import LIF, MAASS_2002, Izhikevich, Liquid, Spikes, Synapses, poisson_spikes


@pytest.fixture(scope="module")
def drawn():
    """A liquid and a lively input for 600 ms."""
    rng = np.random.default_rng(4)
    return MAASS_2002.draw(1, inputs=4), poisson_spikes(np.full((600, 4), 40.0), 1.0, rng)


def same(one, other):
    np.testing.assert_array_equal(one.neuron, other.neuron)
    np.testing.assert_allclose(one.time_ms, other.time_ms, rtol=0, atol=1e-9)


def test_a_run_in_three_pieces_is_the_run_in_one(drawn):
    liquid, inputs = drawn
    whole = liquid.run(inputs, watch=[3])
    neurons, times, traces, state = [], [], [], None
    for start, stop in ((0.0, 151.4), (151.4, 290.0), (290.0, 600.0)):
        # Cut on the grid: an input spike belongs to the step that its time is rounded to.
        step = np.rint(inputs.time_ms / 0.2)
        inside = (step >= round(start / 0.2)) & (step < round(stop / 0.2))
        piece = Spikes(
            inputs.neuron[inside],
            np.maximum(step[inside] * 0.2 - start, 0),
            4,
            stop - start,
        )
        part = liquid.run(piece, watch=[3], state=state)
        state = part.state
        neurons.append(part.spikes.neuron)
        times.append(part.spikes.time_ms + start)
        traces.append(part.trace_mV)
    assert len(whole.spikes) > 100
    np.testing.assert_array_equal(np.concatenate(neurons), whole.spikes.neuron)
    np.testing.assert_allclose(np.concatenate(times), whole.spikes.time_ms)
    np.testing.assert_array_equal(np.concatenate(traces), whole.trace_mV)


def test_a_run_leaves_the_state_it_began_with_as_it_was(drawn):
    liquid, inputs = drawn
    state = liquid.run(inputs).state
    before = [array.copy() for array in state]
    one, other = (liquid.run(inputs, state=state).spikes for _ in range(2))
    same(one, other)
    for array, kept in zip(state, before, strict=True):
        np.testing.assert_array_equal(array, kept)


def test_every_run_starts_clean(drawn):
    liquid, inputs = drawn
    one, other = liquid.run(inputs).spikes, liquid.run(inputs).spikes
    np.testing.assert_array_equal(one.time_ms, other.time_ms)


def test_float32_fires_nearly_as_float64_does(drawn):
    liquid, inputs = drawn
    single = MAASS_2002.draw(1, inputs=4, dtype="float32")
    assert single.start().potential.dtype == np.float32
    early = inputs.between(0, 60)  # until chaos tells the roundings apart
    one, other = liquid.run(early).spikes, single.run(early).spikes
    assert len(one) > 10
    same(one, other)


def test_without_synapses_each_neuron_is_alone(rng):
    levels = rng.uniform(15, 30, 12)
    together = Liquid(LIF(background_nA=levels), 12).run(duration_ms=200).spikes
    for k in range(12):
        alone = Liquid(LIF(background_nA=levels[k]), 1).run(duration_ms=200).spikes
        np.testing.assert_array_equal(together.of(k), alone.time_ms)


def test_an_injected_current_is_a_background_current():
    settings = {"refractory_ms": 1.0, "start_mV": 13.0}
    levels = np.array([14.0, 16.0, 22.0])
    as_background = Liquid(LIF(background_nA=levels, **settings), 3).run(duration_ms=100, watch=[1])
    plain = Liquid(LIF(background_nA=0.0, **settings), 3)
    injected = plain.run(current_nA=np.tile(levels, (500, 1)), watch=[1])
    same(as_background.spikes, injected.spikes)
    np.testing.assert_allclose(as_background.trace_mV, injected.trace_mV, rtol=1e-12)


def test_many_spikes_are_all_kept():
    """One neuron fires in every step, so the list of spikes must grow many times."""
    neurons = LIF(background_nA=[1e6, 0.0], refractory_ms=0.0)
    spikes = Liquid(neurons, 2, dt_ms=0.1).run(duration_ms=1000).spikes
    assert len(spikes) == 10000
    np.testing.assert_allclose(spikes.time_ms, 0.1 * np.arange(1, 10001))


def test_more_neurons_than_any_register_and_an_odd_number_agree_with_few(rng):
    """All of 1001 equal neurons do what one does, wherever they stand in the rows."""
    for kind in (LIF(background_nA=17.0), Izhikevich(background_nA=8.0)):
        many = Liquid(kind, 1001).run(duration_ms=100, watch=[0, 500, 1000])
        one = Liquid(kind, 1).run(duration_ms=100, watch=[0])
        np.testing.assert_array_equal(many.trace_mV, np.tile(one.trace_mV, (1, 3)))
        assert len(many.spikes) == 1001 * len(one.spikes) > 0


def test_a_neuron_may_rest_for_ever():
    for refractory in (1e9, 1e300):
        neurons = LIF(background_nA=20.0, refractory_ms=refractory)
        assert len(Liquid(neurons, 1).run(duration_ms=1000.0).spikes) == 1


def test_settings_may_change_and_the_rest_stays(drawn):
    liquid, inputs = drawn
    assert repr(liquid) == "Liquid(135 LIF neurons, 620 synapses, 4 inputs, dt_ms=0.2, float64)"
    other = liquid.with_settings(neurons=Izhikevich(background_nA=5.0), dt_ms=0.5)
    assert repr(liquid) == "Liquid(135 LIF neurons, 620 synapses, 4 inputs, dt_ms=0.2, float64)"
    assert (
        repr(other) == "Liquid(135 Izhikevich neurons, 620 synapses, 4 inputs, dt_ms=0.5, float64)"
    )
    assert other.positions is liquid.positions
    assert len(other.run(inputs).spikes) > 100


def test_inputs_at_the_very_end_come_too_late():
    liquid = Liquid(LIF(), 1, input_synapses=Synapses([0], [0], 1e9))
    assert len(liquid.run(Spikes([0], [10.0], 1, 10.0)).spikes) == 0
    assert len(liquid.run(Spikes([0], [9.8], 1, 10.0)).spikes) == 1


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"count": 0}, ValueError, "`Liquid` needs `count` of at least 1, got 0."),
        ({"count": 2.0}, TypeError, "`Liquid` needs a whole number for `count`, got 2.0."),
        ({"dt_ms": 0.0}, ValueError, "`Liquid` needs a finite `dt_ms` above 0, got 0.0."),
        ({"dt_ms": "1"}, TypeError, "`Liquid` needs a number for `dt_ms`, got '1'."),
        ({"dtype": "int8"}, ValueError, "needs dtype float64 or float32, got 'int8'"),
        ({"positions": np.zeros((2, 2))}, ValueError, r"`positions` of shape \(3, 3\), got"),
        ({"inhibitory": [True]}, ValueError, r"`inhibitory` of shape \(3,\), got \(1,\)"),
        ({"neurons": "LIF"}, TypeError, "`LIF`, `AdaptiveLIF` or `Izhikevich` neurons, got str"),
        ({"synapses": ([0], [0])}, TypeError, "`Synapses` for `synapses`, got tuple"),
        ({"tau_inhibitory_ms": -1}, ValueError, "finite `tau_inhibitory_ms` above 0, got -1"),
    ],
)
def test_a_liquid_out_of_range_is_refused(settings, error, message):
    with pytest.raises(error, match=message):
        Liquid(**{"neurons": LIF(), "count": 3, **settings})


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, ValueError, "needs `inputs`, `duration_ms` or `current_nA`"),
        ({"inputs": [1.0]}, TypeError, "needs `Spikes` for `inputs`, got list"),
        ({"inputs": Spikes([], [], 2, 1.0)}, ValueError, "spikes of 1 channels, got 2"),
        ({"duration_ms": -1.0}, ValueError, "finite `duration_ms` above 0, got -1"),
        ({"current_nA": np.zeros((5, 2))}, ValueError, r"of shape \(step, 3\), got \(5, 2\)"),
        ({"current_nA": np.full((5, 3), np.nan)}, ValueError, "finite `current_nA`, got NaN"),
        (
            {"current_nA": np.zeros((5, 3)), "duration_ms": 2.0},
            ValueError,
            "`current_nA` for 10 steps of 0.2 ms, got 5",
        ),
        ({"duration_ms": 1.0, "watch": [0.5]}, TypeError, "whole numbers for `watch`, got float64"),
        ({"duration_ms": 1.0, "state": 3}, TypeError, "the `state` of an `Activity`, got int"),
        (
            {"duration_ms": 1.0, "state": Liquid(LIF(), 9).start()},
            ValueError,
            r"whose `potential` has shape \(16,\) and dtype float64 and not \(8,\) and float64",
        ),
        (
            {"duration_ms": 1.0, "state": Liquid(LIF(), 3, dtype="float32").start()},
            ValueError,
            "a `state` of this liquid, got one whose `potential` has",
        ),
        ({"duration_ms": 1.0, "watch": [3]}, ValueError, r"`watch` from 0 to 2, got \[3\]"),
    ],
)
def test_a_wrong_drive_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        Liquid(LIF(), 3).run(**arguments)
