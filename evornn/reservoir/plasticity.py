"""Intrinsic plasticity: each unit learns gain and shift, until its outputs have a wanted spread."""

# Numba types jitted functions at their first call; mypy takes an intrinsic for its Python body.
# mypy: allow-untyped-defs, no-warn-unreachable
# mypy: disable-error-code="call-arg,var-annotated,arg-type"

from __future__ import annotations

from evornn.compiled import kernel
from evornn.reservoir.layer import Layer
from evornn.reservoir.series import Series, as_series, check_washout
from evornn.reservoir.update import advance


@kernel
def _adapt(form, memory, drive, washout, mu, sigma, rate):
    """Run over a driven series, changing gain and shift after each step; whether it went well."""
    x, v, z, _ = memory
    gain, shift = form.gain, form.shift
    for t in range(drive.shape[0]):
        for i in range(drive.shape[1]):
            z[i] = drive[t, i]
        advance(form, memory)
        if t < washout:
            continue
        for i in range(drive.shape[1]):
            y = x[i]
            if form.activation == 0:
                slope = mu / sigma**2 - y / sigma**2 * (2 * sigma**2 + 1 - y * y + mu * y)
            else:
                slope = 1 - (2 + 1 / mu) * y + y * y / mu
            gain[i] += rate * (1 / gain[i] + slope * v[i])
            shift[i] += rate * slope
            if not gain[i] > 0:  # the rule holds for positive gains; NaN ends here too
                return False
    return True


def intrinsic_plasticity(
    layer: Layer,
    inputs: Series,
    *,
    mu: float = 0.0,
    sigma: float = 0.2,
    rate: float = 5e-4,
    epochs: int = 1,
    washout: int = 0,
) -> Layer:
    """A layer whose units have learned gain and shift, unit by unit, from the inputs alone.

    Args:
        layer: With the external equation. "tanh" units learn a normal distribution, "sigmoid" units
            an exponential one. It stays unchanged.
        inputs: Axes (time, input), or a list of such arrays, each from a clean state.
        mu: The distribution's mean; for sigmoid units in (0, 1).
        sigma: Standard deviation of the normal distribution, above 0.
        rate: How fast they learn.
        epochs: How often the inputs are read.
        washout: First steps of every sequence without learning.

    Raises:
        ValueError: If the layer has another equation or activation, or hears its outputs, or a
            number is out of its range, or learning diverges.

    Source: Schrauwen, Wardermann, Verstraeten, Steil & Stroobandt 2008 (Neurocomputing 71) for tanh
    units; Triesch 2005 (ICANN) for sigmoid units.
    """
    if layer.equation != "external" or layer.activation not in ("tanh", "sigmoid"):
        raise ValueError(
            'intrinsic plasticity needs equation="external" and tanh or sigmoid units, got '
            f"{layer.equation} and {layer.activation}"
        )
    if layer.feedbacks:
        raise ValueError("intrinsic plasticity needs a layer that does not hear its outputs")
    if sigma <= 0 or (layer.activation == "sigmoid" and not 0 < mu < 1):
        raise ValueError(
            f"intrinsic plasticity needs sigma above 0, and mu in (0, 1) for sigmoid units; got "
            f"sigma={sigma}, mu={mu}"
        )
    us, _ = as_series("inputs", inputs, layer.inputs)
    check_washout(washout, us)
    units = layer.units
    learned = layer.replaced(gain=layer.gain[:units], shift=layer.shift[:units])  # its own arrays
    for _ in range(epochs):
        for u in us:
            drive = learned.drive(u, None, None)
            if not _adapt(learned.form, learned.clean(), drive, washout, mu, sigma, rate):
                raise ValueError(
                    f"intrinsic plasticity diverged at rate {rate:g}: a gain fell to 0; take a "
                    "smaller rate"
                )
    return learned
