"""Liquid state machines learn, and say what they cannot do."""

from typing import ClassVar

import numpy as np
import pytest

from evornn.liquid import (
    MAASS_2002,
    CountFilter,
    ExponentialFilter,
    LiquidStateMachine,
    PoissonEncoder,
    PopulationEncoder,
    RateEncoder,
    Spikes,
    segment_recall,
)
from evornn.readout import Ridge


@pytest.fixture(scope="module")
def recall():
    """Segment recall with two segments, for training and for testing."""
    rng = np.random.default_rng(8)
    train = segment_recall(120, rng, segments=2, segment_ms=100.0, rate_hz=40.0, channels=2)
    return train, segment_recall(60, rng, segment_ms=100.0, drawn=train.templates)


@pytest.fixture(scope="module")
def liquid():
    return MAASS_2002.draw(2, inputs=2)


def test_states_are_the_filtered_spikes_of_the_liquid(liquid, recall):
    train, _ = recall
    machine = LiquidStateMachine(liquid, sample_ms=50.0, washout_ms=50.0)
    found = machine.states(train.trains[:3])
    for states, train_ in zip(found, train.trains[:3], strict=True):
        spikes = liquid.run(train_).spikes
        expected = ExponentialFilter(30.0).sample(spikes, [100.0, 150.0, 200.0])
        np.testing.assert_array_equal(states, expected)


@pytest.mark.parametrize("readout", [None, Ridge(1.0)])
def test_it_tells_the_last_segment_by_its_spikes(liquid, recall, readout):
    train, test = recall
    machine = LiquidStateMachine(liquid, readout, classify=True)
    machine.fit(train.trains, train.labels[:, -1])
    assert machine.accuracy(test.trains, test.labels[:, -1]) > 0.9
    shuffled = np.random.default_rng(0).permutation(test.labels[:, -1])
    assert machine.accuracy(test.trains, shuffled) < 0.75
    assert machine.predict(test.trains[0]) == machine.predict(test.trains)[0]


@pytest.mark.parametrize("readout", [None, Ridge(1.0)])
def test_labels_may_be_text(liquid, recall, readout):
    train, test = recall
    words = np.array(["left", "right"])[train.labels[:, -1]]
    machine = LiquidStateMachine(liquid, readout, classify=True).fit(train.trains, words)
    assert set(machine.predict(test.trains)) == {"left", "right"}


def test_each_sample_may_have_a_label(liquid, recall):
    """Which segment is under way, told every 25 ms."""
    train, test = recall
    machine = LiquidStateMachine(liquid, classify=True, sample_ms=25.0)
    segment = np.repeat([0, 1], 4)
    machine.fit(train.trains, [segment] * 120)
    assert machine.predict(test.trains[0]).shape == (8,)
    assert machine.accuracy(test.trains, [segment] * 60) > 0.75


def test_it_follows_a_signal_in_time(rng):
    """A slow signal, encoded as regular spikes of a population, is read back from the liquid."""

    def signal(length):
        phase = rng.uniform(0, 2 * np.pi)
        return np.sin(2 * np.pi * np.arange(length) / 400 + phase)[:, None]

    encoder = PopulationEncoder(-1.0, 1.0, units=6, each=RateEncoder(most_hz=150.0))
    machine = LiquidStateMachine(
        MAASS_2002.draw(0, inputs=6), Ridge(1e-2), encoder=encoder, sample_ms=10.0,
        washout_ms=100.0,
    )  # fmt: skip
    train, test = [signal(1500) for _ in range(6)], [signal(1500) for _ in range(2)]
    machine.fit(train, [s[109::10] for s in train])
    answers, targets = machine.predict(test), [s[109::10] for s in test]
    assert [a.shape for a in answers] == [(140, 1)] * 2
    error = np.mean([(a - t) ** 2 for a, t in zip(answers, targets, strict=True)])
    assert error / np.var(targets) < 0.35


def test_one_sequence_and_a_list_of_one_agree(liquid, rng):
    signal = rng.uniform(0, 1, (200, 2))
    settings = {"encoder": PoissonEncoder(most_hz=200.0), "sample_ms": 20.0}
    machine = LiquidStateMachine(liquid, **settings)
    single, listed = machine.states(signal), machine.states([signal])
    assert single.shape == (10, 135)
    assert len(listed) == 1
    np.testing.assert_array_equal(single, listed[0])
    stacked = machine.states(np.stack([signal, signal]))
    assert len(stacked) == 2
    np.testing.assert_array_equal(single, stacked[0])
    targets = rng.uniform(size=(10, 1))
    machine.fit(signal, targets)
    np.testing.assert_array_equal(machine.predict(signal), machine.predict([signal])[0])


class Keeps:
    """A readout that keeps the features it was fitted to."""

    seen: ClassVar[list] = []

    def fit(self, X, y):
        self.seen.append(X)
        return self

    def predict(self, X):
        return np.zeros(len(X))


def test_drawn_spikes_are_the_same_in_each_call_but_not_while_fitting(liquid, rng):
    signals = [rng.uniform(0, 1, (100, 2))] * 2
    settings = {"encoder": PoissonEncoder(most_hz=200.0)}
    machine = LiquidStateMachine(liquid, Keeps(), seed=3, **settings)
    first = machine.states(signals)
    np.testing.assert_array_equal(first, machine.states(signals))
    machine.fit(signals, [0.0, 1.0]).fit(signals, [0.0, 1.0])
    np.testing.assert_array_equal(*Keeps.seen)
    assert not np.array_equal(first, Keeps.seen[0])
    assert not np.array_equal(first[0], first[1])  # a sequence of the same call has its own
    other = LiquidStateMachine(liquid, seed=4, **settings)
    assert not np.array_equal(first, other.states(signals))


