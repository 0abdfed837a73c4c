# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The summary and the report of a run, from what was measured in it."""

from __future__ import annotations

import html
import statistics
from collections.abc import Sequence

from matplotlib import figure as figures

from vito_tf.evaluation import pictures
from vito_tf.pretraining import run_directory

REPORT = "report.html"
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62em; margin: 2em auto; color: #222; }
table { border-collapse: collapse; } td, th { padding: .3em 1em; border-bottom: 1px solid #ddd; }
td { text-align: right; } th { text-align: left; font-weight: normal; } img { max-width: 100%; }
div { display: grid; grid-template-columns: 1fr 1fr; } figure { margin: 0 0 1em; }
figcaption { text-align: center; color: #666; }
pre { background: #f6f6f6; padding: 1em; overflow-x: auto; font-size: 12px; }
"""
_HEADLINES = {
    "knn_random": "kNN accuracy on held-out instances, random initialisation",
    "knn_trained": "kNN accuracy on held-out instances, trained",
    "attention_on_object": "share of the attention on the object, mean of the scales",
    "object_area": "share of the picture that the object takes",
    "steps": "steps",
    "examples_per_second": "videos a second",
    "seconds": "seconds",
}
_CURVES = {
    "Loss": ["loss"],
    "kNN accuracy on held-out instances": ["knn"],
    "Share of the attention on the object, and of the picture it takes": [
        "attention_on_object",
        "attention_on_object_3",
        "attention_on_object_4",
        "attention_on_object_5",
        "object_area",
    ],
    "Entropy of the attention (1 is uniform)": [
        "attention_entropy_3",
        "attention_entropy_4",
        "attention_entropy_5",
    ],
    "Cosine of positives and of negatives": ["positive_cosine", "negative_cosine"],
    "Learning rate": ["learning_rate"],
}


def summarise(metrics: Sequence[dict[str, float]], steps: int) -> dict[str, float]:
    """The figures of a run, from its log.

    Args:
      metrics: records of metrics.jsonl.
      steps: length of the run.

    Returns:
      steps; seconds of the whole run; examples_per_second, the median of what was logged
      (so that compilation, monitors and checkpoints do not count); the last value of every other
      scalar; for what was measured before the first step, `<name>_random`, and for kNN
      `knn_trained` as well.
    """
    first = [record for record in metrics if record["step"] == 0]
    summary: dict[str, float] = {"steps": steps}
    for record in metrics:
        summary.update({name: value for name, value in record.items() if name != "step"})
    rates = [r["examples_per_second"] for r in metrics if "examples_per_second" in r]
    if rates:
        summary["examples_per_second"] = statistics.median(rates)
    for record in first:
        summary.update(
            {f"{name}_random": value for name, value in record.items() if name != "step"}
        )
    if "knn" in summary:
        summary["knn_trained"] = summary.pop("knn")
    return summary


def write_report(
    directory: run_directory.RunDirectory,
    summary: dict[str, float],
    figures_by_title: dict[str, figures.Figure],
    baselines: dict[str, dict[str, float]] | None = None,
) -> None:
    """Writes report.html, a page that needs no other file.

    Args:
      directory: of the run; its log gives the curves.
      summary: the run's figures.
      figures_by_title: the monitors' pictures.
      baselines: summaries of other runs to compare with, by name.
    """
    runs = {"this run": summary, **(baselines or {})}
    metrics = directory.metrics()
    curves = "".join(
        f"<figure>{pictures.html_image(figure, title)}<figcaption>{title}</figcaption></figure>"
        for title, names in _CURVES.items()
        for figure in _curve(metrics, names)
    )
    images = "".join(
        f"<h2>{html.escape(title)}</h2>{pictures.html_image(figure, title)}"
        for title, figure in figures_by_title.items()
    )
    config = html.escape(directory.read(run_directory.ASKED_CONFIG))
    directory.write(
        REPORT,
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>VITO pretraining</title>"
        f"<style>{_STYLE}</style><h1>VITO pretraining</h1>{_table(_headlines(runs))}"
        f"<h2>Curves</h2><div>{curves}</div>{images}"
        f"<h2>All figures</h2>{_table(runs)}<h2>Configuration</h2><pre>{config}</pre></html>\n",
    )


def _headlines(runs: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """What a reader asks first, in words, where it was measured."""
    return {
        run: {words: summary[name] for name, words in _HEADLINES.items() if name in summary}
        for run, summary in runs.items()
    }


def _curve(metrics: Sequence[dict[str, float]], names: Sequence[str]) -> list[figures.Figure]:
    """One diagram of the named scalars, or none where none of them was logged."""
    series = {
        name.replace("_", " "): [
            (record["step"], record[name]) for record in metrics if name in record
        ]
        for name in names
    }
    series = {name: points for name, points in series.items() if points}
    return [pictures.curves(series, "step")] if series else []


def _table(runs: dict[str, dict[str, float]]) -> str:
    names = list(dict.fromkeys(name for summary in runs.values() for name in summary))
    rows = [
        "<tr><th></th>" + "".join(f"<td><b>{html.escape(run)}</b></td>" for run in runs) + "</tr>"
    ]
    for name in names:
        cells = "".join(f"<td>{_number(summary.get(name))}</td>" for summary in runs.values())
        rows.append(f"<tr><th>{name.replace('_', ' ')}</th>{cells}</tr>")
    return f"<table>{''.join(rows)}</table>"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
