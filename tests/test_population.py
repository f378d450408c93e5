"""What a population is promised: the interpreter's numbers, and the same bits however it is run."""

import pickle

import numpy as np
import pytest
from joblib import parallel_config
from oracle import assert_close, interpreted, interpreted_mse

from evornn.cells import elman, gru, stack
from evornn.network import Network
from evornn.population import Evaluator
from evornn.workers import Workers

LENGTHS = (9, 4, 12, 1, 7)


def data(rng, lengths=LENGTHS, inputs=2, outputs=2):
    x = [rng.standard_normal((n, inputs)) for n in lengths]
    y = [rng.standard_normal((n, outputs)) for n in lengths]
    masks = [rng.random((n, outputs)) < 0.6 for n in lengths]
    for targets, mask in zip(y, masks, strict=True):
        targets[~mask] = np.nan
    return x, y, masks


def network_of(dtype="float32", cell=gru, hidden=5):
    return Network(cell, inputs=2, outputs=2, hidden=hidden, dtype=dtype)


@pytest.mark.parametrize("sequences", [1, 2, 3, 5])
def test_sequences_side_by_side_score_as_the_interpreter_says(sequences, rng):
    network = network_of("float64", elman)
    x, y, masks = data(rng, LENGTHS[:sequences])
    chromosomes = network.initial(rng, 10)
    for forced in (None, [3, 1, 12, 0, 6][:sequences]):
        evaluator = Evaluator(network, x, y, masks, teacher_forced=forced)
        wanted = interpreted_mse(network, chromosomes, x, y, masks, forced)
        assert_close(evaluator.mse(chromosomes), wanted, "float64")
        for k, outputs in enumerate(evaluator.outputs(chromosomes)):
            for chromosome, got in zip(chromosomes, outputs, strict=True):
                answer, _ = interpreted(network, chromosome, x[k], forced and forced[k])
                assert_close(got, answer, "float64")


@pytest.mark.parametrize(
    ("dtype", "cell", "sequences"), [("float32", gru, 1), ("float64", elman, 3)]
)
def test_a_network_scores_the_same_in_any_lane_block_chunk_and_job(dtype, cell, sequences, rng):
    network = network_of(dtype, cell)
    x, y, masks = data(rng, LENGTHS[:sequences])
    chromosomes = network.initial(rng, 37)
    reference = Evaluator(network, x, y, masks, lanes=4)
    scores = reference.mse(chromosomes)
    answers = reference.outputs(chromosomes)
    for lanes in (2, 8, 16):
        other = Evaluator(network, x, y, masks, lanes=lanes)
        np.testing.assert_array_equal(other.mse(chromosomes), scores)
        for got, wanted in zip(other.outputs(chromosomes), answers, strict=True):
            np.testing.assert_array_equal(got, wanted)
    order = rng.permutation(37)
    np.testing.assert_array_equal(reference.mse(chromosomes[order]), scores[order])
    for size in (1, 3, 4, 5):
        np.testing.assert_array_equal(reference.mse(chromosomes[:size]), scores[:size])
    for jobs in (1, 2, 3):
        workers = Workers(jobs)
        parallel = Evaluator(network, x, y, masks, lanes=4, workers=workers)
        np.testing.assert_array_equal(parallel.mse(chromosomes), scores)
        workers.close()
    # One network with one sequence a lane computes the same numbers in the same order.
    for k in (0, 36):
        alone = network.with_chromosome(chromosomes[k])
        for got, wanted in zip(alone.predict(x), answers, strict=True):
            np.testing.assert_array_equal(got, wanted[k])


def test_a_sequence_scores_the_same_beside_others(rng):
    network = network_of("float64", elman)
    x, y, masks = data(rng)
    chromosomes = network.initial(rng, 3)
    together = Evaluator(network, x, y, masks).outputs(chromosomes)
    for k in range(len(x)):
        (alone,) = Evaluator(network, [x[k]], [y[k]], [masks[k]]).outputs(chromosomes)
        np.testing.assert_array_equal(alone, together[k])


