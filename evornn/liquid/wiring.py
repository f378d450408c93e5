"""Synapses: who reaches whom, how strongly, how late, and how use changes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from evornn.liquid.per_item import per_item
from evornn.liquid.vectors import padded, padded_size

LONGEST = 2**20  # steps that a spike may be on its way: each of them takes memory


class Wiring(NamedTuple):
    """Synapses as the compiled loop reads them: those of a source side by side, in full registers.

    An entry is a synapse or, behind the last one of a source up to a full register, nothing.

    Attributes:
        first: Where each source's synapses begin, axes (source).
        fan: How many they are, axes (source).
        lane: Where the current arrives: the target, plus the number of rows if the weight is
            negative; axes (entry).
        delay: Steps, axes (entry).
        weight: nA, axes (entry).
        use: U, axes (entry); empty for static synapses.
        recovery: dt / D, axes (entry) or empty.
        facilitation: dt / F, axes (entry) or empty.
    """

    first: np.ndarray
    fan: np.ndarray
    lane: np.ndarray
    delay: np.ndarray
    weight: np.ndarray
    use: np.ndarray
    recovery: np.ndarray
    facilitation: np.ndarray


@dataclass(frozen=True, eq=False)
class Synapses:
    """Synapses between neurons, or from input channels to neurons.

    A spike adds weight times efficacy (nA) to the target's excitatory current if the weight is
    positive, to its inhibitory current if it is negative. The efficacy is 1 for static synapses; a
    dynamic synapse's is u R with, at the k-th spike, an interval after the one before,

    u_k = U + u_{k-1} (1 - U) exp(-interval / F),  u_1 = U
    R_k = 1 + (R_{k-1} - u_{k-1} R_{k-1} - 1) exp(-interval / D),  R_1 = 1

    Every argument but the first two is a number or has one entry for each synapse.

    Args:
        source: Neuron or channel that fires, whole numbers, axes (synapse).
        target: Neuron that is reached, whole numbers, axes (synapse).
        weight_nA: Of either sign.
        delay_ms: At least 0; rounded to whole steps.
        use: U in (0, 1]; None for static synapses, then the next two are None as well.
        recovery_ms: D, above 0.
        facilitation_ms: F, above 0.

    Raises:
        TypeError: If `source` or `target` hold no whole numbers.
        ValueError: If shapes do not fit, values are out of range, or only some of U, D, F are
            given.

    Source: Markram, Wang & Tsodyks 1998 (PNAS 95), as used by Maass, Natschlaeger &
    Markram 2002 (Neural Computation 14).
    """

    source: ArrayLike
    target: ArrayLike
    weight_nA: ArrayLike  # noqa: N815 (units as they are written)
    delay_ms: ArrayLike = 0.0
    use: ArrayLike | None = None
    recovery_ms: ArrayLike | None = None
    facilitation_ms: ArrayLike | None = None

    def __post_init__(self) -> None:
        """Check, and give every synapse its own entry."""
        ends = {}
        for name in ("source", "target"):
            values = np.asarray(getattr(self, name))
            values = values.astype(np.int64) if values.size == 0 else values
            if not np.issubdtype(values.dtype, np.integer):
                raise TypeError(f"`Synapses` needs whole numbers for `{name}`, got {values.dtype}.")
            if values.ndim != 1 or (values.size and values.min() < 0):
                raise ValueError(
                    f"`Synapses` needs `{name}` as a list of numbers of at least 0, got shape "
                    f"{values.shape}{f' and {values.min()}' if values.size else ''}."
                )
            ends[name] = values.astype(np.int64)
        count = len(ends["source"])
        if len(ends["target"]) != count:
            raise ValueError(
                "`Synapses` needs a source and a target for each synapse, got "
                f"{count} and {len(ends['target'])}."
            )
        given = [name for name in ("use", "recovery_ms", "facilitation_ms") if self._has(name)]
        if len(given) not in (0, 3):
            raise ValueError(
                "`Synapses` needs all of `use`, `recovery_ms` and `facilitation_ms`, or none for "
                f"static synapses, got {', '.join(given)}."
            )
        for name, low in (("weight_nA", -np.inf), ("delay_ms", 0.0)):
            values = per_item("Synapses", name, getattr(self, name), count, low, what="synapse")
            ends[name] = values
        for name in given:
            ends[name] = per_item(
                "Synapses", name, getattr(self, name), count, 0.0, above=True, what="synapse"
            )
        if "use" in given and (ends["use"] > 1.0).any():
            raise ValueError(f"`Synapses` needs `use` in (0, 1], got {ends['use'].max():g}.")
        for name, values in ends.items():
            values.setflags(write=False)
            object.__setattr__(self, name, values)

    def _has(self, name: str) -> bool:
        return getattr(self, name) is not None

    @classmethod
    def none(cls) -> Synapses:
        """No synapses at all."""
        return cls([], [], [])

    def __len__(self) -> int:
        """Number of synapses."""
        return len(np.asarray(self.source))

    @property
    def dynamic(self) -> bool:
        """Whether their efficacy depends on use."""
        return self.use is not None

    def compiled(
        self, name: str, sources: int, targets: int, dt_ms: float, dtype: np.dtype
    ) -> Wiring:
        """Arrays for the compiled loop with steps of `dt_ms`.

        Args:
            name: Of these synapses, for messages.
            sources: Number of neurons or channels that fire.
            targets: Number of neurons that are reached.
            dt_ms: The step.
            dtype: Of weights and efficacies.

        Raises:
            ValueError: If an end is not among the neurons or channels, or a delay too long.
        """
        source, target = np.asarray(self.source), np.asarray(self.target)
        for end, values, count in (("source", source, sources), ("target", target, targets)):
            if len(values) and values.max() >= count:
                raise ValueError(f"`{name}` needs each `{end}` below {count}, got {values.max()}.")
        delay = np.rint(np.asarray(self.delay_ms) / dt_ms)
        if len(delay) and delay.max() > LONGEST:
            raise ValueError(
                f"`{name}` needs each `delay_ms` of at most {LONGEST} steps, got "
                f"{np.max(self.delay_ms):g} ms in steps of {dt_ms:g} ms."
            )
        order = np.lexsort((target, source))
        fan = np.bincount(source, minlength=sources)
        first = np.concatenate([[0], np.cumsum(padded_size(fan))])
        # Each synapse's entry: its source's first one, and its place among that source's.
        nth = np.arange(len(order)) - np.repeat(np.cumsum(fan) - fan, fan)
        place = np.repeat(first[:-1], fan) + nth

        def spread(values: ArrayLike | None, kind: np.dtype = dtype) -> np.ndarray:
            if values is None:
                return np.empty(0, kind)
            entries = np.zeros(first[-1], kind)
            entries[place] = np.asarray(values)[order]
            return padded(entries)

        def rate(tau_ms: ArrayLike | None) -> np.ndarray | None:
            return None if tau_ms is None else dt_ms / np.asarray(tau_ms)

        weight = np.asarray(self.weight_nA)
        return Wiring(
            first=first[:-1].astype(np.int64),
            fan=fan.astype(np.int64),
            # Unsigned: Numba then leaves out its test for negative indices.
            lane=spread(target + padded_size(targets) * (weight < 0), np.dtype(np.uint32)),
            delay=spread(delay, np.dtype(np.uint32)),
            weight=spread(weight),
            use=spread(self.use),
            recovery=spread(rate(self.recovery_ms)),
            facilitation=spread(rate(self.facilitation_ms)),
        )


def steady_efficacy(
    rate_hz: ArrayLike, use: ArrayLike, recovery_ms: ArrayLike, facilitation_ms: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """U and R of a dynamic synapse after many spikes at a constant rate.

    Args:
        rate_hz: Of the spikes, above 0.
        use: U.
        recovery_ms: D.
        facilitation_ms: F.

    Source: the fixed point of Markram, Wang & Tsodyks 1998 (PNAS 95).
    """
    interval = 1000.0 / np.asarray(rate_hz, dtype=np.float64)
    kept = np.exp(-interval / np.asarray(facilitation_ms))
    u = np.asarray(use) / (1.0 - (1.0 - np.asarray(use)) * kept)
    lost = np.exp(-interval / np.asarray(recovery_ms))
    return u, (1.0 - lost) / (1.0 - (1.0 - u) * lost)
