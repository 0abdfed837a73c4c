# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Running benchmarks on encoders: what is written, resumed, refused and reported."""

import csv
import dataclasses
import json
import os
from typing import ClassVar

import pytest
from matplotlib import figure as figures

from tests.evaluation import colours
from vito_tf.evaluation import benchmark, data_errors, extraction, page, suite
from vito_tf.evaluation.encoders import encoder

RUNS = []


@dataclasses.dataclass(frozen=True)
class Size(benchmark.Benchmark):
    """How many bytes a folder of files has."""

    NAME: ClassVar[str] = "size"
    TITLE: ClassVar[str] = "Size <of files>"
    DATA: ClassVar[str] = "Any folder of files."

    unit: float = 1.0
    other: str = ""

    def sources(self, data):
        return [data, self.other]

    def run(self, encoder, data, context):
        if not os.path.isdir(data):
            raise data_errors.DataError(f"{data} is no folder. {self.DATA}")
        RUNS.append(encoder.name)
        sizes = {name: os.path.getsize(os.path.join(data, name)) for name in os.listdir(data)}
        with open(os.path.join(context.folder, "total.txt"), "w", encoding="utf-8") as file:
            file.write(str(sum(sizes.values())))
        return benchmark.Result(
            figures={"bytes": sum(sizes.values()) / self.unit, "mean": None},
            items=[{"name": name, "bytes": size} for name, size in sizes.items()],
            left_out=[data_errors.LeftOut("ghost", "it <is> not there")],
            partial=f"{len(sizes)} of 10 files" if len(sizes) < 10 else "",
            notes=["Sizes & nothing else."],
        )

    def show(self, finished):
        yield page.Table(
            "sizes",
            ("who", "bytes"),
            [page.Row(("paper", 7.0), True)]
            + [page.Row((name, one.result.figures["bytes"])) for name, one in finished.items()],
        )
        figure = figures.Figure()
        figure.subplots().plot([0, 1])
        yield page.Chart(figure, "a line")
        yield page.Text("1 < 2")


class Attention(Size):
    """The same for encoders with attention."""

    NAME = "attention_size"
    REQUIRES = (encoder.ATTENTION,)


@pytest.fixture
def data(tmp_path):
    RUNS.clear()
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a").write_bytes(b"123")
    (folder / "b").write_bytes(b"12")
    return folder


def run(tmp_path, data, chosen=(Size(),), encoders=None, **arguments):
    return suite.evaluate(
        chosen,
        encoders or [colours.colours()],
        {one.NAME: str(data) for one in chosen},
        str(tmp_path / "out"),
        extraction.Extractor(str(tmp_path / "cache")),
        **arguments,
    )


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_figures_items_and_reasons_are_written(tmp_path, data):
    encoders = [colours.colours(), colours.colours(encoder.ATTENTION, name="other one")]
    outcomes = run(tmp_path, data, (Size(), Attention()), encoders, configs={"a.gin": "x = 1\n"})
    assert [bool(one.finished) for one in outcomes] == [True, False, True, True]
    out = tmp_path / "out"
    assert (out / "a.gin").read_text() == "x = 1\n"
    content = json.loads((out / "results.json").read_text())
    assert content["results"][0]["figures"] == {"bytes": 5.0, "mean": None}
    assert content["results"][0]["partial"] == "2 of 10 files"
    assert content["results"][1]["not_run"].startswith("colours cannot be used: it does not pool")
    assert content["benchmarks"]["size"] == {
        "data": str(data),
        "parameters": {"unit": 1.0, "other": ""},
    }
    figures_csv = rows(out / "results.csv")
    assert [row["encoder"] for row in figures_csv] == ["colours"] * 2 + ["other one"] * 4
    assert figures_csv[0]["value"] == "5.0"
    assert figures_csv[1]["value"] == ""
    folder = out / "other_one" / "attention_size"
    assert {row["name"]: row["bytes"] for row in rows(folder / "items.csv")} == {"a": "3", "b": "2"}
    assert rows(folder / "left_out.csv")[0] == {"name": "ghost", "reason": "it <is> not there"}
    assert (folder / "total.txt").read_text() == "5"


