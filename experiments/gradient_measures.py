"""What a way to compute gradients costs: operations, memory and time; for the scripts beside it."""

from __future__ import annotations

import gc
import time
import tracemalloc

import numpy as np
from benchmark_report import RESULTS

from evornn.flow.axes import axis_size
from evornn.gradient.bptt import BPTTGradient
from evornn.gradient.crbp import CRBPGradient
from evornn.gradient.hybrid import HybridGradient
from evornn.gradient.loss import LOSSES, with_loss
from evornn.gradient.rtrl import ForwardGradient
from evornn.gradient.uoro import UOROGradient
from evornn.simd.tape import make_tape
from evornn.tasks.part import Part
from evornn.workers import Workers

FREE = ("input", "state", "parameter", "constant", "transpose", "window", "concatenate", "spread")


def noise(steps, inputs, outputs, seed):
    """One sequence of noise with noise as its target: what it is does not matter here."""
    rng = np.random.default_rng([seed, steps, inputs, outputs])
    x, y = rng.standard_normal((steps, inputs)), rng.standard_normal((steps, outputs))
    return Part((x,), (y,), (np.ones(y.shape, dtype=bool),))


def at_work(method, network, part):
    """The method on one thread, for the mean squared error."""
    return method.start(network, part, LOSSES["mse"], Workers(1))


def operations_of(graph, sizes):
    """Operations of one step of a graph: a product's multiply-adds, one for each other entry."""
    found = 0
    for node in graph.nodes():
        if node.op in ("matvec", "bilinear"):
            found += int(np.prod([axis_size(axis, sizes) for axis in node.args[0].axes]))
        elif node.op in ("dot", "total", "largest"):
            found += axis_size(node.args[0].axes[0], sizes)
        elif node.op not in FREE:
            found += int(np.prod([axis_size(axis, sizes) for axis in node.axes]))
    return found


def operations(gradient, every=None):
    """Operations per step of a method at work.

    Counted from the sizes of the graphs that the kernels run, without padding.

    Args:
        gradient: The method at work.
        every: Count a gradient at every so many steps; BPTT, to be exact, goes back to the
            sequence's start for each. None: one at the end.
    """
    network, sizes = gradient.network, gradient.network.sizes
    if isinstance(gradient, CRBPGradient):  # filters are no graphs: its own count, over forward's
        layers = gradient.layers
        forward = sum(
            layer.units * layer.inputs * (layer.taps + len(layer.lags)) for layer in layers
        )
        return gradient.cost * forward
    graph = with_loss(network.graph, gradient.loss)
    step = operations_of(graph, sizes)
    if isinstance(gradient, ForwardGradient):
        tangents = gradient.tangents
        lanes = sum(lane is not None for block in tangents.lanes for lane in block)
        readout = sum(network.map.addresses[name].size for name in tangents.tangent.direct)
        return step + lanes * operations_of(tangents.tangent.graph, sizes) + 2 * readout
    tape = make_tape(graph)
    back = operations_of(tape.backward, sizes)
    for product in tape.products:
        places = (product.left, *product.right)
        back += int(np.prod([axis_size(place.axis, sizes) for place in places]))
    if isinstance(gradient, BPTTGradient):
        times = 1 if every is None else len(gradient.part.inputs[0]) / every
        return step + back * (times + 1) / 2
    states, genes = gradient.states.size, network.genes
    if isinstance(gradient, HybridGradient):
        block = min(every or gradient.block, gradient.block)
        return step + back * (1 + states) + (states + states**2) * genes / block
    if isinstance(gradient, UOROGradient):
        moved = operations_of(gradient.tangents.tangent.graph, sizes)
        return step + back + gradient.draws * (moved + back + 4 * genes)
    raise TypeError(f"operations are counted for the methods of evornn, got {gradient!r}")


def memory(gradient, genes, every=None):
    """What the gradient of whole sequences needs, in bytes: most at a time, and arrays at the end.

    NumPy reports every array to tracemalloc. Kernels are compiled and the sequences are laid out
    before; what is counted are states, frames, traces and workspaces. At a time: with all objects
    of Python. At the end: arrays alone that are kept for the next step, or of BPTT the next run.

    Args:
        gradient: A method at work that has computed nothing yet.
        genes: Axes (1, gene).
        every: Ask for a gradient at every so many steps; None: one for the whole sequences.
    """
    at_once = every or len(gradient.part.inputs[0])
    backwards = isinstance(gradient, BPTTGradient)
    if backwards:
        gradient.batch(gradient.kernel(1, 1), None)
    else:
        gradient.online(at_once)(genes)  # kernels are compiled at their first call
    passing = None if backwards else gradient.online(at_once)
    gc.collect()
    tracemalloc.start()
    try:
        if passing is None:
            gradient(genes)
        else:
            while not passing.done:
                passing(genes)
        most = tracemalloc.get_traced_memory()[1]
        arrays = tracemalloc.DomainFilter(True, np.lib.tracemalloc_domain)
        kept = tracemalloc.take_snapshot().filter_traces([arrays])
        return most, sum(trace.size for trace in kept.traces)
    finally:
        tracemalloc.stop()


def seconds_per_step(gradient, genes, steps, repeats):
    """The least time of a step, seconds; `steps` at a time, the part holds 1 + `repeats` times so.

    Forward methods go on with the sequence; BPTT computes the gradient of all of it each time.
    """
    found = []
    if isinstance(gradient, BPTTGradient):
        gradient(genes)
        for _ in range(repeats):
            start = time.perf_counter()
            gradient(genes)
            found.append((time.perf_counter() - start) / len(gradient.part.inputs[0]))
        return min(found)
    online = gradient.online(steps)
    online(genes)
    for _ in range(repeats):
        start = time.perf_counter()
        online(genes)
        found.append((time.perf_counter() - start) / steps)
    return min(found)


def exponent(sizes, values):
    """Slope of log(value) against log(size) over the larger half of the sizes, least squares."""
    half = min(len(sizes) // 2, len(sizes) - 2)
    return float(np.polyfit(np.log(sizes[half:]), np.log(values[half:]), 1)[0])


def finish(report, drawn, options):
    """Print and write a report, and its figure of the same name beside it."""
    report.finish(options)
    folder = options.out or (None if options.smoke else RESULTS)
    if folder is not None:
        path = folder / f"{report.name}.png"
        drawn.savefig(path, dpi=150, metadata={"Software": None})
