"""Networks trained by gradients as scikit-learn estimators."""

from __future__ import annotations

from typing import Any

import numpy as np

from evornn.estimators.classification import SequenceClassifier
from evornn.estimators.contest import LearnedNetwork
from evornn.estimators.regression import SequenceRegressor
from evornn.gradient import BPTT, Adam, Train
from evornn.stopping import Stop


class _Trained(LearnedNetwork):
    """The settings that regressor and classifier share."""

    def __init__(
        self,
        cell: Any = "elman",
        *,
        hidden: int = 16,
        updates: int = 500,
        learning_rate: float = 0.01,
        clip_norm: float | None = 1.0,
        batch_size: int | None = None,
        restarts: int = 1,
        method: Any = None,
        optimizer: Any = None,
        stop: Stop | None = None,
        validation_fraction: float = 0.2,
        pooling: str | None = None,
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.cell = cell
        self.hidden = hidden
        self.updates = updates
        self.learning_rate = learning_rate
        self.clip_norm = clip_norm
        self.batch_size = batch_size
        self.restarts = restarts
        self.method = method
        self.optimizer = optimizer
        self.stop = stop
        self.validation_fraction = validation_fraction
        self.pooling = pooling
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _loss(self) -> str:
        """What is minimised."""
        return "mse"

    def _contender(self) -> Train:
        return Train(
            self._network(),
            self.method or BPTT(),
            self.optimizer or Adam(self.learning_rate),
            self._loss(),
            stop=self.stop or Stop(updates=self.updates),
            batch_size=self.batch_size,
            population=self.restarts,
            clip_norm=self.clip_norm,
        )


class GradientRegressor(SequenceRegressor, _Trained):
    """A recurrent network trained by gradients, for numbers.

        series = np.sin(np.arange(600) / 5)[:, None]
        model = GradientRegressor("gru", hidden=8, random_state=0)
        model.fit(series[:400], series[1:401]).score(series[400:-1], series[401:])

    Args:
        cell: A cell, or the name of one in `evornn.cells`.
        hidden: Units.
        updates: Steps of the optimiser.
        learning_rate: Of the usual optimiser, Adam.
        clip_norm: Largest norm of the gradient; None: any.
        batch_size: Sequences of an update; None: all of them.
        restarts: Networks trained side by side from other weights, of which the best is kept.
        method: How the gradient is computed; None: `BPTT()`.
        optimizer: In the place of Adam with `learning_rate`.
        stop: Other rules to end by, in the place of `updates`.
        validation_fraction: Share of the data, from the end, that chooses among the networks on the
            way, in [0, 1); 0: the training error chooses.
        pooling: None for an answer at every step; "last" for one a sequence.
        n_jobs: Threads; -1 for all cores.
        random_state: Seed of everything random.

    Attributes:
        network_: The best `Network`.
        history_: By column of the run's history.
        reason_: Why the run has ended.
    """


class GradientClassifier(SequenceClassifier, _Trained):
    """A recurrent network trained by gradients, for labels: softmax and cross-entropy.

        model = GradientClassifier("lstm", hidden=8, pooling="last", random_state=0)
        model.fit(sequences, labels).predict_proba(sequences)

    The arguments and attributes are those of `GradientRegressor`, and `classes_`.
    """

    def _readout(self) -> str:
        return "softmax"

    def _loss(self) -> str:
        return "last_cross_entropy" if self.pooling else "cross_entropy"

    def predict_proba(self, X: Any) -> Any:
        """Probability of each class, axes (time, class), which add up to 1.

        Args:
            X: As for `fit`; many sequences give a list, with pooling axes (sequence, class).
        """
        outputs, many = self._answers(X)
        shares = [y / y.sum(axis=1, keepdims=True) for y in outputs]
        if self.pooling is not None:
            return np.concatenate(shares)
        return shares if many else shares[0]
