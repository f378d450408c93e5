"""Splits: by slices and by fractions, and the errors for those that cannot be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evornn.tasks.split import resolve_split


def test_slices_count_from_either_end():
    spans = resolve_split(slice(None, 50), None, slice(-20, None), 100, "samples")
    assert spans == {"train": (0, 50), "test": (80, 100)}


def test_fractions_are_cut_off_one_after_the_other():
    spans = resolve_split(0.5, 0.25, 0.25, 200, "samples")
    assert spans == {"train": (0, 100), "validation": (100, 150), "test": (150, 200)}


@given(
    st.integers(10, 10_000),
    st.floats(0.2, 0.5),
    st.none() | st.floats(0.1, 0.2),
    st.floats(0.1, 0.3),
)
def test_fractions_give_neighbours_of_about_their_size(count, train, validation, test):
    spans = resolve_split(train, validation, test, count, "samples")
    edges = [edge for name in ("train", "validation", "test") for edge in spans.get(name, ())]
    assert edges == sorted(edges)
    assert edges[0] == 0
    assert edges[-1] <= count
    assert edges[1:-1:2] == edges[2:-1:2]
    for name, share in (("train", train), ("validation", validation), ("test", test)):
        if share is not None:
            assert abs(spans[name][1] - spans[name][0] - share * count) <= 1


@pytest.mark.parametrize(
    ("train", "validation", "test", "error", "text"),
    [
        (slice(0, 60), None, slice(50, 100), ValueError, r"`train` up to 60 and `test` from 50\."),
        (slice(0, 60), None, slice(60, 200), ValueError, r"`test` needs a slice of 100 samples"),
        (
            slice(0, 60, 2),
            None,
            slice(60, 100),
            ValueError,
            r"`train` needs a slice without a step",
        ),
        (slice(5, 5), None, slice(60, 100), ValueError, r"`train` needs at least 1 of the 100"),
        (slice(0.0, 5), None, slice(60, 100), TypeError, r"a slice of whole numbers"),
        (slice(0, 60), None, 0.2, TypeError, r"got train=slice\(0, 60, None\), test=0\.2\."),
        (0.6, "rest", 0.2, TypeError, r"validation='rest'"),
        (0.6, None, None, TypeError, r"`test` needs a slice or a fraction, got None\."),
        (0.6, 0.3, 0.2, ValueError, r"sum of at most 1, got 1\.1"),
        (0.6, None, 0.0, ValueError, r"`test` needs a fraction in \(0, 1\], got 0\.0\."),
        (0.6, None, 0.001, ValueError, r"`test` needs at least 1 of the 100 samples"),
    ],
)
def test_a_split_that_cannot_be_says_why(train, validation, test, error, text):
    with pytest.raises(error, match=text):
        resolve_split(train, validation, test, 100, "samples")
