"""Reservoirs: echo state networks, their topologies, and a node for reservoirpy's models."""

from typing import TYPE_CHECKING, Any

from evornn.reservoir.cell_reservoir import CellReservoir as CellReservoir
from evornn.reservoir.conceptor import Conceptor as Conceptor
from evornn.reservoir.conceptor import similarity as similarity
from evornn.reservoir.esn import ESN as ESN
from evornn.reservoir.genes import layer_genes as layer_genes
from evornn.reservoir.genes import with_layer_genes as with_layer_genes
from evornn.reservoir.layer import Layer as Layer
from evornn.reservoir.loaded import LoadedReservoir as LoadedReservoir
from evornn.reservoir.ngrc import NGRC as NGRC
from evornn.reservoir.plan import LayerPlan as LayerPlan
from evornn.reservoir.plasticity import intrinsic_plasticity as intrinsic_plasticity
from evornn.reservoir.spectrum import spectral_radius as spectral_radius
from evornn.reservoir.spectrum import with_radius as with_radius
from evornn.reservoir.topologies import TOPOLOGIES as TOPOLOGIES

if TYPE_CHECKING:
    from evornn.reservoir.node import Reservoir as Reservoir


def __getattr__(name: str) -> Any:
    # reservoirpy takes longer to import than all of this package: only who uses its models waits.
    if name == "Reservoir":
        from evornn.reservoir.node import Reservoir

        return Reservoir
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
