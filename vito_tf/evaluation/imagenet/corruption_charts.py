# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""How ImageNet-3DCC is shown: Figure 2, and tables."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib import figure as figures

from vito_tf.evaluation import benchmark, page
from vito_tf.evaluation.imagenet import corruption_folders

_SEVERITIES = corruption_folders.SEVERITIES


def drop_by_severity(results: Mapping[str, benchmark.Result]) -> figures.Figure:
    """Draws delta-accuracy against severity (Figure 2).

    Args:
      results: of ImageNet-3DCC, by encoder.
    """
    figure = figures.Figure(figsize=(5.6, 3.6))
    axis = figure.subplots()
    for name, result in results.items():
        severities, drops = [], []
        for severity in _SEVERITIES:
            drop = page.percent(result.figures[_delta(severity)])
            if drop is not None:
                severities.append(severity)
                drops.append(drop)
        axis.plot(severities, drops, marker="o", label=name)
    axis.set_ylim(bottom=min(0.0, axis.get_ylim()[0]))
    axis.set_xlabel("severity of the corruption")
    axis.set_ylabel("Δ accuracy (clean − corrupted) in points")
    axis.set_xticks(_SEVERITIES)
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
    figure.tight_layout()
    return figure


def summary(results: Mapping[str, benchmark.Result]) -> page.Table:
    """Figures of each encoder, in % and points."""
    figures_shown = ["clean_top_1", *(_delta(one) for one in _SEVERITIES), "delta_mean"]
    rows = [
        page.Row((name, *(page.percent(result.figures[one]) for one in figures_shown)))
        for name, result in results.items()
    ]
    header = ("", "clean top-1", *(f"Δ severity {one}" for one in _SEVERITIES), "Δ mean")
    return page.Table("Accuracy in %, and what corruptions take from it in points", header, rows)


def by_corruption(results: Mapping[str, benchmark.Result]) -> page.Table:
    """Delta of each corruption and severity, in points."""
    rows = []
    for corruption in _corruptions(results):
        for name, result in results.items():
            here = {
                int(row["severity"]): row for row in result.items if row["corruption"] == corruption
            }
            if here:
                averaged = "yes" if next(iter(here.values()))["averaged"] else "no"
                deltas = [
                    page.percent(here[one]["delta"]) if one in here else None for one in _SEVERITIES
                ]
                rows.append(page.Row((corruption, averaged, name, *deltas)))
    header = ("corruption", "averaged", "", *(f"severity {one}" for one in _SEVERITIES))
    return page.Table("Δ accuracy of each corruption, in points", header, rows)


def _corruptions(results: Mapping[str, benchmark.Result]) -> list[str]:
    """All that occur, the averaged ones first."""
    rows = [row for result in results.values() for row in result.items]
    ordered = sorted(rows, key=lambda row: not row["averaged"])
    return list(dict.fromkeys(row["corruption"] for row in ordered))


def _delta(severity: int) -> str:
    return f"delta_severity_{severity}"
