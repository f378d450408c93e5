"""Words of languages and long lags against the words of their definitions."""

import itertools

import numpy as np
import pytest

from evornn.automata import TOMITA
from evornn.tasks import long_lag, long_lag_distractors, tomita


def words_of(part):
    """Each word of a part as text, with its label."""
    for x, y, m in zip(part.inputs, part.targets, part.mask, strict=True):
        assert not m[:-1].any()
        assert m[-1].all()
        assert (np.sort(x, axis=1) == [0, 1]).all()
        yield "".join(map(str, x.argmax(axis=1))), y[-1, 0]


@pytest.mark.parametrize("grammar", TOMITA)
def test_labels_are_those_of_the_language_and_kinds_take_turns(grammar):
    task = tomita(grammar, train=300, validation=31, test_length=60, test=40)
    ranges = {"train": (1, 10), "validation": (11, 20), "test": (21, 60)}
    for name, part in task.parts.items():
        words, labels = zip(*words_of(part), strict=True)
        assert [TOMITA[grammar].accepts(word) for word in words] == list(map(bool, labels))
        assert set(labels[::2]) == {1.0}
        assert set(labels[1::2]) == {0.0}
        low, high = ranges[name]
        assert all(low <= len(word) <= high for word in words)
    assert [part.sequences for part in task.parts.values()] == [300, 31, 40]
    assert len({len(word) for word, _ in words_of(task.test)}) > 10


def test_no_training_word_comes_twice_before_the_others_of_its_length():
    task = tomita(4, longest=6, train=200)
    for kind in (True, False):
        words = [word for word, label in words_of(task.train) if bool(label) == kind]
        for length in range(1, 7):
            there = [w for w in words if len(w) == length]
            everything = ["".join(w) for w in itertools.product("01", repeat=length)]
            all_words = {w for w in everything if TOMITA[4].accepts(w) == kind}
            counts = [there.count(word) for word in all_words]
            assert not counts or max(counts) - min(counts) <= 1
            assert set(there) <= all_words


def test_every_other_long_word_that_does_not_belong_is_a_near_miss():
    for grammar, dfa in TOMITA.items():
        task = tomita(grammar, train=2, validation=2, test=80)
        others = [word for word, label in words_of(task.test) if not label]
        near = []
        for word in others:
            flips = (word[:k] + "10"[int(word[k])] + word[k + 1 :] for k in range(len(word)))
            near.append(any(dfa.accepts(flip) for flip in flips))
        assert all(near[1::2])
        if grammar in (1, 2, 7):  # hardly any random word is so near
            assert not any(near[::2])


def test_a_language_with_few_short_words_repeats_them():
    members = [word for word, label in words_of(tomita(1).train) if label]
    assert sorted(set(members), key=len) == ["1" * k for k in range(1, 11)]
    assert len(members) == 100


def test_the_test_words_do_not_depend_on_how_many_are_trained_on():
    few, many = tomita(3, train=20, validation=0), tomita(3, train=50)
    assert few.validation is None
    assert list(words_of(few.test)) == list(words_of(many.test))


@pytest.mark.parametrize("lag", [2, 5, 100])
def test_only_the_last_step_of_a_long_lag_needs_memory(lag):
    task = long_lag(lag)
    assert (task.inputs, task.outputs, task.validation) == (lag + 1, lag + 1, None)
    for part, scored in ((task.train, lag), (task.test, 1)):
        assert part.sequences == 2
        for k, (x, y, m) in enumerate(zip(part.inputs, part.targets, part.mask, strict=True)):
            symbols = [*x.argmax(axis=1), y[-1].argmax()]
            assert symbols == [lag - 1 + k, *range(lag - 1), lag - 1 + k]
            np.testing.assert_array_equal(x[1:], y[:-1])
            assert m.all(axis=1).sum() == m.any(axis=1).sum() == scored
            assert m[-1].all()
    # What the present input tells is all but the last: there, nothing.
    assert task.controls()["memoryless"] == pytest.approx(1.0)


def test_a_sequence_with_distractors_follows_its_grammar():
    task = long_lag_distractors(lag=20, distractors=7, train=400, test=1)
    lengths, seen = [], set()
    for x, y, m in zip(task.train.inputs, task.train.targets, task.train.mask, strict=True):
        begin, first, *between, end = x.argmax(axis=1)
        assert (x.sum(axis=1) == 1).all()
        assert (begin, end) == (7, 8)
        assert first in (9, 10)
        assert set(between) <= set(range(7))
        assert m.sum() == 2
        assert m[-1].all()
        assert y[-1].tolist() == [first == 9, first == 10]
        lengths.append(len(between))
        seen |= {int(first), *map(int, between)}
    assert min(lengths) == 20
    assert np.mean(lengths) == pytest.approx(20 + 9, abs=2)  # nine more on average
    assert seen == {0, 1, 2, 3, 4, 5, 6, 9, 10}


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: tomita(8), r"`grammar` needs to be one of 1 to 7, got 8\."),
        (lambda: tomita(longest=17), r"`longest` needs to be at most 16, got 17\."),
        (lambda: tomita(longest=1), r"`longest` needs to be at least 2, got 1\."),
        (lambda: tomita(test_length=21), r"`test_length` needs to be at least 22, got 21\."),
        (lambda: tomita(validation=1), "`validation` needs 0 words or at least 2"),
        (lambda: tomita(train=1), r"`train` needs to be at least 2, got 1\."),
        (lambda: long_lag(1), r"`lag` needs to be at least 2, got 1\."),
        (lambda: long_lag_distractors(0), r"`lag` needs to be at least 1, got 0\."),
        (lambda: long_lag_distractors(distractors=0), "`distractors` needs to be at least 1"),
    ],
)
def test_arguments_out_of_range_are_refused(make, text):
    with pytest.raises(ValueError, match=text):
        make()
