"""The bundled and generated series against their equations and published figures."""

import numpy as np
import pytest
from scipy.signal import lfilter

from evornn.tasks import mackey_glass, narma10, santa_fe_laser, sunspots, superimposed_sines
from evornn.tasks.mackey_glass import integrate_mackey_glass
from evornn.tasks.narma import draw_narma10, run_narma10


def raw_targets(task, part):
    return task.target_scale.restore(part.targets[0])[:, 0]


def test_the_laser_starts_as_measured():
    task = santa_fe_laser()
    start = task.input_scale.restore(task.train.inputs[0])[:4, 0]
    np.testing.assert_allclose(start, [86, 141, 95, 41], rtol=1e-12)
    assert [p.scored for p in task.parts.values()] == [1949, 1000, 3000]


def test_the_lasers_controls_have_their_known_values():
    controls = santa_fe_laser().controls()
    # Published as .178, from a protocol that differs in which steps are fitted; the agreement with
    # an independent least-squares fit is in test_controls.
    assert controls["linear AR(16)"] == pytest.approx(0.178, abs=0.003)
    assert controls["persistence"] == pytest.approx(0.926, abs=0.001)


def test_the_laser_leaves_no_open_file(recwarn):
    santa_fe_laser()
    assert not [w for w in recwarn if issubclass(w.category, ResourceWarning)]


def test_sunspots_are_the_years_they_claim():
    task = sunspots()
    test = raw_targets(task, task.test)[task.test.mask[0][:, 0]]
    assert len(test) == 35
    np.testing.assert_allclose(test[[0, 7, 34]], [26.1, 77.8, 38.0])  # 1921, 1928, 1955
    assert task.validation is None
    train = raw_targets(task, task.train)
    np.testing.assert_allclose(train[[0, -1]], [11.0, 37.6])  # 1701, 1920


def test_sunspot_validation_years_come_off_the_end_of_training():
    task = sunspots(validation_years=30)
    assert task.validation.scored == 30
    np.testing.assert_allclose(raw_targets(task, task.validation)[-1], 37.6)  # 1920
    assert task.train.scored == sunspots().train.scored - 30


def test_the_later_sunspot_test_is_the_classic_one():
    task = sunspots(test_years=(1956, 1979))
    test = raw_targets(task, task.test)[task.test.mask[0][:, 0]]
    assert (len(test), test.max()) == (24, pytest.approx(190.2))  # 1957


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"test_years": (1920, 1955)}, r"within 1921 to 2008, got \(1920, 1955\)"),
        ({"test_years": (1955, 2009)}, r"within 1921 to 2008"),
        ({"validation_years": 221}, r"`validation_years` needs 0 to 220 of the years 1700 to 1920"),
        ({"washout": 300}, r"The train part needs at least 1 scored step"),
    ],
)
def test_sunspot_years_outside_the_data_are_refused(arguments, text):
    with pytest.raises(ValueError, match=text):
        sunspots(**arguments)


def test_mackey_glass_obeys_its_difference_equation():
    # With the delayed term known, an Euler step is a linear filter: another route to the series.
    tau, samples = 3, 40
    history = np.random.default_rng(5).uniform(1.1, 1.3, size=10 * tau + 1)
    series = integrate_mackey_glass(tau, samples, np.random.default_rng(5), transient=0)
    y = history
    while len(y) < len(history) + 10 * samples:
        past = y[len(y) - 1 - 10 * tau : len(y)]
        drive = 0.1 * 0.2 * past / (1.0 + past**10)
        y = np.r_[y, lfilter([1.0], [1.0, -0.99], drive, zi=[0.99 * y[-1]])[0]]
    fine = y[len(history) :]
    np.testing.assert_allclose(series, fine[9::10][:samples], rtol=1e-12)


def test_mackey_glass_has_its_known_moments():
    series = integrate_mackey_glass(17, 4000, np.random.default_rng(0))
    assert series.mean() == pytest.approx(0.93, abs=0.02)
    assert series.std() == pytest.approx(0.227, abs=0.01)
    assert 0.2 < series.min() < series.max() < 1.4


def test_mackey_glass_is_squashed_on_request():
    plain, squashed = mackey_glass(squash=False), mackey_glass()
    np.testing.assert_allclose(
        raw_targets(squashed, squashed.test),
        np.tanh(raw_targets(plain, plain.test) - 1),
        atol=1e-12,
    )


def test_narma_obeys_its_equation_term_by_term():
    u, y = draw_narma10(300, np.random.default_rng(1))
    for t in range(20, 299):  # y[t] here is the output at time t + 1
        total = sum(y[t - 1 - i] for i in range(10))
        expected = 0.3 * y[t - 1] + 0.05 * y[t - 1] * total + 1.5 * u[t - 9] * u[t] + 0.1
        assert y[t] == pytest.approx(expected, rel=1e-12)
    assert y[0] == pytest.approx(0.1)


def test_narma_draws_again_when_the_system_diverges():
    assert np.isinf(run_narma10(np.full(400, 0.5))[-1])

    class Rigged:
        draws = 0

        def uniform(self, low, high, size):
            self.draws += 1
            return np.full(size, high) if self.draws < 3 else np.full(size, 0.1)

    rng = Rigged()
    u, y = draw_narma10(400, rng)
    assert rng.draws == 3
    assert u[0] == 0.1
    assert np.isfinite(y).all()


def test_narma_needs_the_inputs_of_ten_steps():
    # A shift register of the last 16 inputs is reported with .16 (50 taps, .15 here).
    controls = [narma10(seed=seed).controls() for seed in range(4)]
    assert np.mean([c["linear AR(16)"] for c in controls]) == pytest.approx(0.18, abs=0.02)


def test_sines_are_their_formula_at_the_published_times():
    task = superimposed_sines()
    t = np.arange(501, 801)
    expected = np.sin(0.2 * t) + np.sin(0.311 * t) + np.sin(0.42 * t)
    scored = raw_targets(task, task.test)[task.test.mask[0][:, 0]]
    np.testing.assert_allclose(scored, expected, atol=1e-12)
    assert task.train.scored == 400


def test_sines_out_of_range_are_refused():
    with pytest.raises(ValueError, match=r"`sines` needs 1 to 5, got 6\."):
        superimposed_sines(6)


def test_a_count_that_is_no_whole_number_is_refused():
    with pytest.raises(TypeError, match=r"`train` needs a whole number, got 0\.5\."):
        narma10(train=0.5)
