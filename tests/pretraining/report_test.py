# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The summary holds what was logged, and the report shows it."""

import numpy as np
import pytest

from vito_tf.evaluation import pictures
from vito_tf.pretraining import report, run_directory

METRICS = [
    {"step": 0, "knn": 0.2},
    {"step": 0, "attention_on_object": 0.21, "object_area": 0.2},
    {"step": 10, "loss": 9.0, "examples_per_second": 50.0, "seconds": 30.0},
    {"step": 20, "loss": 8.0, "examples_per_second": 100.0, "seconds": 40.0},
    {"step": 20, "knn": 0.6},
    {"step": 20, "attention_on_object": 0.5, "object_area": 0.2},
]


def test_the_summary_tells_before_from_after():
    summary = report.summarise(METRICS, 20)
    assert summary["steps"] == 20
    assert (summary["knn_random"], summary["knn_trained"]) == (0.2, 0.6)
    assert summary["attention_on_object"] == 0.5
    assert summary["attention_on_object_random"] == 0.21
    assert summary["object_area"] == 0.2
    assert summary["loss"] == 8.0
    assert summary["seconds"] == 40.0


def test_a_run_without_monitors_has_a_summary():
    assert report.summarise(METRICS[2:4], 20)["loss"] == 8.0


def test_the_page_holds_figures_curves_pictures_and_configuration(tmp_path):
    directory = run_directory.RunDirectory(str(tmp_path))
    directory.write(run_directory.ASKED_CONFIG, "FrameSampler.scheme = '<marginal>'\n")
    for record in METRICS:
        directory.log_metrics(int(record["step"]), {k: v for k, v in record.items() if k != "step"})
    grid = pictures.picture_grid({"frame": [np.zeros([4, 4, 3])]})
    summary = report.summarise(directory.metrics(), 20)
    report.write_report(directory, summary, {"Attention": grid}, {"moclr": {"knn_trained": 0.4}})
    page = (tmp_path / report.REPORT).read_text(encoding="utf-8")
    assert "<td>0.6</td><td>0.4</td>" in page
    assert "&lt;marginal&gt;" in page
    assert '<img alt="Attention"' in page
    assert page.count("<figcaption>") == 3


def test_numbers_are_readable():
    assert [report._number(x) for x in (None, 12345, 0.123456, 1e-9)] == [
        "",
        "12,345",
        "0.1235",
        "1e-09",
    ]


@pytest.mark.parametrize("steps", [0, 5])
def test_only_what_came_before_the_first_step_is_called_random(steps):
    summary = report.summarise([{"step": steps, "knn": 0.3}], 5)
    assert ("knn_random" in summary) == (steps == 0)
