"""Networks: a cell with sizes, a readout and weights; their chromosome and their files."""

from evornn.network.bidirectional import Bidirectional as Bidirectional
from evornn.network.chromosome import Chromosome as Chromosome
from evornn.network.impulse import Unrolled as Unrolled
from evornn.network.impulse import is_finite_impulse as is_finite_impulse
from evornn.network.impulse import memory as memory
from evornn.network.impulse import unroll as unroll
from evornn.network.network import Network as Network
