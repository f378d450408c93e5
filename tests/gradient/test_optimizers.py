"""Optimisers, schedules and clipping against what torch.optim was recorded to do."""

import pathlib

import numpy as np
import pytest

from evornn.gradient.clipping import clip_by_norm, clip_by_value, norms_of
from evornn.gradient.optimizers import SGD, Adam, AdamW, RMSprop, Rprop
from evornn.gradient.schedules import Cosine, Exponential, ReduceOnPlateau, StepDecay, WarmUp

RECORDED = np.load(pathlib.Path(__file__).parents[1] / "recorded" / "optimizers.npz")
CASES = {
    "sgd": SGD(0.1),
    "sgd_momentum": SGD(0.1, momentum=0.9),
    "sgd_nesterov": SGD(0.1, momentum=0.8, nesterov=True, weight_decay=0.05),
    "rmsprop": RMSprop(0.02),
    "rmsprop_momentum": RMSprop(0.02, smoothing=0.9, momentum=0.7, epsilon=1e-6),
    "rmsprop_centered": RMSprop(
        0.02, smoothing=0.95, centered=True, momentum=0.5, weight_decay=0.1
    ),
    "adam": Adam(0.03),
    "adam_decay": Adam(0.03, beta1=0.8, beta2=0.95, epsilon=1e-4, weight_decay=0.2),
    "adamw": AdamW(0.03, beta2=0.99, weight_decay=0.2),
    "rprop": Rprop(0.05, shrink=0.4, grow=1.3, least=1e-3, most=0.2),
}


def walk(optimizer, weights, slopes, factor=None, alive=None):
    """The weights after every update, axes (update, lane, gene)."""
    weights = weights.copy()
    lanes, genes = weights.shape
    state = optimizer.start(lanes, genes, weights.dtype)
    factor = np.ones(lanes) if factor is None else factor
    alive = np.ones(lanes, bool) if alive is None else alive
    path = []
    for slope in slopes:
        gradient = (slope + weights.dtype.type(0.5) * weights).astype(weights.dtype)
        optimizer.step(weights, gradient, state, factor, alive)
        path.append(weights.copy())
    return np.array(path)


@pytest.mark.parametrize(("dtype", "near"), [("float64", 1e-13), ("float32", 2e-5)])
@pytest.mark.parametrize("case", CASES)
def test_every_optimiser_walks_as_torch_does(case, dtype, near):
    start = np.repeat(RECORDED["start"][None], 3, axis=0).astype(dtype)
    path = walk(CASES[case], start, RECORDED["slopes"].astype(dtype))
    for lane in range(3):
        np.testing.assert_allclose(path[:, lane], RECORDED[case], rtol=near, atol=near)


@pytest.mark.parametrize(
    ("many", "alone"),
    [
        (SGD((0.1, 0.2), momentum=(0.0, 0.9)), SGD(0.2, momentum=0.9)),
        (RMSprop(0.1, smoothing=(0.5, 0.9)), RMSprop(0.1, smoothing=0.9)),
        (Adam((0.1, 0.01), weight_decay=[0.0, 0.3]), Adam(0.01, weight_decay=0.3)),
        (AdamW(0.1, weight_decay=np.array([0.0, 0.3])), AdamW(0.1, weight_decay=0.3)),
        (Rprop((0.1, 0.2), grow=(1.1, 1.3)), Rprop(0.2, grow=1.3)),
    ],
)
def test_a_lane_with_its_own_settings_walks_as_it_would_alone(many, alone, rng):
    weights = rng.standard_normal((2, 19)).astype(np.float32)
    slopes = rng.standard_normal((12, 2, 19)).astype(np.float32)
    both = walk(many, weights, slopes)[:, 1]
    single = walk(alone, weights[1:], slopes[:, 1:])[:, 0]
    assert (both == single).all()
    assert (both != walk(many, weights, slopes)[:, 0]).any()


@pytest.mark.parametrize("optimizer", CASES.values(), ids=CASES)
def test_a_lane_that_has_ended_stays_as_it_is(optimizer, rng):
    weights = rng.standard_normal((3, 5))
    slopes = rng.standard_normal((4, 3, 5))
    slopes[:, 1] = np.nan
    alive = np.array([True, False, True])
    path = walk(optimizer, weights, slopes, alive=alive)
    assert (path[:, 1] == weights[1]).all()
    np.testing.assert_array_equal(
        path[:, [0, 2]], walk(optimizer, weights[[0, 2]], slopes[:, [0, 2]])
    )


@pytest.mark.parametrize("optimizer", [SGD(0.1), RMSprop(0.1), Adam(0.1), Rprop(0.1)])
def test_a_factor_scales_a_lane_s_step(optimizer, rng):
    weights, slopes = rng.standard_normal((2, 4)), rng.standard_normal((1, 2, 4))
    whole = walk(optimizer, weights, slopes)[0] - weights
    half = walk(optimizer, weights, slopes, factor=np.array([1.0, 0.5]))[0] - weights
    np.testing.assert_allclose(half[0], whole[0])
    np.testing.assert_allclose(half[1], 0.5 * whole[1])


