"""Echo state networks: a reservoir that stays as it was drawn, and a readout that is fitted."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np

from evornn.readout import Ridge, as_readout
from evornn.reservoir.cell_reservoir import CellReservoir
from evornn.reservoir.closed_loop import ClosedLoop, Start
from evornn.reservoir.features import POOLINGS, Transform, check_transform, pooled
from evornn.reservoir.front import Front
from evornn.reservoir.labels import Labels, takes_labels
from evornn.reservoir.layer import Layer
from evornn.reservoir.plan import LayerPlan, as_plans
from evornn.reservoir.series import Series, as_inputs, as_series, check_lengths, check_washout
from evornn.reservoir.stack import Stack
from evornn.reservoir.targets import row_targets, step_targets
from evornn.reservoir.training import PIECE_BYTES, Training


class ESN:
    """An echo state network.

    `fit(inputs, targets)` for any series to any series; `fit(series)` to tell the next step, after
    which `forecast(n)` goes on alone. With `pooling` one answer for a whole sequence; with
    `classify` labels.

    Args:
        units: Units of the reservoir, or a sequence with those of each layer of a deep one.
        layers: Instead of units and settings: a `LayerPlan` or `Layer` for each layer, or one
            `CellReservoir`.
        readout: A readout of evornn.readout, or a scikit-learn estimator; by default `Ridge()`.
        washout: First steps of every sequence that training leaves out, while the reservoir forgets
            its start; None: 100, or 0 with pooling. Of a bidirectional one also the last steps.
        feedback: Whether the first layer hears the outputs of the step before: the targets while
            training (teacher forcing), its own outputs afterwards.
        bidirectional: Whether as many layers again read every sequence from its end.
        inputs_to_readout: Whether the readout sees the inputs beside the states.
        transform: None, "squares", "alternate", or a function; see `features.transformed`.
        pooling: None for an answer at every step; "last", "mean" or "samples" for one a sequence.
        samples: States that "samples" takes.
        classify: Whether targets are labels.
        seed: Of the weights and the noise.
        **settings: For every layer: see `LayerPlan`.

    Attributes:
        front: The reservoir and its features, once the number of inputs is known.
        readout: The fitted readout; `Ridge` tells by `solver` and `reason` how it was solved.
        labels: The classes, if it classifies.

    Raises:
        ValueError: If a setting is unknown, out of its range, or does not go with another.

    Source: Jaeger 2001, The echo state approach (GMD report 148); Lukosevicius 2012, A practical
    guide to applying echo state networks.
    """

    def __init__(
        self,
        units: int | Sequence[int] = 300,
        *,
        layers: Sequence[LayerPlan | Layer] | CellReservoir | None = None,
        readout: Any = None,
        washout: int | None = None,
        feedback: bool = False,
        bidirectional: bool = False,
        inputs_to_readout: bool = True,
        transform: Transform = None,
        pooling: str | None = None,
        samples: int = 4,
        classify: bool = False,
        seed: int = 0,
        **settings: Any,
    ) -> None:
        self.plans = as_plans(units, layers, settings)
        self.washout = (0 if pooling else 100) if washout is None else washout
        if self.washout < 0 or samples < 1:
            raise ValueError(
                f"washout needs to be at least 0 and samples at least 1, got {washout} and "
                f"{samples}"
            )
        if pooling is not None and pooling not in POOLINGS:
            raise ValueError(f"pooling is None or one of {', '.join(POOLINGS)}, got {pooling!r}")
        check_transform(transform)
        cells = isinstance(self.plans, CellReservoir)
        if (feedback and (cells or bidirectional or pooling or classify)) or (
            cells and bidirectional
        ):
            raise ValueError(
                "feedback needs layers, and neither pooling, classify nor bidirectional beside it; "
                "a CellReservoir knows neither feedback nor bidirectional"
            )
        self.feedback, self.bidirectional = feedback, bidirectional
        self.inputs_to_readout, self.transform = inputs_to_readout, transform
        self.pooling, self.samples, self.classify, self.seed = pooling, samples, classify, seed
        self.fresh_readout = Ridge() if readout is None else readout
        as_readout(self.fresh_readout)  # a wrong one is told now
        self.inputs = self.outputs = 0
        self.front: Front | None = None
        self.readout: Any = None
        self.labels: Labels | None = None
        self.start: Start | None = None

    # --- learning ---------------------------------------------------------------------------

    def fit(self, inputs: Series | None, targets: Any = None) -> Self:
        """Fit the readout; every sequence begins from a clean state.

        Args:
            inputs: Axes (time, input), or a list of such arrays. None for a network that hears
                nothing but its own outputs.
            targets: Axes (time, output), or a list; with pooling axes (sequence, output); with
                `classify` labels, one a step or, with pooling, one a sequence. None: the inputs of
                the next step.

        Raises:
            ValueError: If lengths differ, a number is not finite, the washout leaves nothing, or
                there is one class only.
        """
        us, single = as_inputs(inputs, targets, self.feedback)
        if targets is None:
            if self.pooling or self.classify:
                raise ValueError("fit needs targets where there is pooling or classify, got none")
            check_washout(1, us)
            us, ys = [u[:-1] for u in us], [u[1:] for u in us]
        elif self.pooling:
            ys, self.labels = row_targets(targets, us, single, self.classify)
        else:
            ys, self.labels = step_targets(targets, us, single, self.classify)
        check_washout(self._lost, us)
        front = self.draw(us[0].shape[1], ys[0].shape[-1])
        self.readout = as_readout(copy.deepcopy(self.fresh_readout))
        if self.pooling:
            self._fit_readout([(np.array([self._pooled(f) for f in front.whole(us)]), ys[0])])
        else:
            self._fit_series(front, us, ys)
        return self

    def draw(self, inputs: int, outputs: int) -> Front:
        """Draw the reservoir for so many inputs and outputs, or keep it if it fits already."""
        same = inputs == self.inputs and (outputs == self.outputs or not self.feedback)
        if self.front is None or not same:
            rng = np.random.default_rng(np.random.SeedSequence(self.seed).spawn(2)[0])
            fed = outputs if self.feedback else 0
            reservoir: Stack | CellReservoir
            if isinstance(self.plans, CellReservoir):
                reservoir = self.plans.drawn(inputs, rng)
            else:
                reservoir = Stack.drawn(self.plans, inputs, fed, self.bidirectional, rng)
            self.front = Front(reservoir, self.inputs_to_readout, self.transform)
        self.inputs, self.outputs = inputs, outputs
        return self.front

    @property
    def _lost(self) -> int:
        """Steps of a sequence that training leaves out."""
        return self.washout * (2 if self.bidirectional else 1)

    def _fit_series(self, front: Front, us: list[np.ndarray], ys: list[np.ndarray]) -> None:
        rng = np.random.default_rng(np.random.SeedSequence(self.seed).spawn(2)[1])
        streams = hasattr(self.readout, "partial_fit")
        training = Training(front, self.washout, self.feedback, rng, streams)
        pieces = training.pieces(us, ys)
        if training.in_pieces:
            for x, y in pieces:
                self.readout.partial_fit(x, y)
            if hasattr(self.readout, "solve"):  # readouts that learn online are ready
                self.readout.solve()
        else:
            self._fit_readout(pieces)
        self.start = training.start

    def _fit_readout(self, pieces: Iterable[tuple[np.ndarray, np.ndarray]]) -> None:
        columns = zip(*pieces, strict=True)
        x, y = (np.concatenate(parts) if len(parts) > 1 else parts[0] for parts in columns)
        if self.labels is not None and takes_labels(self.readout):
            y = self.labels.names[y.argmax(axis=1)]
        self.readout.fit(x, y)

    # --- answering --------------------------------------------------------------------------

    def states(self, inputs: Series, *, start: np.ndarray | None = None) -> Any:
        """The reservoir's states after every step, axes (time, unit); a list for a list.

        Args:
            inputs: Axes (time, input), or a list; without noise.
            start: The state before the first step, axes (unit); None: a clean one.

        Raises:
            ValueError: If the reservoir hears its outputs too (see `predict` with a teacher), or
                cannot begin from the start.
        """
        us, single = as_series("inputs", inputs, self.inputs or None)
        if self.feedback:
            raise ValueError("states of a network with feedback depend on its outputs; use predict")
        front = self.front or self.draw(us[0].shape[1], self.outputs)
        if start is None:
            states = front.states(us)
        else:
            states = [front.stack.states(u, front.stack.begun(start)) for u in us]
        return states[0] if single else states

    def predict(self, inputs: Series | None, teacher: Series | None = None) -> Any:
        """Outputs for one or several sequences, each from a clean state.

        Args:
            inputs: Axes (time, input), or a list of such arrays; None for a network without any.
                The first outputs come from a state that has not settled: to go on from data that
                are known, give those too and leave their outputs out.
            teacher: With feedback: what is heard in place of the network's own outputs, axes
                (time, output), like the inputs. None: its own outputs are fed back.

        Returns:
            Axes (time, output), or labels (time); a list for a list of sequences. With pooling
            axes (sequence, output), or labels (sequence); for one sequence its one entry.
        """
        front = self._fitted()
        if teacher is not None and not self.feedback:
            raise ValueError("teacher belongs to networks with feedback; this one hears its inputs")
        us, single = as_inputs(inputs, teacher, self.feedback, self.inputs)
        if self.pooling:
            check_washout(self._lost, us)
            rows = np.array([self._pooled(f) for f in front.whole(us)])
            answer = self._named(self.readout.predict(rows))
            return answer[0] if single else answer
        answers: list[Any]
        if self.feedback and teacher is None:
            loop, y = self._closed_loop(), np.zeros(self.outputs)
            answers = [loop.run(front.stack.clean(), u, y) for u in us]
        elif teacher is not None:
            ys, _ = as_series("teacher", teacher, self.outputs)
            check_lengths(us, ys)
            answers = [self._answer(front, u, y) for u, y in zip(us, ys, strict=True)]
        else:
            answers = [self._answer(front, u, None) for u in us]
        return answers[0] if single else answers

    def _answer(self, front: Front, u: np.ndarray, fed: np.ndarray | None) -> np.ndarray:
        steps = max(1, int(PIECE_BYTES / (8 * front.width(self.inputs))))
        pieces = front.pieces(u, steps, outputs=fed)
        return self._named(np.concatenate([self.readout.predict(x) for _, x in pieces]))

    def _pooled(self, features: np.ndarray) -> np.ndarray:
        end = len(features) - (self.washout if self.bidirectional else 0)
        return pooled(features[self.washout : end], self.pooling or "last", self.samples)

    def _named(self, answer: np.ndarray) -> np.ndarray:
        if self.labels is None or takes_labels(self.readout):
            return answer
        return self.labels.names[answer.argmax(axis=1)]

    def forecast(
        self,
        steps: int,
        *,
        context: Any = None,
        teacher: Any = None,
        inputs: np.ndarray | None = None,
    ) -> np.ndarray:
        """Free running: go on alone, each output heard in the next step.

        Args:
            steps: Steps to go on, at least 1.
            context: The series to go on from, axes (time, input); None: the last training sequence.
            teacher: With feedback: the outputs that belong to the context, axes (time, output).
            inputs: What comes from outside during the forecast: with feedback all inputs, axes
                (steps, input), otherwise those whose place no output takes. None: they keep their
                last value.

        Returns:
            Axes (steps, output). The first is the answer to the last observation.

        Raises:
            ValueError: If the network answers whole sequences or labels, reads backwards, or has
                more outputs than inputs and no feedback.
        """
        loop = self._closed_loop()
        if self.start is None:
            raise ValueError("forecast needs a fitted network")
        return loop.forecast(steps, self.start, context, teacher, inputs)

    def generate(
        self,
        steps: int,
        *,
        start: Any = None,
        inputs: np.ndarray | None = None,
        noise: float = 0.0,
        seed: int = 0,
    ) -> np.ndarray:
        """A series from nothing: free running from a clean state.

        Args:
            steps: Steps, at least 1.
            start: What is heard first in place of an output, axes (output); None: zero.
            inputs: What comes from outside, as for `forecast`; None: zero.
            noise: Standard deviation of normal noise on the outputs where they are heard.
            seed: Of that noise.

        Returns:
            Axes (steps, output).
        """
        return self._closed_loop().generate(steps, start, inputs, noise, seed)

    def _closed_loop(self) -> ClosedLoop:
        front = self._fitted()
        if self.pooling or self.classify:
            raise ValueError("free running needs outputs that can be heard, not labels or pooling")
        return ClosedLoop(front, self.readout, self.inputs, self.outputs, self.feedback)

    def _fitted(self) -> Front:
        if self.readout is None or self.front is None:
            raise ValueError("this ESN needs to be fitted first; call fit(inputs, targets)")
        return self.front

    # --- on disk ----------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str], **metadata: Any) -> None:
        """Write a fitted network to a safetensors file (no pickle), atomically.

        Args:
            path: The file; replaced if it exists.
            **metadata: More to keep, JSON-able.

        Raises:
            ValueError: If it is not fitted, or a readout or function cannot be written as numbers.
        """
        from evornn.reservoir.esn_file import write_esn

        self._fitted()
        write_esn(path, self, metadata)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> ESN:
        """The network in a file of `save`: it answers and forecasts as before.

        Raises:
            ValueError: If the file holds no echo state network.
        """
        from evornn.reservoir.esn_file import read_esn

        return read_esn(path)
