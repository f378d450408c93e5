"""A model's answers on disk, for models that have no file of their own."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evornn.network.saved import read_saved, write_saved
from evornn.search.fitting import answers, trained_weights

KIND = "recorded answers"


class Answerer:
    """A fitted model as an experiment keeps it: it answers sequences and can be saved.

    A model with a file of its own, such as an `ESN`, is saved whole. Of any other one the answers
    to the task's own sequences are kept, which is what tables and figures are made from.

    Args:
        model: Fitted.
        sequences: What it has to be able to answer when read again, axes (time, input) each.

    Attributes:
        model: As given.
        genes: Numbers that fitting has found.
    """

    def __init__(self, model: Any, sequences: Sequence[np.ndarray]) -> None:
        self.model, self._sequences = model, list(sequences)
        self.genes = trained_weights(model)

    def predict(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Outputs for every sequence, axes (time, output) each."""
        return answers(self.model, inputs)

    def save(self, path: str | os.PathLike[str], **metadata: Any) -> None:
        """Write the model, or else its answers, to a safetensors file (no pickle), atomically."""
        if callable(getattr(self.model, "save", None)):
            try:
                self.model.save(path, **metadata)
                return
            except ValueError:  # a function or a foreign readout, which no file can hold
                pass
        self.recorded().save(path, **metadata)

    def recorded(self) -> RecordedAnswers:
        """The answers to the task's sequences."""
        pairs = zip(self._sequences, self.predict(self._sequences), strict=True)
        named = {_name(x): np.ascontiguousarray(y) for x, y in pairs}
        return RecordedAnswers(type(self.model).__name__, named, self.genes)


class RecordedAnswers:
    """What a model answered to the sequences of a task; it knows no others.

    Args:
        model: The model's name.
        known: Outputs, axes (time, output) each, by the hash of the inputs.
        genes: Numbers that fitting had found.
    """

    def __init__(self, model: str, known: Mapping[str, np.ndarray], genes: int) -> None:
        self.model, self.genes = model, genes
        self._known = dict(known)

    def predict(self, inputs: Sequence[np.ndarray] | np.ndarray) -> Any:
        """The recorded outputs, axes (time, output); a list for a list.

        Raises:
            ValueError: If a sequence was not among those recorded.
        """
        if isinstance(inputs, np.ndarray) and inputs.ndim == 2:
            return self.predict([inputs])[0]
        unknown = [k for k, x in enumerate(inputs) if _name(x) not in self._known]
        if unknown:
            raise ValueError(
                f"only the answers of this {self.model} to its own task were saved, and sequence "
                f"{unknown[0]} is not part of that; fit the model again for other data"
            )
        return [self._known[_name(x)].copy() for x in inputs]

    def save(self, path: str | os.PathLike[str], **metadata: Any) -> None:
        """Write the answers to a safetensors file (no pickle), atomically."""
        description = {"kind": KIND, "model": self.model, "genes": self.genes}
        write_saved(path, description, self._known, metadata)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> RecordedAnswers:
        """The answers in a file of `save`.

        Raises:
            ValueError: If the file holds something else.
        """
        data, known = read_saved(path)
        if data.get("kind") != KIND:
            raise ValueError(f"{path} needs to hold recorded answers, it holds {data.get('kind')}")
        return cls(data["model"], known, data["genes"])


def _name(inputs: np.ndarray) -> str:
    data = np.ascontiguousarray(inputs, dtype="<f8")
    digest = hashlib.sha256(repr(data.shape).encode())
    digest.update(data.tobytes())
    return digest.hexdigest()
