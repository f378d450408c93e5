"""Figures of one network, and figures inside a web page."""

import re

import numpy as np
import pytest

import evornn as en
from evornn.plot import inline_svg, save_figure, states_figure, weights_figure


@pytest.fixture(scope="module")
def network():
    shape = en.Network(en.cells.elman, hidden=5, inputs=2, outputs=1)
    return shape.with_chromosome(shape.initial(np.random.default_rng(1), 1)[0])


def test_every_parameter_is_a_panel_on_one_scale_around_zero(network):
    figure = weights_figure(network)
    weights = network.unpack()
    panels = {axes.get_title("left"): axes for axes in figure.axes if axes.get_title("left")}
    assert list(panels) == list(weights)
    largest = max(np.abs(w).max() for w in weights.values())
    for name, axes in panels.items():
        (image,) = axes.images
        np.testing.assert_array_equal(image.get_array().ravel(), weights[name].ravel())
        assert image.get_clim() == (-largest, largest)
    assert panels["U"].get_ylabel() == "hidden"
    assert panels["W"].get_xlabel() == "input"


def test_a_network_of_zeros_and_one_without_weights(network):
    weights_figure(network.with_chromosome(np.zeros(network.genes)))
    with pytest.raises(ValueError, match="no weights yet"):
        weights_figure(en.Network(en.cells.elman, hidden=5, inputs=2, outputs=1))


def test_states_are_drawn_as_the_network_has_them(network, rng):
    inputs = rng.normal(size=(40, 2))
    figure = states_figure(network, inputs, steps=25)
    upper, lower = figure.axes[:2]
    assert len(upper.lines) == 2
    assert upper.lines[0].get_xdata().tolist() == list(range(15, 40))
    (expected,) = network.states(inputs).values()
    np.testing.assert_array_equal(lower.images[0].get_array(), expected[15:].T)
    low, high = lower.images[0].get_clim()
    assert low == -high


def test_an_inline_figure_has_its_own_names_and_the_page_s_colours(network, tmp_path):
    save_figure(weights_figure(network), tmp_path / "w")
    text = inline_svg((tmp_path / "w.svg").read_text(), "w", 'a <b> & "c"')
    assert text.startswith("<svg")
    assert text.endswith("</svg>")
    assert 'aria-label="a &lt;b&gt; &amp; &quot;c&quot;"' in text
    names = re.findall(r'\bid="([^"]*)"', text)
    assert all(name.startswith("w-") for name in names)
    assert len(names) == len(set(names))
    links = re.findall(r'xlink:href="#([^"]*)"|url\(#([^)]*)\)', text)
    assert {a or b for a, b in links} <= set(names)
    assert "#000000" not in text
    assert "<style" not in text
    assert "<metadata" not in text


@pytest.mark.parametrize(("svg", "name"), [("<svg viewBox='0'>", "a"), ("<svg></svg>", "a b")])
def test_what_is_no_figure_or_no_name_is_refused(svg, name):
    with pytest.raises(ValueError, match="an inline figure needs"):
        inline_svg(svg, name, "")
