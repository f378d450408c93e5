"""Gray-coded genes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evornn.evolution import (
    BitFlipMutation,
    GrayGenes,
    OnePointCrossover,
    RealGenes,
    TwoPointCrossover,
    UniformCrossover,
)


def bit_strings(genes, chromosomes):
    """The chromosomes' bits, most significant first, axes (individual, bit)."""
    codes = genes.encode(chromosomes)
    shifts = np.arange(genes.bits - 1, -1, -1, dtype=np.uint32)
    return ((codes[..., None] >> shifts) & 1).reshape(len(codes), -1)


@settings(deadline=None)  # the first example compiles
@given(bits=st.integers(1, 32), number=st.integers(0, 2**32 - 1))
def test_codes_are_the_binary_reflected_gray_code(bits, number):
    number %= 2**bits
    genes = GrayGenes(bits=bits, low=0.0, high=float(2**bits - 1))
    code = int(genes.encode(np.array([[float(number)]]))[0, 0])
    assert code == number ^ (number >> 1)
    assert genes.decode(np.array([[code]], np.uint32))[0, 0] == number


@pytest.mark.parametrize("bits", [1, 4, 10])
def test_neighbouring_numbers_differ_in_one_bit(bits):
    genes = GrayGenes(bits=bits, low=-1.0, high=1.0)
    codes = genes.encode(np.linspace(-1.0, 1.0, 2**bits)[None])[0]
    assert len(set(codes.tolist())) == 2**bits
    assert all(int(a ^ b).bit_count() == 1 for a, b in zip(codes[1:], codes[:-1], strict=True))


@pytest.mark.parametrize(("dtype", "bits"), [(np.float32, 16), (np.float64, 16), (np.float64, 32)])
def test_a_round_trip_is_within_half_a_step_and_then_exact(dtype, bits, rng):
    genes = GrayGenes(bits=bits)
    chromosomes = rng.uniform(-4.0, 4.0, (50, 40)).astype(dtype)
    there = genes.represent(chromosomes)
    assert there.dtype == dtype
    half = 0.5 * 8.0 / (2**bits - 1)
    assert np.abs(there - chromosomes).max() <= half + 4 * np.spacing(dtype(4))
    np.testing.assert_array_equal(genes.represent(there), there)


def test_numbers_outside_the_range_go_to_its_ends():
    found = GrayGenes(bits=8, low=-2.0, high=1.0).represent(np.array([[-1e9, 1e9, 1.0, -2.0]]))
    np.testing.assert_allclose(found, [[-2.0, 1.0, 1.0, -2.0]], rtol=1e-15)


@pytest.mark.parametrize("crossover", [OnePointCrossover, TwoPointCrossover, UniformCrossover])
@pytest.mark.parametrize("bits", [16, 7, 32])
def test_crossover_of_coded_genes_exchanges_bits_and_loses_none(crossover, bits, bred, rng):
    genes = GrayGenes(bits=bits)
    parents = genes.represent(rng.uniform(-4, 4, (60, 21)))
    children = bred(parents, crossover=crossover(1.0), mutation=BitFlipMutation(0.0), genes=genes)
    before = bit_strings(genes, parents).reshape(30, 2, -1)
    after = bit_strings(genes, children.rows).reshape(30, 2, -1)
    np.testing.assert_array_equal(before.sum(1), after.sum(1))
    changed = (before != after)[:, 0]
    assert changed.any(1).all()
    # Cuts fall between bits, so that most children have genes that neither parent has.
    if crossover is not UniformCrossover:
        new = (children.rows.reshape(30, 2, 21) != parents.reshape(30, 2, 21)) & (
            children.rows.reshape(30, 2, 21) != parents.reshape(30, 2, 21)[:, ::-1]
        )
        assert 0 < new.any((1, 2)).sum() <= 30
        assert new.sum((1, 2)).max() <= 4  # one gene a cut, in both children


def test_one_point_on_bits_takes_the_end_of_the_string(bred):
    genes = GrayGenes(bits=5)
    ones = genes.decode(np.full((1, 3), 31, np.uint32))
    zeros = genes.decode(np.full((1, 3), 0, np.uint32))
    parents = np.tile(np.vstack([zeros, ones]), (300, 1))
    children = bred(
        parents, crossover=OnePointCrossover(1.0), mutation=BitFlipMutation(0.0), genes=genes
    )
    strings = bit_strings(genes, children.rows)[0::2].astype(int)
    assert (np.diff(strings, axis=1) >= 0).all()
    assert set(strings.sum(1).tolist()) == set(range(1, 15))


@pytest.mark.parametrize("rate", [0.01, 0.3, 1.0])
def test_bits_flip_at_their_rate(rate, bred, rng):
    genes = GrayGenes(bits=11)
    parents = genes.represent(rng.uniform(-4, 4, (300, 40)))
    children = bred(parents, mutation=BitFlipMutation(rate), genes=genes).rows
    flipped = bit_strings(genes, parents) != bit_strings(genes, children)
    spread = np.sqrt(max(rate * (1 - rate), 1e-12))
    assert abs(flipped.mean() - rate) < 5 * spread / np.sqrt(flipped.size)
    assert np.abs(flipped.mean(0) - rate).max() < 5 * spread / np.sqrt(300)


def test_the_usual_flip_rate_is_one_bit_a_chromosome(bred, rng):
    genes = GrayGenes(bits=16)
    parents = genes.represent(rng.uniform(-4, 4, (2000, 10)))
    children = bred(parents, mutation=BitFlipMutation(), genes=genes)
    flips = (bit_strings(genes, parents) != bit_strings(genes, children.rows)).sum(1)
    assert flips.mean() == pytest.approx(1.0, abs=0.12)
    np.testing.assert_array_equal(children.fresh, flips > 0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GrayGenes(bits=0), "`GrayGenes` needs `bits` of at least 1, got 0"),
        (lambda: GrayGenes(bits=40), "`GrayGenes` needs `bits` of at most 32, got 40"),
        (lambda: GrayGenes(low=1.0, high=1.0), "`GrayGenes` needs `low` below `high`, got 1 and 1"),
        (lambda: RealGenes(2.0, -2.0), "`RealGenes` needs `low` below `high`, got 2 and -2"),
        (lambda: RealGenes(low=np.nan), "`RealGenes` needs a finite `low`"),
        (
            lambda: GrayGenes(bits=32).represent(np.zeros((1, 1), np.float32)),
            "too fine for float32; use fewer bits or float64",
        ),
    ],
)
def test_wrong_settings_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
