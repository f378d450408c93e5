"""The same networks in Brian2: every spike at the same step (tests/recorded/record_brian.py)."""

import pathlib

import numpy as np
import pytest

from evornn.liquid import LIF, AdaptiveLIF, Izhikevich, Liquid, Spikes, Synapses

RECORDED = np.load(pathlib.Path(__file__).parents[1] / "recorded" / "brian_networks.npz")
DT, STEPS, NEURONS = float(RECORDED["dt_ms"]), int(RECORDED["steps"]), int(RECORDED["neurons"])
CHANNELS = int(RECORDED["channels"])


def recorded(prefix):
    return {
        name.removeprefix(prefix): RECORDED[name] for name in RECORDED if name.startswith(prefix)
    }


def check(activity, network, within_mV=1e-9):
    """Same spikes at the same steps, and the same potentials within rounding."""
    spikes = activity.spikes
    mine = sorted(zip(np.rint(spikes.time_ms / DT).astype(int) - 1, spikes.neuron, strict=True))
    theirs = sorted(
        zip(RECORDED[f"{network}_spike_step"], RECORDED[f"{network}_spike_neuron"], strict=True)
    )
    assert len(mine) > 300
    assert mine == theirs
    every = round(10 / DT)
    np.testing.assert_allclose(
        activity.trace_mV[::every], RECORDED[f"{network}_trace_mV"], rtol=0, atol=within_mV
    )


def test_lif_neurons_with_dynamic_synapses_and_delays_spike_as_in_brian():
    drive = Spikes(
        RECORDED["integrate_and_fire_drive_channel"],
        (RECORDED["integrate_and_fire_drive_step"] + 1) * DT,  # Brian2 names a step by its begin
        CHANNELS,
        STEPS * DT,
    )
    liquid = Liquid(
        LIF(**recorded("integrate_and_fire_cell_")),
        NEURONS,
        Synapses(**recorded("integrate_and_fire_recurrent_")),
        Synapses(**recorded("integrate_and_fire_incoming_")),
        inputs=CHANNELS,
        dt_ms=DT,
    )
    check(liquid.run(drive, watch=range(NEURONS)), "integrate_and_fire")


@pytest.mark.parametrize("network", ["adaptive", "izhikevich"])
def test_neurons_with_a_second_variable_spike_as_in_brian(network):
    kind = {"adaptive": AdaptiveLIF, "izhikevich": Izhikevich}[network]
    liquid = Liquid(kind(**recorded(f"{network}_cell_")), NEURONS, dt_ms=DT)
    current = np.repeat(RECORDED[f"{network}_levels"], round(5 / DT), axis=0)
    # The upstroke of Izhikevich's spike makes roundings grow ten thousand times.
    within_mV = {"adaptive": 1e-9, "izhikevich": 1e-8}[network]
    check(liquid.run(current_nA=current, watch=range(NEURONS)), network, within_mV)
