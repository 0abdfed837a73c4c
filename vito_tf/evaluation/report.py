# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The report of an evaluation: one page, with the paper's figures beside the user's."""

from __future__ import annotations

import dataclasses
import html
import json
import os
from collections.abc import Mapping, Sequence

import tensorflow as tf

import vito_tf
from vito_tf.evaluation import benchmark as benchmark_lib
from vito_tf.evaluation import page, registry, results
from vito_tf.evaluation.encoders import encoder as encoder_lib

REPORT = "report.html"
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 68em; margin: 2em auto;
  padding: 0 1em; }
h2 { margin-top: 2.5em; border-top: 1px solid #ccc; padding-top: .7em; }
table { border-collapse: collapse; margin: 1em 0; } caption { text-align: left; color: #666; }
td, th { padding: .25em .9em; border-bottom: 1px solid #ddd; text-align: left; }
td { vertical-align: top; } .number { text-align: right; font-variant-numeric: tabular-nums; }
.quoted td { color: #999; } figure { margin: 1em 0; } figcaption { color: #666; }
img { max-width: 100%; } .warning { background: #fff3cd; padding: .5em 1em; }
pre { background: #f6f6f6; padding: 1em; font-size: 12px; white-space: pre-wrap; }
nav a { margin-right: 1.2em; }
"""
_SHOWN_LEFT_OUT = 10
_WARNING = " class=warning"
_FILES = (results.ITEMS, results.LEFT_OUT, results.RESULT)


def write(
    outcomes: Sequence[results.Outcome], encoders: Sequence[encoder_lib.Encoder], output: str
) -> None:
    """Writes `report.html`, which needs no other file but the videos and tables that it links to.

    Args:
      outcomes: of all pairs.
      encoders: that were evaluated.
      output: folder of the results.
    """
    by_name: dict[str, list[results.Outcome]] = {}
    for outcome in outcomes:
        by_name.setdefault(outcome.benchmark.NAME, []).append(outcome)
    shown = {name: group for name, group in by_name.items() if any(one.finished for one in group)}
    links = "".join(
        f'<a href="#{name}">{html.escape(group[0].benchmark.TITLE)}</a>'
        for name, group in shown.items()
    )
    sections = "".join(_section(group, output) for group in shown.values())
    content = (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Evaluation</title>"
        f"<style>{_STYLE}</style><h1>Evaluation of frozen encoders</h1>"
        f"<p>vito_tf {vito_tf.__version__}, TensorFlow {tf.__version__}</p><nav>{links}</nav>"
        f"{_encoders(encoders).html(output)}{_overview(by_name, encoders).html(output)}"
        f"{sections}<h2>What was not run, and why</h2>{_not_run(outcomes).html(output)}</html>\n"
    )
    path = os.path.join(output, REPORT)
    with open(f"{path}.partial", "w", encoding="utf-8") as file:
        file.write(content)
    os.replace(f"{path}.partial", path)


def _encoders(encoders: Sequence[encoder_lib.Encoder]) -> page.Table:
    rows = [page.Row((one.name, one.description, one.identity[:12])) for one in encoders]
    return page.Table("Encoders", ("name", "what it is", "SHA-256"), rows)


def _overview(
    by_name: dict[str, list[results.Outcome]], encoders: Sequence[encoder_lib.Encoder]
) -> page.Table:
    """The first figure of each benchmark."""
    rows = []
    for group in by_name.values():
        cells: dict[str, page.Cell] = {}
        label = ""
        for outcome in group:
            if outcome.finished:
                label, value = next(iter(outcome.finished.result.figures.items()), ("", None))
                mark = " (partial)" if outcome.finished.result.partial else ""
                cells[outcome.encoder] = "undefined" if value is None else f"{value:.4g}{mark}"
        row = [cells.get(one.name, "not run") for one in encoders]
        rows.append(page.Row((group[0].benchmark.TITLE, label.replace("_", " "), *row)))
    names = [one.name for one in encoders]
    return page.Table("At a glance", ("benchmark", "figure", *names), rows)


def _section(group: Sequence[results.Outcome], output: str) -> str:
    benchmark = group[0].benchmark
    finished = {one.encoder: one.finished for one in group if one.finished}
    parts = "".join(part.html(output) for part in benchmark.show(finished))
    links = "".join(
        page.Links(
            f"Behind the figures of {name}",
            [os.path.join(one.folder, file) for file in _FILES],
        ).html(output)
        for name, one in finished.items()
    )
    parameters = html.escape(json.dumps(dataclasses.asdict(benchmark), indent=1))
    return (
        f'<h2 id="{benchmark.NAME}">{html.escape(benchmark.TITLE)}</h2>'
        f"{_remarks(finished)}{parts}{links}"
        f"<details><summary>Parameters</summary><pre>{parameters}</pre></details>"
    )


def _remarks(finished: Mapping[str, benchmark_lib.Finished]) -> str:
    """What a reader must know before the figures; what holds for several encoders, once."""
    names: dict[tuple[str, str], list[str]] = {}
    for name, one in finished.items():
        for remark in _remarks_on(one.result):
            names.setdefault(remark, []).append(name)
    # Warnings come first.
    return "".join(
        f"<p{kind}><b>{html.escape(', '.join(who))}</b>: {html.escape(text)}</p>"
        for (kind, text), who in sorted(names.items(), key=lambda item: item[0][0], reverse=True)
    )


def _remarks_on(result: benchmark_lib.Result) -> list[tuple[str, str]]:
    """Attribute of the paragraph, and text."""
    remarks = []
    if result.partial:
        remarks.append((_WARNING, f"Partial: {result.partial}"))
    if result.left_out:
        first = result.left_out[:_SHOWN_LEFT_OUT]
        examples = "; ".join(f"{one.name}: {one.reason}" for one in first)
        more = "; …" if len(result.left_out) > _SHOWN_LEFT_OUT else ""
        remarks.append((_WARNING, f"{len(result.left_out)} left out ({examples}{more})"))
    return remarks + [("", note) for note in result.notes]


def _not_run(outcomes: Sequence[results.Outcome]) -> page.Table:
    rows = [
        page.Row((one.benchmark.TITLE, one.encoder, one.reason))
        for one in outcomes
        if not one.finished
    ]
    asked = {one.benchmark.NAME for one in outcomes}
    rows += [
        page.Row((kind.TITLE, "", "not asked for"))
        for kind in registry.BENCHMARKS
        if kind.NAME not in asked
    ]
    return page.Table("", ("benchmark", "encoder", "reason"), rows)
