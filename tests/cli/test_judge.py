"""`evornn compare`, `plot` and `report`."""

import json

import numpy as np
import pytest

from evornn.experiment.verdict import verdict


def results(project):
    return {
        name: [
            json.loads((project / f"results/spots/{name}/seed-{k}/result.json").read_text())
            for k in (0, 1)
        ]
        for name in ("elman", "leaky")
    }


def test_compare_prints_medians_controls_and_the_verdict(project, evornn):
    status, out, err = evornn("compare", project / "results/spots")
    assert (status, err) == (0, "")
    runs = results(project)
    for name in ("elman", "leaky"):
        median = np.median([run["test_nmse"] for run in runs[name]])
        assert f"{median:.4g}" in next(line for line in out.splitlines() if line.startswith(name))
    assert "persistence (control)" in out
    facts = json.loads((project / "results/spots/experiment.json").read_text())
    for sentence in verdict(runs, facts["controls"]).sentences:
        assert sentence in out


def test_compare_answers_programs(project, evornn):
    _, out, _ = evornn("compare", project / "results/spots", "--measure", "train_mse", "--json")
    data = json.loads(out, parse_constant=pytest.fail)
    assert data["outcome"] == "too few seeds"
    assert data["measure"] == "train_mse"
    medians = {k: np.median([r["train_mse"] for r in v]) for k, v in results(project).items()}
    assert {k: s["median"] for k, s in data["summaries"].items()} == medians
    assert data["best"] == min(medians, key=medians.get)


def test_compare_names_what_it_leaves_out(mine, evornn):
    (mine / "results/spots/leaky/seed-1/result.json").unlink()
    _, out, _ = evornn("compare", mine / "results/spots")
    assert "Left out, because not all contenders have them: leaky seed-1, elman seed-1." in out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["compare", "--measure", "beauty"], "--measure needs one of elapsed_s, "),
        (["compare", "--alpha", "2"], "--alpha needs to be between 0 and 1, got 2.0"),
        (["plot", "--figure", "cat"], "--figure needs one of final_error, fitness, "),
    ],
)
def test_wrong_wishes_are_one_sentence(arguments, text, project, evornn):
    status, out, err = evornn(*arguments, project / "results/spots")
    assert (status, out) == (2, "")
    assert err.startswith(f"error: {text}")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("command", ["compare", "plot", "report"])
@pytest.mark.parametrize("name", ["result.json", "best.safetensors", "history.csv"])
def test_a_damaged_run_is_named_in_one_sentence(command, name, mine, evornn):
    (mine / "results/spots/elman/seed-0" / name).write_bytes(b"\x00nonsense")
    status, _, err = evornn(command, mine / "results/spots")
    if command == "compare" and name != "result.json":
        assert status == 0
    else:
        assert status == 2
        assert len(err.splitlines()) == 1
        assert name in err or "elman" in err


def test_plot_writes_the_figures_that_were_asked_for(project, evornn, tmp_path):
    wish = ["--figure", "fitness", "--figure", "weights"]
    status, out, _ = evornn("plot", project / "results/spots", *wish, "--out", tmp_path)
    assert status == 0
    names = ["fitness.png", "fitness.svg", "weights.png", "weights.svg"]
    assert sorted(p.name for p in tmp_path.iterdir()) == names
    assert len(out.splitlines()) == 2


def test_report_writes_a_page_with_the_question(mine, evornn):
    status, out, _ = evornn("report", mine / "results/spots")
    assert status == 0
    page = mine / "results/spots/report.html"
    assert str(page) in out
    assert "Which of two small networks predicts sunspots better?" in page.read_text()
