"""Record what Brian2 makes of three spiking networks, for tests/liquid/test_brian.py.

Run with any Python that has brian2 (recorded with 2.9), from anywhere:
    python tests/recorded/record_brian.py
It writes brian_networks.npz beside itself: the networks, their drive, and every spike.

Brian2 names a step by its beginning, evornn by its end, and Brian2's neurons rest one step less
than their refractory time; so the recorded numbers are steps, and one step is added here to the
refractory time.
"""

import pathlib

import brian2 as b2
import numpy as np
from brian2 import ms, mV, nA, second, uS

NEURONS, CHANNELS, DT_MS, STEPS = 40, 3, 0.1, 5000

TSODYKS_MARKRAM = """
r = 1 + (r - u * r - 1) * exp(-(t - last) / D)
u = U + u * (1 - U) * exp(-(t - last) / F)
last = t
ie_post += clip(w, 0 * amp, inf * amp) * u * r
ii_post += clip(w, -inf * amp, 0 * amp) * u * r
"""
SYNAPSE = "w : amp\nU : 1\nD : second\nF : second\nu : 1\nr : 1\nlast : second"


def draw_synapses(rng: np.random.Generator, sources: int, chance: float, inhibitory: int) -> dict:
    """Random dynamic synapses; the last `inhibitory` sources have negative weights."""
    source, target = np.nonzero(rng.random((sources, NEURONS)) < chance)
    kept = (source != target) | (sources != NEURONS)
    source, target = source[kept], target[kept]
    sign = np.where(source >= sources - inhibitory, -1.0, 1.0)
    count = len(source)
    return {
        "source": source,
        "target": target,
        "weight_nA": sign * rng.uniform(5, 40, count),
        "delay_ms": DT_MS * rng.integers(0, 25, count),
        "use": rng.uniform(0.05, 0.9, count),
        "recovery_ms": rng.uniform(20, 800, count),
        "facilitation_ms": rng.uniform(10, 900, count),
    }


def connect(group: b2.Group, target: b2.NeuronGroup, drawn: dict) -> b2.Synapses:
    """The synapses in Brian2."""
    synapses = b2.Synapses(group, target, SYNAPSE, on_pre=TSODYKS_MARKRAM)
    synapses.connect(i=drawn["source"], j=drawn["target"])
    synapses.w = drawn["weight_nA"] * nA
    synapses.delay = drawn["delay_ms"] * ms
    synapses.U = drawn["use"]
    synapses.D = drawn["recovery_ms"] * ms
    synapses.F = drawn["facilitation_ms"] * ms
    synapses.u, synapses.r, synapses.last = 0, 1, -1e6 * second
    return synapses


def integrate_and_fire(rng: np.random.Generator) -> dict:
    """LIF neurons, recurrent and input synapses, driven by input spikes."""
    recurrent = draw_synapses(rng, NEURONS, 0.2, 10)
    incoming = draw_synapses(rng, CHANNELS, 0.5, 1)
    drive = np.sort(rng.choice(STEPS, 90, replace=False))
    channel = rng.integers(CHANNELS, size=90)
    cell = {
        "tau_ms": rng.uniform(15, 40, NEURONS),
        "resistance_MOhm": rng.uniform(0.8, 1.2, NEURONS),
        "rest_mV": rng.uniform(-0.5, 0.5, NEURONS),
        "reset_mV": rng.uniform(12.5, 14.5, NEURONS),
        "start_mV": rng.uniform(13, 14.9, NEURONS),
        "refractory_ms": DT_MS * rng.integers(0, 40, NEURONS),
        "background_nA": rng.uniform(12, 15, NEURONS),
    }
    group = b2.NeuronGroup(
        NEURONS,
        """dv/dt = (rest - v + R * (ie + ii + ib)) / tau : volt (unless refractory)
        die/dt = -ie / (3 * ms) : amp
        dii/dt = -ii / (6 * ms) : amp
        tau : second\n rest : volt\n R : ohm\n vr : volt\n ib : amp\n rests : second""",
        threshold="v >= 15 * mV",
        reset="v = vr",
        refractory="rests",
        method="exact",
    )
    group.tau, group.R = cell["tau_ms"] * ms, cell["resistance_MOhm"] * b2.Mohm
    group.rest, group.vr, group.v = (cell[k] * mV for k in ("rest_mV", "reset_mV", "start_mV"))
    group.ib, group.rests = cell["background_nA"] * nA, (cell["refractory_ms"] + DT_MS) * ms
    given = b2.SpikeGeneratorGroup(CHANNELS, channel, drive * DT_MS * ms)
    parts = [connect(group, group, recurrent), connect(given, group, incoming)]
    spikes, trace = run(group, given, *parts)
    return {
        **{f"cell_{k}": v for k, v in cell.items()},
        **{f"recurrent_{k}": v for k, v in recurrent.items()},
        **{f"incoming_{k}": v for k, v in incoming.items()},
        "drive_step": drive,
        "drive_channel": channel,
        **spikes,
        "trace_mV": trace,
    }


