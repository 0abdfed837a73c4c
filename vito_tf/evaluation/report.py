# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The report of an evaluation: one page, with the paper's figures beside the user's."""

from __future__ import annotations

import dataclasses
import html
import json
import os
from collections.abc import Sequence

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
    remarks = "".join(_remarks(name, one.result) for name, one in finished.items())
    files = [
        os.path.join(one.folder, name)
        for one in finished.values()
        for name in (results.ITEMS, results.LEFT_OUT, results.RESULT)
    ]
    links = page.Links("Behind these figures", files).html(output)
    parameters = html.escape(json.dumps(dataclasses.asdict(benchmark), indent=1))
    return (
        f'<h2 id="{benchmark.NAME}">{html.escape(benchmark.TITLE)}</h2>{remarks}{parts}{links}'
        f"<details><summary>Parameters</summary><pre>{parameters}</pre></details>"
    )


def _remarks(name: str, result: benchmark_lib.Result) -> str:
    """What a reader must know before the figures."""
    lines = []
    if result.partial:
        lines.append(f"Partial: {result.partial}")
    if result.left_out:
        examples = "; ".join(
            f"{one.name}: {one.reason}" for one in result.left_out[:_SHOWN_LEFT_OUT]
        )
        more = " …" if len(result.left_out) > _SHOWN_LEFT_OUT else ""
        lines.append(f"{len(result.left_out)} left out ({examples}{more})")
    warnings = "".join(
        f"<p class=warning><b>{html.escape(name)}</b> {html.escape(line)}</p>" for line in lines
    )
    notes = "".join(f"<p><b>{html.escape(name)}</b> {html.escape(n)}</p>" for n in result.notes)
    return warnings + notes


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
