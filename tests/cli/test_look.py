"""`evornn list`, `show` and `export`."""

import json
import time

import numpy as np
import pytest

import evornn as en


def test_list_shows_every_run_with_its_figures(project, evornn):
    status, out, err = evornn("list", project / "results")
    assert (status, err) == (0, "")
    header, *lines = out.splitlines()
    assert header.split() == [
        "experiment",
        "contender",
        "seed",
        "status",
        "test",
        "NMSE",
        "best",
        "MSE",
        "gen.",
        "age",
    ]
    assert [line.split()[:4] for line in lines] == [
        ["spots", "elman", "0", "finished"],
        ["spots", "elman", "1", "finished"],
        ["spots", "leaky", "0", "finished"],
        ["spots", "leaky", "1", "finished"],
    ]
    result = json.loads((project / "results/spots/leaky/seed-1/result.json").read_text())
    assert f"{result['test_nmse']:.4f}" in lines[-1]
    assert f"{result['train_mse']:.4f}" in lines[-1]


def test_list_answers_programs_in_strict_json(mine, evornn):
    (mine / "results/spots/leaky/seed-1/result.json").unlink()
    _, out, _ = evornn("list", mine / "results/spots/leaky", "--json")
    runs = json.loads(out, parse_constant=pytest.fail)
    assert [run["status"] for run in runs] == ["finished", "interrupted"]
    assert runs[1]["test_nmse"] is None
    assert runs[1]["generation"] == 4


def test_list_can_be_asked_for_one_status(mine, evornn):
    (mine / "results/spots/leaky/seed-1/result.json").write_text("{")
    _, out, _ = evornn("list", mine / "results", "--status", "damaged")
    assert len(out.splitlines()) == 3
    assert "leaky" in out
    assert "result.json cannot be read" in out
    _, out, _ = evornn("list", mine / "results", "--status", "running")
    assert out == f"no running runs in {mine / 'results'}\n"


def test_show_tells_all_about_a_run(project, evornn):
    status, out, _ = evornn("show", project / "results/spots/elman/seed-1")
    assert status == 0
    assert out.startswith("elman seed 1 of spots: finished")
    for text in ("test_nmse", "settings.learner.population", "numba", "started", "history.csv"):
        assert text in out


def test_show_answers_programs(project, evornn):
    _, out, _ = evornn("show", project / "results/spots/elman/seed-1", "--json")
    data = json.loads(out, parse_constant=pytest.fail)
    assert data["run"]["status"] == "finished"
    assert data["settings"]["settings"]["learner"]["population"] == 24
    assert data["files"]["history.csv"] > 0
    assert data["log"][0].endswith("started")


@pytest.mark.parametrize("name", ["settings.json", "result.json", "history.csv", "log.txt"])
@pytest.mark.parametrize("how", ["removed", "empty", "garbage", "binary"])
def test_a_broken_run_is_shown_as_far_as_it_goes(name, how, mine, evornn):
    run = mine / "results/spots/elman/seed-1"
    (run / "result.json").rename(run / "aside") if name == "history.csv" else None
    file = run / name
    if how == "removed":
        file.unlink()
    else:
        file.write_bytes({"empty": b"", "garbage": b"[1, {", "binary": bytes(range(256)) * 9}[how])
    for command in (["show"], ["show", "--json"], ["list"], ["list", "--json"]):
        status, out, err = evornn(*command, run)
        assert (status, err) == (0, "")
        assert "elman" in out


def test_show_needs_one_run_and_names_some(project, evornn):
    status, out, err = evornn("show", project / "results/spots")
    assert (status, out) == (2, "")
    assert "holds 4 runs, name one of them: " in err
    assert "elman/seed-0" in err


