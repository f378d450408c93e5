"""Training a population on a task: what a run reports, hands over, ends with and resumes."""

import json

import numpy as np
import pytest
from elman_by_hand import ElmanByHand

import evornn as en
from evornn.gradient.constraints import Bound
from evornn.gradient.lbfgs import LBFGS
from evornn.gradient.optimizers import SGD, Adam
from evornn.gradient.schedules import ReduceOnPlateau, StepDecay, WarmUp
from evornn.gradient.train import Train

HIDDEN = 3


@pytest.fixture(scope="module")
def task():
    """Ten short sequences of unequal length: follow the running mean of two inputs."""
    rng = np.random.default_rng(5)
    inputs = [rng.standard_normal((n, 2)) for n in (9, 12, 7, 10, 11, 8, 12, 9, 10, 11)]
    targets = [np.cumsum(x.sum(1)) / np.arange(1, len(x) + 1) for x in inputs]
    return en.Task.from_arrays(inputs, [y[:, None] for y in targets], name="mean", washout=2)


def network(dtype="float32", **more):
    return en.Network(en.cells.elman, hidden=HIDDEN, dtype=dtype, **more)


def start(task, *, spoil=None, dtype="float32", workers=None, **more):
    settings = {"stop": en.Stop(updates=12), "validate_every": 3, "optimizer": Adam(0.02)}
    if "every" in more:
        del settings["validate_every"]
    contender = Train(network(dtype), ElmanByHand(spoil), **(settings | more))
    return contender.start(task, np.random.SeedSequence(8), workers or en.Workers(1))


def finish(run):
    rows = []
    while run.reason is None:
        rows.append(run.advance())
    return rows


def error(run, part, chromosome):
    answers = run.network.with_chromosome(chromosome).predict(list(part.inputs))
    return run.task.mse(part, answers)


def test_the_weights_are_those_of_plain_gradient_descent(task):
    run = start(task, dtype="float64", optimizer=SGD(0.1))
    weights = run.lanes.weights.copy()
    gradient = ElmanByHand().start(run.network, task.train, *loss_and_workers())
    finish(run)
    for _ in range(12):
        weights -= 0.1 * gradient(weights)[1]
    np.testing.assert_allclose(run.lanes.weights, weights, rtol=1e-12)


def loss_and_workers():
    from evornn.gradient.loss import loss_named

    return loss_named("mse"), en.Workers(1)


def test_the_first_row_is_about_the_first_weights(task):
    run = start(task, population=2)
    before = run.lanes.weights.copy()
    row = run.advance()
    assert (run.lanes.weights == before).all()
    assert (row.generation, row.epoch, row.evaluations, row.lanes) == (0, 0, 2, 2)
    assert np.isnan(row.loss)
    assert row.best_mse == pytest.approx(min(error(run, task.train, w) for w in before), rel=1e-5)


def test_a_row_reports_the_errors_of_the_lanes(task):
    run = start(task, population=3)
    rows = finish(run)
    for part, least in (
        (task.train, rows[-1].best_mse),
        (task.validation, rows[-1].validation_mse),
    ):
        assert least == pytest.approx(min(error(run, part, w) for w in run.lanes.weights), rel=1e-5)
    assert [row.generation for row in rows] == [0, 3, 6, 9, 12]
    assert rows[-1].median_mse >= rows[-1].best_mse
    assert rows[-1].best_fitness * rows[-1].best_mse == pytest.approx(1)
    assert rows[-1].best_mse < rows[0].best_mse
    assert rows[-1].learning_rate == pytest.approx(0.02)


def test_the_best_network_has_the_least_validation_error_of_all_lanes_and_rows(task):
    run = start(task, population=3, optimizer=SGD(0.9), stop=en.Stop(updates=60))
    least = np.inf
    while run.reason is None:
        row = run.advance()
        least = min(least, row.validation_mse)
    assert error(run, task.validation, run.best.chromosome) == pytest.approx(least, rel=1e-5)
    assert (run.best.chromosome == run.best_of(row.best_lane).chromosome).all()
    for lane in range(3):
        assert error(run, task.validation, run.best_of(lane).chromosome) >= least * (1 - 1e-5)


