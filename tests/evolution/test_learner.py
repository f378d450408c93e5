"""The genetic algorithm as a learner."""

import io
import json

import numpy as np
import pytest

from evornn.evolution import (
    GA,
    BitFlipMutation,
    BlendCrossover,
    CauchyMutation,
    GaussianMutation,
    GrayGenes,
    OnePointCrossover,
    PolynomialMutation,
    Rank,
    Roulette,
    SimulatedBinaryCrossover,
    StochasticUniversal,
    Tournament,
    TwoPointCrossover,
    UniformMutation,
    reciprocal_mse,
)


def sphere_mse(rows):
    """An error with its minimum, 0, where every gene is 0.5."""
    return ((rows.astype(np.float64) - 0.5) ** 2).mean(1)


def run(learner, generations, mse=sphere_mse):
    """Some generations of a learner."""
    for _ in range(generations):
        learner.tell(reciprocal_mse(mse(learner.ask())))
    return learner


def start(ga, genes=20, seed=1, dtype=np.float64):
    """A learner with random first chromosomes."""
    rng = np.random.default_rng(seed)
    return ga.start(rng.standard_normal((ga.population, genes)).astype(dtype), rng)


def test_generation_0_asks_for_all_and_later_ones_for_children_only(rng):
    learner = start(GA(population=30, elites=4))
    first = learner.ask()
    assert first.shape == (30, 20)
    np.testing.assert_array_equal(first, learner.population)
    fitness = rng.random(30)
    learner.tell(fitness)
    assert (learner.generation, learner.evaluations) == (0, 30)
    best = learner.population[np.argsort(-fitness)[:4]].copy()
    children = learner.ask()
    assert children.shape == (26, 20)
    assert not (children[:, None] == best[None]).all(2).any()  # no elite is evaluated again
    learner.tell(np.zeros(26))
    assert (learner.generation, learner.evaluations) == (1, 56)
    np.testing.assert_array_equal(learner.population[:4], best)
    np.testing.assert_array_equal(learner.fitness[:4], np.sort(fitness)[::-1][:4])


def test_elites_of_equal_fitness_keep_their_order():
    learner = start(GA(population=12, elites=3))
    before = learner.ask().copy()
    learner.tell(np.array([1.0, 5.0, 2.0, 5.0, 5.0, 0, 0, 0, 0, 0, 0, 0]))
    learner.tell(np.zeros(len(learner.ask())))
    np.testing.assert_array_equal(learner.population[:3], before[[1, 3, 4]])


def test_asking_twice_gives_the_same_chromosomes():
    learner = run(start(GA(population=10, elites=1)), 2)
    once = learner.ask().copy()
    np.testing.assert_array_equal(learner.ask(), once)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"selection": Roulette(), "crossover": OnePointCrossover(), "mutation": CauchyMutation()},
        {"selection": Rank(), "crossover": TwoPointCrossover(), "mutation": PolynomialMutation()},
        {"selection": StochasticUniversal(1.8), "crossover": BlendCrossover(1.0)},
        {"crossover": SimulatedBinaryCrossover(), "mutation": UniformMutation()},
        {"crossover": None},
        {"encoding": GrayGenes()},
        {"encoding": GrayGenes(12, -2, 2), "crossover": OnePointCrossover()},
    ],
)
def test_the_best_fitness_never_falls_and_every_scheme_learns(settings):
    learner = run(start(GA(population=60, elites=2, **settings)), 80)
    best = np.array(learner.logbook.select("best"))
    assert (np.diff(best) >= 0).all()
    first, last = 1 / best[0], 1 / best[-1]
    assert last < 0.4 * first
    # What is known of each row is what its error says, whether it was evaluated or inherited.
    np.testing.assert_allclose(learner.fitness, reciprocal_mse(sphere_mse(learner.population)))


def test_a_linear_readout_comes_close_to_least_squares(rng):
    inputs = np.column_stack([rng.standard_normal((200, 9)), np.ones(200)])
    y = inputs @ rng.standard_normal(10) + 0.3 * rng.standard_normal(200)
    optimum = np.linalg.lstsq(inputs, y, rcond=None)[1][0] / 200

    def mse(rows):
        return ((rows @ inputs.T - y) ** 2).mean(1)

    learner = run(start(GA(population=128), genes=10), 150, mse)
    assert 1 / learner.best[1] == pytest.approx(optimum, rel=1e-3)
    assert 1 / learner.best[1] >= optimum * (1 - 1e-9)


