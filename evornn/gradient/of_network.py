"""What gradient kernels know of a network: its weights, its genes, how many lanes suit it."""

from __future__ import annotations

import numpy as np

from evornn.network import Network
from evornn.simd.gradient_kernel import Weights
from evornn.simd.lanes import default_lanes
from evornn.simd.sums import LANES_TOGETHER


def weights_of(network: Network) -> Weights:
    """What kernels know of a network's weights."""
    return Weights(network.sizes, network.map.addresses, network.map.constants, network.dtype)


def unit_lanes(network: Network) -> int:
    """Lanes of a register for the rows of one network: no wider than its widest vector."""
    widest = max(network.sizes.values())
    return lanes_for(2 * widest, default_lanes(network.dtype))


def checked_genes(network: Network, chromosomes: np.ndarray) -> np.ndarray:
    """A copy of the chromosomes, axes (network, gene), as kernels read them.

    Raises:
        ValueError: Another number of genes.
    """
    genes = np.array(chromosomes, dtype=network.dtype, order="C", ndmin=2)
    if genes.ndim != 2 or genes.shape[1] != network.genes or len(genes) == 0:
        raise ValueError(
            f"a gradient of this network needs axes (network, {network.genes}), got shape "
            f"{np.shape(chromosomes)}"
        )
    return genes


def lanes_for(count: int, full: int) -> int:
    """Lanes of a register for so many networks or sequences: two blocks, if they are half full.

    Half a register's work costs nearly as much as a whole one's; but two threads share two blocks.
    """
    lanes = full
    while lanes > 4 and count <= lanes:
        lanes //= 2
    return max(lanes, LANES_TOGETHER)
