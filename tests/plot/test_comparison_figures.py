"""Figures that compare contenders: what is drawn, read back from the figure."""

import numpy as np
import pytest

from evornn.plot import (
    critical_difference_figure,
    diversity_figure,
    final_error_figure,
    fitness_figure,
    save_figure,
    targets_figure,
)
from evornn.plot.critical_difference import groups
from evornn.plot.final_error import swarm
from evornn.plot.style import colours, lines, markers
from evornn.plot.targets import error_targets, reached


def history(errors, pace=1.0):
    errors = np.array(errors, dtype=float)
    count = np.arange(len(errors))
    return {
        "generation": count.astype(float),
        "evaluations": 10.0 * (count + 1),
        "network_steps": 1000.0 * (count + 1),
        "elapsed_s": pace * (count + 1),
        "best_mse": errors,
        "best_fitness": 1 / errors,
        "diversity": 0.5 / (count + 1),
    }


def texts(figure):
    return [t.get_text() for axes in figure.axes for t in axes.texts]


def drawn(rng, contenders, seeds):
    return {
        f"contender-{k}": [
            history(
                np.minimum.accumulate(rng.lognormal(size=rng.integers(3, 9))), rng.uniform(1, 2)
            )
            for _ in range(seeds)
        ]
        for k in range(contenders)
    }


def test_a_median_over_time_holds_each_run_between_its_generations():
    runs = [history([4, 2], pace=1.0), history([8, 1], pace=1.5)]
    figure = fitness_figure({"a": runs}, x="elapsed_s", y="best_mse")
    median = figure.axes[0].lines[-1]
    assert median.get_xdata().tolist() == [1.5, 2.0, 3.0]  # from where both runs have begun
    assert median.get_ydata().tolist() == [6.0, 5.0, 1.5]
    assert figure.axes[0].get_xlabel() == "time [s]"


def test_a_user_s_own_fitness_is_not_called_a_reciprocal():
    own = {**history([4, 2]), "best_fitness": np.array([-3.0, -1.0])}
    assert fitness_figure({"a": [own]}).axes[0].get_ylabel() == "best fitness"
    assert fitness_figure({"a": [own]}).axes[0].get_yscale() == "linear"
    assert "1 / MSE" in fitness_figure({"a": [history([4, 2])]}).axes[0].get_ylabel()


def test_diversity_ends_with_the_first_run():
    figure = diversity_figure({"a": [history([3, 2]), history([3, 2, 1])]})
    assert figure.axes[0].lines[-1].get_xdata().tolist() == [0, 1]
    assert figure.axes[0].lines[1].get_xdata().tolist() == [0, 1, 2]


def test_twelve_contenders_can_be_told_apart():
    names = [f"c{k}" for k in range(12)]
    looks = set(zip(colours(names).values(), lines(names).values(), strict=True))
    assert len(looks) == 12
    assert len(set(zip(colours(names).values(), markers(names).values(), strict=True))) == 12


@pytest.mark.parametrize(("contenders", "seeds"), [(1, 1), (2, 3), (12, 2)])
def test_figures_hold_for_any_number_of_contenders_and_fit_on_the_page(contenders, seeds, rng):
    histories = drawn(rng, contenders, seeds)
    errors = {name: [run["best_mse"][-1] for run in runs] for name, runs in histories.items()}
    figures = [
        fitness_figure(histories, "task", x="network_steps"),
        diversity_figure(histories),
        targets_figure(histories),
        final_error_figure(errors, controls={"mean": 1.0, "persistence": 0.5}),
    ]
    if contenders > 1:
        ranks = dict(zip(histories, np.linspace(1, contenders, contenders), strict=True))
        figures.append(critical_difference_figure(ranks, 2.5, seeds))
    for figure in figures:
        figure.draw_without_rendering()
        inside = figure.get_tightbbox()
        width, height = figure.get_size_inches()
        assert inside.x0 >= -0.01
        assert inside.y0 >= -0.01
        assert inside.x1 <= width + 0.01
        assert inside.y1 <= height + 0.01


def test_every_run_is_a_dot_and_failed_runs_are_counted():
    errors = {"a": [1.0, 1.1, 1.2, np.nan, np.inf], "b": [1.3]}
    figure = final_error_figure(errors, controls={"mean": 1.25})
    dots = [c.get_offsets() for c in figure.axes[0].collections]
    assert [d[:, 0].tolist() for d in dots] == [[1.0, 1.1, 1.2], [1.3]]
    assert texts(figure) == ["2 failed"]
    assert any(np.allclose(line.get_xdata(), 1.25) for line in figure.axes[0].lines)


