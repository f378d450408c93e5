"""Each rule that ends a run."""

import pytest

from evornn.stopping import Progress, Stop


def progress(**changes):
    """A run that meets no rule of these tests, with changes."""
    here = {"generation": 10, "evaluations": 500, "elapsed_s": 3.0, "best_mse": 0.5}
    return Progress(**(here | {"best_generation": 9, "learned": 0.1} | changes))


@pytest.mark.parametrize(
    ("rule", "met", "reason"),
    [
        (
            {"generations": 20},
            {"generation": 20, "best_generation": 20},
            "generations: 20 of 20 are done.",
        ),
        (
            {"mse": 0.01},
            {"best_mse": 0.01},
            "mse: the best error 0.01 has reached the target 0.01.",
        ),
        (
            {"learned": 0.95, "learned_tolerance": 0.2},
            {"learned": 0.95},
            "learned: 95.0% of the training targets are met within 0.2, 95.0% were wanted.",
        ),
        (
            {"stagnation": 5},
            {"best_generation": 5},
            "stagnation: no improvement since generation 5, 5 generations ago (5 allowed).",
        ),
        (
            {"evaluations": 800},
            {"evaluations": 812},
            "evaluations: 812 networks of 800 are evaluated.",
        ),
        ({"seconds": 60.0}, {"elapsed_s": 61.25}, "seconds: 61.2 s of 60 s are spent."),
        (
            {"network_steps": 4000},
            {"network_steps": 4100},
            "network_steps: 4100 of 4000 are computed.",
        ),
        ({"updates": 30}, {"updates": 30}, "updates: 30 of 30 are done."),
        ({"epochs": 2.5}, {"epochs": 2.5}, "epochs: 2.5 of 2.5 are done."),
    ],
)
def test_each_rule_stops_alone_and_says_why(rule, met, reason):
    stop = Stop(**rule)
    assert stop.reason(progress()) is None
    assert stop.reason(progress(**met)) == reason
    assert stop.code(progress(**met)) == reason.split(":")[0]


def test_the_first_rule_met_is_named():
    stop = Stop(generations=10, mse=0.6, seconds=1.0)
    assert stop.code(progress()) == "mse"
    assert stop.code(progress(best_mse=0.7)) == "generations"


def test_a_share_that_nobody_measured_stops_nothing():
    assert Stop(learned=0.01).reason(progress(learned=None)) is None


def test_an_error_that_is_not_a_number_is_not_a_success():
    assert Stop(mse=0.1).reason(progress(best_mse=float("nan"))) is None


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({}, "`Stop` needs at least one of learned, mse, generations, stagnation"),
        ({"learned_tolerance": 0.5}, "got none; the run would not end"),
        ({"generations": -1}, "needs `generations` of at least 0, got -1"),
        ({"stagnation": 0}, "needs `stagnation` of at least 1, got 0"),
        ({"evaluations": 0}, "needs `evaluations` of at least 1, got 0"),
        ({"learned": 1.5}, r"needs a finite `learned` in \(0, 1\], got 1.5"),
        ({"learned": 0.0}, r"needs a finite `learned` in \(0, 1\], got 0.0"),
        ({"mse": -1.0}, "needs a finite `mse` of at least 0, got -1.0"),
        ({"updates": -1}, "needs `updates` of at least 0, got -1"),
        ({"epochs": -0.5}, "needs a finite `epochs` of at least 0, got -0.5"),
        ({"seconds": float("nan")}, "needs a finite `seconds` of at least 0, got nan"),
        ({"mse": 0.1, "learned_tolerance": 0.0}, "`learned_tolerance` above 0, got 0.0"),
    ],
)
def test_wrong_rules_are_refused(rules, message):
    with pytest.raises(ValueError, match=message):
        Stop(**rules)


def test_half_a_generation_is_refused():
    with pytest.raises(TypeError, match=r"needs a whole number for `generations`, got 1.5"):
        Stop(generations=1.5)


def test_what_nobody_counts_stops_nothing():
    assert Stop(updates=0, epochs=0).reason(progress()) is None


def test_rules_of_training_alone_are_refused_where_nothing_is_trained():
    for rules in ({"updates": 5}, {"epochs": 1}, {"updates": 5, "epochs": 1}):
        with pytest.raises(ValueError, match="`Evolve` needs a rule that counts without gradients"):
            Stop(**rules).check_ends("Evolve")
    Stop(updates=5, seconds=1.0).check_ends("Evolve")


def test_the_share_that_is_done_is_that_of_the_nearest_end():
    assert Stop(mse=0.1).share(progress()) is None
    assert Stop(generations=40).share(progress()) == 0.25
    assert Stop(generations=40, evaluations=1000).share(progress()) == 0.5
    assert Stop(generations=40, epochs=4).share(progress(epochs=3.0)) == 0.75
    assert Stop(generations=5).share(progress()) == 1.0


def test_settings_name_rules_of_training_only_where_they_are_set():
    plain = Stop(generations=5).settings()
    assert plain["generations"] == 5
    assert plain["seconds"] is None
    assert "updates" not in plain
    assert Stop(updates=7).settings()["updates"] == 7
