# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Plots of linear probes: which settings were tried, and which classes are confused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from matplotlib import figure as figures

from vito_tf.evaluation import benchmark, page

_AXES = {"l2": "strength λ of the L2 penalty", "learning_rate": "learning rate for 256 images"}
_MOST_CLASSES_WITH_NUMBERS = 15


def sweeps(results: Mapping[str, benchmark.Result]) -> Iterator[page.Part]:
    """Accuracy against each setting, a diagram for each kind of setting."""
    for kind, label in _AXES.items():
        chosen = {
            name: result.details
            for name, result in results.items()
            if result.details["sweep"] == kind and result.details["tried"]
        }
        if not chosen:
            continue
        figure = figures.Figure(figsize=(5.2, 3.2))
        axis = figure.subplots()
        for name, details in chosen.items():
            settings, shares = np.transpose(details["tried"])
            (line,) = axis.plot(settings, 100 * shares, marker=".", label=name)
            best = shares[list(settings).index(details["chosen"])]
            axis.plot(details["chosen"], 100 * best, "o", color=line.get_color(), markersize=8)
        axis.set_xscale("log")
        if kind == "learning_rate":
            tried = sorted({rate for one in chosen.values() for rate, _ in one["tried"]})
            axis.set_xticks(tried, [f"{rate:g}" for rate in tried])
            axis.minorticks_off()
        axis.set_xlabel(label)
        axis.set_ylabel("top-1 on held-out images (%)")
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8)
        figure.tight_layout()
        yield page.Chart(figure, "Settings tried on held-out training images; dot: the chosen one.")


def confusions(results: Mapping[str, benchmark.Result]) -> Iterator[page.Part]:
    """The confusion matrix of each encoder whose classes are few enough."""
    for name, result in results.items():
        if "confusion" in result.details:
            table = result.details["confusion"]
            figure = _confusion(table["classes"], np.array(table["counts"]))
            yield page.Chart(figure, f"{name}: which class (row) is taken for which (column), in %")


def _confusion(classes: list[str], counts: np.ndarray) -> figures.Figure:
    """Shares of each row in %."""
    shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = 1.6 + 0.34 * max(len(classes), 6)
    figure = figures.Figure(figsize=(side + 0.6, side))
    axis = figure.subplots()
    image = axis.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    places = range(len(classes))
    axis.set_xticks(places, classes, rotation=90, fontsize=7)
    axis.set_yticks(places, classes, fontsize=7)
    axis.set_xlabel("answer")
    axis.set_ylabel("class")
    if len(classes) <= _MOST_CLASSES_WITH_NUMBERS:
        for row, column in np.argwhere(counts > 0):
            share = shares[row, column]
            colour = "white" if share > 50 else "black"
            axis.text(
                column, row, f"{share:.0f}", ha="center", va="center", color=colour, fontsize=7
            )
    figure.colorbar(image, ax=axis, fraction=0.046, pad=0.04)
    figure.tight_layout()
    return figure
