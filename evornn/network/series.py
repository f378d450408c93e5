"""What a user may give a network to read: one series, or several."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Series = np.ndarray | Sequence[np.ndarray]


def as_sequences(inputs: Series, width: int) -> tuple[list[np.ndarray], bool]:
    """Checked sequences, float64, and whether they were a single series.

    Args:
        inputs: Axes (time, input), or (time) with one input; or a list of such arrays.
        width: Number of inputs.

    Raises:
        ValueError: If there is no sequence, or one has other axes or no step.
    """
    single = isinstance(inputs, np.ndarray) and inputs.dtype != object and inputs.ndim <= 2
    sequences = []
    for number, x in enumerate([inputs] if single else inputs):
        array = np.asarray(x, dtype=np.float64)
        if array.ndim == 1 and width == 1:
            array = array[:, None]
        if array.ndim != 2 or array.shape[1] != width or len(array) == 0:
            raise ValueError(
                f"the network needs sequences with axes (time, {width}), got shape {array.shape} "
                f"for sequence {number}"
            )
        sequences.append(array)
    if not sequences:
        raise ValueError("the network needs at least one sequence, got none")
    return sequences, single