def test_the_order_of_sequences_changes_no_answer(rng):
    network = network_of("float64", elman)
    x, y, masks = data(rng)
    chromosomes = network.initial(rng, 3)
    forward = Evaluator(network, x, y, masks).outputs(chromosomes)
    backward = Evaluator(network, x[::-1], y[::-1], masks[::-1]).outputs(chromosomes)
    for a, b in zip(forward, backward[::-1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_free_running_of_an_evaluator_is_the_forecast_of_the_network(rng):
    network = network_of("float64", elman)
    chromosome = network.initial(rng, 1)
    x = rng.standard_normal((8, 2))
    longer = np.concatenate([x, np.zeros((4, 2))])
    evaluator = Evaluator(network, [longer], [longer], teacher_forced=[8])
    (outputs,) = evaluator.outputs(chromosome)
    forecast = network.with_chromosome(chromosome[0]).forecast(x, 5)
    np.testing.assert_array_equal(outputs[0, 7:], forecast)


def test_a_network_that_explodes_harms_nobody_else(rng):
    network = network_of("float32")
    x, y, masks = data(rng, LENGTHS[:1])
    chromosomes = network.initial(rng, 9)
    evaluator = Evaluator(network, x, y, masks)
    scores = evaluator.mse(chromosomes)
    chromosomes[4] = np.nan
    chromosomes[7] = 1e30
    broken = evaluator.mse(chromosomes)
    assert np.isnan(broken[4])
    assert not np.isfinite(broken[7])
    others = [0, 1, 2, 3, 5, 6, 8]
    np.testing.assert_array_equal(broken[others], scores[others])


def test_float32_sums_of_errors_lose_nothing_over_long_sequences(rng):
    network = network_of("float32")
    chromosome = np.zeros((1, network.genes), dtype=np.float32)  # the output is 0 throughout
    y = rng.uniform(0.5, 1.0, (200_000, 2)).astype(np.float32)
    score = Evaluator(network, [np.zeros((200_000, 2))], [y]).mse(chromosome)
    assert score[0] == pytest.approx(np.mean(y.astype(np.float64) ** 2), rel=1e-7)


def test_nothing_scored_costs_nothing(rng):
    network = network_of("float64", elman)
    y = np.full((6, 2), np.nan)
    evaluator = Evaluator(network, [np.ones((6, 2))], [y], [np.zeros((6, 2), dtype=bool)])
    assert evaluator.scored == 0
    assert evaluator.mse(network.initial(rng, 2)).tolist() == [0, 0]


def test_an_evaluator_survives_pickling_after_its_network_has_run(rng):
    network = network_of("float64", elman)
    chromosomes = network.initial(rng, 6)
    x, y, masks = data(rng, LENGTHS[:3])
    network = network.with_chromosome(chromosomes[0])
    network.predict(x)
    evaluator = Evaluator(network, x, y, masks)
    scores = evaluator.mse(chromosomes)
    again = pickle.loads(pickle.dumps(evaluator))
    np.testing.assert_array_equal(again.mse(chromosomes), scores)


def test_a_deep_stack_survives_pickling(rng):
    deep = stack(*[gru] * 30)
    network = Network(deep, inputs=2, outputs=2, hidden=2)
    copy = pickle.loads(pickle.dumps(network))
    assert str(copy.graph) == str(network.graph)


def test_other_processes_compute_the_same_bits(rng):
    network = network_of("float64", elman)
    chromosomes = network.initial(rng, 37)
    x, y, masks = data(rng, LENGTHS[:3])
    scores = Evaluator(network, x, y, masks).mse(chromosomes)
    with parallel_config(backend="loky", n_jobs=2):
        evaluator = Evaluator(network, x, y, masks, workers=Workers())
        np.testing.assert_array_equal(evaluator.mse(chromosomes), scores)


def test_workers_keep_the_order_of_their_tasks_and_raise_what_fails():
    workers = Workers(3)
    assert workers.map(lambda k: k * k, range(20)) == [k * k for k in range(20)]

    def fail(k):
        raise KeyError(k)

    with pytest.raises(KeyError):
        workers.map(fail, range(20))
    assert workers.map(abs, [-1, 2]) == [1, 2]
    workers.close()
    workers.close()


@pytest.mark.parametrize("jobs", [0, 1.5, "2"])
def test_workers_need_a_whole_number_of_jobs(jobs):
    with pytest.raises(ValueError, match=r"jobs needs a whole number other than 0 \(-1 for all\)"):
        Workers(jobs)


def test_wrong_data_are_refused_in_one_sentence(rng):
    network = network_of("float64", elman)
    x, y, masks = data(rng)
    for change, message in [
        (([], [], []), "as many targets and masks as inputs, got 0 inputs"),
        ((x, y[:2], masks), "got 5 inputs, 2 targets and 5 masks"),
        (([x[0][:, :1]], y[:1], masks[:1]), r"inputs of sequence 0 need axes \(time, 2\)"),
        ((x[:1], [y[0][:3]], masks[:1]), r"targets of sequence 0 .* 9 steps, got shape \(3, 2\)"),
        ((x[:1], y[:1], [masks[0][:, 0]]), r"mask of sequence 0 need axes \(time, 2\)"),
    ]:
        with pytest.raises(ValueError, match=message):
            Evaluator(network, *change)
    evaluator = Evaluator(network, x, y, masks)
    for wrong in (np.zeros((3, 4)), np.zeros(network.genes), np.zeros((0, network.genes))):
        with pytest.raises(ValueError, match=rf"axes \(individual, {network.genes}\), got shape"):
            evaluator.mse(wrong)


def test_free_running_needs_an_input_for_every_output(rng):
    network = Network(elman, inputs=1, outputs=2, hidden=3)
    with pytest.raises(ValueError, match="at least as many inputs, got 1 inputs and 2 outputs"):
        Evaluator(network, [np.ones((4, 1))], [np.ones((4, 2))], teacher_forced=[2])
