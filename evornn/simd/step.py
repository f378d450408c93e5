"""What a kernel's step is made of: its literals, its source, and the memory it runs on."""

from __future__ import annotations

from dataclasses import dataclass, field

from evornn.flow.graph import Node


@dataclass(frozen=True)
class Form:
    """What is literal in a kernel.

    Attributes:
        dtype: "float32" or "float64".
        lanes: Registers' lane count.
        rows: Row-block height by axis; 4 where an axis is not named.
        sequences: How many sequences of a network run side by side and share weight loads.
        shared: Lanes are sequences of one network, or directions of its derivative (weights are
            single numbers), instead of networks (weights are registers).
        units: Lanes are consecutive rows of one network: signals are single numbers in memory, and
            a register holds as many of them as it has lanes.
        one_frame: All lanes read the same frames (see `tape.py`), which hold single numbers: lanes
            are directions or cotangents of one network on one sequence.
        partial: A product that fills few registers is added up in several partial sums: a chain of
            dependent fma waits four cycles for each. The bits of its sum are then its own.
    """

    dtype: str
    lanes: int
    rows: tuple[tuple[str, int], ...]
    sequences: int = 1
    shared: bool = False
    units: bool = False
    one_frame: bool = False
    partial: bool = False

    @property
    def unit(self) -> int:
        """Numbers per row of a vector in the workspace."""
        return 1 if self.units else self.lanes * self.sequences

    @property
    def width(self) -> int:
        """Numbers per packed weight."""
        return 1 if self.shared or self.units else self.lanes

    def block(self, axis: str) -> int:
        """Rows that one turn of a loop over an axis covers."""
        return self.height(axis) * (self.lanes if self.units else 1)

    def parts(self, accumulators: int) -> int:
        """Partial sums of each product in a loop with so many accumulators."""
        return max(1, 4 // accumulators) if self.partial else 1

    def height(self, axis: str) -> int:
        """Registers computed at once along an axis."""
        return dict(self.rows).get(axis, 4)


@dataclass
class Piece:
    """A run of packed weights: for each row block, `kind` says which rows and columns.

    kind "scalar": one weight; "initial": a whole vector, row by row; "rows": the rows of the
    block of a vector; "columns": for every column, the block's rows of each matrix in turn;
    "pairs": the same for every pair of columns of a tensor.
    """

    kind: str
    weights: list[Node]


@dataclass
class StepSource:
    """The source of a step, and what the memory it runs on must hold.

    Attributes:
        setup: Lines before the loop over time (constants, scalar weights).
        start: Lines that put the states' initial values into the workspace.
        step: Lines of one time step.
        dims: Run-time integers by the name they have in the source, and what they are:
            ("size", axis), ("buffer", name), ("weights", segment number), ("span", segment
            number): numbers that one row block of the segment packs, or ("frame", name) and
            ("record", name): a buffer's place in a frame or record.
        buffers: Workspace vectors by name, and their axis ("" for a single row).
        segments: Pieces of packed weights: the axis of the loop ("" outside of loops), and what
            follows one another for every row block.
        swapped: State names that alternate between two buffers.
        frame: Vectors of a step's frame by name, and their axis.
        record: The same for a step's record.
    """

    setup: list[str] = field(default_factory=list)
    start: list[str] = field(default_factory=list)
    step: list[str] = field(default_factory=list)
    dims: dict[str, tuple[str, object]] = field(default_factory=dict)
    buffers: dict[str, str] = field(default_factory=dict)
    segments: list[tuple[str, list[Piece]]] = field(default_factory=list)
    swapped: list[str] = field(default_factory=list)
    frame: dict[str, str] = field(default_factory=dict)
    record: dict[str, str] = field(default_factory=dict)
