"""What does transposing a signal-flow graph look like?

Backpropagation through time is the transposed graph run backwards: every arrow reversed, sums and
branch points exchanged, matrices transposed, functions replaced by their slopes, and the delay by
an advance. So the derivatives of any cell follow from its equations alone.

    python experiments/transposition.py --cell gru

draws a cell of the zoo with its readout and writes results/transposition.png, and transposition.dot
for Graphviz. By default it shows Elman's network: the error enters at y, the one of the next step
at z^+1, and each weight's derivative is the signal before it times what arrives after it.
"""

import argparse
import pathlib
import sys

import evornn as en
from evornn.cells.compose import with_readout
from evornn.flow import transposition_dot
from evornn.flow.derive import without_marks
from evornn.plot import transposition_figure


def main():
    """Draw and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cell", default="elman", help="name of a cell in evornn.cells")
    parser.add_argument("--out", default="results", type=pathlib.Path, help="where it goes")
    parser.add_argument("--smoke", action="store_true", help="the same: it takes a second")
    options = parser.parse_args()
    if options.cell not in en.cells.ZOO:
        parser.error(f"--cell needs one of {', '.join(en.cells.ZOO)}, got {options.cell}")
    cell = en.cells.ZOO[options.cell]
    (output,) = cell.graph.outputs
    # A cell whose output is the network's already has its readout.
    graph = cell.graph if "output" in output.axes else with_readout(cell, "linear")
    graph = without_marks(graph)
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "transposition.png"
    title = f"{options.cell}: a step, and its transpose"
    transposition_figure(graph, title).savefig(path, dpi=150, metadata={"Software": None})
    path.with_suffix(".dot").write_text(transposition_dot(graph) + "\n", encoding="utf-8")
    sys.stdout.write(f"{graph}\nwritten: {path} and {path.with_suffix('.dot')}\n")


if __name__ == "__main__":
    main()
