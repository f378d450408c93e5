"""Callbacks hear of every start, generation and end; one that fails loses nothing."""

import csv
import functools
import json
import math
import pathlib
import sys
import types

import pytest

import evornn as en
from evornn.experiment import slices
from evornn.experiment.callbacks import CallbackError, MLflow, TensorBoard
from evornn.experiment.checkpoint import checkpoints

GENERATIONS = 5


def small(seeds=1):
    network = en.Network(en.cells.elman, hidden=3)
    stop = en.Stop(generations=GENERATIONS)
    contender = en.Evolve(network, en.GA(population=24, elites=2), stop=stop)
    return en.Experiment(en.tasks.sunspots(), {"elman": contender}, seeds=seeds, name="small")


def files(out):
    folder = pathlib.Path(out) / "small" / "elman" / "seed-0"
    return {n: (folder / n).read_bytes() for n in ("history.csv", "best.safetensors")}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    out = tmp_path_factory.mktemp("told")
    events = []
    small(seeds=2).run(out=out, jobs=1, quiet=True, callbacks=[events.append])
    return out, events


def check(out, events):
    """Whether the events of seed 0 say what lies on disk."""
    folder = out / "small" / "elman" / "seed-0"
    mine = [event for event in events if event["replicate"] == 0]
    assert [event["event"] for event in mine] == [
        "start",
        *["generation"] * (GENERATIONS + 1),
        "end",
    ]
    assert all(event["folder"] == folder for event in mine)
    assert all((e["experiment"], e["contender"]) == ("small", "elman") for e in mine)
    with (folder / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row, event in zip(rows, mine[1:-1], strict=True):
        assert {name: str(value) for name, value in event["row"].items()} == row
    settings = json.loads((folder / "settings.json").read_text())
    assert json.loads(json.dumps(mine[0]["settings"])) == settings["run"]
    assert mine[0]["resumed_after"] is None
    result = json.loads((folder / "result.json").read_text())
    assert {k: v for k, v in mine[-1]["result"].items() if v == v} == {
        k: v for k, v in result.items() if not (isinstance(v, float) and math.isnan(v))
    }
    seconds = [event["elapsed_s"] for event in mine]
    assert seconds == sorted(seconds)
    assert seconds[0] == 0 < seconds[1]


def test_events_say_what_lies_on_disk(told):
    out, events = told
    check(out, events)
    assert [event["replicate"] for event in events] == [0] * 8 + [1] * 8


def test_callbacks_change_nothing(told, tmp_path):
    small().run(out=tmp_path, jobs=1, quiet=True)
    assert files(tmp_path) == files(told[0])


def test_finished_runs_are_not_told_again(told):
    events = []
    small(seeds=2).run(out=told[0], quiet=True, callbacks=[events.append])
    assert events == []


@pytest.mark.parametrize("slice_s", [0.0, 5.0], ids=["many slices", "one slice"])
def test_a_cluster_tells_the_same(slice_s, told, tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(slices.run_on_cluster, "__defaults__", (slice_s,))
    events = []
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        small().run(out=tmp_path, dask=client, quiet=True, callbacks=[events.append])
    check(tmp_path, events)
    assert files(tmp_path) == files(told[0])


class Fussy:
    """Fails on one event."""

    def __init__(self, event, generation=0):
        self.event, self.generation = event, generation

    def __call__(self, event):
        generation = event.get("row", {}).get("generation", self.generation)
        if (event["event"], generation) == (self.event, self.generation):
            raise KeyError("no such column")


@pytest.mark.parametrize("generation", [0, 3])
def test_a_callback_that_fails_is_named_and_the_run_goes_on_later(generation, told, tmp_path):
    text = r"callback `Fussy` failed on the event 'generation' of elman seed 0: KeyError: "
    with pytest.raises(CallbackError, match=text):
        small().run(out=tmp_path, quiet=True, callbacks=[Fussy("generation", generation)])
    folder = tmp_path / "small" / "elman" / "seed-0"
    assert len(checkpoints(folder)) == 1
    assert "callback `Fussy` failed" in (folder / "log.txt").read_text()
    events = []
    small().run(out=tmp_path, quiet=True, callbacks=[events.append])
    assert events[0]["resumed_after"] == generation
    assert events[0]["elapsed_s"] > 0
    later = [event["row"]["generation"] for event in events[1:-1]]
    assert later == [*range(generation + 1, GENERATIONS + 1)]
    assert files(tmp_path) == files(told[0])


@pytest.mark.parametrize("event", ["generation", "end"])
def test_a_callback_that_fails_at_the_end_leaves_a_finished_run(event, told, tmp_path):
    with pytest.raises(CallbackError, match=f"on the event '{event}'"):
        small().run(out=tmp_path, quiet=True, callbacks=[Fussy(event, GENERATIONS)])
    assert files(tmp_path) == files(told[0])
    assert (tmp_path / "small/elman/seed-0/result.json").is_file()


def test_a_callback_that_fails_at_the_start_is_named(tmp_path):
    with pytest.raises(CallbackError, match="on the event 'start'"):
        small().run(out=tmp_path, quiet=True, callbacks=[Fussy("start")])
    small().run(out=tmp_path, quiet=True)


def test_an_interrupt_after_the_last_generation_does_not_make_the_run_longer(
    told, tmp_path, monkeypatch
):
    def interrupt(self, row, *_):
        if row.generation == GENERATIONS:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("evornn.experiment.experiment.Display.show", interrupt)
        with pytest.raises(KeyboardInterrupt):
            small().run(out=tmp_path, quiet=True, checkpoint_generations=2)
    small().run(out=tmp_path, quiet=True)
    assert files(tmp_path) == files(told[0])


def test_one_callback_does_not_see_what_another_changes(tmp_path):
    events = []
    small().run(out=tmp_path, quiet=True, callbacks=[dict.clear, events.append])
    assert all("folder" in event for event in events)


def test_callbacks_need_to_be_functions(tmp_path):
    with pytest.raises(TypeError, match="needs functions of one dictionary, got 'tensorboard'"):
        small().run(out=tmp_path, callbacks=["tensorboard"])


@pytest.mark.parametrize(
    ("make", "module", "extra"),
    [(TensorBoard, "tensorboard", "tensorboard"), (MLflow, "mlflow", "mlflow")],
)
def test_a_missing_library_is_named_with_its_cure(make, module, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, f"{module}.summary", None)
    with pytest.raises(ImportError, match=rf"pip install 'evornn\[{extra}\]'"):
        make("somewhere")


class Writer:
    """Stands for tensorboard's writer."""

    def __init__(self, folder, made):
        self.scalars, self.closed = [], False
        made[folder] = self

    def add_scalar(self, name, value, step):
        self.scalars.append((name, value, step))

    def close(self):
        self.closed = True


def test_tensorboard_is_given_every_finite_number_of_the_history(told, monkeypatch, tmp_path):
    library = types.ModuleType("tensorboard.summary")
    made = {}
    library.Writer = functools.partial(Writer, made=made)
    monkeypatch.setitem(sys.modules, "tensorboard", types.ModuleType("tensorboard"))
    monkeypatch.setitem(sys.modules, "tensorboard.summary", library)
    board = TensorBoard(tmp_path)
    for event in told[1]:
        board(event)
    writer = made[str(tmp_path / "small" / "elman" / "seed-1")]
    assert writer.closed
    errors = [(step, value) for name, value, step in writer.scalars if name == "best_mse"]
    rows = [e["row"] for e in told[1] if e["replicate"] == 1 and e["event"] == "generation"]
    assert errors == [(row["generation"], row["best_mse"]) for row in rows]
    names = {name for name, _, _ in writer.scalars}
    assert {"elapsed_s", "result/test_nmse"} <= names
    assert "validation_mse" not in names  # this task has no validation part


def test_tensorboards_own_files_hold_the_history(told, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = TensorBoard(tmp_path)
    for event in told[1]:
        board(event)
    found = EventAccumulator(str(tmp_path / "small" / "elman" / "seed-1"))
    found.Reload()
    errors = [event.tensor_proto.float_val[0] for event in found.Tensors("best_mse")]
    rows = [e["row"] for e in told[1] if e["replicate"] == 1 and e["event"] == "generation"]
    assert errors == pytest.approx([row["best_mse"] for row in rows], rel=1e-6)


class Server:
    """Stands for MLflow's client; keeps what it is sent."""

    def __init__(self, tracking_uri):
        self.uri, self.runs, self.experiments = tracking_uri, {}, {}

    def get_experiment_by_name(self, name):
        known = self.experiments.get(name)
        return known and types.SimpleNamespace(experiment_id=known)

    def create_experiment(self, name):
        return self.experiments.setdefault(name, f"id of {name}")

    def create_run(self, experiment_id, run_name):
        self.runs[run_name] = {"experiment": experiment_id, "params": {}, "metrics": []}
        return types.SimpleNamespace(info=types.SimpleNamespace(run_id=run_name))

    def log_param(self, run_id, name, value):
        self.runs[run_id]["params"][name] = value

    def log_batch(self, run_id, metrics):
        assert len(metrics) <= 1000
        self.runs[run_id]["metrics"] += metrics

    def set_terminated(self, run_id):
        self.runs[run_id]["ended"] = True


@pytest.mark.parametrize("flush_s", [0.0, 1000.0])
def test_mlflow_is_given_settings_and_every_finite_number(flush_s, told, monkeypatch):
    library, entities = types.ModuleType("mlflow"), types.ModuleType("mlflow.entities")
    library.MlflowClient = Server
    entities.Metric = lambda *values: values
    monkeypatch.setitem(sys.modules, "mlflow", library)
    monkeypatch.setitem(sys.modules, "mlflow.entities", entities)
    monkeypatch.setattr("evornn.experiment.trackers.MLFLOW_FLUSH_S", flush_s)
    flow = MLflow("http://localhost:5000")
    for event in told[1]:
        flow(event)
    server = flow._client
    assert list(server.runs) == ["elman seed 0", "elman seed 1"]
    run = server.runs["elman seed 1"]
    assert run["ended"]
    assert run["experiment"] == "id of small"
    assert run["params"]["settings.learner.population"] == 24
    errors = [(step, value) for name, value, _, step in run["metrics"] if name == "best_mse"]
    rows = [e["row"] for e in told[1] if e["replicate"] == 1 and e["event"] == "generation"]
    assert errors == [(row["generation"], row["best_mse"]) for row in rows]
    assert "result_test_nmse" in {metric[0] for metric in run["metrics"]}