def test_without_a_validation_part_the_least_training_error_counts(task):
    from dataclasses import replace

    run = start(replace(task, validation=None), population=2)
    row = finish(run)[-1]
    assert np.isnan(row.validation_mse)
    assert error(run, task.train, run.best.chromosome) == pytest.approx(row.best_mse, rel=1e-5)


def test_every_gradient_and_error_is_charged(task):
    run = start(task, population=3)
    row = finish(run)[-1]
    steps = task.train.steps
    assert row.network_steps == 3 * (12 * 3 * steps + 5 * steps)  # 12 gradients, 5 rows
    assert row.evaluations == 3 * (12 + 5)


# --- batches -------------------------------------------------------------------------------


def test_every_epoch_shows_every_sequence_once_in_a_new_order(task):
    run = start(task, batch_size=4, validate_every=2, stop=en.Stop(epochs=3))
    rows = finish(run)
    calls = run._gradient.calls
    epochs = [sorted(calls[k] + calls[k + 1]) for k in range(0, len(calls), 2)]
    assert [len(call) for call in calls] == [4, 2] * 3
    assert epochs == [list(range(task.train.sequences))] * 3
    assert len({tuple(calls[k]) for k in (0, 2, 4)}) > 1
    assert [row.epoch for row in rows] == [0, 1, 2, 3]
    steps = task.train.steps
    assert rows[-1].network_steps == 3 * 3 * steps + 4 * steps


def test_an_epoch_is_a_row_unless_something_else_is_said(task):
    for batch, updates in ((None, 10), (1, 10), (4, 10)):
        contender = Train(network(), ElmanByHand(), batch_size=batch)
        assert contender.updates_of_a_row(task.train.sequences) == updates
    assert Train(network(), ElmanByHand(), batch_size=4).updates_of_a_row(100) == 25


def test_a_run_ends_at_its_budget_within_a_row(task):
    for rule, least in (("updates", 4), ("generations", 4), ("evaluations", 5), ("epochs", 4.0)):
        run = start(task, stop=en.Stop(**{rule: least}), validate_every=50)
        rows = finish(run)
        assert rows[-1].generation == 4
        assert run.reason.startswith(rule)
        assert run.share() == 1.0


def test_each_further_rule_ends_a_run_with_its_reason(task):
    rules = {
        "learned": en.Stop(learned=0.05, learned_tolerance=0.5),
        "mse": en.Stop(mse=5.0),
        "stagnation": en.Stop(stagnation=3),
        "seconds": en.Stop(seconds=0.0),
        "network_steps": en.Stop(network_steps=2000),
    }
    for name, stop in rules.items():
        run = start(task, stop=stop, optimizer=SGD(3.0 if name == "stagnation" else 0.05))
        finish(run)
        assert run.reason.startswith(name), run.reason


# --- lanes ---------------------------------------------------------------------------------


def test_a_lane_of_a_population_is_the_same_as_trained_alone(task):
    many = start(
        task,
        population=3,
        optimizer=Adam((0.01, 0.02, 0.05)),
        batch_size=4,
        clip_norm=(0.1, 0.2, 0.3),
    )
    first = many.lanes.weights.copy()
    finish(many)
    for lane, rate in enumerate((0.01, 0.02, 0.05)):
        alone = start(
            task,
            initial=first[lane],
            optimizer=Adam(rate),
            batch_size=4,
            clip_norm=0.1 * (lane + 1),
        )
        finish(alone)
        np.testing.assert_array_equal(alone.lanes.weights[0], many.lanes.weights[lane])
        np.testing.assert_array_equal(alone.best.chromosome, many.best_of(lane).chromosome)


def test_lanes_can_start_from_the_same_weights(task):
    run = start(task, population=3, same_start=True)
    assert (run.lanes.weights == run.lanes.weights[0]).all()
    assert not (start(task, population=3).lanes.weights == run.lanes.weights[0]).all()


