# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Figures of maps and of correlations (Figures 3 and B.1)."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib import figure as figures

_INCHES = 1.5
_TITLE_INCHES = 1.3


class Cell(NamedTuple):
    """A picture in a sheet.

    Attributes:
      picture: [H, W, 3] or grey [H, W], in [0, 1]; None leaves the place empty.
      caption: below it.
    """

    picture: np.ndarray | None
    caption: str = ""


def sheet(rows: Mapping[str, Sequence[Cell]]) -> figures.Figure:
    """Lays pictures out in rows, titled on the left; all rows have as many cells."""
    columns = max(len(cells) for cells in rows.values())
    width, height = _INCHES * columns + _TITLE_INCHES, (_INCHES + 0.15) * len(rows)
    figure = figures.Figure(figsize=(width, height), layout="constrained")
    ratios = [_TITLE_INCHES, *[_INCHES] * columns]
    axes = figure.subplots(len(rows), columns + 1, squeeze=False, width_ratios=ratios)
    for row, (title, cells) in zip(axes, rows.items()):
        text = textwrap.fill(title, 18, break_long_words=True)
        row[0].text(1, 0.5, text, fontsize=9, ha="right", va="center", transform=row[0].transAxes)
        for axis in row:
            axis.set_axis_off()
        for axis, cell in zip(row[1:], cells):
            axis.set_title(cell.caption, fontsize=8, y=-0.14)
            if cell.picture is not None:
                axis.imshow(np.clip(cell.picture, 0, 1), cmap="gray", vmin=0, vmax=1)
    return figure


def histograms(
    series: Mapping[str, Sequence[float]], limit: float, limit_name: str
) -> figures.Figure:
    """Distributions of correlations, their means dashed.

    Args:
      series: by title, values in [-1, 1]; at least one each.
      limit: drawn as a black line.
      limit_name: what it is.
    """
    figure = figures.Figure(figsize=(6.4, 3.2), layout="constrained")
    axis = figure.subplots()
    bins = [step / 20 for step in range(-20, 21)]
    for number, (title, values) in enumerate(series.items()):
        colour = f"C{number % 10}"
        share = np.full(len(values), 1 / len(values))
        axis.hist(values, bins, weights=share, histtype="stepfilled", alpha=0.2, color=colour)
        axis.hist(values, bins, weights=share, histtype="step", color=colour, label=title)
        axis.axvline(float(np.mean(values)), color=colour, linestyle="--", linewidth=1)
    axis.axvline(limit, color="black", linewidth=1, label=limit_name)
    axis.set_xlim(-1, 1)
    axis.set_xlabel("Spearman correlation with the human map of an image (dashed: mean)")
    axis.set_ylabel("share of images")
    axis.legend(fontsize=8)
    return figure
