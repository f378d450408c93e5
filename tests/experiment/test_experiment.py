"""Experiments: runs on disk, their command line, what they print."""

import json
import pathlib

import numpy as np
import pytest

import evornn as en
from evornn.experiment import RunFolderError
from evornn.experiment.store import RunFolder, difference


def small(seeds=2, generations=3, population=24, **more):
    return en.Experiment(
        task=en.tasks.sunspots(),
        contenders={
            "elman": en.Evolve(
                en.Network(en.cells.elman, hidden=3),
                en.GA(population=population, elites=2),
                stop=en.Stop(generations=generations),
            )
        },
        seeds=seeds,
        name="small",
        **more,
    )


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    out = tmp_path_factory.mktemp("results")
    return out, small().run(out=out, jobs=2, quiet=True)


def test_a_run_leaves_settings_history_network_and_result(done):
    out, outcome = done
    folder = out / "small" / "elman" / "seed-1"
    names = {p.name for p in folder.iterdir()}
    assert names == {
        "settings.json",
        "history.csv",
        "timing.csv",
        "best.safetensors",
        "result.json",
        "log.txt",
        "run.lock",
    }
    settings = json.loads((folder / "settings.json").read_text())
    assert settings["run"]["replicate"] == 1
    assert settings["run"]["settings"]["learner"]["population"] == 24
    history = RunFolder(folder, {}).history()
    assert list(history["generation"]) == [0, 1, 2, 3]
    assert (np.diff(history["best_fitness"]) >= 0).all()
    assert outcome.results["elman"][1]["reason"].startswith("generations: 3 of 3")


def test_the_saved_network_gives_the_result_that_is_reported(done):
    out, outcome = done
    task = en.tasks.sunspots()
    network = en.Network.load(out / "small" / "elman" / "seed-0" / "best.safetensors")
    outputs = network.predict(list(task.test.inputs))
    assert task.nmse(task.test, outputs) == outcome.results["elman"][0]["test_nmse"]


def test_figures_and_table_are_written(done):
    out, outcome = done
    assert [p.name for p in outcome.figures] == ["fitness.png", "forecast.png"]
    for figure in outcome.figures:
        assert figure.read_bytes().startswith(b"\x89PNG")
        assert figure.with_suffix(".svg").read_text().startswith("<?xml")
    table = (out / "small" / "table.md").read_text()
    assert "elman" in table
    assert "persistence (control)" in table
    assert "linear AR(16) (control)" in table


def test_history_and_network_are_the_same_bytes_for_any_number_of_jobs(done, tmp_path):
    out, _ = done
    for jobs in (1, 3):
        small().run(out=tmp_path / str(jobs), jobs=jobs, quiet=True)
        for name in ("history.csv", "best.safetensors"):
            for seed in ("seed-0", "seed-1"):
                mine = tmp_path / str(jobs) / "small" / "elman" / seed / name
                theirs = out / "small" / "elman" / seed / name
                assert mine.read_bytes() == theirs.read_bytes()


def test_seeds_differ_and_do_not_depend_on_the_other_contenders(done):
    out, _ = done
    histories = [
        (out / "small" / "elman" / f"seed-{k}" / "history.csv").read_text() for k in (0, 1)
    ]
    assert histories[0] != histories[1]
    two = small()
    two.contenders["another"] = two.contenders["elman"]
    key = small().run_seed("elman", 0).spawn_key
    assert two.run_seed("elman", 0).spawn_key == key
    assert two.run_seed("another", 0).spawn_key != key


def test_finished_runs_are_read_and_more_seeds_are_added(tmp_path):
    small(seeds=1).run(out=tmp_path, quiet=True)
    first = tmp_path / "small" / "elman" / "seed-0" / "history.csv"
    before = first.stat().st_mtime_ns
    outcome = small(seeds=2).run(out=tmp_path, quiet=True)
    assert first.stat().st_mtime_ns == before
    assert len(outcome.results["elman"]) == 2


def test_a_run_that_was_interrupted_starts_again(done, tmp_path):
    out, _ = done
    small(seeds=1).run(out=tmp_path, quiet=True)
    folder = tmp_path / "small" / "elman" / "seed-0"
    (folder / "result.json").unlink()
    (folder / "history.csv").write_text("generation\n0")
    small(seeds=1).run(out=tmp_path, quiet=True)
    undisturbed = out / "small" / "elman" / "seed-0" / "history.csv"
    assert (folder / "history.csv").read_bytes() == undisturbed.read_bytes()


