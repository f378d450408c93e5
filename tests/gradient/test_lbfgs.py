"""L-BFGS on valleys whose floor is known, and solvers that are answered together."""

import numpy as np
import pytest
from scipy.optimize import minimize, rosen, rosen_der

from evornn.gradient.lbfgs import LBFGS
from evornn.gradient.together import Together


def rosenbrock(points):
    return np.array([rosen(p) for p in points]), np.array([rosen_der(p) for p in points])


def far(rng, lanes=3, genes=6):
    return rng.uniform(-2, 2, (lanes, genes))


def all_alive(weights):
    return np.ones(len(weights), dtype=bool)


def test_all_lanes_reach_the_floor_of_rosenbrock_s_valley(rng):
    weights = far(rng)
    found = LBFGS().minimise(rosenbrock, weights, None, all_alive(weights), 300)
    best = found.weights[found.loss < 1]  # a start may lie in the basin of the local minimum
    assert len(best) > 0
    np.testing.assert_allclose(best, 1.0, atol=1e-7)
    assert (found.norms < 1e-7).all()
    assert all(how == "converged" for how, _ in found.ended.values())
    assert set(found.ended) == {0, 1, 2}
    assert "no entry of the gradient is above" in found.ended[0][1]


def test_a_lane_walks_as_scipy_alone_walks(rng):
    weights = far(rng)
    found = LBFGS(memory=5, tolerance=0.0).minimise(
        rosenbrock, weights, None, all_alive(weights), 9
    )
    for lane, start in enumerate(weights):
        options = {"maxiter": 9, "maxcor": 5, "ftol": 0.0, "gtol": 0.0}
        alone = minimize(rosen, start, jac=rosen_der, method="L-BFGS-B", options=options)
        np.testing.assert_array_equal(found.weights[lane], alone.x)
        assert found.evaluations[lane] == alone.nfev
        assert found.iterations[lane] == alone.nit == 9
    assert not found.ended


def test_least_squares_with_decay_reach_the_ridge_solution(rng):
    A, b = rng.standard_normal((20, 5)), rng.standard_normal(20)

    def squares(points):
        errors = points @ A.T - b
        return (errors**2).sum(1), 2 * errors @ A

    weights = far(rng, lanes=2, genes=5)
    found = LBFGS(weight_decay=0.3).minimise(squares, weights, None, all_alive(weights), 100)
    ridge = np.linalg.solve(2 * A.T @ A + 0.3 * np.eye(5), 2 * A.T @ b)
    np.testing.assert_allclose(found.weights, [ridge, ridge], atol=1e-8)


def test_weights_stay_within_their_limits(rng):
    weights = np.clip(far(rng), -0.5, 0.5)
    limits = (np.full(6, -0.5), np.full(6, 0.5))
    found = LBFGS().minimise(rosenbrock, weights, limits, all_alive(weights), 200)
    assert (np.abs(found.weights) <= 0.5).all()
    assert (found.weights[:, 0] == 0.5).all()  # the free optimum lies beyond


def test_a_lane_that_has_ended_stays_where_it_is_and_asks_nothing(rng):
    weights = far(rng)
    alive = np.array([True, False, True])
    found = LBFGS().minimise(rosenbrock, weights, None, alive, 5)
    both = LBFGS().minimise(rosenbrock, weights, None, all_alive(weights), 5)
    assert (found.weights[1] == weights[1]).all()
    assert found.evaluations[1] == 0
    np.testing.assert_array_equal(found.weights[[0, 2]], both.weights[[0, 2]])


def test_a_search_steps_back_from_a_loss_that_is_not_finite():
    def walled(points):  # beyond 2 there is no loss
        values = np.where(points[:, 0] > 2, np.nan, (points[:, 0] - 1.9) ** 4)
        return values, 4 * (points - 1.9) ** 3

    found = LBFGS(tolerance=1e-6).minimise(
        walled, np.full((1, 1), -9.0), None, np.ones(1, bool), 200
    )
    assert found.weights[0, 0] == pytest.approx(1.9, abs=0.02)
    assert found.ended[0][0] == "converged"


def test_a_lane_without_a_loss_at_the_start_has_diverged(rng):
    def spoilt(points):
        values, slopes = rosenbrock(points)
        values[1] = np.nan
        slopes[2] = np.inf
        return values, slopes

    weights = far(rng)
    found = LBFGS().minimise(spoilt, weights, None, all_alive(weights), 300)
    assert found.ended[1] == ("diverged", "loss is nan")
    assert found.ended[2] == ("diverged", "the gradient is not finite")
    assert (found.weights[1:] == weights[1:]).all()
    assert found.ended[0][0] == "converged"


def test_float32_weights_are_asked_about_in_float32(rng):
    asked = []

    def watched(points):
        asked.append(points.dtype)
        return rosenbrock(points.astype(np.float64))

    weights = far(rng).astype(np.float32)
    found = LBFGS().minimise(watched, weights, None, all_alive(weights), 10)
    assert set(asked) == {np.dtype("float32")}
    assert found.weights.dtype == np.float32


def test_solvers_are_answered_together_until_each_has_returned():
    shown = []

    def squares(points):
        shown.append(points[:, 0].tolist())
        return points[:, 0] ** 2, 2 * points

    heard = {0: [], 1: [], 2: []}

    def solve(lane, ask):
        for k in range(lane + 1):
            heard[lane].append(ask(np.array([10.0 * lane + k]))[0])

    together = Together(squares, np.full((3, 1), -1.0))
    together.run(solve, [0, 1, 2])
    assert shown == [[0, 10, 20], [0, 11, 21], [0, 11, 22]]
    assert heard == {0: [0.0], 1: [100.0, 121.0], 2: [400.0, 441.0, 484.0]}
    assert together.answered.tolist() == [1, 2, 3]


def test_an_error_ends_all_solvers_and_is_raised():
    def broken(points):
        raise RuntimeError("no kernel")

    def solve(lane, ask):
        ask(np.zeros(1))

    with pytest.raises(RuntimeError, match="no kernel"):
        Together(broken, np.zeros((3, 1))).run(solve, [0, 1, 2])

    def failing(lane, ask):
        if lane == 1:
            raise ValueError("lane 1 is lost")
        ask(np.zeros(1))

    with pytest.raises(ValueError, match="lane 1 is lost"):
        Together(lambda p: (p[:, 0], p), np.zeros((3, 1))).run(failing, [0, 1, 2])


def test_no_lane_at_work_asks_nothing():
    Together(lambda points: 1 / 0, np.zeros((2, 1))).run(lambda lane, ask: None, [])


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"memory": 0}, "`memory` of at least 1"),
        ({"searches": 0}, "`searches` of at least 1"),
        ({"tolerance": -1.0}, "`tolerance` of at least 0"),
        ({"weight_decay": -1.0}, "`weight_decay` of at least 0"),
    ],
)
def test_wrong_settings_are_refused(settings, text):
    with pytest.raises(ValueError, match=text):
        LBFGS(**settings)