def through_files(state):
    """A state written as npz and JSON and read back, without pickle."""
    arrays = {key: value for key, value in state.items() if isinstance(value, np.ndarray)}
    plain = {key: value for key, value in state.items() if key not in arrays}
    assert all(type(value) in (int, float, str) for value in plain.values())
    file = io.BytesIO()
    np.savez(file, **arrays)
    file.seek(0)
    with np.load(file, allow_pickle=False) as read:
        return {name: read[name] for name in read} | json.loads(json.dumps(plain))


@pytest.mark.parametrize("between_ask_and_tell", [False, True])
@pytest.mark.parametrize("told", [0, 1, 5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"mutation": GaussianMutation(rate=0.02), "hall_of_fame": 3},
        {"encoding": GrayGenes(), "selection": StochasticUniversal()},
    ],
)
def test_a_resumed_run_goes_on_bit_for_bit(settings, dtype, told, between_ask_and_tell):
    ga = GA(population=21, elites=2, **settings)
    learner = run(start(ga, dtype=dtype), told)
    if between_ask_and_tell:
        learner.ask()
    resumed = start(ga, seed=99, dtype=dtype)
    run(resumed, 3)  # whatever it did before is forgotten
    resumed.restore(through_files(learner.state()))
    for one in (learner, resumed):
        run(one, 6)
    mine, theirs = learner.state(), resumed.state()
    assert mine.keys() == theirs.keys()
    for key, value in mine.items():
        if isinstance(value, np.ndarray):
            assert value.dtype == theirs[key].dtype, key
            assert value.tobytes() == theirs[key].tobytes(), key
        else:
            assert value == theirs[key], key
    assert learner.best[1] == resumed.best[1]