def test_the_report_shows_all_of_it_escaped(tmp_path, data):
    run(tmp_path, data, (Size(), Attention()), [colours.colours(name="<me>")])
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    for wanted in (
        "Size &lt;of files&gt;",
        "&lt;me&gt;",
        "<tr class=quoted><td>paper</td><td class=number>7.0</td></tr>",
        "2 of 10 files",
        "it &lt;is&gt; not there",
        "Sizes &amp; nothing else.",
        "data:image/png;base64,",
        "1 &lt; 2",
        "it does not pool by attention",
        'href="_me_/size/items.csv"',
    ):
        assert wanted in text
    assert "<me>" not in text


def test_a_result_is_kept_until_something_that_it_depends_on_changes(tmp_path, data):
    first = run(tmp_path, data)[0].finished.result
    again = run(tmp_path, data)[0].finished.result
    assert RUNS == ["colours"]
    assert again == first
    run(tmp_path, data, (Size(unit=2.0),))
    assert len(RUNS) == 2
    (data / "b").write_bytes(b"1234")
    assert run(tmp_path, data)[0].finished.result.figures["bytes"] == 7
    assert len(RUNS) == 3
    other = tmp_path / "other"
    for _ in range(2):
        other.mkdir(exist_ok=True)
        run(tmp_path, data, (Size(other=str(other)),))
        (other / "more").write_bytes(b"")
    assert len(RUNS) == 5
    RUNS.clear()
    run(tmp_path, data)
    os.remove(tmp_path / "out" / "colours" / "size" / "result.json")
    (tmp_path / "out" / "colours" / "size" / "half.png").write_bytes(b"")
    run(tmp_path, data)
    assert len(RUNS) == 2
    assert (tmp_path / "out" / "colours" / "size" / "half.png").exists()
    (tmp_path / "out" / "colours" / "size" / "result.json").write_text('{"figures"')
    run(tmp_path, data)
    assert len(RUNS) == 3


def test_one_failure_does_not_stop_the_others(tmp_path, data):
    other = tmp_path / "out" / "colours" / "size"
    other.mkdir(parents=True)
    (other / "thesis.tex").write_text("precious")
    outcomes = run(tmp_path, data, encoders=[colours.colours(), colours.colours(name="second")])
    assert "holds something else" in outcomes[0].reason
    assert outcomes[1].finished
    assert (other / "thesis.tex").exists()
    missing = run(tmp_path, tmp_path / "none", encoders=[colours.colours(name="third")])
    assert missing[0].reason.endswith("is no folder. Any folder of files.")
    with pytest.raises(data_errors.DataError, match="is no folder"):
        run(tmp_path, tmp_path / "none", encoders=[colours.colours(name="4")], raise_errors=True)


def test_a_figure_that_is_no_number_is_never_written(tmp_path, data):
    outcome = run(tmp_path, data, (Size(unit=1e-320),))[0]
    assert outcome.reason == "The figure bytes is inf."
    assert not (tmp_path / "out" / "colours" / "size" / "result.json").exists()


def test_names_must_differ(tmp_path, data):
    with pytest.raises(ValueError, match="Two encoders are called a_b; name them: --encoder=NAME="):
        run(tmp_path, data, encoders=[colours.colours(name="a b"), colours.colours(name="a_b")])
    with pytest.raises(ValueError, match="Two benchmarks are called size"):
        run(tmp_path, data, (Size(), Size()))
    outcome = run(tmp_path, data, encoders=[colours.colours(name="../../etc")])[0]
    assert outcome.finished.folder == str(tmp_path / "out" / "_.._etc" / "size")
