"""Networks: a cell with sizes, a readout and weights; their chromosome and their files."""

from evornn.network.chromosome import Chromosome as Chromosome
from evornn.network.network import Network as Network
