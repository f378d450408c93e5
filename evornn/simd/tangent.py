"""The tangent step: how every signal moves when one weight moves, on frames of the step itself.

Each lane is one direction, that is one weight. Its tangent enters where the weight does: a matrix
entry (i, j) in row i of the product, with the j-th entry of the vector; an entry of a vector in its
own row; a scalar everywhere. So a row axis has one vector `own_<axis>`, 1 in the direction's row,
and a use of a weight one number `push_<k>`, which the driver sets for every lane and step: tangents
are kept as (dense part) + own * (number), and the numbers are added up before any row is touched.

The local tangent step gives up tangents that a product would carry from row to row. Then the rows
of all units fit one pass: lane j of row i is the weight (i, j), and own is 1 everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from evornn.flow.graph import Graph, Node
from evornn.simd.frames import Frames, Place

DIAGONAL = "diagonal of "


@dataclass(frozen=True)
class Push:
    """A use of a weight: the number that its direction adds.

    Attributes:
        parameter: The weight's name.
        factors: What a matrix entry is multiplied by: vectors in the frame, one for each column
            axis; none for a vector or a scalar, whose own entry moves by 1.
    """

    parameter: str
    factors: tuple[Place, ...]


@dataclass(frozen=True)
class Tangent:
    """The step, what it keeps, and its tangent step.

    Attributes:
        frames: The step and what it keeps.
        graph: The tangent step. Its inputs are frame signals, `own_<axis>` and `push_<k>`; its
            states are `dot_<state>` and sums.
        now: Inputs of `graph` by name, and the name in the frame of the same step.
        before: The same, in the frame of the step before.
        pushes: Uses of weights, by the number in `push_<k>`.
        row_axes: Axes that have an `own_<axis>`.
        direct: Parameters that no state depends on; the tangent step leaves them out.
        signals: The signals of a step whose cotangents it needs, by the names in the frame
            (`learn_<k>`): the states before the step, or where a local tangent leaves its row.
        axes_of_sums: For a local tangent step: the row axes that have a sum `sum_<axis>`.
        local: One trace per weight: nothing passes from row to row.
        truncated: Nothing passes through `truncate_here` marks.
    """

    frames: Frames
    graph: Graph
    now: dict[str, str]
    before: dict[str, str]
    pushes: tuple[Push, ...]
    row_axes: tuple[str, ...]
    direct: tuple[str, ...] = ()
    signals: dict[str, Node] = field(default_factory=dict)
    axes_of_sums: tuple[str, ...] = ()
    local: bool = False
    truncated: bool = False
