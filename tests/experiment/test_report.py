"""The report, written from a results folder alone."""

import html.parser
import json
import re
import shutil

import pytest

import evornn as en
from evornn.experiment import RunFolderError
from evornn.experiment.page import html_page, markdown_page
from evornn.experiment.recorded import history, read_results
from evornn.experiment.report import report_sections, write_report

QUESTION = 'Is <script>alert("x")</script> | worse & *bolder*?\n\nSecond paragraph.'


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    out = tmp_path_factory.mktemp("results")
    contenders = {
        name: en.Evolve(
            en.Network(cell, hidden=2), en.GA(population=16, elites=2), stop=en.Stop(generations=2)
        )
        for name, cell in (("elman", en.cells.elman), ("leaky", en.cells.leaky))
    }
    contenders["twin"] = contenders["elman"]
    task = en.tasks.sunspots()
    en.Experiment(task, contenders, seeds=3, name="small").run(out=out, jobs=1, quiet=True)
    file = out / "small" / "experiment.json"
    origin = {"question": QUESTION, "script": "my runs/small.py", "arguments": ["--jobs", "2"]}
    file.write_text(json.dumps({**json.loads(file.read_text()), **origin}))
    return write_report(out / "small")


class Structure(html.parser.HTMLParser):
    """Open elements, and everything that could load something."""

    VOID = ("meta", "link", "path", "use", "br", "image", "rect")

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.loads = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [v for k, v in attrs if k in ("src", "href", "xlink:href", "srcset")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag


def test_the_page_is_whole_and_loads_nothing(written):
    page, _ = written
    text = page.read_text(encoding="utf-8")
    found = Structure()
    found.feed(text)
    assert found.open == []
    assert "script" not in found.tags
    assert all(load.startswith(("#", "data:")) for load in found.loads)
    assert "url(http" not in text
    assert found.tags.count("svg") == found.tags.count("figcaption") >= 9
    ids = re.findall(r'\bid="([^"]*)"', text)
    assert len(ids) == len(set(ids))


def test_what_a_user_wrote_is_shown_as_it_is(written):
    page, text = (path.read_text(encoding="utf-8") for path in written)
    assert "Is &lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; | worse &amp; *bolder*?" in page
    assert '&lt;script&gt;alert("x")&lt;/script&gt; \\| worse &amp; \\*bolder\\*?' in text
    assert "<p>Second paragraph.</p>" in page


def test_both_say_verdict_results_settings_and_how_to_rerun(written):
    folder = written[0].parent
    results = json.loads((folder / "experiment.json").read_text())["results"]
    median = f"{sorted(r['test_nmse'] for r in results['leaky'])[1]:.4g}"
    for path in written:
        text = path.read_text(encoding="utf-8")
        assert "Nothing can be concluded: with 3 paired seeds" in text
        assert "At least 7 seeds are needed for 3 contenders." in text
        assert "linear AR(16)" in text
        assert median in text
        assert "my runs/small.py" in text
        assert "--jobs 2 --seeds 3 --seed 0 --fresh" in text
        assert "numba" in text


def test_every_figure_of_the_markdown_lies_beside_it(written):
    _, text = written
    figures = re.findall(r"!\[.*\]\((.*)\)", text.read_text(encoding="utf-8"))
    assert {"fitness.png", "final_error.png", "critical_difference.png", "weights.png"} <= set(
        figures
    )
    assert all((text.parent / name).read_bytes().startswith(b"\x89PNG") for name in figures)


def test_a_report_of_the_same_results_has_the_same_bytes(written):
    page, text = written
    sections = report_sections(read_results(page.parent))
    assert html_page("small", sections, page.parent) == page.read_text(encoding="utf-8")
    assert markdown_page("small", sections) == text.read_text(encoding="utf-8")


def test_seconds_join_the_history(written):
    recorded = read_results(written[0].parent)
    columns = history(recorded.folders["elman"][0])
    assert len(columns["elapsed_s"]) == len(columns["generation"]) == 3
    assert (columns["elapsed_s"] > 0).all()


def test_seeds_stay_paired_when_a_run_is_not_finished(written, tmp_path):
    folder = shutil.copytree(written[0].parent, tmp_path / "small")
    (folder / "leaky" / "seed-1" / "result.json").unlink()
    recorded = read_results(folder)
    assert [run.path.name for run in recorded.folders["elman"]] == ["seed-0", "seed-2"]
    assert [run.path.name for run in recorded.folders["leaky"]] == ["seed-0", "seed-2"]
    assert recorded.unfinished == ("leaky seed-1",)
    assert recorded.unpaired == ("elman seed-1", "twin seed-1")


def test_an_experiment_without_its_summary_can_be_read(written, tmp_path):
    folder = shutil.copytree(written[0].parent, tmp_path / "small")
    (folder / "experiment.json").unlink()
    assert list(read_results(folder).results) == ["elman", "leaky", "twin"]


def test_a_folder_without_results_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(RunFolderError, match="needs a results folder with a seed that all"):
        write_report(tmp_path / "nothing")
    (tmp_path / "experiment.json").write_text("[")
    with pytest.raises(RunFolderError, match=r"experiment\.json is damaged"):
        write_report(tmp_path)