class AfterUpdates:
    """Spoils the loss of one network from a call on."""

    def __init__(self, lane, calls, lanes, value=np.nan):
        self.place, self.calls, self.lanes, self.value = lane, calls, lanes, value
        self.asked = -1

    def __call__(self, weights, loss):
        self.asked += 1
        call, lane = divmod(self.asked, self.lanes)
        return self.value if lane == self.place and call >= self.calls else loss


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_lane_that_diverges_ends_with_its_reason_and_leaves_the_others_alone(task, value):
    run, undisturbed = (
        start(task, population=3, spoil=AfterUpdates(1, 7, 3, value)),
        start(task, population=3),
    )
    rows, others = finish(run), finish(undisturbed)
    assert run.lanes.reasons == ["", f"diverged at update 7: loss is {value}", ""]
    assert rows[-1].failed == 1
    assert rows[-1].lanes == 2
    for lane in (0, 2):
        assert (run.lanes.weights[lane] == undisturbed.lanes.weights[lane]).all()
    # Its best weights are those of the rows until then, of updates 0, 3 and 6.
    best = start(task, population=3, stop=en.Stop(updates=6))
    finish(best)
    assert (run.best_of(1).chromosome == best.best_of(1).chromosome).all()
    assert rows[-1].network_steps < others[-1].network_steps
    assert run.reason == "updates: 12 of 12 are done."


def test_a_rate_that_is_far_too_large_ends_a_real_lane(task):
    run = start(
        task, population=2, optimizer=SGD((0.01, 1e30)), stop=en.Stop(updates=30), dtype="float64"
    )
    finish(run)
    assert run.lanes.reasons[0] == ""
    assert run.lanes.reasons[1].startswith("diverged at update")
    assert np.isfinite(run.lanes.weights).all()


def test_a_run_ends_when_all_lanes_have(task):
    alone = start(task, spoil=lambda weights, loss: np.nan)
    rows = finish(alone)
    assert alone.reason == "diverged at update 0: loss is nan"
    assert rows[-1].lanes == 0
    assert (alone.best.chromosome == alone.lanes.weights[0]).all()
    both = start(task, population=2, spoil=lambda weights, loss: np.nan)
    finish(both)
    best = rows_best(both)
    assert both.reason == (
        f"all 2 lanes have ended; the best one, lane {best}, diverged at update 0: loss is nan"
    )


def rows_best(run):
    return int(np.argmin([error(run, run.task.validation, w) for w in run.lanes.weights]))


# --- what changes an update ----------------------------------------------------------------


def test_the_gradient_is_clipped_by_norm_and_then_by_value(task):
    run = start(task, optimizer=SGD(1.0), clip_norm=0.5, clip_value=0.1, stop=en.Stop(updates=1))
    before = run.lanes.weights.astype(np.float64)
    gradient = run._gradient(before)[1]
    finish(run)
    norm = np.linalg.norm(gradient)
    assert norm > 0.5
    expected = np.clip(gradient * 0.5 / norm, -0.1, 0.1)
    np.testing.assert_allclose(before - run.lanes.weights, expected, rtol=1e-4, atol=1e-6)


def test_the_schedule_scales_the_rate_by_the_number_of_the_update(task):
    run = start(task, optimizer=SGD(0.1), schedule=WarmUp(2, StepDecay(1, 0.5)), dtype="float64")
    weights = run.lanes.weights.copy()
    gradient = run._gradient
    rows = finish(run)
    for factor in (0.5, 1.0, *(0.5**k for k in range(10))):
        weights -= 0.1 * factor * gradient(weights)[1]
    np.testing.assert_allclose(run.lanes.weights, weights, rtol=1e-12)
    assert rows[-1].learning_rate == pytest.approx(0.1 * 0.5**9)


def test_a_plateau_lowers_the_rate_of_the_lane_that_stands_still(task):
    run = start(
        task,
        population=2,
        optimizer=SGD((0.05, 0.0)),
        schedule=ReduceOnPlateau(by=0.5, patience=1),
        stop=en.Stop(updates=18),
    )
    finish(run)
    assert run._schedule_state["factor"].tolist() == [1.0, 0.125]


def test_weights_stay_within_their_bounds(task):
    run = start(
        task,
        population=2,
        optimizer=SGD(0.5),
        constraints=[Bound(U=0.05), Bound(W=(None, 0.0), U=(-0.02, 1.0))],
    )
    while run.reason is None:
        weights = run.network.unpack(run.lanes.weights)
        assert (weights["U"] >= np.float32(-0.02)).all()
        assert (weights["U"] <= np.float32(0.05)).all()
        assert (weights["W"] <= 0).all()
        run.advance()
    assert (np.abs(weights["V"]) > 0.05).any()


