"""Searching reservoirs, and models that are fitted once, as contenders of an experiment."""

from evornn.search.choose import Choose as Choose
from evornn.search.choose import every as every
from evornn.search.evolve_reservoir import EvolveReservoir as EvolveReservoir
from evornn.search.fit import Fit as Fit
from evornn.search.fitting import fit_model as fit_model
from evornn.search.genes import Choice as Choice
from evornn.search.genes import Log as Log
from evornn.search.genes import Real as Real
from evornn.search.genes import Whole as Whole
from evornn.search.models import Persistence as Persistence
from evornn.search.models import Windows as Windows
from evornn.search.optuna_learner import Optuna as Optuna
from evornn.search.recorded import RecordedAnswers as RecordedAnswers
