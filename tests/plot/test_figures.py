"""Figures: what is drawn, read back from the figure."""

import numpy as np

import evornn as en
from evornn.plot import fitness_figure, forecast_figure, save_figure


def history(values):
    return {"generation": np.arange(len(values)), "best_fitness": np.array(values, dtype=float)}


def test_the_fitness_figure_shows_the_median_and_every_seed():
    figure = fitness_figure({"a": [history([1, 2, 3]), history([1, 4, 5]), history([2, 3, 8])]})
    (axes,) = figure.axes
    curves = [line.get_ydata().tolist() for line in axes.lines]
    assert curves[:3] == [[1, 2, 3], [1, 4, 5], [2, 3, 8]]
    assert curves[3] == [1, 3, 5]
    assert axes.get_legend().get_texts()[0].get_text() == "a (3 seeds)"


def test_a_run_that_ended_early_counts_with_its_last_value():
    figure = fitness_figure({"a": [history([1, 2]), history([1, 4, 5, 6])]})
    assert figure.axes[0].lines[-1].get_ydata().tolist() == [1, 3, 3.5, 4]


def test_a_forecast_is_drawn_in_the_data_s_own_unit():
    task = en.tasks.sunspots()
    figure = forecast_figure(task, {"perfect": [task.test.targets[0]]})
    truth, perfect = figure.axes[0].lines
    np.testing.assert_allclose(perfect.get_ydata(), truth.get_ydata())
    assert truth.get_ydata().max() > 100  # sunspots, not normalised units
    assert "NMSE 0.000" in perfect.get_label()
    assert abs(figure.axes[1].lines[0].get_ydata()).max() < 1e-9


def test_independent_sequences_are_drawn_output_against_target():
    task = en.tasks.adding(length=30, train=4, validation=3, test=5)
    figure = forecast_figure(task, {"a": list(task.test.targets), "b": list(task.test.targets)})
    assert len(figure.axes) == 2
    offsets = figure.axes[1].collections[0].get_offsets()
    assert len(offsets) == 5
    np.testing.assert_allclose(offsets[:, 0], offsets[:, 1])


def test_the_same_figure_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        save_figure(fitness_figure({"x": [history([1, 2, 3])]}), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