def adaptive(rng: np.random.Generator) -> dict:
    """Adaptive LIF neurons, uncoupled, under a current that changes every 5 ms."""
    cell = {
        # Brian2's exact solution has a square root that needs real eigenvalues.
        "tau_adaptation_ms": rng.uniform(60, 200, NEURONS),
        "coupling_uS": rng.uniform(0.01, 0.1, NEURONS),
        "spike_adaptation_nA": rng.uniform(0, 2, NEURONS),
        "refractory_ms": DT_MS * rng.integers(0, 40, NEURONS),
    }
    group = b2.NeuronGroup(
        NEURONS,
        """dv/dt = (-v + Mohm * (given + ib - w)) / (30 * ms) : volt (unless refractory)
        dw/dt = (a * v - w) / tau : amp
        tau : second\n a : siemens\n step : amp\n ib : amp\n given : amp\n rests : second""",
        threshold="v >= 15 * mV",
        reset="v = 13.5 * mV; w += step",
        refractory="rests",
        method="exact",
    )
    group.tau, group.a = cell["tau_adaptation_ms"] * ms, cell["coupling_uS"] * uS
    group.step, group.rests = (
        cell["spike_adaptation_nA"] * nA,
        (cell["refractory_ms"] + DT_MS) * ms,
    )
    group.ib, group.v = 13.5 * nA, 13.5 * mV
    levels, regular = injected(rng, group, 0, 12)
    spikes, trace = run(group, regular)
    return {**{f"cell_{k}": v for k, v in cell.items()}, "levels": levels, **spikes,
            "trace_mV": trace}  # fmt: skip


def izhikevich(rng: np.random.Generator) -> dict:
    """Izhikevich's neurons of all kinds, uncoupled, under a current that changes every 5 ms."""
    spread = rng.random(NEURONS)
    cell = {
        "a": 0.02 + 0.08 * spread,
        "b": 0.25 - 0.05 * spread,
        "reset_mV": -65 + 15 * rng.random(NEURONS) ** 2,
        "d": 8 - 6 * rng.random(NEURONS) ** 2,
    }
    group = b2.NeuronGroup(
        NEURONS,
        """dv/dt = (0.04 * v**2 / mV + 5 * v + 140 * mV - u + Mohm * given) / ms : volt
        du/dt = a * (b * v - u) / ms : volt
        a : 1\n b : 1\n c : volt\n d : volt\n given : amp""",
        threshold="v >= 30 * mV",
        reset="v = c; u += d",
        method="euler",
    )
    group.a, group.b, group.c, group.d = (
        cell["a"],
        cell["b"],
        cell["reset_mV"] * mV,
        cell["d"] * mV,
    )
    group.v = -65 * mV
    group.u = cell["b"] * -65 * mV
    levels, regular = injected(rng, group, 0, 20)
    spikes, trace = run(group, regular)
    return {**{f"cell_{k}": v for k, v in cell.items()}, "levels": levels, **spikes,
            "trace_mV": trace}  # fmt: skip


def injected(rng: np.random.Generator, group: b2.NeuronGroup, low: float, high: float) -> tuple:
    """Currents that hold for 5 ms, axes (level, neuron), given to the group before each step."""
    levels = rng.uniform(low, high, (round(STEPS * DT_MS / 5), NEURONS))
    group.namespace["stimulus"] = b2.TimedArray(levels * nA, dt=5 * ms)
    return levels, group.run_regularly("given = stimulus(t, i)", when="start", dt=DT_MS * ms)


def run(group: b2.NeuronGroup, *parts: object) -> tuple[dict, np.ndarray]:
    """Spikes of a network, and its potentials after the first step of every 10 ms."""
    spikes = b2.SpikeMonitor(group)
    potential = b2.StateMonitor(group, "v", record=True, dt=10 * ms, when="end")
    b2.Network(group, spikes, potential, *parts).run(STEPS * DT_MS * ms)
    found = {"spike_neuron": spikes.i[:], "spike_step": np.rint(spikes.t / (DT_MS * ms))}
    return found, (potential.v / mV).T


def main() -> None:
    """Draw the networks, run them, write the file."""
    b2.prefs.codegen.target = "numpy"
    b2.defaultclock.dt = DT_MS * ms
    recorded = {"dt_ms": DT_MS, "steps": STEPS, "neurons": NEURONS, "channels": CHANNELS}
    for seed, network in enumerate((integrate_and_fire, adaptive, izhikevich)):
        found = network(np.random.default_rng(seed))
        print(network.__name__, len(found["spike_step"]), "spikes")
        recorded |= {f"{network.__name__}_{name}": value for name, value in found.items()}
    path = pathlib.Path(__file__).with_name("brian_networks.npz")
    arrays = {
        name: np.asarray(value, np.int32) if name.endswith(("_step", "_neuron")) else value
        for name, value in recorded.items()
    }
    np.savez_compressed(path, **arrays)


if __name__ == "__main__":
    main()
