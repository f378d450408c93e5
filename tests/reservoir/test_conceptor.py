"""Conceptors: their logic's laws, their definition as a minimum, and recall of patterns."""

import numpy as np
import pytest

from evornn.reservoir.conceptor import Conceptor, similarity
from evornn.reservoir.loaded import LoadedReservoir


def drawn(rng, units=6, rank=6, aperture=2.0):
    """A conceptor of random states that span `rank` directions."""
    states = rng.normal(size=(200, rank)) @ rng.normal(size=(rank, units))
    return Conceptor.of(states, aperture)


def same(a, b, atol=1e-8):
    np.testing.assert_allclose(a.C, b.C, atol=atol)


def test_it_minimises_what_it_was_defined_to(rng):
    X = rng.normal(size=(300, 4)) @ rng.normal(size=(4, 4))
    conceptor = Conceptor.of(X, 1.7)

    def cost(C):  # mean |x - C x|^2 + aperture^-2 |C|^2
        return np.square(X - X @ C.T).sum() / 300 + np.square(C).sum() / 1.7**2

    best = cost(conceptor.C)
    for _ in range(20):
        assert cost(conceptor.C + 1e-3 * rng.normal(size=(4, 4))) > best
    R = X.T @ X / 300
    np.testing.assert_allclose(conceptor.C, R @ np.linalg.inv(R + np.eye(4) / 1.7**2), rtol=1e-9)


@pytest.mark.parametrize("rank", [2, 6])
def test_the_laws_of_logic_hold(rng, rank):
    a, b = drawn(rng, rank=rank), drawn(rng, rank=rank)
    everything, nothing = Conceptor(np.eye(6)), Conceptor(np.zeros((6, 6)))
    same(~~a, a)
    same(~(a | b), ~a & ~b)
    same(~(a & b), ~a | ~b)
    same(a & b, b & a)
    same(a | b, b | a)
    same(a & everything, a)
    same(a | nothing, a)
    same(a & nothing, nothing)
    same(a | everything, everything)
    same(~everything, nothing)


def test_and_of_invertible_conceptors_is_its_formula(rng):
    a, b = drawn(rng), drawn(rng)
    expected = np.linalg.inv(np.linalg.inv(a.C) + np.linalg.inv(b.C) - np.eye(6))
    same(a & b, Conceptor(expected))


def test_or_joins_the_states_of_both(rng):
    # With the same number of states, a or b is the conceptor of R_a + R_b.
    X, Y = rng.normal(size=(100, 5)), rng.normal(size=(100, 5)) * [3, 1, 0.1, 0, 0]
    joined = Conceptor.of(np.sqrt(2) * np.concatenate([X, Y]), 1.3)
    same(Conceptor.of(X, 1.3) | Conceptor.of(Y, 1.3), joined)


def test_projections_follow_set_logic():
    a, b = Conceptor(np.diag([1.0, 1, 0, 0])), Conceptor(np.diag([0.0, 1, 1, 0]))
    same(a & b, Conceptor(np.diag([0.0, 1, 0, 0])))
    same(a | b, Conceptor(np.diag([1.0, 1, 1, 0])))


def test_the_aperture_can_be_changed_afterwards(rng):
    X = rng.normal(size=(100, 5)) * [1, 1, 0.3, 0.1, 0]
    narrow = Conceptor.of(X, 0.5)
    same(narrow.with_aperture(6.0), Conceptor.of(X, 3.0))
    same(narrow.with_aperture(np.inf), Conceptor(np.diag([1.0, 1, 1, 1, 0])), atol=1e-6)
    same(narrow.with_aperture(0.0), Conceptor(np.zeros((5, 5))))
    assert narrow.quota < narrow.with_aperture(2.0).quota < 1


def test_similarity_and_evidence_tell_patterns_apart(rng):
    X, Y = rng.normal(size=(90, 4)) * [1, 1, 0, 0], rng.normal(size=(90, 4)) * [0, 0, 1, 1]
    a, b = Conceptor.of(X, 5.0), Conceptor.of(Y, 5.0)
    assert similarity(a, a) == pytest.approx(1.0)
    assert similarity(a, b) == pytest.approx(0.0, abs=1e-12)
    assert a.evidence(X).sum() > 0.9 * np.square(X).sum()
    np.testing.assert_allclose(a.evidence(Y), 0.0, atol=1e-12)


