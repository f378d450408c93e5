"""Circuits drawn at random have the numbers they were asked for."""

import numpy as np
import pytest

from evornn.liquid import MAASS_2002, Circuit, Pathway
from evornn.liquid.geometry import draw_connections, grid_positions


@pytest.fixture(scope="module")
def large():
    """A large box, so that averages are sharp."""
    return Circuit(shape=(10, 10, 12)).draw(3, inputs=40)


def kinds(liquid):
    return liquid.inhibitory[liquid.synapses.source], liquid.inhibitory[liquid.synapses.target]


def test_the_preset_has_the_published_shape():
    liquid = MAASS_2002.draw(0)
    assert liquid.count == 135
    assert liquid.inhibitory.sum() == 27
    assert liquid.positions.max(axis=0).tolist() == [2, 2, 14]
    assert len({tuple(p) for p in liquid.positions}) == 135
    assert (liquid.synapses.source != liquid.synapses.target).all()
    neurons = liquid.neurons
    assert 13.8 <= neurons.reset_mV.min() < neurons.reset_mV.max() <= 14.5
    assert 13.5 <= neurons.start_mV.min() < neurons.start_mV.max() <= 14.9
    assert 13.5 <= neurons.background_nA.min() < neurons.background_nA.max() <= 14.5
    np.testing.assert_array_equal(neurons.refractory_ms, np.where(liquid.inhibitory, 2.0, 3.0))


@pytest.mark.parametrize(
    ("source", "target", "chance"),
    [(False, False, 0.3), (False, True, 0.2), (True, False, 0.4), (True, True, 0.1)],
)
def test_the_number_of_connections_is_what_the_formula_expects(large, source, target, chance):
    squared = ((large.positions[:, None] - large.positions) ** 2).sum(axis=-1)
    table = chance * np.exp(-squared / 2.0**2)
    np.fill_diagonal(table, 0)
    expected = table[np.ix_(large.inhibitory == source, large.inhibitory == target)].sum()
    of, to = kinds(large)
    count = ((of == source) & (to == target)).sum()
    assert abs(count - expected) < 4 * np.sqrt(expected)


@pytest.mark.parametrize(
    ("source", "target", "weight", "use", "recovery", "facilitation", "delay"),
    [
        (False, False, 30, 0.5, 1100, 50, 1.5),
        (False, True, 60, 0.05, 125, 1200, 0.8),
        (True, False, -19, 0.25, 700, 20, 0.8),
        (True, True, -19, 0.32, 144, 60, 0.8),
    ],
)
def test_each_kind_of_synapse_has_its_own_means(
    large, source, target, weight, use, recovery, facilitation, delay
):
    of, to = kinds(large)
    chosen = (of == source) & (to == target)
    s = large.synapses
    weights = s.weight_nA[chosen]
    n = chosen.sum()
    assert n > 100
    assert (np.sign(weights) == np.sign(weight)).all()
    assert abs(weights.mean() / weight - 1) < 4 * 0.7 / np.sqrt(n)
    assert abs(weights.std() / abs(weight) - 0.7) < 0.2
    np.testing.assert_array_equal(s.delay_ms[chosen], delay)
    for values, mean in ((s.recovery_ms, recovery), (s.facilitation_ms, facilitation)):
        found = values[chosen]
        assert found.min() > 0
        # 2.3 % of the normal numbers are negative and drawn again, which adds 3 % to the mean.
        assert abs(found.mean() / mean - 1.03) < 4 * 0.5 / np.sqrt(n) + 0.02
    assert 0 < s.use[chosen].min() <= s.use[chosen].max() <= 1
    assert abs(s.use[chosen].mean() / use - 1) < 0.15


def test_what_would_be_negative_is_drawn_uniformly():
    """With an SD of three means: 63 % of a normal distribution, 37 % of a uniform one."""
    wide = Circuit(shape=(9, 9, 9), dynamics_spread=3.0, inhibitory_share=0.0).draw(1)
    found = wide.synapses.facilitation_ms / 50.0
    assert found.min() > 0
    # E[1 + 3 z; z > -1/3] = Phi(1/3) + 3 phi(1/3), and the uniform share has a mean of 1.
    assert found.mean() == pytest.approx(0.6306 + 3 * 0.3774 + 0.3694, abs=0.1)


def test_connections_become_unlikely_with_distance(rng):
    positions = grid_positions((12, 12, 12))
    source, target = draw_connections(positions, 0.8, 2.0, rng)
    distance = np.linalg.norm(positions[source] - positions[target], axis=1)
    one = np.isclose(distance, 1.0).sum()
    pairs_at_one = 2 * 3 * 11 * 12 * 12
    two = np.isclose(distance, 2.0).sum()
    pairs_at_two = 2 * 3 * 10 * 12 * 12
    assert one / pairs_at_one == pytest.approx(0.8 * np.exp(-0.25), abs=0.02)
    assert two / pairs_at_two == pytest.approx(0.8 * np.exp(-1.0), abs=0.02)
    assert (source != target).all()


def test_the_same_seed_gives_the_same_liquid_and_another_one_another():
    one, same, other = (MAASS_2002.draw(seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one.synapses.weight_nA, same.synapses.weight_nA)
    np.testing.assert_array_equal(one.neurons.start_mV, same.neurons.start_mV)
    assert len(one.synapses) != len(other.synapses)


def test_inputs_reach_a_share_of_the_neurons(large):
    source = large.input_synapses.source
    reached = np.bincount(source, minlength=40) / large.count
    assert reached.mean() == pytest.approx(0.3, abs=0.015)
    weights = large.input_synapses.weight_nA
    inhibitory = large.inhibitory[large.input_synapses.target]
    assert weights[~inhibitory].mean() == pytest.approx(18, rel=0.05)
    assert weights[inhibitory].mean() == pytest.approx(9, rel=0.08)


def test_a_circuit_may_have_static_synapses_without_spread():
    path, back = Pathway(0.3, 5.0), Pathway(0.3, -5.0)
    circuit = MAASS_2002.with_settings(
        excitatory_to_excitatory=path, excitatory_to_inhibitory=path,
        inhibitory_to_excitatory=back, inhibitory_to_inhibitory=back, weight_spread=0.0,
    )  # fmt: skip
    liquid = circuit.draw(1)
    assert not liquid.synapses.dynamic
    assert MAASS_2002.draw(1).synapses.dynamic
    assert set(np.unique(liquid.synapses.weight_nA)) == {-5.0, 5.0}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"inhibitory_share": 1.5}, r"`inhibitory_share` in \[0, 1\], got 1.5"),
        ({"shape": (3, 3)}, r"needs three sides, got \(3, 3\)"),
        ({"shape": (3, 3, 0)}, "`shape` of at least 1, got 0"),
        ({"length": 0.0}, "finite `length` above 0, got 0"),
        ({"weight_spread": -1.0}, "finite `weight_spread` of at least 0, got -1"),
        ({"excitatory_to_excitatory": Pathway(0.3, 5.0)}, "dynamic synapses in all pathways"),
        ({"reset_mV": (15.0, 16.0)}, "`reset_mV` below `threshold_mV`"),
    ],
)
def test_a_circuit_out_of_range_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        MAASS_2002.with_settings(**settings).draw(0)


def test_a_pathway_out_of_range_is_refused():
    with pytest.raises(ValueError, match=r"`probability` in \[0, 1\], got 2"):
        Pathway(2.0, 1.0)
    with pytest.raises(ValueError, match="needs all of `use`"):
        Pathway(0.3, 1.0, use=0.5)
