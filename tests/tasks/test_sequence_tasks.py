"""The drawn sequences against the words of their definitions."""

from itertools import product

import numpy as np
import pytest

from evornn.tasks import adding, temporal_order, temporal_xor
from evornn.tasks.temporal_order import SYMBOLS


def last_targets(part):
    for y, m in zip(part.targets, part.mask, strict=True):
        assert not m[:-1].any()
        assert m[-1].all()
        yield y[-1]


def test_adding_as_published_can_be_solved_from_its_marks():
    task = adding(length=40, train=300, validation=0)
    assert task.validation is None
    lengths = [len(x) for x in task.train.inputs]
    assert (min(lengths), max(lengths)) == (40, 44)
    firsts = []
    for x, answer in zip(task.train.inputs, last_targets(task.train), strict=True):
        numbers, markers = x.T
        assert markers[0] == markers[-1] == -1
        marked = np.flatnonzero(markers == 1)
        assert ((markers[1:-1] == 0) | (markers[1:-1] == 1)).all()
        assert len(marked) in (1, 2)  # a mark on the first step shows as -1 and adds nothing
        assert answer[0] == pytest.approx(0.5 + numbers[marked].sum() / 4)
        assert marked.min() < 20
        assert marked.max() <= 19
        firsts.append(len(marked) == 1)
        assert np.abs(numbers).max() <= 1
        assert numbers.min() < 0
    assert 0.05 < np.mean(firsts) < 0.3  # 1/10 + about 9/10 * 1/19


def test_adding_in_the_other_form_has_one_mark_in_each_half_and_a_baseline_of_one_sixth():
    task = adding(length=30, form="indrnn", train=2000, test=1)
    answers = []
    for x, answer in zip(task.train.inputs, last_targets(task.train), strict=True):
        first, second = np.flatnonzero(x[:, 1])
        assert first < 15 <= second < 30
        assert answer[0] == pytest.approx(x[:, 0] @ x[:, 1])
        answers.append(answer[0])
    assert np.mean((np.array(answers) - 1) ** 2) == pytest.approx(1 / 6, abs=0.02)


def test_more_training_sequences_leave_the_test_as_it_was():
    few, many = adding(train=2, validation=1, test=3), adding(train=5, validation=4, test=3)
    for a, b in zip(few.test.inputs, many.test.inputs, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("experiment", "windows"),
    [("6a", [(10, 20), (50, 60)]), ("6b", [(10, 20), (33, 43), (66, 76)])],
)
def test_temporal_order_follows_its_grammar(experiment, windows):
    task = temporal_order(experiment, train=300, validation=1, test=1)
    classes = ["".join(word) for word in product("XY", repeat=len(windows))]
    places = [set() for _ in windows]
    seen = set()
    for x, answer in zip(task.train.inputs, last_targets(task.train), strict=True):
        assert 100 <= len(x) <= 110
        assert (x.sum(axis=1) == 1).all()
        word = "".join(SYMBOLS[i] for i in x.argmax(axis=1))
        assert (word[0], word[-1]) == ("E", "B")
        at = [i for i, symbol in enumerate(word) if symbol in "XY"]
        assert len(at) == len(windows)
        assert all(symbol in "abcd" for i, symbol in enumerate(word[1:-1], 1) if i not in at)
        for place, i in zip(places, at, strict=True):
            place.add(i)
        assert answer.sum() == 1
        assert classes[answer.argmax()] == "".join(word[i] for i in at)
        seen.add(answer.argmax())
    assert [(min(p), max(p)) for p in places] == windows
    assert seen == set(range(2 ** len(windows)))


def test_short_temporal_orders_keep_their_symbols_apart():
    for experiment, count in (("6a", 2), ("6b", 3)):
        task = temporal_order(experiment, length=10, train=200, test=1)
        for x in task.train.inputs:
            assert x[1:-1, 6:].sum() == count
            assert x[0, 4] == x[-1, 5] == 1


def test_every_third_bit_is_the_xor_of_the_two_before():
    task = temporal_xor(train=50)
    bits = np.r_[task.train.inputs[0][:, 0], task.train.targets[0][-1]].astype(int)
    assert len(bits) == 150
    np.testing.assert_array_equal(bits[2::3], bits[::3] ^ bits[1::3])
    np.testing.assert_array_equal(task.train.inputs[0][1:], task.train.targets[0][:-1])


def test_the_best_possible_xor_predictor_has_a_mean_square_error_of_one_sixth():
    task = temporal_xor(test=2000)
    bits = task.test.inputs[0][:, 0].astype(int)
    best = np.full((len(bits), 1), 0.5)
    best[1::3, 0] = bits[1::3] ^ bits[::3][: len(bits[1::3])]
    assert task.mse(task.test, [best]) == pytest.approx(1 / 6, abs=1e-3)
    only = temporal_xor(test=2000, only_xor=True)
    assert only.nmse(only.test, [best]) == 0.0


def test_no_memoryless_predictor_helps_with_xor():
    controls = temporal_xor(train=3000, test=3000).controls()
    assert controls["memoryless"] == pytest.approx(1.0, abs=0.005)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: adding(21), r"`length` needs to be at least 22, got 21\."),
        (lambda: adding(form="gru"), r"`form` needs to be one of lstm97, indrnn, got 'gru'\."),
        (lambda: adding(test=0), r"`test` needs to be at least 1, got 0\."),
        (lambda: temporal_order("6c"), r"`experiment` needs to be one of 6a, 6b, got '6c'\."),
        (lambda: temporal_order(length=9), r"`length` needs to be at least 10, got 9\."),
        (lambda: temporal_xor(1), r"`train` needs to be at least 2, got 1\."),
    ],
)
def test_arguments_out_of_range_are_refused(make, text):
    with pytest.raises(ValueError, match=text):
        make()
