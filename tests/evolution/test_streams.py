"""Random streams in kernels."""

import os
import subprocess
import sys

import numpy as np
import pytest
from numba import njit
from scipy import stats

from evornn.evolution import normal as bell
from evornn.evolution import streams


@njit
def words(stream, count):
    out = np.empty(count, np.uint64)
    for k in range(count):
        stream, out[k] = streams.next_word(stream)
    return out


@njit
def coins(stream, digits, count):
    out = np.empty(count, np.uint64)
    for k in range(count):
        stream, out[k] = streams.bernoulli_word(stream, digits)
    return out


@njit
def singles(stream, count):
    out = np.empty(count)
    for k in range(count):
        stream, out[k] = bell.normal(stream)
    return out


def splitmix64(state):
    """The generator in Python's unbounded integers."""
    mask = 2**64 - 1
    while True:
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        yield z ^ (z >> 31)


def test_words_are_those_of_splitmix64():
    assert [hex(word) for word in words(np.uint64(0), 3)] == [
        "0xe220a8397b1dcdaf",  # published first words of the seed 0
        "0x6e789e6aa1b965f4",
        "0x6c45d188009454f",
    ]
    for seed in (1, 12345, 2**64 - 1):
        plain = splitmix64(seed)
        assert list(words(np.uint64(seed), 50)) == [next(plain) for _ in range(50)]


def test_a_word_far_ahead_is_the_one_that_stepping_reaches():
    stream = np.uint64(99)
    assert streams.word_at(stream, 40) == words(stream, 41)[40]
    assert words(streams.skip(stream, 40), 1)[0] == words(stream, 41)[40]


@pytest.mark.parametrize("probability", [0.3, 0.5, 1 / 1121, 0.999, 1 / 3])
def test_64_coins_are_independent_and_have_the_probability_asked_for(probability, rng):
    count = 20_000
    drawn = coins(
        rng.integers(2**64, dtype=np.uint64), streams.probability_digits(probability), count
    )
    bits = np.unpackbits(drawn.view(np.uint8).reshape(count, 8), axis=1, bitorder="little")
    spread = np.sqrt(probability * (1 - probability))
    assert abs(bits.mean() - probability) < 5 * spread / np.sqrt(bits.size)
    # Every coin alone, and neighbours in the word and between words.
    assert np.abs(bits.mean(0) - probability).max() < 5 * spread / np.sqrt(count)
    centred = (bits - probability) / spread
    for product in (centred[:, 1:] * centred[:, :-1], centred[1:] * centred[:-1]):
        assert abs(product.mean()) < 5 / np.sqrt(product.size)


@pytest.mark.parametrize(("probability", "word"), [(0.0, 0), (1.0, 2**64 - 1)])
def test_impossible_and_certain_coins(probability, word):
    drawn = coins(np.uint64(7), streams.probability_digits(probability), 100)
    assert set(drawn.tolist()) == {word}


@pytest.mark.parametrize("length", [1, 63, 64, 65, 130])
def test_chosen_places_are_ascending_and_stay_inside(length, rng):
    places = np.empty(length, np.int64)
    digits = streams.probability_digits(0.4)
    hits = np.zeros(length)
    for seed in rng.integers(2**64, size=2000, dtype=np.uint64):
        _, count = streams.draw_places(places, length, digits, seed)
        chosen = places[:count]
        assert (np.diff(chosen) > 0).all()
        hits[chosen] += 1
    assert np.abs(hits / 2000 - 0.4).max() < 5 * np.sqrt(0.24 / 2000)


def test_the_ziggurats_strips_have_one_area_and_close_at_the_top():
    edges, heights = bell.EDGES, bell.HEIGHTS
    areas = edges[1:-1] * np.diff(heights)[1:]
    base = edges[1] * heights[1] + np.sqrt(2 * np.pi) * stats.norm.sf(edges[1])
    np.testing.assert_allclose(areas, base, rtol=1e-10)
    assert edges[0] * heights[1] == pytest.approx(base, rel=1e-12)


@pytest.mark.parametrize("drawn_at_once", [True, False])
def test_normal_numbers_are_normal(drawn_at_once, rng):
    count = 4_000_000
    seed = rng.integers(2**64, dtype=np.uint64)
    if drawn_at_once:
        sample = np.empty(count)
        bell.fill_normal(sample, seed)
    else:
        sample = singles(seed, count)
    for power, moment in ((1, 0), (2, 1), (3, 0), (4, 3), (6, 15)):
        spread = np.sqrt(stats.norm.moment(2 * power) - moment**2)
        assert abs(np.mean(sample**power) - moment) < 5 * spread / np.sqrt(count)
    assert abs(np.corrcoef(sample[1:], sample[:-1])[0, 1]) < 5 / np.sqrt(count)
    # Bins of a third of a strip see a fault in the strips' corners, which is 1 % of the numbers.
    edges = np.interp(np.arange(0, 255, 1 / 3), np.arange(256), bell.EDGES[:0:-1])
    observed = np.histogram(sample, np.r_[-np.inf, -edges[:0:-1], edges, np.inf])[0]
    expected = np.diff(stats.norm.cdf(np.r_[-np.inf, -edges[:0:-1], edges, np.inf])) * count
    assert expected.min() > 20
    assert stats.chisquare(observed, expected).pvalue > 1e-4
    tail = np.abs(sample[np.abs(sample) > bell.TAIL])  # the tail has code of its own
    beyond = stats.norm.sf(bell.TAIL)
    assert stats.kstest(tail, lambda x: 1 - stats.norm.sf(x) / beyond).pvalue > 1e-4


def test_streams_that_start_apart_do_not_resemble_each_other(rng):
    rows = np.empty((300, 2000))
    for row, seed in zip(rows, np.arange(300, dtype=np.uint64), strict=True):
        bell.fill_normal(row, seed)
    correlation = np.corrcoef(rows)[~np.eye(300, dtype=bool)]
    assert np.abs(correlation).max() < 6 / np.sqrt(2000)


def test_kernels_work_where_no_cache_can_be_written(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("a file cannot hold a cache directory")
    program = (
        "import numpy as np\n"
        "from evornn.evolution import streams\n"
        "print(hex(streams.word_at(np.uint64(0), 0)))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"NUMBA_CACHE_DIR": str(blocked / "cache")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "0xe220a8397b1dcdaf"
