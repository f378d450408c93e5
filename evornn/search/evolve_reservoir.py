"""Search a reservoir's settings or weights by evolution: a contender of an experiment."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from evornn.checks import check_count
from evornn.evolution import GA, GaussianMutation, RealGenes, reciprocal_mse
from evornn.evolution.found import Found
from evornn.evolution.run import PopulationRun
from evornn.search.described import described
from evornn.search.genes import Gene, check_genes, gene_settings
from evornn.search.optuna_learner import Optuna
from evornn.search.recorded import Answerer
from evornn.search.score import Scorer
from evornn.search.space import DEFAULT_GENES, Hyperparameters, Space, Weights, check_space
from evornn.stopping import Progress, Stop
from evornn.tasks.task import Task
from evornn.workers import Workers


def usual_learner() -> GA:
    """A small population whose genes stay in [0, 1]: every candidate is a whole fit."""
    return GA(
        population=32,
        elites=2,
        encoding=RealGenes(0.0, 1.0),
        mutation=GaussianMutation(rate=0.5, scale=0.15),
    )


class Searched(NamedTuple):
    """One row of a search's history.

    Attributes:
        generation: From 0.
        evaluations: Candidates evaluated so far.
        network_steps: Time steps of reservoirs computed so far, over draws and both parts.
        best_mse: Training error of the best candidate so far, its best draw; normalised units.
        median_mse: Median validation error of the population.
        validation_mse: Validation error of the best candidate so far, mean over its draws.
        best_fitness: 1 / (validation_mse + 1e-12).
        median_fitness: Median fitness of the population.
        step_size: Mean mutation step size.
        diversity: Mean over genes of the genes' standard deviation over the population.
        failed: Candidates so far that could not be drawn or fitted.
    """

    generation: int
    evaluations: int
    network_steps: int
    best_mse: float
    median_mse: float
    validation_mse: float
    best_fitness: float
    median_fitness: float
    step_size: float
    diversity: float
    failed: int


@dataclass(frozen=True)
class EvolveReservoir:
    """Search the settings of an echo state network, or its weights, on a task.

    A candidate's readout is fitted to the training part; its fitness is the reciprocal of its mean
    squared error on the validation part, mean over some random draws with the same settings. The
    draws' seeds are fixed for the run, so that a chromosome always has the same fitness. The result
    is the best candidate's draw with the least validation error.

        search = EvolveReservoir(
            {"units": 100},
            genes={
                "topology": Choice("random", "cycle", "delay-line"),
                "spectral_radius": Real(0.1, 1.5),
                "leak": Real(0.1, 1.0),
                "input_scaling": Log(0.05, 5.0),
                "density": Whole(2, 20),
                "ridge": Log(1e-9, 1e-1),
            },
            stop=Stop(generations=20),
        )
        Experiment(tasks.santa_fe_laser(), {"searched": search}).run()

    Attributes:
        reservoir: Settings of the `ESN` that stay as they are.
        genes: What is searched, by the name of a setting of `ESN`, of `LayerPlan` or of a topology,
            or "ridge", the readout's penalty. A setting that the candidate's topology does not take
            is silent there. None: `DEFAULT_GENES` without those that `reservoir` sets; with
            `weights` only "ridge", unless a readout is given.
        learner: The genetic algorithm, or `Optuna`. Free real genes are held in [0, 1], unless
            weights are searched.
        stop: When to end; its rule `mse` looks at the validation error.
        draws: Networks of different seeds whose errors make one fitness.
        weights: Whether the chromosome holds the weights of one network, drawn once: who hears whom
            stays, how strongly evolves.

    Raises:
        TypeError: If a setting is of another kind than needed.
        ValueError: If a gene is unknown or is fixed too, or two settings contradict each other.
    """

    reservoir: Mapping[str, Any] = field(default_factory=dict)
    genes: Mapping[str, Gene] | None = None
    learner: GA | Optuna = field(default_factory=usual_learner)
    stop: Stop = field(default_factory=lambda: Stop(generations=20))
    draws: int = 2
    weights: bool = False
    columns = Searched._fields

    def __post_init__(self) -> None:
        """Refuse what cannot be searched."""
        name = "EvolveReservoir"
        if not isinstance(self.reservoir, Mapping):
            raise TypeError(
                f"`{name}` needs an ESN's settings by name for `reservoir`, got {self.reservoir!r}."
            )
        kinds: dict[str, Any] = {"learner": GA | Optuna, "stop": Stop}
        for attribute, kind in kinds.items():
            if not isinstance(getattr(self, attribute), kind):
                needed = "a GA or Optuna" if attribute == "learner" else "a Stop"
                raise TypeError(
                    f"`{name}` needs {needed} for `{attribute}`, got {getattr(self, attribute)!r}."
                )
        check_count(name, "draws", self.draws, 1)
        self.stop.check_ends(name)
        if self.genes is not None:
            check_genes(name, self.genes)
        check_space(name, self.reservoir, self.searched, self.weights)
        self._check_learner(name)

    def _check_learner(self, name: str) -> None:
        if self.stop.learned is not None:
            raise ValueError(f"`{name}` knows no rule `learned`; use mse, which it judges by.")
        if isinstance(self.learner, Optuna):
            if self.weights:
                raise ValueError(f"`{name}` needs a GA to search among weights, got Optuna.")
            return
        if self.learner.refine is not None:
            raise ValueError(
                f"`{name}` fits readouts and cannot refine by gradients, got "
                f"refine={self.learner.refine!r}; leave it out."
            )
        if self.learner.encoding == RealGenes() and not self.weights:
            held = replace(self.learner, encoding=RealGenes(0.0, 1.0))
            object.__setattr__(self, "learner", held)

    @property
    def searched(self) -> dict[str, Gene]:
        """The genes, those by default included."""
        if self.genes is not None:
            return dict(self.genes)
        taken = {*self.reservoir, *(["ridge"] if "readout" in self.reservoir else [])}
        names = ("ridge",) if self.weights else tuple(DEFAULT_GENES)
        return {name: DEFAULT_GENES[name] for name in names if name not in taken}

    def settings(self, task: Task) -> dict[str, Any]:
        """Everything but the task and the seed that determines a run, JSON-able."""
        genes = {name: gene_settings(gene, described) for name, gene in self.searched.items()}
        return {
            "contender": "EvolveReservoir",
            "reservoir": described(self.reservoir),
            "genes": genes,
            "order": list(genes),
            "learner": self.learner.settings(),
            "stop": self.stop.settings(),
            "draws": int(self.draws),
            "weights": bool(self.weights),
        }

    def smoke(self) -> EvolveReservoir:
        """The same in seconds, to see that everything fits together: 4 candidates, 2 rounds."""
        smaller: dict[str, Any] = {"population": min(self.learner.population, 4)}
        if isinstance(self.learner, GA):
            smaller["elites"] = min(self.learner.elites, 1)
        learner = replace(self.learner, **smaller)
        return replace(self, learner=learner, stop=Stop(generations=1), draws=1)

    def start(self, task: Task, seed: np.random.SeedSequence, workers: Workers) -> ReservoirSearch:
        """A run on a task; everything random follows from the seed alone.

        Raises:
            ValueError: If the task has no validation part.
        """
        return ReservoirSearch(self, task, seed, workers)


class ReservoirSearch(PopulationRun):
    """One search under way.

    Attributes:
        reason: Why the run has ended, or None.
        elapsed_s: Seconds spent in `advance`.
    """

    contender: EvolveReservoir

    def __init__(
        self, contender: EvolveReservoir, task: Task, seed: np.random.SeedSequence, workers: Workers
    ) -> None:
        """See `EvolveReservoir.start`."""
        super().__init__(contender, Found())
        self.workers = workers
        first, later, networks = seed.spawn(3)
        drawn = networks.generate_state(contender.draws)
        seeds = [int(number) for number in drawn]
        genes = contender.searched
        self.space: Space
        if contender.weights:
            self.space = Weights(contender.reservoir, genes, seeds[0], task.inputs, task.outputs)
        else:
            self.space = Hyperparameters(contender.reservoir, genes, seeds)
        self.scorer = Scorer(self.space, task)
        self._sequences = [x for part in task.parts.values() for x in part.inputs]
        rng = np.random.default_rng(later)
        learner = contender.learner
        if isinstance(learner, Optuna):
            self.learner = learner.start(genes, later)
        else:
            initial = self.space.initial(np.random.default_rng(first), learner.population)
            self.learner = learner.start(initial, rng)
        self._train_error = np.inf

    @property
    def best(self) -> Answerer:
        """The best candidate's draw with the least validation error, fitted: the `model` in it.

        Raises:
            ValueError: Before the first generation.
        """
        return Answerer(self.scorer.best_draw(self._chromosome()), self._sequences)

    @property
    def best_settings(self) -> dict[str, Any]:
        """What the best candidate's genes stand for, by name.

        Raises:
            ValueError: Before the first generation.
        """
        genes, units = self.contender.searched, self._chromosome()
        return {
            name: gene.value(unit)
            for (name, gene), unit in zip(genes.items(), units[: len(genes)], strict=True)
        }

    def state(self) -> dict[str, Any]:
        """The whole state as arrays, numbers and text; what follows depends on nothing else."""
        return {**super().state(), "train_error": self._train_error}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state; what follows is bit-identical to what would have followed there.

        Raises:
            ValueError: If the learner's settings or the population's shape differ.
        """
        super().restore(state)
        self._train_error = state["train_error"]

    def advance(self) -> Searched:
        """Evaluate one generation; sets `reason` when the run has ended.

        Raises:
            ValueError: If no candidate of the first generation can be drawn or fitted; says why.
        """
        began = time.perf_counter()
        asked = self.learner.ask()
        errors, refused = self.scorer.errors(asked, self.workers)
        if self.found.best is None and not np.isfinite(errors).any():
            raise ValueError(f"no reservoir of the first generation works: {refused[0]}")
        self.found.failed += len(refused)
        candidate = asked[int(np.argmin(errors))].copy()
        self.learner.tell(reciprocal_mse(errors))
        self._look_at(candidate, float(errors.min()))
        self.found.elapsed_s += time.perf_counter() - began
        learner, now = self.learner, self._progress()
        self.reason = self.contender.stop.reason(now)
        fitness = float(np.median(learner.fitness))
        return Searched(
            learner.generation,
            now.evaluations,
            now.network_steps,
            self._train_error,
            max(0.0, 1.0 / fitness - 1e-12) if fitness > 0 else np.inf,
            self.found.best_error,
            float(reciprocal_mse(self.found.best_error)),
            fitness,
            float(learner.step_sizes.mean()),
            float(learner.population.std(axis=0).mean()),
            self.found.failed,
        )

    def _look_at(self, candidate: np.ndarray, error: float) -> None:
        """Remember a generation's best candidate, if it is better than all before."""
        if not error < self.found.best_error:
            return
        self.found.best, self.found.best_error = candidate, error
        self.found.best_generation = self.learner.generation
        train = self.scorer.train
        self._train_error = train.mse(self.best.predict(list(train.inputs)))

    def _progress(self) -> Progress:
        return Progress(
            self.learner.generation,
            self.learner.evaluations,
            self.found.elapsed_s,
            self.found.best_error,
            self.found.best_generation,
            None,
            self.scorer.steps_of(self.learner.evaluations),
        )
