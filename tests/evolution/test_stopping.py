"""Each rule that ends a run."""

import pytest

from evornn.evolution import Progress, Stop


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
