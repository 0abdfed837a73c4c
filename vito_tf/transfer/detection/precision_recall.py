# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Precision and recall of detections: what an evaluation found, and a picture of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib import figure as figures

_CURVES = ((0.5, "C0"), (0.75, "C1"))  # IoU, colour
_MOST_BARS = 24
_FEWEST_BARS = 8  # room that is left where there are fewer


class Evaluation(NamedTuple):
    """K classes, T thresholds of the IoU, R recalls.

    Attributes:
      figures: AP, AP50, ... in [0, 1] by name; without those that nothing is there to measure by,
        for which the official tools give -1.
      ious: float64 [T].
      recalls: float64 [R].
      precisions: float64 [T, R, K], for objects of all sizes; -1 for classes without any.
    """

    figures: dict[str, float]
    ious: np.ndarray
    recalls: np.ndarray
    precisions: np.ndarray

    def mean_curve(self, iou: float) -> np.ndarray:
        """Mean precision over classes that the data have, [R], at one of `ious`."""
        return _mean(self.precisions[np.isclose(self.ious, iou)], axis=(0, 2))

    def class_ap(self, iou: float | None = None) -> np.ndarray:
        """AP of each class, [K], at one of `ious`, or over all; NaN for those without objects."""
        at = np.full(len(self.ious), True) if iou is None else np.isclose(self.ious, iou)
        return _mean(self.precisions[at], axis=(0, 1))


def _mean(values: np.ndarray, axis: tuple[int, ...]) -> np.ndarray:
    """The mean of those that are not -1; NaN where there are none."""
    known = values > -1
    count = known.sum(axis=axis)
    total = np.where(known, values, 0.0).sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def plot(evaluation: Evaluation, class_names: Sequence[str]) -> figures.Figure:
    """Draws precision against recall, and each class' AP.

    Args:
      evaluation: what was measured.
      class_names: K names.

    Returns:
      A figure of two parts: mean curves over classes at an IoU of 0.5 and 0.75, each before the
      range that the middle half of the classes is in; and AP class by class, of the 12 best and
      the 12 worst if there are more.
    """
    figure = figures.Figure(figsize=(10.0, 4.8))
    curves, bars = figure.subplots(1, 2, width_ratios=(1.1, 1.0))
    has_objects = np.isfinite(evaluation.class_ap())
    for iou, colour in _CURVES:
        of_classes = evaluation.precisions[np.isclose(evaluation.ious, iou)][0][:, has_objects]
        quartiles = np.quantile(of_classes, (0.25, 0.75), axis=1)
        curves.fill_between(evaluation.recalls, *quartiles, color=colour, alpha=0.12, linewidth=0)
        precision = evaluation.mean_curve(iou)
        label = f"IoU {iou:g}: AP {100 * np.mean(precision):.1f} %"
        curves.plot(evaluation.recalls, precision, color=colour, linewidth=2.2, label=label)
    curves.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    curves.set_title("mean over classes; shaded: the middle half of them", fontsize=10)
    curves.grid(alpha=0.3)
    curves.legend(loc="upper right")
    _bars(bars, evaluation.class_ap(), class_names)
    figure.tight_layout()
    return figure


def _bars(axis: Any, class_ap: np.ndarray, class_names: Sequence[str]) -> None:
    numbers = np.flatnonzero(np.isfinite(class_ap))
    numbers = numbers[np.argsort(-class_ap[numbers], kind="stable")]
    positions = np.arange(len(numbers))
    title = "AP of each class in %, mean over IoU 0.5 … 0.95"
    if len(numbers) > _MOST_BARS:
        half = _MOST_BARS // 2
        title = f"AP in %: the {half} best and the {half} worst of {len(numbers)} classes"
        numbers = np.concatenate([numbers[:half], numbers[-half:]])
        positions = np.concatenate([np.arange(half), np.arange(half) + half + 1])  # A gap between.
    values = 100 * class_ap[numbers]
    axis.barh(positions, values, color="C0", alpha=0.8)
    for position, value in zip(positions, values):
        axis.text(value + 1, position, f"{value:.1f}", va="center", fontsize=7)
    axis.set_yticks(positions, [class_names[number] for number in numbers], fontsize=7)
    axis.set_ylim(max(positions[-1] + 1, _FEWEST_BARS) - 0.5, -0.5)
    axis.set_xlim(0, 108)
    axis.set_title(title, fontsize=10)
    axis.grid(axis="x", alpha=0.3)