@pytest.mark.parametrize(
    ("name", "schedule"),
    [("step", StepDecay(4, 0.5)), ("exponential", Exponential(0.9)), ("cosine", Cosine(25, 0.1))],
)
def test_schedules_answer_as_torch_s(name, schedule):
    found = [schedule.factor(k, {}) for k in range(26)]
    np.testing.assert_allclose(found, RECORDED[f"schedule_{name}"][:26], rtol=1e-12)


def test_a_cosine_stays_at_its_floor():
    assert Cosine(10, 0.25).factor(10, {}) == Cosine(10, 0.25).factor(999, {}) == 0.25


def test_a_plateau_lowers_the_rate_of_its_lane_as_torch_does():
    schedule = ReduceOnPlateau(by=0.3, patience=2, threshold=0.01, floor=0.05)
    state = schedule.start(2)
    found = []
    for k, error in enumerate(RECORDED["errors"]):
        schedule.observe(np.array([error, 1.0 / (k + 1)]), state)
        found.append(schedule.factor(0, state).copy())
    np.testing.assert_allclose(np.array(found)[:, 0], RECORDED["schedule_plateau"])
    assert (np.array(found)[:, 1] == 1).all()  # this one gets better all the time


def test_an_error_that_is_not_a_number_is_no_progress():
    schedule = ReduceOnPlateau(patience=1)
    state = schedule.start(1)
    for error in (1.0, np.nan, np.nan):
        schedule.observe(np.array([error]), state)
    assert schedule.factor(0, state) == pytest.approx(0.1)


def test_a_warm_up_rises_and_hands_over():
    schedule = WarmUp(4, StepDecay(2, 0.5))
    found = [schedule.factor(k, {}) for k in range(9)]
    assert found == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 0.5, 0.5, 0.25]
    assert WarmUp(2).factor(7, {}) == 1.0


def test_a_warm_up_tells_the_plateau_after_it():
    schedule = WarmUp(1, ReduceOnPlateau(patience=0))
    state = schedule.start(1)
    for error in (1.0, 1.0):
        schedule.observe(np.array([error]), state)
    assert schedule.factor(0, state) == 1.0
    assert schedule.factor(1, state) == pytest.approx(0.1)


def test_gradients_are_clipped_by_norm_as_torch_does():
    gradient = RECORDED["slopes"].copy()  # each row a lane
    norms = norms_of(gradient)
    np.testing.assert_allclose(norms, RECORDED["norms"], rtol=1e-13)
    clip_by_norm(gradient, norms, np.full(len(gradient), 2.5))
    np.testing.assert_allclose(gradient, RECORDED["clipped_by_norm"], rtol=1e-13)
    assert (norms > 2.5).any()
    assert (norms < 2.5).any()


def test_norms_of_a_million_small_numbers_are_exact_in_float32():
    gradient = np.full((1, 1_000_000), 1e-3, dtype=np.float32)
    assert norms_of(gradient)[0] == pytest.approx(1.0, rel=1e-6)


def test_each_lane_is_clipped_at_its_own_value():
    gradient = np.array([[-3.0, 0.5, np.nan], [-3.0, 0.5, 9.0]])
    clip_by_value(gradient, np.array([1.0, 4.0]))
    np.testing.assert_array_equal(gradient, [[-1.0, 0.5, np.nan], [-3.0, 0.5, 4.0]])


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: SGD(-0.1), "`SGD` needs a finite `learning_rate` of at least 0, got -0.1"),
        (lambda: SGD(momentum=1.0), "`SGD` needs `momentum` below 1, got 1.0"),
        (lambda: Adam(beta2=-0.5), r"`beta2` in \[0, 1\], got -0.5"),
        (lambda: Adam("fast"), "sequence with one number for each lane, for `learning_rate`"),
        (lambda: Adam([]), r"needs at least one number for `learning_rate`, got \[\]"),
        (lambda: Adam([0.1, float("nan")]), "a finite `learning_rate`"),
        (lambda: Adam((0.1, 0.2)).start(3, 1, "float64"), "one number, or 3, one for each lane"),
        (lambda: StepDecay(0), "`every` of at least 1, got 0"),
        (lambda: Exponential(0.0), "`by` above 0"),
        (lambda: Cosine(5, 2.0), r"`floor` in \[0, 1\]"),
        (lambda: ReduceOnPlateau(patience=-1), "`patience` of at least 0"),
        (lambda: WarmUp(3, 0.1), "needs a schedule for `then`, got 0.1"),
    ],
)
def test_wrong_settings_are_refused(make, text):
    with pytest.raises((TypeError, ValueError), match=text):
        make()


def test_settings_can_be_written_as_json():
    assert Adam((0.1, 0.2)).settings() == {
        "optimizer": "Adam",
        "learning_rate": [0.1, 0.2],
        "beta1": 0.9,
        "beta2": 0.999,
        "epsilon": 1e-8,
        "weight_decay": 0.0,
    }
    assert WarmUp(3, StepDecay(5)).settings() == {
        "schedule": "WarmUp",
        "updates": 3,
        "then": {"schedule": "StepDecay", "every": 5, "by": 0.1},
    }
