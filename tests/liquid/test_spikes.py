"""Spike trains as data."""

import numpy as np
import pytest

from evornn.liquid import Spikes, joined


def test_spikes_are_kept_in_the_order_of_their_times():
    spikes = Spikes([2, 0, 1, 0], [5.0, 9.0, 5.0, 1.0], 3, 10.0)
    assert spikes.time_ms.tolist() == [1.0, 5.0, 5.0, 9.0]
    assert spikes.neuron.tolist() == [0, 1, 2, 0]
    assert len(spikes) == 4
    assert Spikes([2, 1], [5.0, 5.0], 3, 10.0).neuron.tolist() == [1, 2]
    assert spikes.of(0).tolist() == [1.0, 9.0]
    np.testing.assert_allclose(spikes.rates_hz(), [200.0, 100.0, 100.0])


def test_a_table_of_neurons_and_times_is_read():
    table = np.array([[1.0, 4.5], [0.0, 2.5]])
    spikes = Spikes(*table.T, 2, 10.0)
    assert spikes.neuron.tolist() == [0, 1]
    assert spikes.neuron.dtype == np.int64
    assert table.flags.writeable
    assert repr(spikes) == "Spikes(2 of 2 neurons in 10 ms)"


def test_trains_come_back_out(rng):
    trains = [np.sort(rng.uniform(0, 50, n)) for n in (3, 0, 8)]
    spikes = Spikes.from_trains(trains, 50.0)
    for k, train in enumerate(trains):
        np.testing.assert_array_equal(spikes.of(k), train)


def test_parts_and_joins_undo_each_other(rng):
    spikes = Spikes(rng.integers(3, size=50), rng.uniform(0, 90, 50), 3, 90.0)
    parts = [spikes.between(a, a + 30) for a in (0.0, 30.0, 60.0)]
    assert {p.duration_ms for p in parts} == {30.0}
    again = joined(parts)
    assert again.duration_ms == 90.0
    np.testing.assert_array_equal(again.neuron, spikes.neuron)
    np.testing.assert_allclose(again.time_ms, spikes.time_ms)


def test_jitter_moves_spikes_by_its_standard_deviation(rng):
    spikes = Spikes(np.arange(5000), np.full(5000, 500.0), 5000, 1000.0)
    moved = spikes.jittered(4.0, rng)
    shift = np.concatenate([moved.of(k) - 500 for k in range(5000)])
    assert abs(shift.mean()) < 0.25
    assert shift.std() == pytest.approx(4.0, rel=0.05)
    edge = Spikes(np.arange(1000), np.zeros(1000), 1000, 10.0).jittered(1.0, rng)
    assert 400 < len(edge) < 600  # half of them would be earlier than 0


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([0], [1.0, 2.0], 1, 5.0), ValueError, r"one entry for each spike, got shapes \(1,\) and"),
        (([np.nan], [1.0], 1, 5.0), TypeError, "whole numbers for `neuron`, got float64"),
        (([True], [1.0], 2, 5.0), TypeError, "whole numbers for `neuron`, got bool"),
        (([0.5], [1.0], 1, 5.0), TypeError, "whole numbers for `neuron`, got float64"),
        (([3], [1.0], 3, 5.0), ValueError, "`neuron` from 0 to 2, got 3"),
        (([-1], [1.0], 3, 5.0), ValueError, "`neuron` from 0 to 2, got -1"),
        (([0], [6.0], 1, 5.0), ValueError, "`time_ms` from 0 to duration_ms=5, got 6"),
        (([0], [np.nan], 1, 5.0), ValueError, "got nan"),
        (([], [], 0, 5.0), ValueError, "`neurons` of at least 1, got 0"),
        (([], [], 1, 0.0), ValueError, "finite `duration_ms` above 0, got 0"),
    ],
)
def test_wrong_spikes_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        Spikes(*arguments)


def test_wrong_parts_are_refused():
    spikes = Spikes([], [], 1, 5.0)
    with pytest.raises(ValueError, match="needs 0 <= start_ms < stop_ms <= 5, got 3 and 6"):
        spikes.between(3.0, 6.0)
    with pytest.raises(ValueError, match=r"same number of channels, got \[1, 2\]"):
        joined([spikes, Spikes([], [], 2, 5.0)])
