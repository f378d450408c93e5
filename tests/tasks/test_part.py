"""Parts and scales: scores against plain sums, and the errors for data that do not fit."""

import numpy as np
import pytest

from evornn.tasks import Part, Scale


@pytest.fixture
def part():
    rng = np.random.default_rng(7)
    lengths = (5, 9)
    return Part(
        tuple(rng.normal(size=(n, 3)) for n in lengths),
        tuple(rng.normal(size=(n, 2)) for n in lengths),
        tuple(rng.random((n, 2)) < 0.6 for n in lengths),
    )


def test_the_nmse_is_the_plain_double_sum(part):
    rng = np.random.default_rng(8)
    outputs = [rng.normal(size=t.shape) for t in part.targets]
    error, entries = 0.0, [[], []]
    for s, target in enumerate(part.targets):
        for t in range(len(target)):
            for k in range(2):
                if part.mask[s][t, k]:
                    error += (outputs[s][t, k] - target[t, k]) ** 2
                    entries[k].append(target[t, k])
    count = len(entries[0]) + len(entries[1])
    spread = sum(sum((v - sum(e) / len(e)) ** 2 for v in e) for e in entries)
    assert part.mse(outputs) == pytest.approx(error / count, rel=1e-12)
    assert part.nmse(outputs) == pytest.approx(error / spread, rel=1e-12)
    assert (part.sequences, part.steps, part.scored) == (2, 14, count)


def test_what_is_masked_does_not_count(part):
    outputs = [np.where(m, t, 1e9) for t, m in zip(part.targets, part.mask, strict=True)]
    assert part.nmse(outputs) == 0.0


def test_float32_outputs_are_scored_in_float64(part):
    outputs = [t.astype(np.float32) for t in part.targets]
    expected = [o.astype(np.float64) for o in outputs]
    assert part.mse(outputs) == part.mse(expected)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e200])
def test_a_diverged_output_scores_no_finite_number_without_a_warning(part, value):
    assert not np.isfinite(part.mse([np.full(t.shape, value) for t in part.targets]))


def test_a_part_is_a_read_only_copy():
    x, y = np.zeros((4, 1)), np.arange(4.0)[:, None]
    part = Part((x,), (y,), (np.ones((4, 1), bool),))
    y[0] = 99.0
    assert part.targets[0][0, 0] == 0.0
    assert y.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        part.targets[0][0, 0] = 1.0


def test_outputs_that_do_not_fit_are_refused(part):
    good = [np.zeros(t.shape) for t in part.targets]
    with pytest.raises(
        ValueError, match=r"one array of outputs for each sequence, 2 in all, got 1"
    ):
        part.mse(good[:1])
    with pytest.raises(ValueError, match=r"shape \(9, 2\) for sequence 1, got shape \(9, 1\)\."):
        part.mse([good[0], good[1][:, :1]])


def test_constant_targets_have_no_nmse():
    part = Part((np.zeros((4, 1)),), (np.full((4, 1), 0.1),), (np.ones((4, 1), bool),))
    assert part.mse([np.zeros((4, 1))]) == pytest.approx(0.01)
    with pytest.raises(ValueError, match=r"needs targets that vary, got 4 scored entries"):
        part.nmse([np.zeros((4, 1))])


@pytest.mark.parametrize(
    ("inputs", "targets", "mask", "text"),
    [
        ([(4, 1)], [(5, 1)], [(5, 1)], r"got shapes \(4, 1\), \(5, 1\) and \(5, 1\) in sequence 0"),
        ([(4,)], [(4, 1)], [(4, 1)], r"got shapes \(4,\)"),
        ([(4, 1)], [(4, 1)], [(4, 2)], r"and \(4, 2\) in sequence 0"),
        ([(4, 1), (3, 2)], [(4, 1), (3, 1)], [(4, 1), (3, 1)], r"but 2 and 1 in sequence 1"),
        ([(4, 1)], [(4, 1), (3, 1)], [(4, 1)], r"got 1, 2 and 1\."),
        ([], [], [], r"at least 1, got 0, 0 and 0\."),
    ],
)
def test_shapes_that_do_not_fit_are_refused(inputs, targets, mask, text):
    with pytest.raises(ValueError, match=text):
        Part(
            tuple(np.zeros(s) for s in inputs),
            tuple(np.zeros(s) for s in targets),
            tuple(np.ones(s, bool) for s in mask),
        )


def test_nan_and_an_empty_mask_are_refused():
    ones = np.ones((2, 1))
    with pytest.raises(ValueError, match=r"got NaN or infinity in sequence 0"):
        Part((ones * np.nan,), (ones,), (ones > 0,))
    with pytest.raises(ValueError, match=r"at least 1 scored entry"):
        Part((ones,), (ones,), (ones < 0,))


def test_a_scale_restores_what_it_normalised():
    rng = np.random.default_rng(3)
    values = rng.normal([5.0, -100.0], [2.0, 1e4], size=(50, 2))
    scale = Scale.fit([values[:20], values[20:]], [np.ones((20, 2), bool), np.ones((30, 2), bool)])
    normalised = scale.normalise(values)
    np.testing.assert_allclose(normalised.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(normalised.std(axis=0), 1.0, rtol=1e-12)
    np.testing.assert_allclose(scale.restore(normalised), values, rtol=1e-12)


def test_a_scale_counts_only_masked_in_entries():
    values = np.array([[1.0], [3.0], [1000.0]])
    scale = Scale.fit([values], [values < 100])
    assert (scale.mean[0], scale.std[0]) == (2.0, 1.0)


def test_a_constant_column_becomes_zero_and_not_nan():
    values = np.full((10, 1), 0.1)
    scale = Scale.fit([values], [np.ones((10, 1), bool)])
    assert scale.std[0] == 1.0
    np.testing.assert_allclose(scale.normalise(values), 0.0, atol=1e-15)


def test_a_scale_without_spread_is_refused():
    with pytest.raises(ValueError, match=r"standard deviations above 0, got mean \[0\.0\]"):
        Scale(np.zeros(1), np.zeros(1))
    with pytest.raises(ValueError, match=r"axes \(column\), got shapes \(1,\) and \(2,\)"):
        Scale(np.zeros(1), np.ones(2))
