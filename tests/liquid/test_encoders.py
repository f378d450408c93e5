"""Signals become spikes."""

import numpy as np
import pytest

from evornn.liquid import (
    LatencyEncoder,
    PoissonEncoder,
    PopulationEncoder,
    RateEncoder,
    poisson_spikes,
    regular_spikes,
)


def test_poisson_trains_have_the_asked_rate_and_poisson_statistics(rng):
    spikes = poisson_spikes(np.full((1000, 400), 30.0), 1.0, rng)  # 400 channels for a second
    counts = np.bincount(spikes.neuron, minlength=400)
    assert counts.mean() == pytest.approx(30, abs=4 * np.sqrt(30 / 400))
    assert counts.var() == pytest.approx(30, rel=0.3)
    intervals = np.concatenate([np.diff(spikes.of(k)) for k in range(400)])
    assert intervals.std() / intervals.mean() == pytest.approx(1.0, abs=0.05)


def test_poisson_trains_follow_rates_that_change(rng):
    rate = np.concatenate([np.zeros(100), np.full(100, 500.0)])
    spikes = poisson_spikes(np.tile(rate[:, None], (1, 50)), 1.0, rng)
    assert spikes.time_ms.min() >= 100
    assert len(spikes) == pytest.approx(50 * 50, rel=0.1)


def test_a_dead_time_keeps_spikes_apart(rng):
    spikes = poisson_spikes(np.full((500, 3), 200.0), 1.0, rng, refractory_ms=4.0)
    assert min(np.diff(spikes.of(k)).min() for k in range(3)) >= 4.0
    # The rate of a Poisson process with dead time: r / (1 + r * dead).
    assert spikes.rates_hz().mean() == pytest.approx(200 / (1 + 0.2 * 4), rel=0.15)


def test_regular_spikes_count_the_integral_of_the_rate(rng):
    rate = rng.uniform(0, 300, (50, 2))
    rate[10:20] = 0.0
    spikes = regular_spikes(rate, 2.0)
    area = np.vstack([np.zeros(2), np.cumsum(rate, axis=0) * 2.0 / 1000])
    for channel in range(2):
        times = spikes.of(channel)
        levels = np.interp(times, 2.0 * np.arange(51), area[:, channel])
        np.testing.assert_allclose(levels, np.arange(len(times)) + 0.5, atol=1e-9)
        assert len(times) == np.floor(area[-1, channel] + 0.5)
        assert not ((times > 20.0) & (times < 40.0)).any()  # no rate, no spike


def test_a_constant_signal_is_a_regular_train():
    encoder = RateEncoder(low=-1.0, high=1.0, step_ms=1.0, most_hz=100.0)
    spikes = encoder.encode(np.zeros(100))
    np.testing.assert_allclose(spikes.time_ms, [10.0, 30.0, 50.0, 70.0, 90.0])
    assert spikes.duration_ms == 100.0


def test_rates_are_cut_at_the_ends_of_the_range(rng):
    encoder = PoissonEncoder(low=0.0, high=2.0, most_hz=80.0, silent_hz=5.0)
    rates = encoder.rates_hz(np.array([-3.0, 0.0, 1.0, 2.0, 9.0]))
    np.testing.assert_allclose(rates[:, 0], [5.0, 5.0, 42.5, 80.0, 80.0])
    assert len(encoder.encode(np.full(1000, 2.0), rng)) == pytest.approx(80, abs=36)


def test_larger_values_fire_earlier():
    encoder = LatencyEncoder(step_ms=20.0, window_ms=10.0)
    spikes = encoder.encode(np.array([[1.0, 0.0], [0.25, 0.5]]))
    np.testing.assert_allclose(spikes.of(0), [0.0, 27.5])
    np.testing.assert_allclose(spikes.of(1), [10.0, 25.0])
    silent = LatencyEncoder(step_ms=20.0, window_ms=10.0, silent=True)
    assert silent.encode(np.array([[1.0, 0.0]])).neuron.tolist() == [0]


def test_a_population_answers_with_bells_around_its_centres():
    encoder = PopulationEncoder(low=-2.0, high=2.0, units=5, width=0.5)
    answers = encoder.answers(np.array([[-2.0, 0.0], [1.0, 2.0]]))
    assert answers.shape == (2, 10)
    assert answers[:, :5].argmax(axis=1).tolist() == [0, 3]
    assert answers[:, 5:].argmax(axis=1).tolist() == [2, 4]
    np.testing.assert_allclose(answers[0, :5], np.exp(-0.5 * (np.arange(5) / 0.5) ** 2))
    np.testing.assert_allclose(answers[1, 3], 1.0)
    assert encoder.channels(2) == 10


def test_a_population_is_encoded_by_the_encoder_it_was_given(rng):
    latency = PopulationEncoder(step_ms=10.0, units=3, each=LatencyEncoder(step_ms=10.0))
    spikes = latency.encode(np.array([0.5]), rng)
    np.testing.assert_allclose(spikes.of(1), [0.0])
    np.testing.assert_allclose(spikes.of(0), spikes.of(2))
    assert spikes.of(0)[0] == pytest.approx(10 * (1 - np.exp(-0.5)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: poisson_spikes([[-1.0]], 1.0, rng), "finite `rate_hz` of at least 0, got -1"),
        (lambda rng: poisson_spikes([[1.0]], 0.0, rng), "finite `step_ms` above 0, got 0"),
        (lambda rng: regular_spikes(np.zeros((2, 2, 2)), 1.0), r"axes \(time, channel\), got"),
        (lambda rng: regular_spikes([1.0], 1.0, phase=0.0), r"`phase` in \(0, 1\], got 0"),
        (lambda rng: PoissonEncoder(low=1.0, high=1.0), "finite `high` above 1, got 1"),
        (lambda rng: PoissonEncoder(most_hz=5.0, silent_hz=6.0), "finite `most_hz` above 6, got 5"),
        (lambda rng: RateEncoder().encode([np.nan]), "`RateEncoder` needs a finite signal, got"),
        (lambda rng: LatencyEncoder(window_ms=2.0), "at most step_ms=1, got 2"),
        (lambda rng: PopulationEncoder(units=1), "`units` of at least 2, got 1"),
        (lambda rng: PopulationEncoder(step_ms=2.0), "the same `step_ms` as its encoder"),
        (lambda rng: PopulationEncoder().encode(np.empty((0, 1)), rng), r"axes \(time, signal\)"),
    ],
)
def test_wrong_signals_and_settings_are_refused(call, message, rng):
    with pytest.raises(ValueError, match=message):
        call(rng)