def test_a_bound_holds_for_every_layer_or_for_one():
    deep = en.Network(en.stack(en.cells.indrnn, en.cells.indrnn), hidden=2, inputs=1, outputs=1)
    low, high = Bound.of_memory(steps=100).limits(deep)
    named = np.array([name.split("[")[0] for name in deep.map.names])
    bounded = np.isin(named, ["layer1_u", "layer2_u"])
    assert (high[bounded] == 2 ** (1 / 100)).all()
    assert (low == -high).all()
    assert np.isinf(high[~bounded]).all()
    one = Bound(layer2_u=(0, None)).limits(deep)
    assert (np.isfinite(one[0]) == (named == "layer2_u")).all()
    assert np.isinf(one[1]).all()
    both = Bound(layer2_u=(0, 5), u=1.0).limits(deep)  # the narrower range counts
    assert set(both[0][named == "layer2_u"]) == {0.0}
    assert set(both[1][named == "layer2_u"]) == {1.0}
    assert set(both[0][named == "layer1_u"]) == {-1.0}


# --- online --------------------------------------------------------------------------------


def test_online_updates_carry_states_through_the_sequences(task):
    run = start(task, every=4, optimizer=SGD(0.05), stop=en.Stop(epochs=2), dtype="float64")
    weights = run.lanes.weights.copy()
    rows = finish(run)
    updates = 0
    for _ in range(2):
        window = run._gradient.online(4)
        while not window.done:
            _, slope, count = window(weights)
            if count:
                weights -= 0.05 * slope
                updates += 1
    np.testing.assert_allclose(run.lanes.weights, weights, rtol=1e-12)
    assert [row.epoch for row in rows] == [0, 1, 2]
    assert rows[-1].generation == updates
    assert rows[-1].network_steps == 2 * 3 * task.train.steps + 3 * task.train.steps


def test_online_batches_take_turns(task):
    run = start(task, every=5, batch_size=2, stop=en.Stop(epochs=1))
    finish(run)
    assert sorted(k for call in run._gradient.calls for k in call) == list(
        range(task.train.sequences)
    )


def test_windows_in_which_nothing_is_scored_update_nothing(task):
    run = start(task, every=1, optimizer=Adam(0.1), stop=en.Stop(epochs=1))
    rows = finish(run)  # the first two steps of every sequence are not scored
    assert rows[-1].generation == max(len(x) for x in task.train.inputs) - 2


# --- state ---------------------------------------------------------------------------------

