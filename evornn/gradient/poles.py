"""What the synapses of a network of filters do: impulse responses, poles, and moving these."""

from __future__ import annotations

import numpy as np

from evornn.checks import check_count, check_range
from evornn.gradient.filter_kernels import impulse_responses
from evornn.gradient.filter_layers import filter_layers
from evornn.network import Network


def poles(network: Network, chromosome: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """The poles of every synapse of a stack of `iir` layers; inside the unit circle it is stable.

    The poles of synapse (k, m) are the roots z of z^n - v_1 z^(n - 1) - ... - v_n.

    Args:
        network: Of `iir` and `fir` layers; `fir` layers have no poles and are left out.
        chromosome: Axes (gene); None: the network's own weights.

    Returns:
        For each recursive layer, by the name of its matrix ("layer1_W"), axes (unit, input, pole),
        complex.

    Raises:
        ValueError: If the network is no stack of filters, or has no weights.
    """
    named = network.unpack(chromosome)
    return {
        layer.weights: _roots(layer.filters(named).v)
        for layer in filter_layers(network)
        if layer.lags
    }


def impulse_response(
    network: Network, steps: int, chromosome: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """The answer of every synapse to a single 1: what CRBP's errors run backwards through.

    Args:
        network: Of `iir` and `fir` layers.
        steps: Samples, at least 1.
        chromosome: Axes (gene); None: the network's own weights.

    Returns:
        For each layer, the readout included, by the name of its matrix, axes (unit, input, time).

    Raises:
        ValueError: If the network is no stack of filters, or has no weights.
    """
    check_count("impulse_response", "steps", steps, 1)
    named = network.unpack(chromosome)
    found = {}
    for layer in filter_layers(network):
        filters = layer.filters(named)
        found[layer.weights] = impulse_responses(filters.w, filters.v, steps)
    return found


def largest_pole(network: Network, chromosomes: np.ndarray) -> np.ndarray:
    """The largest modulus of any pole of each network, axes (network): below 1 all are stable.

    Args:
        network: Of `iir` and `fir` layers.
        chromosomes: Axes (network, gene).

    Returns:
        0 for a network without recursive synapses; NaN where weights are not finite.
    """
    found = np.zeros(len(chromosomes))
    for number, row in enumerate(np.asarray(chromosomes)):
        if not np.isfinite(row).all():
            found[number] = np.nan
            continue
        moduli = [np.abs(roots).max() for roots in poles(network, row).values()]
        found[number] = max(moduli, default=0.0)
    return found


def contract_poles(network: Network, chromosomes: np.ndarray, radius: float = 0.99) -> np.ndarray:
    """Chromosomes with every unstable synapse's poles drawn in until all lie within `radius`.

    v_p becomes v_p r^p, which multiplies each pole by r. Synapses whose poles lie within are
    unchanged, bit for bit. Call it after an update, as a projection onto stable networks.

    Args:
        network: Of `iir` and `fir` layers.
        chromosomes: Axes (network, gene); finite.
        radius: In (0, 1).

    Raises:
        ValueError: If the radius lies outside.
    """
    check_range("contract_poles", "radius", radius, 0.0, 1.0, above=True)
    contracted = np.array(chromosomes)
    layers = [layer for layer in filter_layers(network) if layer.lags]
    for row in contracted:
        named = network.unpack(row)
        for layer in layers:
            moduli = np.abs(_roots(layer.filters(named).v)).max(axis=-1)
            factor = np.minimum(1.0, radius / np.maximum(moduli, radius)).T.reshape(-1)
            for p, name in enumerate(layer.lags, start=1):
                address = network.map.addresses[name]
                free = (address >= 0) & (factor < 1)
                row[address[free]] *= (factor[free] ** p).astype(row.dtype)
    return contracted


def _roots(v: np.ndarray) -> np.ndarray:
    """Roots of z^n - v_1 z^(n - 1) - ... - v_n along the last axis: the companion's eigenvalues."""
    n = v.shape[-1]
    companion = np.zeros((*v.shape, n))
    companion[..., 0, :] = v
    companion[..., np.arange(1, n), np.arange(n - 1)] = 1.0
    return np.linalg.eigvals(companion).astype(np.complex128)
