"""Figures of liquids show what they were given."""

import numpy as np
import pytest

from evornn.liquid import LIF, MAASS_2002, Liquid, Spikes, poisson_spikes
from evornn.plot import membrane_figure, raster_figure, synapses_figure, wiring_figure


@pytest.fixture(scope="module")
def liquid():
    return MAASS_2002.draw(1, inputs=3)


@pytest.fixture(scope="module")
def activity(liquid):
    rng = np.random.default_rng(0)
    return liquid.run(poisson_spikes(np.full((300, 3), 40.0), 1.0, rng), watch=[4, 90])


def test_a_raster_has_a_dash_for_every_spike(liquid, activity):
    inputs = Spikes([0, 2, 1], [5.0, 90.0, 200.0], 3, 300.0)
    figure = raster_figure(activity.spikes, inputs, liquid.inhibitory)
    above, main, below = figure.axes
    dashes = np.concatenate([c.get_offsets() for c in main.collections])
    order = np.lexsort(dashes.T[::-1])
    spikes = activity.spikes
    expected = np.stack([spikes.time_ms, spikes.neuron], axis=1)
    np.testing.assert_allclose(dashes[order], expected[np.lexsort(expected.T[::-1])])
    excitatory = main.collections[0].get_offsets()[:, 1].astype(int)
    assert not liquid.inhibitory[excitatory].any()
    assert above.collections[0].get_offsets().tolist() == [[5.0, 0.0], [90.0, 2.0], [200.0, 1.0]]
    (rate,) = below.patches
    heights, edges, _ = rate.get_data()
    assert (heights * np.diff(edges)).sum() * 135 / 1000 == pytest.approx(len(spikes))
    figure.draw_without_rendering()


def test_a_raster_of_nothing_is_empty():
    raster_figure(Spikes([], [], 5, 100.0)).draw_without_rendering()


def test_membrane_figures_show_the_traces_and_the_spikes(activity):
    figure = membrane_figure(activity, threshold_mV=15.0)
    assert len(figure.axes) == 2
    for panel, neuron, trace in zip(figure.axes, (4, 90), activity.trace_mV.T, strict=True):
        np.testing.assert_array_equal(panel.lines[0].get_ydata(), trace)
        np.testing.assert_array_equal(panel.lines[1].get_xdata(), activity.spikes.of(neuron))
    figure.draw_without_rendering()


def test_wiring_is_drawn_in_space_in_the_colour_of_the_sign(liquid):
    figure = wiring_figure(liquid)
    (axes,) = figure.axes
    lines, excitatory, inhibitory = axes.collections
    assert len(lines._segments3d) == len(liquid.synapses)
    assert len(excitatory._offsets3d[0]) == 108
    assert len(inhibitory._offsets3d[0]) == 27
    # The longest side, z, lies along the first axis.
    strongest = np.argmax(np.abs(liquid.synapses.weight_nA))
    start = liquid.positions[liquid.synapses.source[strongest]]
    np.testing.assert_array_equal(lines._segments3d[0][0], start[[2, 0, 1]])
    few = wiring_figure(liquid, strongest=10)
    assert len(few.axes[0].collections[0]._segments3d) == 10
    figure.draw_without_rendering()


def test_histograms_count_all_synapses(liquid):
    figure = synapses_figure(liquid)
    weights, incoming, outgoing = figure.axes
    for bar in weights.patches:
        assert not bar.get_x() < -1e-9 < 1e-9 < bar.get_x() + bar.get_width()
    assert sum(bar.get_height() for bar in weights.patches) == len(liquid.synapses)
    for panel, ends in ((incoming, liquid.synapses.target), (outgoing, liquid.synapses.source)):
        degree = np.bincount(ends, minlength=135)
        for bar in panel.patches:
            value = round(bar.get_x() + bar.get_width() / 2)
            assert bar.get_height() == (degree == value).sum()
        assert sum(bar.get_height() for bar in panel.patches) == 135
    figure.draw_without_rendering()


def test_what_cannot_be_drawn_is_refused(activity):
    bare = Liquid(LIF(), 3)
    with pytest.raises(ValueError, match="needs a liquid with `positions`"):
        wiring_figure(bare)
    with pytest.raises(ValueError, match="needs synapses between neurons, got none"):
        synapses_figure(bare)
    with pytest.raises(ValueError, match=r"run the liquid with `watch=\[...\]`"):
        membrane_figure(bare.run(duration_ms=5.0))
    with pytest.raises(ValueError, match=r"`inhibitory` for 135 neurons, got \(3,\)"):
        raster_figure(activity.spikes, inhibitory=[True, False, True])
