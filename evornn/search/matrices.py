"""Recurrent matrices drawn once and scaled for every candidate that shares them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from evornn.reservoir import ESN
from evornn.reservoir.stack import Stack

MOST = 64  # matrices kept; the oldest goes first
SHAPING = ("units", "topology", "topology_settings", "density")


class Matrices:
    """A store of recurrent matrices with spectral radius 1.

    Eigenvalues cost more than the rest of a small reservoir's fit, and most candidates of a search
    differ in the radius, not in the connections. A matrix found here times the radius has the
    entries that drawing it with that radius gives, up to rounding.
    """

    def __init__(self) -> None:
        """Nothing is drawn yet."""
        self._known: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: another process draws its own."""
        return {}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """See `__getstate__`."""
        self._known, self._lock = {}, threading.Lock()

    def with_matrix(self, settings: Mapping[str, Any], seed: int) -> dict[str, Any]:
        """Settings of an `ESN` with the matrix in the place of topology, density and radius.

        Settings for several layers, without a radius, or with a given matrix stay as they are.

        Args:
            settings: Those of a network.
            seed: Of its weights.

        Raises:
            ValueError: If no such matrix can be drawn.
        """
        radius, topology = settings.get("spectral_radius"), settings.get("topology", "random")
        named = isinstance(topology, str) or callable(topology)
        whole = isinstance(settings.get("units", 0), int) and not settings.get("bidirectional")
        if not (radius and named and whole):
            return dict(settings)
        shaping = {name: settings[name] for name in SHAPING if name in settings}
        key = repr((sorted(shaping.items(), key=lambda item: item[0]), seed))
        with self._lock:
            found = self._known.get(key)
        if found is None:  # two threads may draw the same: they draw the same
            drawn = ESN(**shaping, spectral_radius=1.0, seed=seed).draw(1, 1).reservoir
            assert isinstance(drawn, Stack)
            found = drawn.layers[0].W
            with self._lock:
                self._known[key] = found
                while len(self._known) > MOST:
                    del self._known[next(iter(self._known))]
        others = {n: v for n, v in settings.items() if n not in (*SHAPING, "spectral_radius")}
        return {**others, "units": found.units, "topology": found.scaled(radius)}
