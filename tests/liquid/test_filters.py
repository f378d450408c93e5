"""What a readout sees of spikes."""

import numpy as np
import pytest

from evornn.liquid import CountFilter, ExponentialFilter, FilterBank, Spikes


@pytest.fixture
def spikes(rng):
    return Spikes(rng.integers(4, size=80), rng.uniform(0, 300, 80), 5, 300.0)


def test_exponential_filters_are_sums_over_past_spikes(spikes):
    times = [0.0, 10.0, 10.0, 151.3, 300.0, 400.0]
    found = ExponentialFilter(30.0).sample(spikes, times)
    expected = [
        [np.exp(-(t - past[past <= t]) / 30.0).sum() for past in map(spikes.of, range(5))]
        for t in times
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-300)


def test_a_spike_at_the_moment_of_the_sample_counts():
    spikes = Spikes([0], [5.0], 1, 10.0)
    assert ExponentialFilter(30.0).sample(spikes, [4.999, 5.0])[:, 0].tolist() == [0.0, 1.0]
    counts = CountFilter(2.0).sample(spikes, [4.999, 5.0, 6.99, 7.0])
    assert counts[:, 0].tolist() == [0.0, 1.0, 1.0, 0.0]


def test_counts_are_counts(spikes):
    times = np.linspace(0, 300, 13)
    found = CountFilter(40.0).sample(spikes, times)
    for row, t in zip(found, times, strict=True):
        inside = (spikes.time_ms > t - 40) & (spikes.time_ms <= t)
        np.testing.assert_array_equal(row, np.bincount(spikes.neuron[inside], minlength=5))


def test_a_bank_is_its_filters_side_by_side(spikes):
    bank = FilterBank((10.0, 100.0))
    found = bank.sample(spikes, [100.0, 200.0])
    assert found.shape == (2, bank.features(5)) == (2, 10)
    np.testing.assert_array_equal(found[:, 5:], ExponentialFilter(100.0).sample(spikes, [100, 200]))


def test_wrong_filters_are_refused(spikes):
    with pytest.raises(ValueError, match="`ExponentialFilter` needs a finite `tau_ms` above 0"):
        ExponentialFilter(0.0)
    with pytest.raises(ValueError, match="`CountFilter` needs a finite `window_ms` above 0"):
        CountFilter(-1.0)
    with pytest.raises(ValueError, match="at least one of `taus_ms`, got none"):
        FilterBank(())
    with pytest.raises(ValueError, match="finite, ascending `times_ms`"):
        ExponentialFilter().sample(spikes, [2.0, 1.0])