def test_runs_that_all_failed_still_make_a_figure(tmp_path):
    save_figure(final_error_figure({"a": [np.nan, np.inf]}), tmp_path / "failed")
    assert (tmp_path / "failed.png").is_file()


def test_a_run_that_failed_is_a_gap_in_its_curve(tmp_path):
    runs = [history([np.inf, np.nan, 1.0]), history([2.0, 1.5, 1.0]), history([np.inf, np.inf])]
    runs[0]["best_fitness"][:2] = 0  # a failed generation has the worst fitness
    for figure in (fitness_figure({"a": runs}, y="best_mse"), fitness_figure({"a": runs})):
        save_figure(figure, tmp_path / "gap")
    save_figure(targets_figure({"a": runs}), tmp_path / "targets")


def test_dots_of_one_place_stand_beside_each_other():
    offsets = swarm(np.array([0.5, 0.5, 0.5, 0.9]))
    assert len(set(offsets[:3])) == 3
    assert offsets[3] == 0
    assert np.abs(swarm(np.full(50, 0.3))).max() <= 0.31


def test_the_critical_difference_joins_what_cannot_be_told_apart():
    ranks = np.array([1.0, 1.5, 2.6, 4.0, 4.1])
    assert groups(ranks, 1.2) == [(0, 1), (1, 2), (3, 4)]
    assert groups(ranks, 0.05) == []
    assert groups(ranks, 9) == [(0, 4)]
    figure = critical_difference_figure(dict(zip("abcde", ranks, strict=True)), 1.2, seeds=9)
    bars = [ln.get_xdata() for ln in figure.axes[0].lines if ln.get_linewidth() == 4]
    assert len(bars) == 3
    assert "a  1.00" in texts(figure)
    assert "4.10  e" in texts(figure)
    assert any(t.startswith("critical difference 1.20 at level 0.05") for t in texts(figure))


def test_leaders_of_the_diagram_do_not_cross():
    ranks = dict(zip("abcdefg", np.linspace(1, 7, 7), strict=True))
    (axes,) = critical_difference_figure(ranks, 1.2, seeds=9).axes
    depth = {ln.get_xdata()[0]: ln.get_ydata()[-1] for ln in axes.lines if len(ln.get_xdata()) == 3}
    left, right = [depth[r] for r in (1, 2, 3, 4)], [depth[r] for r in (5, 6, 7)]
    assert left == sorted(left, reverse=True)
    assert right == sorted(right)
    assert len(set(left)) == 4


def test_targets_run_from_the_first_median_of_the_worst_to_the_best_error():
    histories = {"a": [history([4, 1]), history([2, 0.5])], "b": [history([8, 8])]}
    targets = error_targets(histories, 5)
    np.testing.assert_allclose(targets, [8, 4, 2, 1, 0.5])
    first = reached(np.array([10.0, 20.0]), np.array([4, 1.0]), np.array([8, 4, 2, 1, 0.5]))
    assert first.tolist() == [10, 10, 20, 20, np.inf]


def test_the_distribution_ends_at_the_share_of_targets_reached():
    histories = {"a": [history([4, 1]), history([2, 0.5])], "b": [history([8, 8])]}
    first, second = (
        ln for ln in targets_figure(histories).axes[0].lines if len(ln.get_xdata()) > 1
    )
    targets = error_targets(histories)
    expected = np.mean([(targets >= 1).mean(), 1.0])
    assert first.get_ydata()[-1] == pytest.approx(expected)
    assert second.get_ydata()[-1] == pytest.approx(1 / len(targets))
    assert (np.diff(first.get_ydata()) >= 0).all()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: fitness_figure({}), "needs at least one contender, got none"),
        (lambda: fitness_figure({"a": []}), "needs a history of contender 'a', got none"),
        (lambda: fitness_figure({"a": [{"generation": np.arange(2)}]}), "has generation$"),
        (lambda: final_error_figure({}), "needs at least one contender"),
        (lambda: critical_difference_figure({"a": 1.0}, 1.0, 5), "at least 2 contenders, got 1"),
        (lambda: critical_difference_figure({"a": 1.0, "b": 2}, np.nan, 5), "critical difference"),
        (lambda: targets_figure({"a": [history([np.inf])]}), "training errors above 0, got none"),
    ],
)
def test_what_cannot_be_drawn_is_refused(call, text):
    with pytest.raises(ValueError, match=text):
        call()
