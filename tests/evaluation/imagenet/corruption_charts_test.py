# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Figure 2 and its tables."""

import numpy as np

from vito_tf.evaluation import benchmark
from vito_tf.evaluation.imagenet import corruption_charts


def result(drops, items=()):
    figures = {f"delta_severity_{severity}": drop for severity, drop in enumerate(drops, start=1)}
    return benchmark.Result(
        figures={**figures, "clean_top_1": 0.9, "delta_mean": None}, items=items
    )


def row(corruption, severity, delta, averaged):
    return {
        "corruption": corruption,
        "severity": severity,
        "delta": delta,
        "averaged": averaged,
    }


def test_figure_2_has_a_line_for_each_encoder():
    results = {"a": result([0.1, 0.2, None, 0.4, 0.5]), "b": result([-0.05, 0, 0, 0, 0])}
    (axis,) = corruption_charts.drop_by_severity(results).axes
    first, second = (np.asarray(line.get_xydata()).tolist() for line in axis.lines)
    assert first == [[1, 10], [2, 20], [4, 40], [5, 50]]
    assert second[0] == [1, -5]
    assert axis.get_ylim()[0] < -5
    assert axis.get_legend_handles_labels()[1] == ["a", "b"]


def test_tables_hold_what_was_found():
    items = [row("iso_noise", 1, 0.3, False), row("flash", 2, 0.125, True)]
    html = corruption_charts.by_corruption({"a": result([0] * 5, items)}).html("")
    assert html.index("flash") < html.index("iso_noise")
    dash = "<td class=number>–</td>"
    assert f"<td>flash</td><td>yes</td><td>a</td>{dash}<td class=number>12.5</td>" in html
    summary = corruption_charts.summary({"a": result([0.1, 0.2, 0.3, 0.4, 0.5])}).html("")
    assert summary.index(">90.0<") < summary.index(">10.0<") < summary.index(">50.0<")
