"""Training by gradients beside evolution: one experiment, one history, one report."""

import json
import pathlib

import numpy as np
import pytest
from elman_by_hand import ElmanByHand

import evornn as en
from evornn.experiment.comparison import compare
from evornn.experiment.experiment import Pace
from evornn.experiment.listing import list_runs
from evornn.experiment.report import write_report
from evornn.gradient.optimizers import SGD, Adam
from evornn.gradient.train import Train


class Killed(BaseException):
    """Stands for the end of the process."""


def contenders(updates=12):
    network = en.Network(en.cells.elman, hidden=2)
    return {
        "evolved": en.Evolve(network, en.GA(population=16, elites=2), en.Stop(generations=4)),
        "trained": Train(
            network,
            ElmanByHand(),
            Adam((0.02, 0.05)),
            stop=en.Stop(updates=updates),
            population=2,
            validate_every=4,
        ),
    }


def experiment(**more):
    task = en.tasks.narma10(train=40, validation=30, test=40, washout=5)
    return en.Experiment(task, contenders(**more), seeds=2, name="both")


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    out = tmp_path_factory.mktemp("results")
    return experiment().run(out=out, jobs=1, quiet=True)


def test_both_kinds_leave_results_figures_and_a_table(outcome):
    assert {len(runs) for runs in outcome.results.values()} == {2}
    trained = outcome.results["trained"][0]
    assert trained["generations"] == 12
    assert trained["reason"] == "updates: 12 of 12 are done."
    assert trained["test_nmse"] > 0
    assert all(path.is_file() for path in outcome.figures)
    assert "trained" in (outcome.folder / "table.md").read_text()
    network = en.Network.load(outcome.folder / "trained" / "seed-0" / "best.safetensors")
    assert network.genes == trained["genes"]


def test_a_report_draws_both_kinds(outcome, tmp_path):
    written = write_report(outcome.folder)
    text = "".join(pathlib.Path(path).read_text() for path in written if str(path).endswith(".md"))
    assert "trained" in text
    assert "network-steps" in text


def test_runs_are_listed_with_their_updates(outcome):
    found = {run.name: run for run in list_runs(outcome.folder)}
    assert found["trained seed 1"].generation == 12
    assert found["trained seed 1"].status == "finished"


def test_both_kinds_can_be_compared(outcome):
    errors = {name: [r["test_nmse"] for r in runs] for name, runs in outcome.results.items()}
    assert set(compare(errors).names) == {"evolved", "trained"}


def test_a_training_that_is_killed_ends_with_the_same_bytes(outcome, tmp_path, monkeypatch):
    from evornn.gradient.training import TrainRun

    advance = TrainRun.advance

    def dying(self):
        if self._counts["updates"] >= 8:
            raise Killed
        return advance(self)

    with monkeypatch.context() as patch:
        patch.setattr(TrainRun, "advance", dying)
        with pytest.raises(Killed):
            experiment().run(out=tmp_path, jobs=1, quiet=True, checkpoint_s=0)
    experiment().run(out=tmp_path, jobs=1, quiet=True)
    for name in ("history.csv", "best.safetensors"):
        for seed in ("seed-0", "seed-1"):
            before = (outcome.folder / "trained" / seed / name).read_bytes()
            assert (tmp_path / "both" / "trained" / seed / name).read_bytes() == before
    log = (tmp_path / "both" / "trained" / "seed-0" / "log.txt").read_text()
    assert "resumed after generation 8" in log


def test_other_settings_are_refused(outcome):
    with pytest.raises(ValueError, match=r"settings.stop.updates: 12 then, 16 now"):
        experiment(updates=16).run(out=outcome.folder.parent, jobs=1, quiet=True)


def test_a_smoke_run_ends_at_once(tmp_path):
    found = experiment().smoke().run(out=tmp_path, jobs=1, quiet=True)
    assert found.results["trained"][0]["generations"] == 3


def test_callbacks_see_rows_of_updates(tmp_path):
    told = []
    small = en.Experiment(experiment().task, {"trained": contenders()["trained"]}, name="seen")
    small.run(out=tmp_path, jobs=1, quiet=True, callbacks=[told.append])
    rows = [event["row"] for event in told if event["event"] == "generation"]
    assert [row["generation"] for row in rows] == [0, 4, 8, 12]
    assert {"loss", "gradient_norm", "learning_rate", "lanes"} <= set(rows[0])
    start = next(event for event in told if event["event"] == "start")
    json.dumps(start["settings"])


def test_a_checkpoint_is_due_when_a_row_has_stepped_over_a_multiple():
    pace = Pace(seconds=1e9, generations=10)
    assert [pace.due(g) for g in (0, 4, 8, 12, 16, 20, 24, 51)] == [
        *(True, False, False, True, False, True, False, True)
    ]
    assert not any(Pace(1e9, None).due(g) for g in range(5))


def test_a_run_whose_lanes_all_diverge_still_has_a_network(tmp_path):
    training = Train(
        en.Network(en.cells.elman, hidden=2),
        ElmanByHand(lambda weights, loss: np.nan),
        SGD(0.1),
        population=2,
    )
    task = experiment().task
    found = en.Experiment(task, {"lost": training}, name="lost").run(
        out=tmp_path, jobs=1, quiet=True
    )
    (result,) = found.results["lost"]
    assert result["failed"] == 2
    assert "diverged at update 0" in result["reason"]
    assert np.isfinite(result["test_nmse"])
