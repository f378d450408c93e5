"""The verdict in words."""

import math

import numpy as np
import pytest

from evornn.experiment.verdict import budgets, verdict


def runs(errors, steps=1000, evaluations=100, seconds=2.0):
    return [
        {
            "test_nmse": e,
            "network_steps": steps,
            "evaluations": evaluations,
            "elapsed_s": seconds,
        }
        for e in errors
    ]


LOW, HIGH = np.linspace(0.10, 0.12, 8), np.linspace(0.20, 0.30, 8)


def test_a_clear_difference_is_said_with_size_and_certainty():
    found = verdict({"slow": runs(HIGH), "good": runs(LOW)})
    assert (found.outcome, found.best) == ("better", "good")
    assert found.sentences[0] == "good is better than slow."
    assert "good has the lowest median test NMSE: 0.11 (95 % interval" in found.sentences[1]
    assert "against 0.25 (95 % interval" in found.sentences[1]
    assert "this is 56 % below slow" in found.sentences[1]
    assert "with probability 1.00 (Vargha-Delaney A12, large effect" in found.sentences[2]
    assert "p = 0.0078" in found.sentences[2]


def test_too_few_seeds_say_how_many_are_needed():
    found = verdict({"a": runs(LOW[:4]), "b": runs(HIGH[:4])})
    assert found.outcome == "too few seeds"
    assert found.sentences[0].startswith(
        "Nothing can be concluded: with 4 paired seeds the least p"
    )
    assert "is 0.125, above the level 0.05. At least 6 seeds are needed" in found.sentences[0]
    assert not any("is better" in sentence for sentence in found.sentences)


def test_no_difference_is_not_called_equality():
    found = verdict({"a": runs(LOW), "b": runs(LOW[::-1])})
    assert found.outcome == "no difference shown"
    assert "does not show that they are equally good" in found.sentences[0]


def test_of_three_only_some_may_be_told_apart():
    found = verdict({"a": runs(LOW), "b": runs(LOW[::-1] + 1e-6), "c": runs(HIGH)})
    assert found.outcome == "partly"
    assert found.sentences[0].startswith("a is better than c; against b no difference is shown")
    assert any(
        s.startswith("All together they differ (Friedman test over 8") for s in found.sentences
    )


def test_ranks_that_speak_against_the_median_are_pointed_out():
    a = np.concatenate([1 + np.arange(7) / 100, [5.0], 6 + np.arange(7) / 100])
    b = a + 0.001 * np.arange(1, 16)
    b[7] = 4.9  # b loses every pair but the one that holds the medians
    found = verdict({"a": runs(a), "b": runs(b)})
    assert (found.outcome, found.best) == ("no difference shown", "b")
    assert found.comparison.differ("a", "b")
    assert "a differs from b although its median is no lower" in " ".join(found.sentences)


def test_failed_runs_are_counted_and_are_worst():
    found = verdict({"a": runs(LOW), "b": runs([math.nan] * 7 + [0.01])})
    assert found.best == "a"
    assert any("7 of b" in s for s in found.sentences)
    assert "failed for b" in found.sentences[1] or "failed (95 %" in found.sentences[1]
    missing = [{"reason": "broken"}] * 8
    assert verdict({"a": runs(LOW), "b": missing}).summaries["b"].failed == 8


def test_one_contender_is_described_and_compared_with_the_controls():
    found = verdict({"a": runs(LOW)}, {"linear": 0.11, "persistence": 0.5})
    assert found.outcome == "nothing to compare"
    assert found.sentences[0].startswith("a has a median test NMSE of 0.11")
    assert (
        "4 of 8 runs of a beat the best control, linear with test NMSE 0.11" in found.sentences[1]
    )


@pytest.mark.parametrize(
    ("second", "text"),
    [
        ({}, "The budgets were equal within 5 % in network-steps, evaluations and seconds."),
        ({"steps": 1040, "seconds": 3.0}, "equal within 5 % in network-steps and evaluations, not"),
        (
            {"steps": 2000, "evaluations": 200, "seconds": 3.0},
            "NOT equal in any currency, so that a difference may come from the budget (medians "
            "over seeds: network-steps a 1 k, b 2 k; evaluations a 100, b 200; seconds a 2, b 3)",
        ),
    ],
)
def test_budgets_are_compared_and_unequal_ones_are_said_plainly(second, text):
    results = {"a": runs(LOW), "b": runs(HIGH, **second)}
    assert text in verdict(results).sentences[-1]


def test_many_contenders_are_told_in_few_sentences():
    twelve = {f"c{k}": runs(np.linspace(1, 2, 14) + k, steps=1000 + 100 * k) for k in range(12)}
    found = verdict(twelve)
    assert found.outcome == "better"
    assert len(found.sentences) <= 8
    assert "and up to 12.5 for c11" in found.sentences[1]
    assert "network-steps from 1 k (c0) to 2.1 k (c11)" in found.sentences[-1]


def test_budgets_that_nobody_recorded_are_unknown():
    found = budgets({"a": [{"test_nmse": 1.0}], "b": [{"test_nmse": 1.0}]})
    assert set(found.equal.values()) == {None}
