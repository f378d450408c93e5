"""What a run leaves to be used: a network, a reservoir, or another model, read by its kind."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from evornn.network import Bidirectional, Network
from evornn.network.saved import read_saved


@runtime_checkable
class Best(Protocol):
    """A model that has learned: it answers sequences and has a file."""

    def predict(self, inputs: Any) -> Any:
        """Outputs for a list of sequences, a list of arrays with axes (time, output)."""
        ...

    def save(self, path: str | os.PathLike[str], **metadata: Any) -> None:
        """Write it to a safetensors file, atomically."""
        ...


def load_best(path: str | os.PathLike[str]) -> Best:
    """The model in a file, whichever kind it is.

    Raises:
        ValueError: If the file is none of a model, or of a newer version.
        OSError: If it cannot be read.
    """
    kind = read_saved(path)[0].get("kind")
    if kind == "bidirectional":
        return Bidirectional.load(path)
    if kind == "echo state network":
        from evornn.reservoir import ESN

        return ESN.load(path)
    if kind == "liquid state machine":
        from evornn.liquid import LiquidStateMachine

        return LiquidStateMachine.load(path)
    if kind == "recorded answers":
        from evornn.search import RecordedAnswers

        return RecordedAnswers.load(path)
    return Network.load(path)


def answers_of(best: Best, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """A model's outputs for every sequence, axes (time, output) each."""
    return [np.asarray(y) for y in best.predict(list(inputs))]


def genes_of(best: Best) -> int:
    """Numbers that learning has found: a network's genes, or the weights of a readout."""
    genes = getattr(best, "genes", None)
    if isinstance(genes, int):
        return genes
    from evornn.search.fitting import trained_weights

    return trained_weights(best)
