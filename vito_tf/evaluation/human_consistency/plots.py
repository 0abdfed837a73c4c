# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Accuracy, error consistency and shape bias, as model-vs-human plots them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import axes as axes_lib
from matplotlib import colormaps
from matplotlib import figure as figures

from vito_tf.evaluation.human_consistency import data_sets

HUMANS = "humans"

_MARKERS = "oDsv^P*X"
_CHANCE = {"accuracy": 1 / 16, "error_consistency": 0.0}
_LABELS = {"accuracy": "accuracy", "error_consistency": "error consistency (kappa)"}
_HUMAN = "0.45"

Score = Mapping[str, Any]


def conditions(details: Mapping[str, Mapping[str, Score]]) -> figures.Figure:
    """A column for each data set: accuracy above, error consistency below.

    Data sets of several conditions are drawn as curves, the others as bars.

    Args:
      details: what `scores.score` returns, by encoder, then data set.
    """
    names = [name for name in data_sets.ALL if any(name in one for one in details.values())]
    widths = [3.4 if len(data_sets.ALL[name].conditions) > 1 else 2.0 for name in names]
    figure = figures.Figure(figsize=(sum(widths) + 1.0, 5.2))
    grid = figure.subplots(
        2, len(names), squeeze=False, sharey="row", gridspec_kw={"width_ratios": widths}
    )
    for column, name in enumerate(names):
        scores = {encoder: one[name] for encoder, one in details.items() if name in one}
        colours = {encoder: index for index, encoder in enumerate(details)}
        for row, quantity in enumerate(_CHANCE):
            axis = grid[row][column]
            draw = _curves if len(data_sets.ALL[name].conditions) > 1 else _bars
            draw(axis, quantity, scores, colours, data_sets.ALL[name])
            axis.axhline(_CHANCE[quantity], color="black", linestyle=":", linewidth=0.8)
            axis.grid(axis="y", alpha=0.3)
            if column == 0:
                axis.set_ylabel(_LABELS[quantity])
        grid[0][column].set_title(name)
        grid[0][column].set_ylim(0, 1.02)
        grid[1][column].set_xlabel(data_sets.ALL[name].axis)
    _legend(figure)
    return figure


def shape_against_texture(lines: Mapping[str, Mapping[str, Any]]) -> figures.Figure:
    """Shape bias, increasing to the left, in a row for each category of shape.

    Args:
      lines: by decision maker 'overall', a shape bias in [0, 1] or None, and 'classes', such
        biases by category. Humans order the rows; without them the first maker does.
    """
    order = lines.get(HUMANS, next(iter(lines.values())))["classes"]
    shown = {name for line in lines.values() for name in line["classes"]}
    names = sorted(shown, key=lambda name: (-(order.get(name) or 0.0), name))
    figure = figures.Figure(figsize=(6.4, 0.32 * len(names) + 1.9))
    axis = figure.subplots()
    spacing = min(0.12, 0.6 / len(lines))  # Makers on one height would hide each other.
    for index, (maker, line) in enumerate(lines.items()):
        human = maker == HUMANS
        shade, marker = (_HUMAN, "d") if human else (_colour(index), _marker(index))
        biases = line["classes"]
        rows = [row for row, name in enumerate(names) if biases.get(name) is not None]
        at = [1 - biases[names[row]] for row in rows]
        places = np.add(rows, spacing * (index - (len(lines) - 1) / 2))
        axis.scatter(
            at, places, s=42, color=shade, marker=marker, label=maker, zorder=3, clip_on=False
        )
        if line["overall"] is not None:
            axis.axvline(1 - line["overall"], color=shade, linewidth=1.5)
    axis.set_yticks(range(len(names)), names)
    axis.set_ylim(-0.6, len(names) - 0.4)
    axis.set_ylabel("category of the shape")
    axis.set_xlim(0, 1)
    axis.set_xticks(np.linspace(0, 1, 11))
    axis.set_xlabel("share of 'texture' decisions →")
    top = axis.secondary_xaxis("top", functions=(_complement, _complement))
    top.set_xticks(np.linspace(0, 1, 11))
    top.set_xlabel("← share of 'shape' decisions")
    axis.grid(axis="y", linestyle=":", alpha=0.6)
    _legend(figure)
    return figure


def _legend(figure: figures.Figure) -> None:
    """One legend of all axes, below them, four entries a line."""
    pairs = [pair for axis in figure.axes for pair in zip(*axis.get_legend_handles_labels())]
    handles = {label: handle for handle, label in pairs}
    figure.legend(
        list(handles.values()),
        list(handles),
        loc="lower center",
        ncols=4,
        fontsize=8,
        frameon=False,
    )
    lines = -(-len(handles) // 4)
    figure.tight_layout(rect=(0, 0.2 * lines / figure.get_figheight(), 1, 1))


def _colour(index: int) -> tuple[float, float, float, float]:
    return colormaps["tab10"](index % 10)


def _marker(index: int) -> str:
    return _MARKERS[index % len(_MARKERS)]


def _complement(share: npt.ArrayLike) -> npt.ArrayLike:
    return np.subtract(1, share)


def _curves(
    axis: axes_lib.Axes,
    quantity: str,
    scores: Mapping[str, Score],
    colours: Mapping[str, int],
    data_set: data_sets.DataSet,
) -> None:
    places = {condition: place for place, condition in enumerate(data_set.conditions)}
    rows = next(iter(scores.values()))["conditions"]
    spreads = [row[f"human_{quantity}"] for row in rows]
    if None not in spreads:
        at = [places[row["condition"]] for row in rows]
        low, high = [one["low"] for one in spreads], [one["high"] for one in spreads]
        axis.fill_between(at, low, high, color=_HUMAN, alpha=0.25, linewidth=0)
        means = [one["mean"] for one in spreads]
        axis.plot(at, means, color=_HUMAN, label=HUMANS)
    for encoder, score in scores.items():
        index = colours[encoder]
        rows = score["conditions"]
        at, values = [places[row["condition"]] for row in rows], [row[quantity] for row in rows]
        style: dict[str, Any] = {"color": _colour(index), "marker": _marker(index)}
        axis.plot(at, values, linewidth=1, label=encoder, **style)
        hollow = [number for number, row in enumerate(rows) if not row["counts"]]
        axis.plot(at, values, markevery=hollow, markerfacecolor="white", linewidth=0, **style)
    axis.set_xticks(list(places.values()), list(places), fontsize=8)
    axis.set_xlim(-0.3, len(places) - 0.7)


def _bars(
    axis: axes_lib.Axes,
    quantity: str,
    scores: Mapping[str, Score],
    colours: Mapping[str, int],
    data_set: data_sets.DataSet,
) -> None:
    row = next(iter(scores.values()))["conditions"][0]
    spread = row[f"human_{quantity}"]
    if spread is not None:
        mean = spread["mean"]
        # Rounding can put the mean of equal values beyond them.
        error = [[max(mean - spread["low"], 0)], [max(spread["high"] - mean, 0)]]
        axis.bar([-1], [mean], yerr=error, color=_HUMAN, alpha=0.6, capsize=3, label=HUMANS)
    for encoder, score in scores.items():
        index = colours[encoder]
        value = score["conditions"][0][quantity]
        axis.bar([index], [value], color=_colour(index), label=encoder)
    axis.set_xticks([])
