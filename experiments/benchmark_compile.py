"""How long does a user wait before the first network runs?

    python experiments/benchmark_compile.py [--smoke] [--out DIR]

For every cell of the zoo: seconds to the first result of a population with an empty cache (source,
machine code and the run itself), and in a later process that finds the code in the cache; the same
for its first gradient (the step that keeps its tape, and the transposed step). And the import time
of the package. Every figure is from a fresh process. Writes
results/benchmark_compile.md.
"""

from __future__ import annotations

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from benchmark_report import Report, arguments, machine, met, progress, versions

FIRST_RUN = """
import sys, time
import numpy as np
from evornn.cells import ZOO
from evornn.network import Network
from evornn.population import Evaluator
began = time.perf_counter()
cell = ZOO[sys.argv[1]]
readout = None if cell.output_axis == "output" else "linear"  # Jordan's network has its own
network = Network(cell, inputs=1, outputs=1, readout=readout, hidden=8)
data = [np.zeros((10, 1), dtype=np.float32)] * int(sys.argv[2])
evaluator = Evaluator(network, data, data)
evaluator.mse(network.initial(np.random.default_rng(1), 4))
print(time.perf_counter() - began)
"""
FIRST_GRADIENT = """
import sys, time
import numpy as np
from evornn.cells import ZOO
from evornn.gradient import BPTT
from evornn.gradient.loss import LOSSES
from evornn.network import Network
from evornn.tasks.part import Part
from evornn.workers import Workers
began = time.perf_counter()
cell = ZOO[sys.argv[1]]
readout = None if cell.output_axis == "output" else "linear"
network = Network(cell, inputs=1, outputs=1, readout=readout, hidden=8)
data = (np.zeros((10, 1)),) * int(sys.argv[2])
part = Part(data, data, tuple(np.ones((10, 1), dtype=bool) for _ in data))
gradient = BPTT().start(network, part, LOSSES["mse"], Workers(1))
gradient(network.initial(np.random.default_rng(1), 4))
print(time.perf_counter() - began)
"""
IMPORT = """
import time
began = time.perf_counter()
import evornn
print(time.perf_counter() - began)
"""
COMPILE_S, GRADIENT_S, LOAD_S, IMPORT_S = 5.0, 15.0, 0.5, 1.0  # what the project aims at


def seconds(code: str, *words: str, **environment: str) -> float:
    """What the code prints in a fresh process."""
    paths = [str(pathlib.Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    known = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p), **environment}
    command = [sys.executable, "-c", code, *words]
    done = subprocess.run(command, env=known, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"a process failed: {done.stderr}")
    return float(done.stdout)


def compile_and_load(code: str, cell: str, sequences: int, loads: int) -> tuple[float, float]:
    """Seconds to the first result with an empty cache, and the median with a filled one."""
    with tempfile.TemporaryDirectory() as folder:
        cache = {"EVORNN_CACHE": folder, "NUMBA_CACHE_DIR": f"{folder}/numba"}
        words = (cell, str(sequences))
        first = seconds(code, *words, **cache)
        later = [seconds(code, *words, **cache) for _ in range(loads)]
        return first, statistics.median(later)


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--loads", type=int, default=3, help="processes that find the code")
    parser.add_argument("--cells", nargs="+", metavar="NAME", help="some of the zoo (default: all)")
    options = parser.parse_args()
    from evornn.cells import ZOO

    cells = ["elman"] if options.smoke else options.cells or list(ZOO)
    if unknown := set(cells) - set(ZOO):
        parser.error(f"--cells needs names out of {', '.join(ZOO)}, got {', '.join(unknown)}")
    columns = "Cell|Sequences|Compile s|Under {}|Load s|Under 0.5"
    tables = {}
    for heading, code, limit in (
        ("First result", FIRST_RUN, COMPILE_S),
        ("First gradient", FIRST_GRADIENT, GRADIENT_S),
    ):
        rows = []
        for cell in cells:
            for sequences in (1,) if options.smoke else (1, 4):
                progress(f"{heading}: {cell}, {sequences} sequences")
                loads = 1 if options.smoke else options.loads
                first, later = compile_and_load(code, cell, sequences, loads)
                in_time = met(limit, first), met(LOAD_S, later)
                shared = "4 or more" if sequences > 1 else "1"
                rows.append([cell, shared, f"{first:.2f}", in_time[0], f"{later:.2f}", in_time[1]])
        tables[heading] = (columns.format(f"{limit:g}").split("|"), rows)
    progress("import")
    imports = [seconds(IMPORT) for _ in range(2 if options.smoke else 7)]
    importing = statistics.median(imports)
    report = Report("benchmark_compile", "Compiling, loading and importing")
    report.say(
        f"Machine: {machine()}. {versions('numba', 'llvmlite', 'numpy')}. Seconds to the first "
        "result of a small population, float32, in a fresh process after the import: with an empty "
        "cache, and with the code in the cache (median). The code serves all sizes that share a "
        "row-block height and lane count, so a second size mostly loads it."
    )
    for heading, (names, rows) in tables.items():
        report.table(heading, names, rows)
    report.say(
        f"`import evornn`: {importing:.2f} s (median of {len(imports)}; "
        f"under {IMPORT_S:g} s: {met(IMPORT_S, importing)})."
    )
    report.finish(options)


if __name__ == "__main__":
    main()