KINDS = {
    "batches": {"batch_size": 4, "population": 2},
    "online": {"every": 4, "stop": en.Stop(epochs=4)},
    "schedule": {"schedule": ReduceOnPlateau(by=0.5, patience=0), "optimizer": SGD(0.3, 0.9)},
    "lbfgs": {"optimizer": LBFGS(), "population": 2},
    "lane ended": {"population": 2, "optimizer": SGD((0.01, 1e30)), "dtype": "float64"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_resumed_from_any_row_ends_with_the_same_bytes(task, kind):
    whole = start(task, **KINDS[kind])
    rows, states = [], []
    while whole.reason is None:
        states.append(whole.state())
        rows.append(whole.advance())
    assert len(rows) >= 4
    for k, state in enumerate(states):
        values = json.loads(
            json.dumps({n: v for n, v in state.items() if not isinstance(v, np.ndarray)})
        )
        arrays = {n: v.copy() for n, v in state.items() if isinstance(v, np.ndarray)}
        again = start(task, **KINDS[kind])
        again.restore({**arrays, **values})
        np.testing.assert_equal(finish(again), rows[k:])  # NaN equals NaN here
        assert (again.lanes.weights == whole.lanes.weights).all()
        assert (again.best.chromosome == whole.best.chromosome).all()
        assert again.reason == whole.reason


def test_a_state_of_another_population_is_refused(task):
    with pytest.raises(ValueError, match=r"weights of shape \(2, 22\) and type float32"):
        start(task, population=2).restore(start(task).state())


# --- settings ------------------------------------------------------------------------------


def test_settings_say_all_that_determines_a_run(task):
    contender = Train(
        network(),
        ElmanByHand(),
        Adam((0.1, 0.2)),
        population=2,
        schedule=StepDecay(5),
        clip_norm=1.0,
        constraints=Bound(U=(None, 1.0)),
        every=3,
        initial=np.zeros(22),
        same_start=True,
    )
    settings = json.loads(json.dumps(contender.settings(task)))
    assert settings["optimizer"]["learning_rate"] == [0.1, 0.2]
    assert settings["schedule"] == {"schedule": "StepDecay", "every": 5, "by": 0.1}
    assert settings["constraints"] == [{"constraint": "Bound", "U": [None, 1.0]}]
    assert settings["method"] == {"method": "ElmanByHand"}
    assert settings["initial"].startswith("sha256")
    other = Train(network(), ElmanByHand(), initial=np.ones(22)).settings(task)
    assert other["initial"] != settings["initial"]
    assert settings["clip_norm"] == 1.0
    assert settings["same_start"] is True
    assert "batch_size" not in settings


def test_a_smoke_run_ends_after_three_updates(task):
    for more in ({"population": 2, "batch_size": 2}, {"every": 3}):
        contender = Train(network(), ElmanByHand(), **more).smoke()
        run = contender.start(task, np.random.SeedSequence(1), en.Workers(1))
        assert finish(run)[-1].generation == 3


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"network": "elman"}, "needs a network for `network`, got 'elman'"),
        ({"method": "bptt"}, "needs a method, made with its settings, got 'bptt'"),
        ({"optimizer": "adam"}, "needs an optimizer such as Adam"),
        ({"stop": 100}, "needs a stop for `stop`, got 100"),
        ({"schedule": 0.1}, "needs a schedule, made with its settings, got 0.1"),
        ({"loss": "hinge"}, "one of mse, cross_entropy"),
        ({"population": 0}, "`population` of at least 1, got 0"),
        ({"batch_size": 0}, "`batch_size` of at least 1"),
        ({"every": 2, "validate_every": 5}, "needs `every` or `validate_every`, got both"),
        ({"clip_norm": 0.0}, "finite `clip_norm` above 0"),
        ({"clip_value": (1.0, 2.0)}, "one number, or 1, one for each lane"),
        ({"optimizer": Adam((0.1, 0.2))}, "population of 2 .* got population=1"),
        ({"optimizer": LBFGS(), "batch_size": 4}, "with LBFGS .* got batch_size=4; leave it out"),
        ({"constraints": [3.0]}, "needs a Bound for each constraint, got 3.0"),
    ],
)
def test_wrong_settings_are_refused(change, text):
    arguments = {"network": network(), "method": ElmanByHand()}
    with pytest.raises((TypeError, ValueError), match=text):
        Train(**{**arguments, **change})


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"initial": np.zeros(5)}, r"`initial` with axes \(gene\) or \(lane, gene\), \(22\)"),
        ({"initial": np.full(22, np.nan)}, "finite weights for `initial`"),
        ({"constraints": Bound(u=1.0)}, "needs parameters of the network, got 'u'"),
        ({"constraints": [Bound(b=(1, 2)), Bound(b=(3, 4))]}, "value that all allow, got 3 to 2"),
        ({"loss": "cross_entropy"}, "answers with probabilities, .* readout='softmax'"),
        ({"loss": "bernoulli"}, "readout='sigmoid'"),
    ],
)
def test_what_does_not_fit_the_network_is_refused(task, change, text):
    with pytest.raises(ValueError, match=text):
        start(task, **change)


@pytest.mark.parametrize(
    ("ranges", "text"),
    [
        ({}, r"needs at least one parameter, as in Bound\(u=\(-1, 1\)\), got none"),
        ({"u": "small"}, r"number or a pair \(least, largest\) for `u`, got 'small'"),
        ({"u": (1, 0)}, "least <= largest for `u`"),
        ({"u": (1, 2, 3)}, "number or a pair"),
    ],
)
def test_wrong_bounds_are_refused(ranges, text):
    with pytest.raises((TypeError, ValueError), match=text):
        Bound(**ranges)
    with pytest.raises(ValueError, match="at least 1 step and a gain above 0, got 0 and 2"):
        Bound.of_memory(0)
