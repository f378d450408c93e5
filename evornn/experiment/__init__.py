"""Experiments: contenders, seeds, runs on disk."""

from evornn.experiment.experiment import Experiment as Experiment
from evornn.experiment.experiment import Outcome as Outcome
from evornn.experiment.store import RunFolderError as RunFolderError
