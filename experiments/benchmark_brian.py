"""The liquid of benchmark_liquid.py in Brian2, in a process of its own.

Brian2 may live in another Python than evornn: the network comes as a file, and the process answers
one line for each line it reads. The networks are equal but for two conventions: Brian2 names a step
by its beginning (inputs are given one step earlier, its spikes are told one step later), and its
neurons rest one step less than their refractory time (one step is added).
"""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import IO, Any

import numpy as np


class Peer:
    """Brian2 with one way of generating code ("cython", "numpy" or "cpp_standalone").

    Args:
        python: The interpreter that has brian2.
        network: File that `save_network` wrote.
        target: Way of generating code.
        steps: Steps of a run.

    Attributes:
        problem: Why it cannot take part, or "".
        build_s: Seconds of building and of the first run.
        spikes: (step, neuron) of every spike of a run.
        version: Of Brian2.
    """

    def __init__(self, python: str, network: pathlib.Path, target: str, steps: int) -> None:
        # A file, not a pipe: nobody reads warnings until something is wrong, and a pipe would fill.
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed by `close`)
        command = "import sys, benchmark_brian; benchmark_brian.serve(*sys.argv[1:])"
        self._process = subprocess.Popen(
            [python, "-c", command, str(network), target, str(steps)],
            cwd=pathlib.Path(__file__).parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        answer = self._read()
        self.problem: str = answer.get("problem", "")
        self.build_s: float = answer.get("build_s", float("nan"))
        self.version: str = answer.get("version", "")
        self.spikes = {(int(step), int(neuron)) for step, neuron in answer.get("spikes", [])}

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):  # compilers print to the same pipe
                return json.loads(line)
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines()
        return {"problem": lines[-1] if lines else "no answer"}

    def seconds(self) -> float:
        """Seconds of one run, now."""
        assert self._process.stdin is not None
        self._process.stdin.write("run\n")
        self._process.stdin.flush()
        return float(self._read()["seconds"])

    def close(self) -> None:
        """End the process."""
        self._process.communicate()
        self._errors.close()


def save_network(path: pathlib.Path, liquid: Any, inputs: Any) -> None:
    """Write a liquid and its input spikes as plain arrays."""
    neurons = liquid.neurons
    arrays = {
        name: np.broadcast_to(getattr(neurons, name), liquid.count)
        for name in (
            "tau_ms", "resistance_MOhm", "rest_mV", "threshold_mV", "reset_mV", "refractory_ms",
            "background_nA", "start_mV",
        )
    }  # fmt: skip
    for prefix, synapses in (("recurrent", liquid.synapses), ("input", liquid.input_synapses)):
        for name in ("source", "target", "weight_nA", "delay_ms", "use", "recovery_ms",
                     "facilitation_ms"):  # fmt: skip
            values = getattr(synapses, name)
            if values is not None:
                arrays[f"{prefix}_{name}"] = np.asarray(values)
    np.savez(
        path,
        **arrays,
        dt_ms=liquid.dt_ms,
        taus_ms=(liquid.tau_excitatory_ms, liquid.tau_inhibitory_ms),
        drive_channel=inputs.neuron,
        drive_step=np.rint(inputs.time_ms / liquid.dt_ms).astype(int) - 1,
        channels=inputs.neurons,
    )


DYNAMIC = """
r = 1 + (r - u * r - 1) * exp(-(t - last) / D)
u = U + u * (1 - U) * exp(-(t - last) / F)
last = t
{current}_post += w * u * r
"""


def serve(network: str, target: str, steps: str) -> None:
    """Build the network in Brian2, answer what it spiked, then the seconds of each further run."""
    out: IO[str] = sys.stdout
    began = time.perf_counter()
    try:
        import brian2 as b2

        # Beside the network's file: what is there from an earlier run is not compiled again.
        folder = pathlib.Path(network).with_suffix("") / target
        folder.mkdir(parents=True, exist_ok=True)
        run, spikes = _built(b2, network, target, int(steps), str(folder))
        run()
        answer = {
            "version": b2.__version__,
            "build_s": time.perf_counter() - began,
            "spikes": spikes(),
        }
        print(json.dumps(answer), file=out, flush=True)
        for _ in sys.stdin:
            print(json.dumps({"seconds": run()}), file=out, flush=True)
    except ImportError as error:
        print(json.dumps({"problem": str(error)}), file=out, flush=True)