def test_poolings_are_what_they_say(liquid, recall):
    trains = recall[0].trains[:4]
    each = LiquidStateMachine(liquid, sample_ms=50.0).states(trains)
    expected = {
        "last": [s[-1] for s in each],
        "mean": [s.mean(axis=0) for s in each],
        "samples": [np.concatenate(list(s)) for s in each],
    }
    for pooling, rows in expected.items():
        machine = LiquidStateMachine(liquid, sample_ms=50.0, pooling=pooling)
        np.testing.assert_array_equal(machine.states(trains), rows)
        np.testing.assert_array_equal(machine.states(trains[2]), rows[2])


def test_any_number_of_jobs_gives_the_same_states(liquid, recall):
    trains = recall[0].trains[:7]
    one = LiquidStateMachine(liquid).states(trains)
    np.testing.assert_array_equal(one, LiquidStateMachine(liquid, jobs=3).states(trains))


def test_an_unfitted_readout_is_never_changed(liquid, recall):
    train, _ = recall
    readout = Ridge()
    LiquidStateMachine(liquid, readout, filter=CountFilter(50.0)).fit(train.trains, train.labels)
    assert not hasattr(readout, "weights")


def test_templates_and_labels_of_segment_recall_belong_together(rng):
    task = segment_recall(30, rng, segments=3, segment_ms=200.0, jitter_ms=0.0, channels=2)
    assert task.labels.shape == (30, 3)
    for train, labels in zip(task.trains, task.labels, strict=True):
        assert train.duration_ms == 600.0
        for segment, label in enumerate(labels):
            part = train.between(200.0 * segment, 200.0 * (segment + 1))
            template = task.templates[segment][label]
            np.testing.assert_array_equal(part.neuron, template.neuron)
            np.testing.assert_allclose(part.time_ms, template.time_ms, atol=1e-9)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"liquid": None}, TypeError, "needs a `Liquid`, got NoneType"),
        ({"sample_ms": 0.0}, ValueError, "finite `sample_ms` above 0, got 0"),
        ({"washout_ms": -1.0}, ValueError, "finite `washout_ms` of at least 0, got -1"),
        ({"pooling": "first"}, ValueError, "one of last, mean, samples, got 'first'"),
        ({"seed": -1}, ValueError, "`seed` of at least 0, got -1"),
        ({"readout": 3}, TypeError, "needs a method `fit`"),
        ({"filter": "count"}, TypeError, "a method `sample` for `filter`, .* got 'count'"),
        ({"encoder": PoissonEncoder}, TypeError, "a method `encode` for `encoder`, .* got <class"),
    ],
)
def test_a_machine_out_of_range_is_refused(liquid, settings, error, message):
    with pytest.raises(error, match=message):
        LiquidStateMachine(**{"liquid": liquid, **settings})


def test_bad_data_are_refused(liquid, recall):
    train, _ = recall
    trains = train.trains[:3]
    machine = LiquidStateMachine(liquid, classify=True)
    with pytest.raises(ValueError, match="needs to be fitted first"):
        machine.predict(trains)
    with pytest.raises(ValueError, match="targets for each of 3 sequences, got those of 2"):
        machine.fit(trains, [0, 1])
    with pytest.raises(ValueError, match="at least 2 classes"):
        machine.fit(trains, [1, 1, 1])
    with pytest.raises(ValueError, match=r"at least 2 classes to tell apart, got only \[1\]"):
        LiquidStateMachine(liquid, Ridge(), classify=True).fit(trains, [1, 1, 1])
    with pytest.raises(ValueError, match="at least one sequence, got none"):
        machine.fit([], [])
    with pytest.raises(TypeError, match="needs `Spikes`, or an `encoder` for signals, got ndarray"):
        machine.states([np.zeros((5, 2))])
    with pytest.raises(ValueError, match="needs spikes of 2 channels, got 1"):
        machine.states([Spikes([], [], 1, 5.0)])
    with pytest.raises(ValueError, match="finite targets"):
        LiquidStateMachine(liquid).fit(trains, [np.nan, 1.0, 2.0])
    late = LiquidStateMachine(liquid, sample_ms=50.0, washout_ms=200.0)
    with pytest.raises(ValueError, match="a sample after the washout of 200 ms, got one of 200 ms"):
        late.states(trains)
    each = LiquidStateMachine(liquid, sample_ms=50.0)
    with pytest.raises(ValueError, match="a target for each of 4 samples of sequence 1, got shape"):
        each.fit(trains, [np.zeros(4), np.zeros(3), np.zeros(4)])
    with pytest.raises(ValueError, match="targets for each of 3 sequences, got those of 1"):
        each.fit(trains, [np.zeros(4)])
    uneven = [trains[0], trains[1].between(0, 100)]
    with pytest.raises(ValueError, match=r"equally many samples for pooling='samples', got"):
        LiquidStateMachine(liquid, sample_ms=50.0, pooling="samples").states(uneven)