def test_other_settings_are_refused_and_the_difference_is_named(tmp_path):
    small(seeds=1).run(out=tmp_path, quiet=True)
    with pytest.raises(RunFolderError, match=r"learner\.population: 24 then, 32 now.*--fresh"):
        small(seeds=1, population=32).run(out=tmp_path, quiet=True)


def test_fresh_moves_old_results_aside(tmp_path):
    small(seeds=1).run(out=tmp_path, quiet=True)
    small(seeds=1, population=32).run(out=tmp_path, quiet=True, fresh=True)
    assert (tmp_path / "small.old-1" / "elman" / "seed-0" / "result.json").is_file()
    settings = json.loads((tmp_path / "small/elman/seed-0/settings.json").read_text())
    assert settings["run"]["settings"]["learner"]["population"] == 32


def test_a_folder_with_somebody_elses_files_is_not_touched(tmp_path):
    folder = tmp_path / "small" / "elman" / "seed-0"
    folder.mkdir(parents=True)
    (folder / "thesis.tex").write_text("years of work")
    with pytest.raises(RunFolderError, match="it has other files"):
        small(seeds=1).run(out=tmp_path, quiet=True)
    assert (folder / "thesis.tex").read_text() == "years of work"


def test_damaged_settings_are_a_clear_error(tmp_path):
    small(seeds=1).run(out=tmp_path, quiet=True)
    (tmp_path / "small/elman/seed-0/settings.json").write_text("{")
    with pytest.raises(RunFolderError, match=r"settings\.json is damaged"):
        small(seeds=1).run(out=tmp_path, quiet=True)


def test_the_first_difference_is_found():
    assert difference({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}) == "a.c: 2 then, 3 now"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"contenders": {}}, "needs at least one contender"),
        ({"contenders": {"a/b": None}}, "becomes a folder and needs letters"),
        ({"contenders": {"a": 3}}, "needs to be something like Evolve"),
        ({"seeds": 0}, "needs at least 1 seed, got 0"),
        ({"task": "laser"}, "needs a Task, got 'laser'"),
    ],
)
def test_wrong_experiments_are_refused(change, text):
    arguments = {
        "task": en.tasks.sunspots(),
        "contenders": {"a": en.Evolve(en.Network(en.cells.elman, hidden=2))},
    }
    with pytest.raises((ValueError, TypeError), match=text):
        en.Experiment(**{**arguments, **change})


def test_the_command_line_runs_prints_and_keeps_to_its_folder(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small().main(["--smoke", "--jobs", "1", "--quiet"])
    printed = capsys.readouterr()
    assert "elman" in printed.out
    assert "persistence (control)" in printed.out
    assert printed.err == ""
    assert pathlib.Path("results/small-smoke/fitness.png").is_file()


def test_progress_is_plain_lines_where_there_is_no_terminal(tmp_path, capsys):
    small(seeds=1).main(["--out", str(tmp_path)])
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "elman seed 0: started (run 1 of 1)"
    assert lines[1].startswith("elman seed 0: test NMSE ")
    assert not any("\x1b" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--jobs", "0"], "needs at least 1, or -1 for all cores, got 0"),
        (["--seeds", "0"], "needs to be at least 1, got 0"),
        (["--seed", "-1"], "needs to be at least 0, got -1"),
        (["--jobs", "many"], "invalid"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
    ],
)
def test_wrong_options_end_with_status_2_and_a_sentence(arguments, text, capsys):
    with pytest.raises(SystemExit) as end:
        small().main(arguments)
    assert end.value.code == 2
    assert text in capsys.readouterr().err.replace("to be at least 1, or", "at least 1, or")


def test_a_folder_that_cannot_be_written_is_one_sentence_and_status_2(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit) as end:
        small().main(["--out", str(tmp_path / "file")])
    assert end.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: ")


def test_an_interrupt_ends_with_130(tmp_path, capsys, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("evornn.evolution.evolve.EvolveRun.advance", interrupt)
    with pytest.raises(SystemExit) as end:
        small().main(["--out", str(tmp_path)])
    assert end.value.code == 130
    assert "start again to go on from the checkpoint" in capsys.readouterr().err
