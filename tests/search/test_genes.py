"""Genes of hyper-parameters, by their definition."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evornn.search import Choice, Log, Real, Whole

units = st.floats(-0.5, 1.5)


@given(units)
def test_every_place_gives_a_value_within_the_range(unit):
    assert 2.0 <= Real(2.0, 3.0).value(unit) <= 3.0
    assert 1e-6 <= Log(1e-6, 1e2).value(unit) <= 1e2
    assert Whole(-2, 5).value(unit) in range(-2, 6)
    assert Choice("a", None, 3).value(unit) in ("a", None, 3)


def test_the_ends_are_reached():
    for gene, low, high in ((Real(1, 3), 1, 3), (Log(0.1, 5.0), 0.1, 5.0), (Whole(2, 9), 2, 9)):
        assert (gene.value(0.0), gene.value(1.0)) == pytest.approx((low, high), rel=1e-14)


def test_a_log_gene_is_even_in_decades():
    found = [Log(1e-4, 1.0).value(unit) for unit in np.linspace(0, 1, 5)]
    assert np.allclose(np.log10(found), [-4, -3, -2, -1, 0], atol=1e-12)


def test_whole_numbers_and_choices_are_equally_likely():
    places = (np.arange(700) + 0.5) / 700
    _, counts = np.unique([Whole(1, 7).value(unit) for unit in places], return_counts=True)
    assert counts.tolist() == [100] * 7
    _, counts = np.unique([Choice(*"abcdefg").value(unit) for unit in places], return_counts=True)
    assert counts.tolist() == [100] * 7


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Real(1.0, 1.0), "`low` below `high`"),
        (lambda: Real(0.0, math.inf), "finite `high`"),
        (lambda: Log(0.0, 1.0), "finite `low` above 0"),
        (lambda: Whole(3, 2), "`low` below `high`"),
        (lambda: Choice("one"), "`options` of at least 2"),
    ],
)
def test_empty_ranges_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_whole_gene_needs_whole_numbers():
    with pytest.raises(TypeError, match=r"whole number for `low`, got 1\.5"):
        Whole(1.5, 3)
