"""DEAP's toolbox, both ways."""

import random

import numpy as np
import pytest
from deap import base, tools

from evornn.evolution import (
    GA,
    BlendCrossover,
    GaussianMutation,
    GrayGenes,
    Tournament,
    UniformCrossover,
    toolbox,
)
from evornn.evolution.individuals import individual_class


def deap_box(mate=tools.cxTwoPoint, **mate_settings):
    """A toolbox of DEAP's own operators."""
    box = base.Toolbox()
    box.register("select", tools.selTournament, tournsize=3)
    box.register("mate", mate, **mate_settings)
    box.register("mutate", tools.mutGaussian, mu=0.0, sigma=0.3, indpb=0.2)
    return box


def run(ga, generations, seed=4, genes=6):
    """A run on the sphere; the learner."""
    rng = np.random.default_rng(seed)
    learner = ga.start(rng.standard_normal((ga.population, genes)), rng)
    for _ in range(generations):
        learner.tell(-(learner.ask() ** 2).sum(1))
    return learner


def test_this_packages_operators_have_deaps_names_and_act_on_matrices(rng):
    ga = GA(
        selection=Tournament(2), crossover=UniformCrossover(1.0), mutation=GaussianMutation(0.5)
    )
    box = toolbox(ga, rng)
    population = rng.standard_normal((50, 8))
    before = population.copy()
    chosen = box.select(population, 30, np.arange(50.0))
    assert chosen.shape == (30, 8)
    assert (chosen[:, None] == population[None]).all(2).any(1).all()
    mothers, fathers = population[:25], population[25:]
    daughters, sons = box.mate(mothers, fathers)
    np.testing.assert_array_equal(
        np.sort([daughters, sons], axis=0), np.sort([mothers, fathers], axis=0)
    )
    assert not np.array_equal(daughters, mothers)
    (mutants,) = box.mutate(population)
    assert 0.4 < (mutants != population).mean() < 0.6
    np.testing.assert_array_equal(population, before)


def test_gray_coded_operators_are_in_the_toolbox_too(rng):
    ga = GA(encoding=GrayGenes(bits=8))
    population = ga.encoding.represent(rng.uniform(-4, 4, (9, 30)))
    box = toolbox(ga, rng)
    (mutants,) = box.mutate(population)
    assert (mutants != population).any(1).mean() > 0.2
    np.testing.assert_array_equal(ga.encoding.represent(mutants), mutants)
    daughters, _ = box.mate(population, population[::-1].copy())
    np.testing.assert_array_equal(ga.encoding.represent(daughters), daughters)


@pytest.mark.parametrize(
    "box",
    [
        deap_box(),
        deap_box(tools.cxOnePoint),
        deap_box(tools.cxUniform, indpb=0.3),
        deap_box(tools.cxBlend, alpha=0.3),
        deap_box(tools.cxSimulatedBinary, eta=10.0),
    ],
)
def test_a_users_own_deap_operators_learn(box):
    learner = run(GA(population=40, elites=2, toolbox=box, mutpb=0.6), 40)
    best = np.array(learner.logbook.select("best"))
    assert (np.diff(best) >= 0).all()
    assert best[-1] > 0.1 * best[0]  # both are negative
    np.testing.assert_allclose(learner.fitness, -(learner.population**2).sum(1))


def test_children_that_are_parents_unchanged_keep_their_fitness():
    ga = GA(population=100, elites=0, toolbox=deap_box(), cxpb=0.0, mutpb=0.3)
    learner = run(ga, 1)
    assert 10 < len(learner.ask()) < 60