@pytest.mark.parametrize("name", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_every_generator_of_numpy_is_resumed_exactly(name):
    ga = GA(population=8, elites=1)
    first = np.random.default_rng(3).standard_normal((8, 5))
    learner = run(ga.start(first, np.random.Generator(getattr(np.random, name)(7))), 3)
    resumed = start(ga, genes=5)
    resumed.restore(through_files(learner.state()))
    assert run(learner, 4).population.tobytes() == run(resumed, 4).population.tobytes()


def test_a_state_does_not_change_while_the_run_goes_on():
    learner = run(start(GA(population=10, elites=1)), 2)
    state = learner.state()
    before = {key: np.copy(value) for key, value in state.items()}
    run(learner, 3)
    for key, value in before.items():
        np.testing.assert_array_equal(state[key], value)


def test_the_hall_of_fame_holds_the_best_ever_in_order():
    learner = start(GA(population=25, elites=0, hall_of_fame=6))
    seen, errors = [], []
    for _ in range(12):
        rows = learner.ask().copy()
        error = sphere_mse(rows)
        learner.tell(-error)
        seen.extend(rows)
        errors.extend(error)
    best = np.argsort(errors)[:6]
    fame = learner.hall_of_fame
    np.testing.assert_array_equal([np.asarray(one) for one in fame], np.array(seen)[best])
    np.testing.assert_array_equal([-one.fitness.values[0] for one in fame], np.array(errors)[best])
    row, fitness = learner.best
    np.testing.assert_array_equal(row, seen[best[0]])
    assert type(row) is np.ndarray
    assert fitness == -errors[best[0]]


def test_the_hall_of_fame_holds_no_chromosome_twice():
    learner = GA(population=6, elites=1, hall_of_fame=4).start(
        np.repeat([[1.0, 2.0], [3.0, 4.0]], 3, axis=0), np.random.default_rng(1)
    )
    learner.ask()
    learner.tell(np.array([2.0, 2.0, 2.0, 1.0, 1.0, 1.0]))
    assert [list(one) for one in learner.hall_of_fame] == [[1.0, 2.0], [3.0, 4.0]]


def test_equals_keep_their_places_in_a_restored_hall_of_fame():
    learner = start(GA(population=10, elites=1))
    learner.ask()
    learner.tell(np.array([1.0, 2.0, 2.0, 2.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]))
    resumed = start(learner.ga, seed=2)
    resumed.restore(learner.state())
    np.testing.assert_array_equal(np.array(resumed.hall_of_fame), np.array(learner.hall_of_fame))


def test_the_logbook_tells_each_generation(rng):
    learner = start(GA(population=9, elites=2))
    learner.ask()
    fitness = rng.random(9)
    fitness[4] = np.nan
    learner.tell(fitness)
    run(learner, 1)
    first, second = learner.logbook
    assert (first["gen"], first["nevals"]) == (0, 9)
    assert first["best"] == np.nanmax(fitness)
    assert first["mean"] == pytest.approx(np.nanmean(fitness))
    assert first["worst"] == -np.inf
    assert first["step"] == pytest.approx(GaussianMutation().scale)
    assert (second["gen"], second["nevals"]) == (1, 7)
    assert second["best"] == learner.fitness.max()


@pytest.mark.parametrize("failure", [np.nan, np.inf, -np.inf])
def test_whatever_is_not_finite_is_the_worst(failure):
    learner = start(GA(population=10, elites=2))
    learner.ask()
    fitness = np.arange(10.0) - 20
    fitness[9] = failure
    learner.tell(fitness)
    assert learner.fitness[9] == -np.inf
    assert learner.best[1] == -12.0
    assert len(learner.hall_of_fame) == 8  # of 9 that did not fail


def test_step_sizes_start_at_the_scale_and_are_none_where_nothing_has_one():
    assert set(start(GA(population=5, elites=1)).step_sizes) == {GaussianMutation().scale}
    coded = run(start(GA(population=5, elites=1, encoding=GrayGenes())), 4)
    assert set(coded.step_sizes) == {0.0}


def test_a_generation_of_failures_does_not_end_a_run():
    learner = start(GA(population=10, elites=2))
    for _ in range(3):
        learner.tell(np.full(len(learner.ask()), np.nan))
    assert learner.best[1] == -np.inf
    run(learner, 3)
    assert np.isfinite(learner.best[1])


def test_a_child_that_is_its_parent_is_not_evaluated_again():
    ga = GA(population=200, elites=0, crossover=None, mutation=GaussianMutation(rate=0.1))
    learner = run(start(ga, genes=5), 1)
    parents = learner.population.copy()
    children = learner.ask()
    assert abs(len(children) / 200 - (1 - 0.9**5)) < 0.18
    assert not (children[:, None] == parents[None]).all(2).any()
    run(learner, 5)
    np.testing.assert_allclose(learner.fitness, reciprocal_mse(sphere_mse(learner.population)))


def test_something_is_asked_for_even_if_nothing_changes():
    ga = GA(population=6, elites=1, crossover=None, mutation=GaussianMutation(rate=0.0))
    learner = run(start(ga), 4)
    assert learner.ask().shape == (1, 20)


def test_gray_coded_runs_ask_only_for_numbers_that_the_code_has():
    genes = GrayGenes(bits=6, low=-1, high=2)
    learner = run(start(GA(population=20, elites=2, encoding=genes)), 4)
    asked = learner.ask()
    np.testing.assert_array_equal(genes.represent(asked), asked)


def test_settings_are_json_and_name_the_operators():
    ga = GA(population=16, selection=Rank(1.5), crossover=None, encoding=GrayGenes(bits=8))
    settings = json.loads(json.dumps(ga.settings()))
    assert settings == {
        "learner": "GA",
        "population": 16,
        "selection": {"name": "Rank", "pressure": 1.5},
        "crossover": None,
        "mutation": {"name": "BitFlipMutation", "rate": None},
        "encoding": {"name": "GrayGenes", "bits": 8, "low": -4.0, "high": 4.0},
        "elites": 8,
        "hall_of_fame": 8,
    }
    assert json.dumps(GA().settings())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"population": 1}, "`GA` needs `population` of at least 2, got 1"),
        ({"elites": -1}, "`GA` needs `elites` of at least 0, got -1"),
        ({"population": 8, "elites": 8}, "fewer elites than individuals, got 8 elites in a popul"),
        ({"hall_of_fame": 0}, "`GA` needs `hall_of_fame` of at least 1, got 0"),
        ({"cxpb": 2.0}, r"`GA` needs a finite `cxpb` in \[0, 1\], got 2.0"),
        (
            {"mutation": BitFlipMutation()},
            "with RealGenes cannot use BitFlipMutation; use a mutation of real genes or GrayGenes",
        ),
        (
            {"encoding": GrayGenes(), "mutation": GaussianMutation()},
            "with GrayGenes cannot use GaussianMutation; use BitFlipMutation",
        ),
        (
            {"encoding": GrayGenes(), "crossover": BlendCrossover()},
            "with GrayGenes cannot use BlendCrossover; use OnePointCrossover, Two",
        ),
    ],
)
def test_wrong_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        GA(**settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"population": 10.5}, "`GA` needs a whole number for `population`, got 10.5"),
        ({"selection": "best"}, r"needs a selection such as Tournament\(3\) for `selection`, got"),
        ({"selection": Tournament}, "needs a selection such as .* got <class"),
        ({"crossover": 0.5}, r"needs a crossover such as UniformCrossover\(\) for `crossover`"),
        ({"mutation": 0.3}, r"needs a mutation such as GaussianMutation\(\) for `mutation`"),
        ({"encoding": "gray"}, "needs RealGenes or GrayGenes for `encoding`, got 'gray'"),
    ],
)
def test_settings_of_a_wrong_kind_are_refused(settings, message):
    with pytest.raises(TypeError, match=message):
        GA(**settings)