def test_export_to_csv_gives_what_the_run_holds(project, evornn, tmp_path):
    run = project / "results/spots/elman/seed-0"
    status, out, err = evornn("export", run, "--out", tmp_path / "e")
    assert (status, err) == (0, "")
    assert out == f"wrote {tmp_path}/e-history.csv\nwrote {tmp_path}/e-weights.csv\n"
    table = np.genfromtxt(tmp_path / "e-history.csv", delimiter=",", names=True)
    source = np.genfromtxt(run / "history.csv", delimiter=",", names=True)
    assert table.dtype.names == (*source.dtype.names, "elapsed_s")
    for name in source.dtype.names:
        np.testing.assert_array_equal(table[name], source[name])
    network = en.Network.load(run / "best.safetensors")
    lines = (tmp_path / "e-weights.csv").read_text().splitlines()
    assert len(lines) == 1 + network.genes
    values = {tuple(line.split(",")[:3]): float(line.split(",")[3]) for line in lines[1:]}
    U = network.unpack()["U"]
    assert values["U", "2", "1"] == U[2, 1]


def test_export_to_npz_and_json_hold_the_same(project, evornn, tmp_path):
    run = project / "results/spots/leaky/seed-0"
    for form in ("npz", "json"):
        status, out, _ = evornn("export", run, "--format", form, "--out", tmp_path / "e")
        assert (status, out) == (0, f"wrote {tmp_path}/e.{form}\n")
    data = json.loads((tmp_path / "e.json").read_text(), parse_constant=pytest.fail)
    weights = en.Network.load(run / "best.safetensors").unpack()
    with np.load(tmp_path / "e.npz", allow_pickle=False) as arrays:
        for name, values in weights.items():
            np.testing.assert_array_equal(arrays[f"weights/{name}"], values)
            assert data["weights"][name] == values.tolist()
        assert data["history"]["best_mse"] == arrays["history/best_mse"].tolist()
    assert data["history"]["validation_mse"] == [None] * 5
    assert data["result"]["generations"] == 4


def test_export_of_an_open_run_has_its_history_only(mine, evornn, tmp_path):
    run = mine / "results/spots/elman/seed-0"
    (run / "result.json").unlink()
    status, out, err = evornn("export", run, "--out", tmp_path / "e")
    assert (status, out) == (0, f"wrote {tmp_path}/e-history.csv\n")
    assert err == "elman seed 0 is interrupted: only its history is there\n"


def test_export_to_parquet_gives_a_table_or_says_what_it_needs(project, evornn, tmp_path):
    run = project / "results/spots/elman/seed-0"
    status, _, err = evornn("export", run, "--format", "parquet", "--out", tmp_path / "e")
    try:
        import pandas as pd
        import pyarrow  # noqa: F401
    except ImportError:
        assert status == 2
        assert "need pandas and pyarrow; install them with pip install pandas pyarrow" in err
    else:
        assert status == 0
        assert list(pd.read_parquet(tmp_path / "e-history.parquet")["generation"]) == [*range(5)]


@pytest.mark.parametrize("name", ["history.csv", "timing.csv", "best.safetensors"])
def test_export_of_a_damaged_run_is_one_sentence(name, mine, evornn, tmp_path):
    run = mine / "results/spots/elman/seed-0"
    (run / name).write_bytes(b"\x00nonsense")
    status, out, err = evornn("export", run, "--out", tmp_path / "e")
    assert (status, out) == (2, "")
    assert err.startswith("error: ")
    assert len(err.splitlines()) == 1


def test_a_long_list_is_quick(tmp_path, evornn):
    for contender in range(20):
        for seed in range(50):
            run = tmp_path / "big" / f"c{contender}" / f"seed-{seed}"
            run.mkdir(parents=True)
            (run / "result.json").write_text(
                '{"generations": 9, "test_nmse": 0.5, "train_mse": 0.25}'
            )
    began = time.perf_counter()
    _, out, _ = evornn("list", tmp_path)
    elapsed_s = time.perf_counter() - began
    assert len(out.splitlines()) == 1001
    # A tenth of them, with room for a busy machine: 10,000 take 0.5 s on one core.
    assert elapsed_s < 1.0
