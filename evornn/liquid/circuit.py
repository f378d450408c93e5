"""Parameters of a random circuit, and the liquids drawn from them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from evornn.checks import check_count, check_range
from evornn.liquid.geometry import draw_connections, draw_inhibitory, grid_positions
from evornn.liquid.liquid import Liquid
from evornn.liquid.neurons import LIF
from evornn.liquid.wiring import Synapses


@dataclass(frozen=True)
class Pathway:
    """Synapses of one kind: from excitatory or inhibitory neurons to one of the two.

    Args:
        probability: Of a connection at distance 0 (the paper's C), in [0, 1].
        weight_nA: Mean weight; its sign is that of every synapse.
        use: Mean U in (0, 1]; None for static synapses.
        recovery_ms: Mean D, above 0.
        facilitation_ms: Mean F, above 0.
        delay_ms: At least 0.

    Raises:
        ValueError: If a value is out of range.
    """

    probability: float
    weight_nA: float  # noqa: N815 (units as they are written)
    use: float | None = None
    recovery_ms: float | None = None
    facilitation_ms: float | None = None
    delay_ms: float = 0.8

    def __post_init__(self) -> None:
        """Check the ranges that drawing relies on."""
        check_range("Pathway", "weight_nA", self.weight_nA, -math.inf)
        check_range("Pathway", "delay_ms", self.delay_ms, 0.0)
        if not 0.0 <= self.probability <= 1.0:
            raise ValueError(f"`Pathway` needs `probability` in [0, 1], got {self.probability}.")
        known = [v is not None for v in (self.use, self.recovery_ms, self.facilitation_ms)]
        if any(known) and not all(known):
            raise ValueError(
                "`Pathway` needs all of `use`, `recovery_ms` and `facilitation_ms`, or none."
            )


@dataclass(frozen=True)
class Circuit:
    """A box of neurons whose connections and parameters are drawn at random.

    Each pair of numbers is (least, most) of a uniform draw for each neuron. Weights are drawn from
    a gamma distribution, so that they keep their sign. U, D and F come from a normal one, and
    values that are not positive from a uniform one between 0 and twice the mean; U is at most 1.

    Args:
        shape: Neurons along the three sides of the box.
        inhibitory_share: Share of inhibitory neurons, in [0, 1].
        length: Distance over which connections become unlikely (the paper's lambda).
        excitatory_to_excitatory: And the three below: the kinds of synapses.
        excitatory_to_inhibitory: See above.
        inhibitory_to_excitatory: See above.
        inhibitory_to_inhibitory: See above.
        input_to_excitatory: Synapses of the input channels; their `probability` does not depend
            on distance.
        input_to_inhibitory: See above.
        tau_ms: Membrane time constant.
        resistance_MOhm: Membrane resistance.
        threshold_mV: Potential at which a neuron fires.
        reset_mV: Least and most of the potential after a spike.
        start_mV: Least and most of the potential at the start.
        background_nA: Least and most of the constant current.
        refractory_excitatory_ms: Of excitatory neurons.
        refractory_inhibitory_ms: Of inhibitory neurons.
        tau_excitatory_ms: Decay of excitatory currents.
        tau_inhibitory_ms: Decay of inhibitory currents.
        weight_spread: SD of the weights over their mean.
        dynamics_spread: SD of U, D, F over their means.

    The defaults are `MAASS_2002`.
    """

    shape: tuple[int, int, int] = (3, 3, 15)
    inhibitory_share: float = 0.2
    length: float = 2.0
    excitatory_to_excitatory: Pathway = Pathway(0.3, 30.0, 0.5, 1100.0, 50.0, delay_ms=1.5)
    excitatory_to_inhibitory: Pathway = Pathway(0.2, 60.0, 0.05, 125.0, 1200.0)
    inhibitory_to_excitatory: Pathway = Pathway(0.4, -19.0, 0.25, 700.0, 20.0)
    inhibitory_to_inhibitory: Pathway = Pathway(0.1, -19.0, 0.32, 144.0, 60.0)
    input_to_excitatory: Pathway = Pathway(0.3, 18.0)
    input_to_inhibitory: Pathway = Pathway(0.3, 9.0)
    tau_ms: float = 30.0
    resistance_MOhm: float = 1.0  # noqa: N815
    threshold_mV: float = 15.0  # noqa: N815
    reset_mV: tuple[float, float] = (13.8, 14.5)  # noqa: N815
    start_mV: tuple[float, float] = (13.5, 14.9)  # noqa: N815
    background_nA: tuple[float, float] = (13.5, 14.5)  # noqa: N815
    refractory_excitatory_ms: float = 3.0
    refractory_inhibitory_ms: float = 2.0
    tau_excitatory_ms: float = 3.0
    tau_inhibitory_ms: float = 6.0
    weight_spread: float = 0.7
    dynamics_spread: float = 0.5

    def with_settings(self, **settings: object) -> Circuit:
        """A copy with some parameters changed."""
        return replace(self, **settings)  # type: ignore[arg-type]

    def draw(
        self, seed: int, inputs: int = 1, *, dt_ms: float = 0.2, dtype: str = "float64"
    ) -> Liquid:
        """A liquid of this kind.

        Args:
            seed: Of everything that is random; at least 0.
            inputs: Number of input channels.
            dt_ms: Step of the simulation.
            dtype: "float64" or "float32".

        Raises:
            ValueError: If a parameter is out of its range.
        """
        check_count("Circuit.draw", "seed", seed, 0)
        check_count("Circuit.draw", "inputs", inputs, 1)
        check_range("Circuit", "weight_spread", self.weight_spread, 0.0)
        check_range("Circuit", "dynamics_spread", self.dynamics_spread, 0.0)
        if not 0.0 <= self.inhibitory_share <= 1.0:
            raise ValueError(
                f"`Circuit` needs `inhibitory_share` in [0, 1], got {self.inhibitory_share}."
            )
        rng = np.random.default_rng(np.random.SeedSequence(seed))
        positions = grid_positions(self.shape)
        count = len(positions)
        inhibitory = draw_inhibitory(count, self.inhibitory_share, rng)
        kind = inhibitory.astype(int)
        pathways = (
            (self.excitatory_to_excitatory, self.excitatory_to_inhibitory),
            (self.inhibitory_to_excitatory, self.inhibitory_to_inhibitory),
        )
        chances = np.array([[p.probability for p in row] for row in pathways])
        ends = draw_connections(positions, chances[kind[:, None], kind], self.length, rng)
        recurrent = self._synapses(*ends, kind[ends[0]], kind[ends[1]], pathways, rng)
        entry = (self.input_to_excitatory, self.input_to_inhibitory)
        chance = np.array([p.probability for p in entry])[kind]
        source, target = np.nonzero(rng.random((inputs, count)) < chance)
        first = np.zeros(len(source), int)
        incoming = self._synapses(source, target, first, kind[target], (entry,), rng)
        neurons = LIF(
            tau_ms=self.tau_ms,
            resistance_MOhm=self.resistance_MOhm,
            threshold_mV=self.threshold_mV,
            reset_mV=rng.uniform(*self.reset_mV, count),
            refractory_ms=np.where(
                inhibitory, self.refractory_inhibitory_ms, self.refractory_excitatory_ms
            ),
            background_nA=rng.uniform(*self.background_nA, count),
            start_mV=rng.uniform(*self.start_mV, count),
        )
        return Liquid(
            neurons,
            count,
            recurrent,
            incoming,
            inputs,
            dt_ms=dt_ms,
            tau_excitatory_ms=self.tau_excitatory_ms,
            tau_inhibitory_ms=self.tau_inhibitory_ms,
            positions=positions,
            inhibitory=inhibitory,
            dtype=dtype,
        )

    def _synapses(
        self,
        source: np.ndarray,
        target: np.ndarray,
        from_kind: np.ndarray,
        to_kind: np.ndarray,
        pathways: tuple[tuple[Pathway, Pathway], ...],
        rng: np.random.Generator,
    ) -> Synapses:
        """Synapses with drawn parameters; the means are those of the two ends' kinds."""

        def means(name: str) -> np.ndarray:
            table = np.array([[getattr(p, name) for p in row] for row in pathways], dtype=float)
            return table[from_kind, to_kind]

        weight = means("weight_nA")
        if self.weight_spread > 0:
            shape = self.weight_spread**-2.0
            weight = weight * rng.gamma(shape, 1.0 / shape, len(weight))
        dynamic = {p.use is not None for row in pathways for p in row}
        if len(dynamic) > 1:
            raise ValueError("`Circuit` needs dynamic synapses in all pathways, or in none.")
        names = ("use", "recovery_ms", "facilitation_ms") if dynamic == {True} else ()
        drawn = {name: _positive(means(name), self.dynamics_spread, rng) for name in names}
        if names:
            drawn["use"] = np.minimum(drawn["use"], 1.0)
        return Synapses(source, target, weight, means("delay_ms"), **drawn)


def _positive(mean: np.ndarray, spread: float, rng: np.random.Generator) -> np.ndarray:
    """Normal numbers of SD `spread` times the mean; uniform in (0, 2 mean] where not positive."""
    drawn = mean * (1.0 + spread * rng.standard_normal(len(mean)))
    other = 2.0 * mean * (1.0 - rng.random(len(mean)))
    return np.where(drawn > 0.0, drawn, other)


MAASS_2002 = Circuit()
"""The liquid of Maass, Natschlaeger & Markram 2002 (Neural Computation 14).

135 neurons in a 3 x 3 x 15 box, 20 % of them inhibitory, constants as in the authors' toolbox. Its
input synapses are static, and an input channel reaches 30 % of the neurons.
"""