@pytest.mark.parametrize(
    ("initial", "message"),
    [
        (np.zeros((4, 3)), r"needs 5 chromosomes, axes \(individual, gene\), got shape \(4, 3\)"),
        (np.zeros(5), r"got shape \(5,\)"),
        (np.zeros((5, 0)), r"got shape \(5, 0\)"),
        (np.full((5, 3), np.nan), "needs finite genes, got nan in row 0, gene 0"),
    ],
)
def test_first_chromosomes_that_cannot_start_are_refused(initial, message, rng):
    with pytest.raises(ValueError, match=message):
        GA(population=5, elites=1).start(initial, rng)


def test_wrong_types_cannot_start(rng):
    ga = GA(population=5, elites=1)
    with pytest.raises(TypeError, match="a float32 or float64 array for `initial`, got int64"):
        ga.start(np.zeros((5, 3), np.int64), rng)
    with pytest.raises(TypeError, match="got list"):
        ga.start([[1.0]] * 5, rng)
    with pytest.raises(TypeError, match=r"needs a numpy.random.Generator for `rng`, got int; make"):
        ga.start(np.zeros((5, 3)), 1)


def test_telling_the_wrong_number_or_at_the_wrong_time_is_refused():
    learner = start(GA(population=5, elites=1))
    with pytest.raises(ValueError, match="`tell` needs chromosomes that were asked for; call"):
        learner.tell(np.zeros(5))
    with pytest.raises(ValueError, match="`best` needs an evaluated generation, got none"):
        learner.best  # noqa: B018 (the property raises)
    learner.ask()
    with pytest.raises(ValueError, match=r"`tell` needs 5 fitness values, .* got shape \(4,\)"):
        learner.tell(np.zeros(4))
    assert np.isnan(learner.fitness).all()


def test_a_state_of_another_run_is_refused():
    learner = run(start(GA(population=6, elites=1)), 2)
    with pytest.raises(ValueError, match="a state of the same settings, got `elites` 1 where"):
        start(GA(population=6, elites=2)).restore(learner.state())
    with pytest.raises(ValueError, match=r"needs a population of shape \(6, 4\) and type float64"):
        start(GA(population=6, elites=1), genes=4).restore(learner.state())
    broken = learner.state() | {"generator": '{"bit_generator": "os"}'}
    with pytest.raises(ValueError, match=r"needs one of PCG64, PCG64DXSM, .* got 'os'"):
        start(GA(population=6, elites=1)).restore(broken)
