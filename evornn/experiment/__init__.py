"""Experiments: contenders, seeds, runs on disk."""

from evornn.experiment.conclusion import Outcome as Outcome
from evornn.experiment.experiment import Experiment as Experiment
from evornn.experiment.store import RunFolderError as RunFolderError