@pytest.fixture(scope="module")
def loaded():
    rng = np.random.default_rng(11)
    W = rng.normal(size=(100, 100)) * (rng.uniform(size=(100, 100)) < 0.1)
    W *= 1.5 / np.abs(np.linalg.eigvals(W)).max()
    reservoir = LoadedReservoir(
        W, 1.5 * rng.normal(size=(100, 1)), 0.2 * rng.normal(size=100), aperture=30.0, ridge=1e-6
    )
    t = np.arange(700)[:, None]
    patterns = [
        np.sin(2 * np.pi * t / 8.8342522),
        np.sin(2 * np.pi * t / 9.8342522),
        np.array([0.9, -0.1, -0.9, 0.3, 0.5])[t % 5],
        np.array([0.9, -0.2, -0.8, 0.3, 0.4])[t % 5],
    ]
    return reservoir.load(patterns), patterns


@pytest.mark.parametrize("which", range(4))
def test_each_loaded_pattern_is_recalled(loaded, which):
    reservoir, patterns = loaded
    told = reservoir.recall(which, 150)
    wanted = patterns[which]
    # The phase may drift: the best shift of the pattern, over the last of the steps.
    shifts = [np.sqrt(np.square(told[100:] - wanted[s : s + 50]).mean()) for s in range(300)]
    assert min(shifts) < 0.1 * wanted.std()


def test_without_its_conceptor_a_pattern_is_lost(loaded):
    reservoir, patterns = loaded
    told = reservoir.recall(Conceptor(np.eye(100)), 300)
    for wanted in patterns:
        shifts = [np.sqrt(np.square(told[250:] - wanted[s : s + 50]).mean()) for s in range(300)]
        assert min(shifts) > 0.3 * wanted.std()


def test_a_mixture_of_conceptors_gives_a_mixture_of_patterns(loaded):
    reservoir, _ = loaded
    mixed = Conceptor(0.5 * reservoir.conceptors[0].C + 0.5 * reservoir.conceptors[1].C)
    told = reservoir.recall(mixed, 1200)[200:, 0]
    period = 1 / (np.abs(np.fft.rfft(told * np.hanning(1000), 16000)).argmax() / 16000)
    assert 8.83 < period < 9.84


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Conceptor(np.ones((2, 3))), r"a finite matrix \(unit, unit\), got shape \(2, 3\)"),
        (lambda: Conceptor(2 * np.eye(2)), r"singular values in \[0, 1\], got 2 to 2"),
        (lambda: Conceptor(np.array([[0.5, 0.1], [0.0, 0.5]])), r"a symmetric matrix"),
        (lambda: Conceptor.of(np.ones(4), 1.0), r"finite states with axes \(time, unit\)"),
        (lambda: Conceptor.of(np.ones((4, 2)), 0.0), r"finite `aperture` above 0, got 0\.0"),
        (lambda: Conceptor(np.eye(2)) & Conceptor(np.eye(3)), r"the same units .* got 2 and 3"),
        (lambda: Conceptor(np.eye(2)).with_aperture(-1.0), r"a factor of at least 0, got -1\.0"),
        (lambda: similarity(*[Conceptor(np.zeros((2, 2)))] * 2), r"let something through"),
        (lambda: LoadedReservoir(np.eye(2), np.ones(2), np.ones(2)), r"W_in \(unit, input\)"),
        (lambda: small().recall(0, 5), r"needs patterns first; call `load`"),
        (lambda: small().load([]), r"at least 1 pattern, got none"),
        (lambda: small().load([np.ones((5, 1))]), r"longer than the washout of 10 by at least 2"),
        (lambda: small().load([np.ones((50, 2))]), r"axes \(time, 1\), got shape \(50, 2\)"),
        (lambda: small().load([np.ones((50, 1))]).recall(1, 5), r"a pattern from 0 to 0, got 1"),
    ],
)
def test_what_is_no_conceptor_or_pattern_is_refused(make, text):
    with pytest.raises(ValueError, match=text):
        make()


def small():
    return LoadedReservoir(0.5 * np.eye(2), np.ones((2, 1)), np.zeros(2), washout=10)
