"""Readouts: from the states of a network to its outputs, by regression."""

from evornn.readout.adapt import Adapted as Adapted
from evornn.readout.adapt import Readout as Readout
from evornn.readout.adapt import as_readout as as_readout
from evornn.readout.force import force as force
from evornn.readout.force import run_free as run_free
from evornn.readout.linear import LinearReadout as LinearReadout
from evornn.readout.lms import LMS as LMS
from evornn.readout.logistic import Logistic as Logistic
from evornn.readout.moments import Moments as Moments
from evornn.readout.online import OnlineReadout as OnlineReadout
from evornn.readout.ridge import Ridge as Ridge
from evornn.readout.rls import RLS as RLS
