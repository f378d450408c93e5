"""Callbacks that send runs to TensorBoard and MLflow, by these projects' own libraries."""

from __future__ import annotations

import math
import os
import pathlib
import time
from collections.abc import Mapping
from typing import Any

from evornn.experiment.flat import flat

MLFLOW_FLUSH_S = 5.0
MLFLOW_BATCH = 1000  # the most metrics that a tracking server takes at once


class TensorBoard:
    """Writes every column of the history for TensorBoard: `tensorboard --logdir FOLDER`.

    A run's files are in FOLDER/<experiment>/<contender>/seed-<k>. TensorFlow is not needed.

    Args:
        folder: The log folder.

    Raises:
        ImportError: If tensorboard is not installed; says how to get it.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        try:
            from tensorboard.summary import Writer
        except ImportError as error:
            raise ImportError(
                "TensorBoard files need tensorboard; install it with "
                "pip install 'evornn[tensorboard]'"
            ) from error
        self._folder = pathlib.Path(folder)
        self._make = Writer
        self._writers: dict[pathlib.Path, Any] = {}

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Write one event."""
        key = event["folder"]
        if event["event"] == "start":
            names = (event["experiment"], event["contender"], f"seed-{event['replicate']}")
            self._writers[key] = self._make(str(self._folder.joinpath(*names)))
            return
        writer, step = self._writers[key], event["row"]["generation"]
        if event["event"] == "generation":
            for name, value in _metrics(event["row"]).items():
                writer.add_scalar(name, value, step)
            writer.add_scalar("elapsed_s", event["elapsed_s"], step)
        else:
            for name, value in _metrics(event["result"]).items():
                writer.add_scalar(f"result/{name}", value, step)
            self._writers.pop(key).close()


class MLflow:
    """Sends runs to an MLflow tracking server: settings as parameters, the history as metrics.

    Metrics travel together every few seconds. A run that is resumed becomes a run of its own on the
    server, from the generation at which it goes on.

    Args:
        tracking_uri: Of the server, such as http://localhost:5000; None: as MLflow's own
            environment variables say.
        experiment: Name on the server; default: the experiment's own.

    Raises:
        ImportError: If mlflow is not installed; says how to get it.
    """

    def __init__(self, tracking_uri: str | None = None, experiment: str | None = None) -> None:
        try:
            import mlflow
        except ImportError as error:
            raise ImportError(
                "an MLflow server needs mlflow; install it with pip install 'evornn[mlflow]'"
            ) from error
        self._client = mlflow.MlflowClient(tracking_uri=tracking_uri)
        self._experiment = experiment
        self._runs: dict[pathlib.Path, str] = {}
        self._waiting: dict[pathlib.Path, list[Any]] = {}
        self._sent = time.monotonic()

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Take one event, and send what has gathered if it is time."""
        key = event["folder"]
        if event["event"] == "start":
            self._start(key, event)
            return
        ended = event["event"] == "end"
        values = _metrics(event["result"]) if ended else _metrics(event["row"])
        prefix = "result_" if ended else ""
        self._add(key, {prefix + name: value for name, value in values.items()}, event["row"])
        if ended or time.monotonic() - self._sent >= MLFLOW_FLUSH_S:
            self._flush()
        if ended:
            self._client.set_terminated(self._runs.pop(key))

    def _start(self, key: pathlib.Path, event: Mapping[str, Any]) -> None:
        name = self._experiment or event["experiment"]
        known = self._client.get_experiment_by_name(name)
        found = self._client.create_experiment(name) if known is None else known.experiment_id
        run = self._client.create_run(
            found, run_name=f"{event['contender']} seed {event['replicate']}"
        )
        self._runs[key] = run.info.run_id
        self._waiting[key] = []
        for setting, value in flat(event["settings"]).items():
            self._client.log_param(run.info.run_id, setting, value)

    def _add(self, key: pathlib.Path, values: Mapping[str, float], row: Mapping[str, Any]) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self._waiting[key] += [Metric(n, v, now, row["generation"]) for n, v in values.items()]

    def _flush(self) -> None:
        self._sent = time.monotonic()
        for key, metrics in self._waiting.items():
            while metrics:
                self._client.log_batch(self._runs[key], metrics=metrics[:MLFLOW_BATCH])
                del metrics[:MLFLOW_BATCH]


def _metrics(values: Mapping[str, Any]) -> dict[str, float]:
    """The finite numbers."""
    return {
        name: float(value)
        for name, value in values.items()
        if isinstance(value, (int, float)) and math.isfinite(value)
    }
