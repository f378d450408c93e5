"""Every cell of the zoo, by its registry: a new cell is tested by being registered."""

import numpy as np
import pytest
from oracle import assert_close, interpreted, interpreted_mse, readout_of

from evornn.cells import ZOO
from evornn.flow import Uniform
from evornn.network import Network
from evornn.population import Evaluator

ALL_CELLS = pytest.mark.parametrize("cell", ZOO.values(), ids=list(ZOO))
# Compiling is what these tests wait for: every cell compiles one kernel, for a population in
# float64, and one cell for each thing that a kernel does differently a second one.
KINDS = {
    "elman": "one stage",
    "gru": "two stages",
    "jordan": "a state that is the output's",
    "clockwork": "masked and fixed weights, choices",
    "second_order": "products of three, a state that starts at a weight",
    "lru": "functions of weights alone",
    "register_bank": "vectors joined, axes of a fixed size",
}


def network_of(cell, dtype="float64", hidden=7, inputs=3, outputs=2):
    return Network(
        cell, inputs=inputs, outputs=outputs, hidden=hidden, dtype=dtype, readout=readout_of(cell)
    )


@ALL_CELLS
def test_a_population_scores_and_answers_as_the_interpreter_says(cell, rng):
    network = network_of(cell)
    chromosomes = network.initial(rng, 11)
    x, y = rng.standard_normal((13, 3)), rng.standard_normal((13, 2))
    mask = rng.random((13, 2)) < 0.7
    y[~mask] = np.nan
    for forced in (None, [6]):
        evaluator = Evaluator(network, [x], [y], [mask], teacher_forced=forced)
        wanted = interpreted_mse(network, chromosomes, [x], [y], [mask], forced)
        assert_close(evaluator.mse(chromosomes), wanted, "float64")
        (outputs,) = evaluator.outputs(chromosomes)
        for chromosome, got in zip(chromosomes, outputs, strict=True):
            wanted, _ = interpreted(network, chromosome, x, forced and forced[0])
            assert_close(got, wanted, "float64")


@pytest.mark.parametrize("name", KINDS)
def test_a_network_predicts_and_remembers_as_the_interpreter_says(name, rng):
    cell = ZOO[name]
    network = network_of(cell, "float32")
    network = network.with_chromosome(network.initial(rng, 1)[0])
    sequences = [rng.standard_normal((steps, 3)) for steps in (9, 1, 14)]
    answers = zip(sequences, network.predict(sequences), network.states(sequences), strict=True)
    for x, outputs, states in answers:
        wanted, history = interpreted(network, network.chromosome, x)
        assert_close(outputs, wanted, "float32")
        assert list(states) == list(history)
        for name, values in states.items():
            assert_close(values, history[name], "float32")


@ALL_CELLS
def test_a_saved_network_comes_back_with_the_same_answers(cell, rng, tmp_path):
    network = network_of(cell, "float32")
    network = network.with_chromosome(network.initial(rng, 1)[0])
    network.save(tmp_path / "network.safetensors")
    loaded = Network.load(tmp_path / "network.safetensors")
    x = rng.standard_normal((5, 3))
    np.testing.assert_array_equal(loaded.chromosome, network.chromosome)
    np.testing.assert_array_equal(
        interpreted(loaded, loaded.chromosome, x)[0], interpreted(network, network.chromosome, x)[0]
    )
    assert loaded.map.names == network.map.names
    assert str(loaded.graph) == str(network.graph)


@ALL_CELLS
def test_packing_is_the_inverse_of_unpacking_and_each_weight_has_one_gene(cell, rng):
    network = network_of(cell)
    genes = rng.standard_normal(network.genes)
    np.testing.assert_array_equal(network.pack(network.unpack(genes)), genes)
    free = sum(p.free(network.sizes, name).sum() for name, p in network.graph.parameters.items())
    assert network.genes == free == len(set(network.map.names))


def mean_of(distribution):
    if isinstance(distribution, Uniform):
        return (distribution.low + distribution.high) / 2
    return getattr(distribution, "value", 0.0)


@ALL_CELLS
def test_initial_weights_have_the_declared_mean(cell, rng):
    network = network_of(cell, hidden=10)
    population = network.initial(rng, 1000)
    for name, values in network.unpack(population).items():
        parameter = network.graph.parameters[name]
        free = parameter.free(network.sizes, name)
        held = parameter.held(network.sizes, name)
        np.testing.assert_array_equal(
            values[:, ~free], np.broadcast_to(held[~free], (1000, (~free).sum()))
        )
        drawn = values[:, free]
        if drawn.size:
            error = drawn.std() / np.sqrt(drawn.size)
            assert abs(drawn.mean() - mean_of(parameter.initial)) <= 5 * error


DENSE = ("elman", "recurrent", "leaky")
COUNTS = {
    **dict.fromkeys(DENSE, lambda n, m: n * n + n * m + n),
    "lstm": lambda n, m: 4 * (n * n + n * m + n),
    "lstm_1997": lambda n, m: 3 * (n * n + n * m + n),
    "lstm_peephole": lambda n, m: 4 * (n * n + n * m + n) + 3 * n,
    "lstm_coupled": lambda n, m: 3 * (n * n + n * m + n),
    "gru": lambda n, m: 3 * (n * n + n * m + n),
    "gru_reset_after": lambda n, m: 3 * (n * n + n * m + n) + n,
    "gru_1": lambda n, m: 3 * (n * n + n * m + n) - 2 * n * m,
    "gru_2": lambda n, m: 3 * (n * n + n * m + n) - 2 * (n * m + n),
    "gru_3": lambda n, m: 3 * (n * n + n * m + n) - 2 * (n * m + n * n),
    "li_gru": lambda n, m: 2 * (n * n + n * m + n),
    "mgu": lambda n, m: 2 * (n * n + n * m + n),
    "mgu_1": lambda n, m: 2 * (n * n + n * m + n) - n * m,
    "mgu_2": lambda n, m: 2 * (n * n + n * m + n) - (n * m + n),
    "mgu_3": lambda n, m: 2 * (n * n + n * m + n) - (n * m + n * n),
    "min_gru": lambda n, m: 2 * (n * m + n),
    "min_lstm": lambda n, m: 3 * (n * m + n),
    "indrnn": lambda n, m: n * m + 2 * n,
    "second_order": lambda n, m: n * n * m + n,
}


@pytest.mark.parametrize("name", COUNTS)
def test_a_cell_has_the_published_number_of_weights(name):
    network = network_of(ZOO[name], hidden=6, inputs=4, outputs=3)
    assert network.genes == COUNTS[name](6, 4) + 3 * 6 + 3


@ALL_CELLS
def test_a_cell_prints_its_equations_and_names_its_source(cell):
    text = str(cell)
    for name in (*cell.graph.parameters, *(f"{s.name}'" for s in cell.graph.states)):
        assert name in text
    assert "Source: " in cell.description
