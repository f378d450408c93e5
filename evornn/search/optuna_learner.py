"""Optuna as a learner of hyper-parameters: ask for candidates, tell their fitness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evornn.checks import check_count
from evornn.search.genes import Choice, Gene

SAMPLERS = ("tpe", "random")


@dataclass(frozen=True)
class Optuna:
    """Search by Optuna, in the place of a genetic algorithm; needs the extra `optuna`.

    Every generation asks for some candidates at once, which are evaluated side by side. The
    sampler is made anew for each generation from the run's seed and all candidates so far, so that
    a run that is resumed goes on as if nothing had happened.

    Attributes:
        population: Candidates of a generation, at least 1.
        sampler: "tpe" (tree-structured Parzen estimator), or "random".
        startup: Candidates that are drawn at random before the sampler learns from them.

    Source: Akiba, Sano, Yanase, Ohta & Koyama 2019, Optuna (KDD); Bergstra, Bardenet, Bengio &
    Kegl 2011, Algorithms for hyper-parameter optimization (NIPS).
    """

    population: int = 8
    sampler: str = "tpe"
    startup: int = 10

    def __post_init__(self) -> None:
        """Refuse settings that cannot work."""
        check_count("Optuna", "population", self.population, 1)
        check_count("Optuna", "startup", self.startup, 1)
        if self.sampler not in SAMPLERS:
            raise ValueError(
                f"`Optuna` needs a `sampler` out of {', '.join(SAMPLERS)}, got {self.sampler!r}."
            )

    def settings(self) -> dict[str, Any]:
        """All settings as JSON-able values."""
        return {"learner": "Optuna", **vars(self)}

    def start(self, genes: Mapping[str, Gene], seed: np.random.SeedSequence) -> OptunaLearner:
        """A learner at generation 0.

        Args:
            genes: What is searched, by name.
            seed: Everything random follows from it.

        Raises:
            ImportError: If Optuna is not installed.
        """
        return OptunaLearner(self, genes, seed)


class OptunaLearner:
    """A search under way, made by `Optuna.start`; chromosomes are places in [0, 1].

    Attributes:
        generation: Number of the last generation told, from 0.
        evaluations: Candidates whose fitness has been told so far.
        population: Candidates of the last generation asked for, axes (individual, gene).
        fitness: Their fitness, axes (individual).
        step_sizes: One 0: nothing mutates.
    """

    def __init__(
        self, optuna: Optuna, genes: Mapping[str, Gene], seed: np.random.SeedSequence
    ) -> None:
        """See `Optuna.start`."""
        self._library = _optuna()
        self.optuna, self.genes = optuna, dict(genes)
        self._seed = seed.generate_state(4)
        self.generation = 0
        self.population = np.empty((0, len(self.genes)))
        self.fitness = np.empty(0)
        self.step_sizes = np.zeros(1)
        self._begun = False
        self._asked: list[Any] | None = None
        self._places = np.empty((0, len(self.genes)))  # of all candidates told
        self._values = np.empty(0)
        self._distributions = {name: self._distribution(g) for name, g in self.genes.items()}
        self._study = self._new_study()

    @property
    def evaluations(self) -> int:
        """Candidates whose fitness has been told so far."""
        return len(self._values)

    def ask(self) -> np.ndarray:
        """Candidates to be evaluated, axes (individual, gene); the same again before `tell`."""
        if self._asked is None:
            self._study.sampler = self._sampler(self._next)
            self._asked = [
                self._study.ask(self._distributions) for _ in range(self.optuna.population)
            ]
            rows = [[self._place(n, t.params[n]) for n in self.genes] for t in self._asked]
            self.population = np.array(rows, dtype=np.float64)
        return self.population

    def tell(self, fitness: np.ndarray) -> None:
        """Take the fitness of the candidates last asked for; larger is better.

        Raises:
            ValueError: If nothing was asked, or the number of values differs.
        """
        if self._asked is None or np.shape(fitness) != (len(self._asked),):
            raise ValueError("`tell` needs a fitness for each candidate of the last `ask`.")
        values = np.nan_to_num(np.asarray(fitness, dtype=np.float64), nan=0.0, neginf=0.0)
        for trial, value in zip(self._asked, values, strict=True):
            self._study.tell(trial, float(value))
        self.generation, self._begun = self._next, True
        self._places = np.concatenate([self._places, self.population])
        self._values = np.concatenate([self._values, values])
        self.fitness, self._asked = values, None

    @property
    def _next(self) -> int:
        """Number of the generation that is asked for next."""
        return self.generation + 1 if self._begun else 0

    def state(self) -> dict[str, Any]:
        """The whole state as arrays, for npz without pickle."""
        return {"places": self._places, "values": self._values}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state; what follows is bit-identical to what would have followed there.

        Raises:
            ValueError: If the state has other genes or generations of another size.
        """
        places, values = np.asarray(state["places"]), np.asarray(state["values"])
        size = self.optuna.population
        if places.shape != (len(values), len(self.genes)) or len(values) % size:
            raise ValueError(
                f"`restore` needs generations of {size} candidates with {len(self.genes)} genes, "
                f"got a state of shape {places.shape}."
            )
        self._study = self._new_study()
        for row, value in zip(places, values, strict=True):
            pairs = zip(self.genes, row, strict=True)
            self._study.add_trial(
                self._library.trial.create_trial(
                    params={name: self._parameter(name, place) for name, place in pairs},
                    distributions=self._distributions,
                    value=float(value),
                )
            )
        self._places, self._values, self._asked = places, values, None
        self._begun = len(values) > 0
        self.generation = max(0, len(values) // size - 1)
        if self._begun:
            self.population, self.fitness = places[-size:], values[-size:]

    def _new_study(self) -> Any:
        """An empty study in memory, which does not announce itself on the terminal."""
        logging = self._library.logging
        before = logging.get_verbosity()
        logging.set_verbosity(logging.WARNING)
        try:
            return self._library.create_study(direction="maximize", sampler=self._sampler(0))
        finally:
            logging.set_verbosity(before)

    def _sampler(self, generation: int) -> Any:
        entropy = [int(word) for word in self._seed]
        sequence = np.random.SeedSequence(entropy, spawn_key=(generation,))
        seed = int(sequence.generate_state(1)[0])
        samplers = self._library.samplers
        if self.optuna.sampler == "random":
            return samplers.RandomSampler(seed=seed)
        return samplers.TPESampler(seed=seed, n_startup_trials=self.optuna.startup)

    def _distribution(self, gene: Gene) -> Any:
        """Places in [0, 1] for numbers; a category for each option of a choice."""
        if isinstance(gene, Choice):
            options = list(range(len(gene.options)))
            return self._library.distributions.CategoricalDistribution(options)
        return self._library.distributions.FloatDistribution(0.0, 1.0)

    def _place(self, name: str, parameter: float) -> float:
        gene = self.genes[name]
        if isinstance(gene, Choice):
            return (parameter + 0.5) / len(gene.options)
        return float(parameter)

    def _parameter(self, name: str, place: float) -> float | int:
        gene = self.genes[name]
        if isinstance(gene, Choice):
            return int(place * len(gene.options))
        return float(place)


def _optuna() -> Any:
    """The library.

    Raises:
        ImportError: If it is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise ImportError(
            "`Optuna` needs the package optuna, which is not installed; pip install "
            "'evornn[optuna]'."
        ) from error
    return optuna
