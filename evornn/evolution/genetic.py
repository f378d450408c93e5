"""The genetic algorithm's settings."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from evornn.checks import check_count, check_range

from .breed import MapRanges, in_this_thread
from .crossover import NO_CROSSOVER, Crossover, CrossoverPlan, UniformCrossover
from .deap_operators import check_toolbox
from .genes import GrayGenes, RealGenes
from .memetic import INHERITANCE, LAMARCKIAN, Refine
from .mutation import BitFlipMutation, GaussianMutation, Mutation, MutationPlan
from .selection import Selection, Tournament

if TYPE_CHECKING:
    from .learner import GeneticLearner

_EXAMPLES = {
    "selection": "Tournament(3)",
    "crossover": "UniformCrossover()",
    "mutation": "GaussianMutation()",
}


@dataclass(frozen=True)
class GA:
    """A generational genetic algorithm with elitism.

    Each generation keeps the best individuals as they are and fills up with children: parents are
    selected, neighbours cross, every child mutates.

    Attributes:
        population: Individuals, at least 2.
        selection: Who becomes a parent.
        crossover: How two parents mix; None: not at all.
        mutation: How a child changes; None: the encoding's usual one, `GaussianMutation()` for real
            genes and `BitFlipMutation()` for Gray-coded ones.
        elites: How many of the best survive unchanged, 0 to population - 1.
        encoding: What a gene is.
        hall_of_fame: Best individuals ever that are remembered, at least 1.
        toolbox: A `deap.base.Toolbox` with a user's own select, mate and mutate; if given, it
            breeds instead of selection, crossover and mutation, one individual at a time, slower.
        cxpb: Chance of two neighbours to mate, for `toolbox` only.
        mutpb: Chance of a child to mutate, for `toolbox` only.
        refine: How individuals learn before they are evaluated, such as `BPTT(steps=5)`; None: not
            at all. Learning is charged in network-steps.
        inheritance: "lamarckian": children inherit what was learned; "baldwinian": learning only
            decides the fitness.
        refine_share: Share of the individuals that learn, the best ones, in (0, 1].
    """

    population: int = 512
    selection: Selection = field(default_factory=Tournament)
    crossover: Crossover | None = field(default_factory=UniformCrossover)
    mutation: Mutation | None = None
    elites: int = 8
    encoding: RealGenes | GrayGenes = field(default_factory=RealGenes)
    hall_of_fame: int = 8
    toolbox: Any = None
    cxpb: float = 0.5
    mutpb: float = 0.2
    refine: Refine | None = None
    inheritance: str = LAMARCKIAN
    refine_share: float = 1.0

    def __post_init__(self) -> None:
        """Refuse settings that cannot work, alone or together."""
        check_count("GA", "population", self.population, 2)
        check_count("GA", "elites", self.elites, 0)
        check_count("GA", "hall_of_fame", self.hall_of_fame, 1)
        check_range("GA", "cxpb", self.cxpb, 0.0, 1.0)
        check_range("GA", "mutpb", self.mutpb, 0.0, 1.0)
        if self.elites >= self.population:
            raise ValueError(
                f"`GA` needs fewer elites than individuals, got {self.elites} elites in a "
                f"population of {self.population}."
            )
        if not isinstance(self.encoding, RealGenes | GrayGenes):
            raise TypeError(
                f"`GA` needs RealGenes or GrayGenes for `encoding`, got {self.encoding!r}."
            )
        coded = self.encoding.on_bits
        if self.mutation is None:
            usual: Mutation = BitFlipMutation() if coded else GaussianMutation()
            object.__setattr__(self, "mutation", usual)
        self._check_operators(coded)
        self._check_refinement()
        if self.toolbox is not None:
            check_toolbox(self.toolbox)
            if coded:
                raise ValueError(
                    "`GA` with a toolbox needs RealGenes for `encoding`, got GrayGenes."
                )

    def _check_operators(self, coded: bool) -> None:
        """Refuse what is no operator, and operators that do not fit the encoding."""
        for name, method in (("selection", "draw"), ("crossover", "plan"), ("mutation", "plan")):
            operator = getattr(self, name)
            if name == "crossover" and operator is None:
                continue
            if isinstance(operator, type) or not callable(getattr(operator, method, None)):
                raise TypeError(
                    f"`GA` needs a {name} such as {_EXAMPLES[name]} for `{name}`, got {operator!r}."
                )
        if self._mutation.on_bits != coded:
            cure = "BitFlipMutation" if coded else "a mutation of real genes or GrayGenes"
            raise ValueError(
                f"`GA` with {type(self.encoding).__name__} cannot use "
                f"{type(self.mutation).__name__}; use {cure}."
            )
        if coded and self.crossover is not None and not self.crossover.on_bits:
            raise ValueError(
                f"`GA` with GrayGenes cannot use {type(self.crossover).__name__}; use "
                "OnePointCrossover, TwoPointCrossover or UniformCrossover."
            )

    def _check_refinement(self) -> None:
        """Refuse what cannot refine, an unknown inheritance, and no share."""
        able = callable(getattr(self.refine, "refiner", None))
        if self.refine is not None and (isinstance(self.refine, type) or not able):
            raise TypeError(
                "`GA` needs a way to compute gradients such as BPTT(steps=5) for `refine`, got "
                f"{self.refine!r}."
            )
        if self.inheritance not in INHERITANCE:
            raise ValueError(
                f'`GA` needs "lamarckian" or "baldwinian" for `inheritance`, got '
                f"{self.inheritance!r}."
            )
        check_range("GA", "refine_share", self.refine_share, 0.0, 1.0, above=True)

    @property
    def _mutation(self) -> Mutation:
        """The mutation, which is never None once the settings are made."""
        return cast(Mutation, self.mutation)

    def crossover_plan(self) -> CrossoverPlan:
        """The crossover as a kernel reads it."""
        if self.crossover is None:
            return CrossoverPlan(NO_CROSSOVER, 0.0, 0.0, np.uint64(0))
        return self.crossover.plan()

    def mutation_plan(self, genes: int) -> MutationPlan:
        """The mutation as a kernel reads it, for chromosomes of so many genes."""
        places = genes * self.encoding.bits if isinstance(self.encoding, GrayGenes) else genes
        return self._mutation.plan(places)

    def settings(self) -> dict[str, Any]:
        """All settings as JSON-able values; operators as their name and settings."""
        values: dict[str, Any] = {"learner": "GA", "population": int(self.population)}
        for name in ("selection", "crossover", "mutation", "encoding"):
            values[name] = _operator_settings(getattr(self, name))
        values["elites"] = int(self.elites)
        values["hall_of_fame"] = int(self.hall_of_fame)
        if self.toolbox is not None:
            values["toolbox"] = _toolbox_settings(self.toolbox)
            values["cxpb"], values["mutpb"] = float(self.cxpb), float(self.mutpb)
        if self.refine is not None:
            values["refine"] = self.refine.settings()
            values["inheritance"] = self.inheritance
            values["refine_share"] = float(self.refine_share)
        return values

    def start(
        self,
        initial: np.ndarray,
        rng: np.random.Generator,
        map_ranges: MapRanges = in_this_thread,
    ) -> GeneticLearner:
        """A learner at generation 0.

        Args:
            initial: First chromosomes, axes (individual, gene), float32 or float64; copied.
            rng: The run's generator, owned by the learner from now on.
            map_ranges: `map_ranges(function, rows)` calls `function(start, stop)` on ranges that
                cover the rows, on as many threads as it likes; results do not depend on them.

        Raises:
            TypeError: If `rng` is no generator or the chromosomes are neither float32 nor float64.
            ValueError: If the chromosomes have another shape or hold a NaN or an infinity.
        """
        from .learner import GeneticLearner

        return GeneticLearner(self, initial, rng, map_ranges)


def _operator_settings(operator: Any) -> dict[str, Any] | None:
    return None if operator is None else {"name": type(operator).__name__, **asdict(operator)}


def _toolbox_settings(box: Any) -> dict[str, str]:
    """What a toolbox's operators are, as far as text can tell: function and bound arguments."""
    described = {}
    for name in ("select", "mate", "mutate"):
        operator = getattr(box, name)
        function = getattr(operator, "func", operator)
        bound = [repr(value) for value in getattr(operator, "args", ())]
        keywords = getattr(operator, "keywords", {})
        bound += [f"{key}={value!r}" for key, value in sorted(keywords.items())]
        described[name] = f"{getattr(function, '__name__', repr(function))}({', '.join(bound)})"
    return described
