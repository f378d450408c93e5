"""The interpreter's answer to what a kernel computes, for the tests."""

import numpy as np

from evornn.flow.interpret import run

TOLERANCE = {"float64": 1e-12, "float32": 1e-5}


def interpreted(network, chromosome, x, forced=None):
    """Outputs (time, output) and state histories of one network over one sequence."""
    genes = np.asarray(chromosome, dtype=network.dtype)
    weights = {
        name: w.astype(network.dtype).astype(np.float64)
        for name, w in network.unpack(genes).items()
    }
    x = np.asarray(x, dtype=network.dtype)
    return run(network.graph, network.sizes, weights, x, forced)


def interpreted_mse(network, chromosomes, inputs, targets, masks, forced=None):
    """The mean squared error of every network, axes (individual)."""
    errors = []
    for chromosome in chromosomes:
        total = count = 0
        for k, (x, y, mask) in enumerate(zip(inputs, targets, masks, strict=True)):
            outputs, _ = interpreted(network, chromosome, x, None if forced is None else forced[k])
            y = np.asarray(y, dtype=network.dtype).astype(np.float64)
            total += np.sum((outputs[mask] - y[mask]) ** 2)
            count += mask.sum()
        errors.append(total / count)
    return np.array(errors)


def assert_close(got, wanted, dtype):
    """Equal up to the precision that the kernels promise, relative to the largest entry."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert got.shape == wanted.shape
    scale = max(1.0, float(np.max(np.abs(wanted), initial=0.0)))
    np.testing.assert_allclose(got, wanted, rtol=0, atol=TOLERANCE[dtype] * scale)


def readout_of(cell):
    """A linear readout, unless the cell has its own output layer."""
    return None if cell.output_axis == "output" else "linear"
