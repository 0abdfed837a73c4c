# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The summary and the report of a run, from what was measured in it."""

from __future__ import annotations

import html
from typing import Optional, Sequence

from matplotlib import figure as figures

from vito_tf.evaluation import pictures
from vito_tf.pretraining import run_directory

REPORT = "report.html"
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62em; margin: 2em auto; color: #222; }
table { border-collapse: collapse; } td, th { padding: .3em 1em; border-bottom: 1px solid #ddd; }
td { text-align: right; } th { text-align: left; font-weight: normal; } img { max-width: 100%; }
pre { background: #f6f6f6; padding: 1em; overflow-x: auto; font-size: 12px; }
"""


def summarise(metrics: Sequence[dict[str, float]], steps: int) -> dict[str, float]:
    """The figures of a run, from its log.

    Args:
      metrics: records of metrics.jsonl.
      steps: length of the run.

    Returns:
      steps; seconds of the whole run; examples_per_second over the run; the last value of every
      other scalar; for what was measured before the first step, `<name>_random`, and for kNN
      `knn_trained` as well.
    """
    first = [record for record in metrics if record["step"] == 0]
    summary: dict[str, float] = {"steps": steps}
    for record in metrics:
        summary.update({name: value for name, value in record.items() if name != "step"})
    for record in first:
        summary.update({f"{name}_random": value for name, value in record.items() if name != "step"})
    if "knn" in summary:
        summary["knn_trained"] = summary.pop("knn")
    return summary


def write_report(
    directory: run_directory.RunDirectory,
    summary: dict[str, float],
    figures_by_title: dict[str, figures.Figure],
    baselines: Optional[dict[str, dict[str, float]]] = None,
) -> None:
    """Writes report.html, a page that needs no other file.

    Args:
      directory: of the run; its log gives the curves.
      summary: the run's figures.
      figures_by_title: the monitors' pictures.
      baselines: summaries of other runs to compare with, by name.
    """
    metrics = directory.metrics()
    sections = [_table({"this run": summary, **(baselines or {})})]
    for title, names in _CURVES.items():
        figure = _curve(metrics, names)
        if figure is not None:
            sections.append(f"<h2>{title}</h2>" + pictures.html_image(figure, title))
    for title, figure in figures_by_title.items():
        sections.append(f"<h2>{html.escape(title)}</h2>" + pictures.html_image(figure, title))
    with open(directory.file(run_directory.ASKED_CONFIG), encoding="utf-8") as file:
        sections.append(f"<h2>Configuration</h2><pre>{html.escape(file.read())}</pre>")
    directory.write(
        REPORT,
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>VITO pretraining</title>"
        f"<style>{_STYLE}</style><h1>VITO pretraining</h1>{''.join(sections)}</html>\n",
    )


_CURVES = {
    "Loss": ["loss"],
    "Nearest neighbours: accuracy on held-out instances": ["knn"],
    "Attention on the object": ["attention_on_object", "object_area"],
    "Cosine of positives and negatives": ["positive_cosine", "negative_cosine"],
    "Learning rate": ["learning_rate"],
}


def _curve(metrics: Sequence[dict[str, float]], names: Sequence[str]) -> Optional[figures.Figure]:
    series = {
        name: [(record["step"], record[name]) for record in metrics if name in record]
        for name in names
    }
    series = {name: points for name, points in series.items() if points}
    return pictures.curves(series, "step", names[0].replace("_", " ")) if series else None


def _table(summaries: dict[str, dict[str, float]]) -> str:
    names = list(dict.fromkeys(name for summary in summaries.values() for name in summary))
    head = "".join(f"<td><b>{html.escape(run)}</b></td>" for run in summaries)
    rows = [f"<tr><th></th>{head}</tr>"]
    for name in names:
        cells = "".join(f"<td>{_number(summary.get(name))}</td>" for summary in summaries.values())
        rows.append(f"<tr><th>{name.replace('_', ' ')}</th>{cells}</tr>")
    return f"<h2>Figures</h2><table>{''.join(rows)}</table>"


def _number(value: Optional[float]) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
