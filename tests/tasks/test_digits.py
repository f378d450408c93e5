"""Digits as sequences, against the images that scikit-learn brings."""

import sys

import pytest
from sklearn.datasets import load_digits

from evornn.tasks import digits


def images_and_labels(part):
    for x, y, mask in zip(part.inputs, part.targets, part.mask, strict=True):
        assert mask.sum(axis=1).tolist() == [0] * (len(x) - 1) + [10]
        assert y[-1].sum() == y[-1].max() == 1
        yield x.reshape(8, 8), int(y[-1].argmax())


@pytest.mark.parametrize(("columns", "steps"), [(8, 8), (1, 64)])
def test_each_image_is_dealt_once_and_read_row_by_row(columns, steps):
    task = digits(columns=columns)
    assert task.inputs == columns
    assert {len(x) for part in task.parts.values() for x in part.inputs} == {steps}
    bunch = load_digits()
    known = {
        (image / 16).tobytes(): label
        for image, label in zip(bunch.images, bunch.target, strict=True)
    }
    dealt = [pair for part in task.parts.values() for pair in images_and_labels(part)]
    assert len(dealt) == len(known) == 1797
    assert {image.tobytes() for image, _ in dealt} == set(known)
    assert all(known[image.tobytes()] == label for image, label in dealt)
    assert [part.sequences for part in task.parts.values()] == [1000, 297, 500]


def test_the_parts_hold_other_images_and_every_class():
    task = digits(train=200, validation=0, test=100, seed=3)
    assert task.validation is None
    parts = [list(images_and_labels(part)) for part in task.parts.values()]
    seen = [{image.tobytes() for image, _ in part} for part in parts]
    assert not seen[0] & seen[1]
    assert [{label for _, label in part} for part in parts] == [set(range(10))] * 2


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"columns": 3}, r"`columns` needs to divide 64, the pixels of an image, got 3\."),
        ({"test": 501}, r"at most 1797 images in .* together, got 1798\."),
        ({"train": 0}, r"`train` needs to be at least 1, got 0\."),
    ],
)
def test_arguments_out_of_range_are_refused(arguments, text):
    with pytest.raises(ValueError, match=text):
        digits(**arguments)


def test_without_scikit_learn_the_cure_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match=r"pip install 'evornn\[sklearn\]'"):
        digits()
