"""DEAP individuals made of rows of the population, safe for DEAP's own operators."""

from __future__ import annotations

from typing import Any

import numpy as np


class Chromosome(np.ndarray):
    """One chromosome, axes (gene), whose slices are copies.

    DEAP's crossovers exchange slices (`a[i:j], b[i:j] = b[i:j], a[i:j]`), which silently loses
    genes when a slice is a view, as it is in a plain NumPy array.
    """

    def __new__(cls, genes: Any) -> Chromosome:
        """A copy of the genes, never a view."""
        return np.array(genes).view(cls)

    def __getitem__(self, key: Any) -> Any:
        """A gene, or a copy of some genes."""
        found = super().__getitem__(key)
        return found.copy() if isinstance(found, np.ndarray) else found

    def __deepcopy__(self, memo: dict[int, Any] | None) -> Chromosome:
        """A copy with its own fitness, as `toolbox.clone` needs it."""
        from copy import deepcopy

        copy = type(self)(self)
        copy.__dict__.update(deepcopy(self.__dict__, memo))
        return copy


def individual_class() -> Any:
    """The class of DEAP individuals, with a `fitness` to be maximised; made once a process.

    DEAP keeps such classes as globals of `deap.creator`; these are named `EvornnFitness` and
    `EvornnIndividual`, and asking again returns the same ones.
    """
    from deap import base, creator

    if not hasattr(creator, "EvornnFitness"):
        creator.create("EvornnFitness", base.Fitness, weights=(1.0,))
    if not hasattr(creator, "EvornnIndividual"):
        creator.create("EvornnIndividual", Chromosome, fitness=creator.EvornnFitness)
    return creator.EvornnIndividual