def test_a_run_with_deaps_operators_is_reproducible_and_leaves_the_global_generators_alone():
    ga = GA(population=20, elites=2, toolbox=deap_box())
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 (DEAP's operators may use it)
    before = random.getstate(), np.random.get_state()  # noqa: NPY002
    one = run(ga, 6)
    assert random.getstate() == before[0]
    np.testing.assert_equal(np.random.get_state(), before[1])  # noqa: NPY002
    random.seed(2)
    np.random.seed(2)  # noqa: NPY002
    other = run(ga, 6)
    assert one.population.tobytes() == other.population.tobytes()
    assert run(ga, 6, seed=5).population.tobytes() != one.population.tobytes()


def test_operators_that_draw_from_numpy_are_reproducible_too():
    def mutate(individual):
        individual += np.random.normal(size=individual.size)  # noqa: NPY002
        return (individual,)

    box = deap_box()
    box.register("mutate", mutate)
    ga = GA(population=12, elites=1, toolbox=box, mutpb=1.0)
    one = run(ga, 4).population.tobytes()
    np.random.seed(9)  # noqa: NPY002 (another global state must not matter)
    assert run(ga, 4).population.tobytes() == one


def test_the_global_generators_are_restored_after_an_error():
    def fail(individual):
        raise RuntimeError("mine")

    box = deap_box()
    box.register("mutate", fail)
    before = random.getstate()
    with pytest.raises(RuntimeError, match="mine"):
        run(GA(population=6, elites=1, toolbox=box, mutpb=1.0), 2)
    assert random.getstate() == before


def test_a_run_with_deaps_operators_is_resumed_bit_for_bit():
    ga = GA(population=20, elites=2, toolbox=deap_box())
    learner = run(ga, 3)
    resumed = run(ga, 1, seed=8)
    resumed.restore(learner.state())
    for one in (learner, resumed):
        for _ in range(4):
            one.tell(-(one.ask() ** 2).sum(1))
    assert learner.population.tobytes() == resumed.population.tobytes()


@pytest.mark.parametrize("crossover", [tools.cxOnePoint, tools.cxTwoPoint])
def test_deaps_slicing_crossovers_lose_no_gene(crossover):
    make = individual_class()
    random.seed(3)
    for _ in range(20):
        mother, father = make(np.zeros(9)), make(np.ones(9))
        crossover(mother, father)
        np.testing.assert_array_equal(mother + father, np.ones(9))


def test_a_clone_has_its_own_genes_and_fitness():
    individual = individual_class()([1.0, 2.0])
    individual.fitness.values = (3.0,)
    clone = base.Toolbox().clone(individual)
    clone[0] = 9.0
    del clone.fitness.values
    assert list(individual) == [1.0, 2.0]
    assert individual.fitness.values == (3.0,)
    assert individual_class() is individual_class()


def test_a_toolbox_names_its_functions_in_the_settings():
    settings = GA(toolbox=deap_box(), mutpb=0.4).settings()
    assert settings["toolbox"]["select"] == "selTournament(tournsize=3)"
    assert settings["toolbox"]["mutate"] == "mutGaussian(indpb=0.2, mu=0.0, sigma=0.3)"
    assert (settings["cxpb"], settings["mutpb"]) == (0.5, 0.4)


def test_toolboxes_that_cannot_breed_are_refused():
    empty = base.Toolbox()
    with pytest.raises(ValueError, match="without select and mate and mutate; register them"):
        GA(toolbox=empty)
    with pytest.raises(ValueError, match="with a toolbox needs RealGenes for `encoding`"):
        GA(toolbox=deap_box(), encoding=GrayGenes())
    short = deap_box()
    short.register("select", lambda individuals, k: individuals[: k - 1])
    with pytest.raises(ValueError, match="needs `select` to return 5 individuals, got 4"):
        run(GA(population=6, elites=1, toolbox=short), 2)
    longer = deap_box()
    longer.register("mutate", lambda individual: (individual_class()([*individual, 1.0]),))
    with pytest.raises(ValueError, match=r"needs children of 6 genes, got shape \(7,\)"):
        run(GA(population=6, elites=1, toolbox=longer, cxpb=0.0, mutpb=1.0), 2)


def test_a_failure_does_not_upset_deaps_roulette():
    box = deap_box()
    seen = []

    def select(individuals, k):
        seen.extend(one.fitness.values[0] for one in individuals)
        return tools.selRoulette(individuals, k)

    box.register("select", select)
    ga = GA(population=20, elites=2, toolbox=box, cxpb=0.0, mutpb=0.2)
    learner = run(ga, 0)
    fitness = np.arange(1.0, 21.0)
    fitness[[3, 19]] = np.nan
    learner.ask()
    learner.tell(fitness)
    failed = learner.population[[3, 19]].copy()
    for _ in range(3):
        learner.tell(np.ones(len(learner.ask())))
    assert np.isfinite(seen).all()
    still = (learner.population[:, None] == failed).all(2).any(1)
    assert np.isneginf(learner.fitness[still]).all()  # and not the worst finite fitness
    assert not np.isneginf(learner.fitness[~still]).any()


def test_operators_that_blend_are_fine_with_settings_of_the_package(rng):
    box = toolbox(GA(crossover=BlendCrossover(1.0)), rng)
    mothers, fathers = np.zeros((4, 5)), np.ones((4, 5))
    daughters, sons = box.mate(mothers, fathers)
    np.testing.assert_allclose(daughters + sons, 1.0)
