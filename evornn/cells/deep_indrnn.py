"""Deep independently recurrent networks, with residual connections."""

from __future__ import annotations

from evornn.cells.compose import stack
from evornn.cells.indrnn import indrnn
from evornn.checks import check_count, check_range
from evornn.flow import Normal, Uniform
from evornn.flow.trace import Cell


def recurrent_bounds(steps: int, magnitude: float = 2.0) -> tuple[float, float]:
    """The recurrent weights with which a unit's past neither vanishes nor explodes.

    After `steps` steps a past of size 1 has size `u ** steps`: between 1 / magnitude and
    magnitude for u between the two bounds.

    Args:
        steps: Length of the sequences, at least 1.
        magnitude: Largest growth over a whole sequence, above 1.

    Returns:
        Least weight of units that have to remember, and largest weight of any unit.

    Raises:
        TypeError: If `steps` is no whole number, or the magnitude no number.
        ValueError: If there is no step, or the magnitude is not above 1.

    Source: Li, Li, Cook, Zhu & Gao 2018 (CVPR, 5457), section 3.2 and the published programs.
    """
    check_count("recurrent_bounds", "steps", steps, 1)
    check_range("recurrent_bounds", "magnitude", magnitude, 1, above=True)
    return magnitude ** (-1 / steps), magnitude ** (1 / steps)


def deep_indrnn(
    layers: int,
    *,
    steps: int,
    residual: bool = True,
    magnitude: float = 2.0,
    weight_std: float | None = None,
) -> Cell:
    """A stack of `indrnn` cells whose recurrent weights start where gradients survive.

    The last layer's start in [1 / magnitude, magnitude]^(1 / steps), so that it remembers the
    whole sequence; those of the others between 0 and the upper bound, so that the layers below
    have every memory from none to all. From the second layer on a layer's output is added to its
    input (h_k + x_k, with the published batch normalisation left out: a step has no batch).

    Args:
        layers: At least 1; they share one size: `Network(deep_indrnn(6, steps=100), hidden=32)`.
            Without residual connections each may have its own.
        steps: Length of the sequences to be learned.
        residual: Whether layers are added to their input.
        magnitude: Largest growth of a unit's past over a sequence, above 1.
        weight_std: Standard deviation of the initial W; None: 1 / sqrt(fan-in). The adding
            problem was solved from 0.001.

    Raises:
        TypeError: If `layers` or `steps` is no whole number, or the magnitude no number.
        ValueError: If there is no layer or step, or the magnitude is not above 1.

    Source: Li, Li, Cook, Zhu & Gao 2018 (CVPR, 5457); residual: Li, Li, Cook, Gao & Zhu 2019 (arXiv
    1910.06251), section 4.
    """
    check_count("deep_indrnn", "layers", layers, 1)
    low, high = recurrent_bounds(steps, magnitude)
    weights = Normal(weight_std)
    below = indrnn.with_initial(u=Uniform(0.0, high), W=weights)
    last = indrnn.with_initial(u=Uniform(low, high), W=weights)
    cells = [below] * (layers - 1) + [last]
    return stack(*cells, skip="residual" if residual else None, name=f"deep_indrnn_{layers}")
