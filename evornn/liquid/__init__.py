"""Liquid state machines: spiking reservoirs with exact integration, and what reads them."""

from evornn.liquid.circuit import MAASS_2002 as MAASS_2002
from evornn.liquid.circuit import Circuit as Circuit
from evornn.liquid.circuit import Pathway as Pathway
from evornn.liquid.encoders import LatencyEncoder as LatencyEncoder
from evornn.liquid.encoders import PoissonEncoder as PoissonEncoder
from evornn.liquid.encoders import PopulationEncoder as PopulationEncoder
from evornn.liquid.encoders import RateEncoder as RateEncoder
from evornn.liquid.encoders import poisson_spikes as poisson_spikes
from evornn.liquid.encoders import regular_spikes as regular_spikes
from evornn.liquid.filters import CountFilter as CountFilter
from evornn.liquid.filters import ExponentialFilter as ExponentialFilter
from evornn.liquid.filters import FilterBank as FilterBank
from evornn.liquid.liquid import Activity as Activity
from evornn.liquid.liquid import Liquid as Liquid
from evornn.liquid.machine import LiquidStateMachine as LiquidStateMachine
from evornn.liquid.neurons import LIF as LIF
from evornn.liquid.neurons import AdaptiveLIF as AdaptiveLIF
from evornn.liquid.neurons import Izhikevich as Izhikevich
from evornn.liquid.segments import SegmentRecall as SegmentRecall
from evornn.liquid.segments import segment_recall as segment_recall
from evornn.liquid.spikes import Spikes as Spikes
from evornn.liquid.spikes import joined as joined
from evornn.liquid.wiring import Synapses as Synapses
from evornn.liquid.wiring import steady_efficacy as steady_efficacy