def _built(b2: Any, path: str, target: str, steps: int, folder: str) -> tuple[Any, Any]:
    """A function that runs the network and returns seconds, and one that returns its spikes."""
    given = np.load(path)
    dt = float(given["dt_ms"]) * b2.ms
    standalone = target == "cpp_standalone"
    if standalone:
        b2.set_device("cpp_standalone", build_on_run=False)
    else:
        b2.prefs.codegen.target = target
    b2.defaultclock.dt = dt
    count = len(given["tau_ms"])
    group = b2.NeuronGroup(
        count,
        """dv/dt = (rest - v + R * (ie + ii + ib)) / tau : volt (unless refractory)
        die/dt = -ie / tau_e : amp
        dii/dt = -ii / tau_i : amp
        tau : second\n rest : volt\n R : ohm\n vr : volt\n vt : volt\n ib : amp\n rests : second""",
        threshold="v >= vt",
        reset="v = vr",
        refractory="rests",
        method="exact",
        namespace=dict(zip(("tau_e", "tau_i"), given["taus_ms"] * b2.ms, strict=True)),
    )
    group.tau, group.R = given["tau_ms"] * b2.ms, given["resistance_MOhm"] * b2.Mohm
    group.rest, group.vr = given["rest_mV"] * b2.mV, given["reset_mV"] * b2.mV
    group.vt, group.v = given["threshold_mV"] * b2.mV, given["start_mV"] * b2.mV
    group.ib = given["background_nA"] * b2.nA
    group.rests = given["refractory_ms"] * b2.ms + dt
    drive = b2.SpikeGeneratorGroup(
        int(given["channels"]), given["drive_channel"], given["drive_step"] * dt
    )
    monitor = b2.SpikeMonitor(group)
    parts: list[Any] = [group, drive, monitor]
    for prefix, source in (("recurrent", group), ("input", drive)):
        for current, chosen in (
            ("ie", given[f"{prefix}_weight_nA"] >= 0),
            ("ii", given[f"{prefix}_weight_nA"] < 0),
        ):
            if chosen.any():
                parts.append(_synapses(b2, given, prefix, source, group, current, chosen))
    network = b2.Network(*parts)
    duration = steps * dt
    if standalone:
        network.run(duration)
        b2.device.build(directory=folder, compile=True, run=False, debug=False)

        def run() -> float:
            b2.device.run(folder, with_output=False, run_args=[])
            return float(b2.device._last_run_time)  # the loop alone, without loading

    else:
        network.run(0 * b2.ms)
        network.store()

        def run() -> float:
            network.restore()
            began = time.perf_counter()
            network.run(duration)
            return time.perf_counter() - began

    def spikes() -> list[list[int]]:
        step = np.rint(np.asarray(monitor.t / dt)).astype(int)
        return np.stack([step, np.asarray(monitor.i)], axis=1).tolist()

    return run, spikes


def _synapses(
    b2: Any, given: Any, prefix: str, source: Any, group: Any, current: str, chosen: np.ndarray
) -> Any:
    """Synapses of one sign between two groups."""
    dynamic = f"{prefix}_use" in given.files
    model = "w : amp\nU : 1\nD : second\nF : second\nu : 1\nr : 1\nlast : second"
    synapses = b2.Synapses(
        source,
        group,
        model if dynamic else "w : amp",
        on_pre=DYNAMIC.format(current=current) if dynamic else f"{current}_post += w",
    )
    synapses.connect(i=given[f"{prefix}_source"][chosen], j=given[f"{prefix}_target"][chosen])
    synapses.w = given[f"{prefix}_weight_nA"][chosen] * b2.nA
    synapses.delay = given[f"{prefix}_delay_ms"][chosen] * b2.ms
    if dynamic:
        synapses.U = given[f"{prefix}_use"][chosen]
        synapses.D = given[f"{prefix}_recovery_ms"][chosen] * b2.ms
        synapses.F = given[f"{prefix}_facilitation_ms"][chosen] * b2.ms
        synapses.u, synapses.r, synapses.last = 0, 1, -1e6 * b2.second
    return synapses
