"""The genetic algorithm as a learner: ask for chromosomes, tell their fitness."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .breed import Children, MapRanges, breed, in_this_thread
from .deap_operators import vary
from .fitness import sanitised
from .generator_state import generator_from_json, generator_to_json
from .record import (
    COLUMNS,
    fame_arrays,
    load_fame,
    load_logbook,
    logbook_columns,
    new_fame,
    new_logbook,
    new_statistics,
    remember,
)

if TYPE_CHECKING:
    from .genetic import GA

StateValue = np.ndarray | int | float | str


class GeneticLearner:
    """A population under a genetic algorithm, made by `GA.start`.

    Attributes:
        ga: The settings.
        generation: Number of the generation that `population` holds, from 0.
        evaluations: Chromosomes whose fitness has been told so far.
        hall_of_fame: The best chromosomes ever, a `deap.tools.HallOfFame`.
        logbook: One row a generation, a `deap.tools.Logbook` with the columns gen, nevals, best,
            mean (over finite fitness), worst and step (mean step size; 0 where there is none).
    """

    def __init__(
        self,
        ga: GA,
        initial: np.ndarray,
        rng: np.random.Generator,
        map_ranges: MapRanges = in_this_thread,
    ) -> None:
        """See `GA.start`."""
        _check_initial(initial, ga.population)
        if not isinstance(rng, np.random.Generator):
            raise TypeError(
                f"`GA.start` needs a numpy.random.Generator for `rng`, got {type(rng).__name__}; "
                "make one with numpy.random.default_rng(seed)."
            )
        self.ga = ga
        self.generation = 0
        self.evaluations = 0
        self.hall_of_fame = new_fame(ga.hall_of_fame)
        self.logbook = new_logbook()
        self._statistics = new_statistics()
        self._rng = rng
        self._map_ranges = map_ranges
        self._population = np.ascontiguousarray(ga.encoding.represent(initial))
        step = 0.0 if ga.toolbox is not None else ga.mutation_plan(initial.shape[1]).step
        self._steps = np.full(ga.population, step)
        self._fitness: np.ndarray | None = None  # None: generation 0 waits to be evaluated
        # Two generations' memory, used in turn: fresh pages each time cost as much as the breeding.
        self._next_population = np.empty_like(self._population)
        self._next_steps = self._steps.copy()
        self._next_fitness = np.empty(ga.population)  # of the children; NaN: to be evaluated
        self._asked: np.ndarray | None = None
        self._rng_before = generator_to_json(rng)

    @property
    def population(self) -> np.ndarray:
        """Chromosomes of the current generation, axes (individual, gene); valid until `tell`."""
        return self._population

    @property
    def fitness(self) -> np.ndarray:
        """Fitness of the current generation, axes (individual); NaN before it is first told."""
        if self._fitness is None:
            return np.full(self.ga.population, np.nan)
        return self._fitness

    @property
    def step_sizes(self) -> np.ndarray:
        """Mutation step size of each individual, axes (individual); 0 where there is none."""
        return self._steps

    @property
    def best(self) -> tuple[np.ndarray, float]:
        """The best chromosome ever, axes (gene), a copy, and its fitness.

        Raises:
            ValueError: Before any fitness is told.
        """
        if self._fitness is None:
            raise ValueError("`best` needs an evaluated generation, got none; call `tell` first.")
        if len(self.hall_of_fame) == 0:  # every individual failed
            return self._population[0].copy(), -np.inf
        return np.array(self.hall_of_fame[0]), self.hall_of_fame[0].fitness.values[0]

    def ask(self) -> np.ndarray:
        """Chromosomes to be evaluated, axes (individual, gene).

        Generation 0: all. Later: the children, without those that are their parent unchanged; the
        elites never return. Asking again before `tell` gives the same array. Its memory is used
        again two generations later: copy what is to be kept.
        """
        if self._asked is None:
            self._rng_before = generator_to_json(self._rng)
            self._asked = self._population if self._fitness is None else self._breed()
        return self._asked

    def tell(self, fitness: np.ndarray, learned: np.ndarray | None = None) -> None:
        """Take the fitness of the chromosomes last asked for, and step to the next generation.

        Args:
            fitness: Axes (individual), in the order of `ask`; larger is better, and whatever is not
                finite counts as worst.
            learned: Chromosomes that take the place of those asked for, axes (individual, gene):
                Lamarckian inheritance.

        Raises:
            ValueError: If nothing was asked, or the number of values or chromosomes differs.
        """
        if self._asked is None:
            raise ValueError("`tell` needs chromosomes that were asked for; call `ask` first.")
        told = sanitised(fitness)
        if told.shape != (len(self._asked),):
            raise ValueError(
                f"`tell` needs {len(self._asked)} fitness values, one for each chromosome of the "
                f"last `ask`, got shape {told.shape}."
            )
        if learned is not None:
            self._inherit(learned)
        remember(self.hall_of_fame, self._asked, told)
        if self._fitness is None:
            self._fitness = told
        else:
            self._replace(told)
            self.generation += 1
        self.evaluations += len(told)
        self._asked = None
        self._rng_before = generator_to_json(self._rng)
        self.logbook.record(
            gen=self.generation,
            nevals=len(told),
            step=float(self._steps.mean()),
            **self._statistics.compile([self._fitness]),
        )

    def _breed(self) -> np.ndarray:
        """Write the children into the next generation's memory; return those to be evaluated."""
        ga = self.ga
        assert self._fitness is not None
        elites, count = ga.elites, ga.population - ga.elites
        rows, known = self._next_population[elites:], self._next_fitness[elites:]
        if ga.toolbox is not None:
            rows[:], known[:] = vary(
                ga.toolbox, self._population, self._fitness, count, ga.cxpb, ga.mutpb, self._rng
            )
        else:
            parents = ga.selection.draw(self._fitness, count + count % 2, self._rng)
            children = Children(rows, self._next_steps[elites:], np.empty(count, np.bool_))
            breed(
                self._population,
                self._steps,
                parents,
                ga.crossover_plan(),
                ga.mutation_plan(rows.shape[1]),
                ga.encoding,
                self._rng,
                children,
                self._map_ranges,
            )
            known[:] = np.where(children.fresh, np.nan, self._fitness[parents[:count]])
        if not np.isnan(known).any():
            known[0] = np.nan  # nothing new: evaluate one again rather than ask for nothing
        return rows if np.isnan(known).all() else rows[np.isnan(known)]

    def _inherit(self, learned: np.ndarray) -> None:
        """Put learned chromosomes in the place of those asked for."""
        assert self._asked is not None
        if learned.shape != self._asked.shape:
            raise ValueError(
                f"`tell` needs learned chromosomes of shape {self._asked.shape}, got "
                f"{learned.shape}."
            )
        if self._fitness is None:
            self._population[:] = learned
        else:
            waiting = np.isnan(self._next_fitness[self.ga.elites :])
            self._next_population[self.ga.elites :][waiting] = learned
        self._asked = learned

    def _replace(self, told: np.ndarray) -> None:
        """Put elites and children in the place of the population."""
        assert self._fitness is not None
        elites = self.ga.elites
        survivors = np.argsort(-self._fitness, kind="stable")[:elites]
        self._next_population[:elites] = self._population[survivors]
        self._next_steps[:elites] = self._steps[survivors]
        self._next_fitness[:elites] = self._fitness[survivors]
        known = self._next_fitness[elites:]
        known[np.isnan(known)] = told
        self._population, self._next_population = self._next_population, self._population
        self._steps, self._next_steps = self._next_steps, self._steps
        self._fitness, self._next_fitness = self._next_fitness, self._fitness

    def state(self) -> dict[str, StateValue]:
        """The whole state as arrays, numbers and text, for npz and JSON without pickle.

        Between `ask` and `tell` it is the state before `ask`, which then asks for the same again.
        """
        rows, values = fame_arrays(
            self.hall_of_fame, self._population.shape[1], self._population.dtype
        )
        return {
            "settings": json.dumps(self.ga.settings(), sort_keys=True),
            "generation": self.generation,
            "evaluations": self.evaluations,
            "evaluated": int(self._fitness is not None),
            "generator": self._rng_before,
            "population": self._population.copy(),
            "fitness": self.fitness.copy(),
            "step_sizes": self._steps.copy(),
            "fame_population": rows,
            "fame_fitness": values,
            **{f"log_{name}": values for name, values in logbook_columns(self.logbook).items()},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state; what follows is bit-identical to what would have followed there.

        Args:
            state: From `state`, of a learner with the same settings and genes.

        Raises:
            ValueError: If the settings or the population's shape or type differ.
        """
        mine, theirs = self.ga.settings(), json.loads(str(state["settings"]))
        differing = [name for name in mine | theirs if mine.get(name) != theirs.get(name)]
        if differing:
            name = differing[0]
            raise ValueError(
                f"`restore` needs a state of the same settings, got `{name}` {theirs.get(name)} "
                f"where this learner has {mine.get(name)}."
            )
        population = np.asarray(state["population"])
        if population.shape != self._population.shape or population.dtype != self._population.dtype:
            raise ValueError(
                f"`restore` needs a population of shape {self._population.shape} and type "
                f"{self._population.dtype}, got {population.shape} and {population.dtype}."
            )
        self._population[:] = population
        self._steps[:] = state["step_sizes"]
        evaluated = int(state["evaluated"])
        self._fitness = np.array(state["fitness"], dtype=np.float64) if evaluated else None
        self.generation, self.evaluations = int(state["generation"]), int(state["evaluations"])
        self._rng = generator_from_json(str(state["generator"]))
        self._rng_before, self._asked = str(state["generator"]), None
        self.hall_of_fame = load_fame(
            self.ga.hall_of_fame,
            np.asarray(state["fame_population"]),
            np.asarray(state["fame_fitness"]),
        )
        self.logbook = load_logbook({name: state[f"log_{name}"] for name in COLUMNS})


def _check_initial(initial: Any, count: int) -> None:
    """Refuse first chromosomes that cannot start a run."""
    if not isinstance(initial, np.ndarray) or initial.dtype not in (np.float32, np.float64):
        came = initial.dtype if isinstance(initial, np.ndarray) else type(initial).__name__
        raise TypeError(f"`GA.start` needs a float32 or float64 array for `initial`, got {came}.")
    if initial.ndim != 2 or len(initial) != count or initial.shape[1] == 0:
        raise ValueError(
            f"`GA.start` needs {count} chromosomes, axes (individual, gene), got shape "
            f"{initial.shape}; draw as many rows as `population` says."
        )
    if not np.isfinite(initial).all():
        row, gene = np.argwhere(~np.isfinite(initial))[0]
        raise ValueError(
            f"`GA.start` needs finite genes, got {initial[row, gene]} in row {row}, gene {gene}."
        )
