# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Whether a classifier is right, and how sure the share of right answers is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from vito_tf.evaluation.imagenet import classes


def restricted_arg_max(logits: np.ndarray, labels: Sequence[int]) -> np.ndarray:
    """The best of the classes that a data set has, the others being no answers.

    Args:
      logits: [N, C], finite.
      labels: of the permitted classes, ascending.

    Returns:
      int64 [N], members of `labels`; a tie goes to the lowest.
    """
    permitted = np.asarray(labels, np.int64)
    return permitted[np.argmax(logits[:, permitted], axis=1)]


def in_top(logits: np.ndarray, labels: np.ndarray, k: int) -> np.ndarray:
    """Whether the true class is among the k best; a tie goes to the lower label.

    Args:
      logits: [N, C], finite.
      labels: int [N], in [0, C).
      k: how many answers count.

    Returns:
      bool [N].
    """
    true = np.take_along_axis(logits, labels[:, None], axis=1)
    before = np.arange(logits.shape[1]) < labels[:, None]
    better = (logits > true) | ((logits == true) & before)
    return better.sum(axis=1) < k


def share(correct: np.ndarray) -> float:
    """How many of bool [N] are true, in [0, 1]; N is positive."""
    return float(np.mean(correct))


def interval(correct: np.ndarray) -> list[float]:
    """Wilson's 95 % interval (1927) of the share of bool [N], N positive: [low, high]."""
    test = stats.binomtest(int(np.sum(correct)), len(correct))
    low, high = test.proportion_ci(0.95, method="wilson")
    return [float(low), float(high)]


def by_class(labels: np.ndarray, columns: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """Accuracies within each class that occurs.

    Args:
      labels: int [N], of ILSVRC-2012.
      columns: by name, bool [N].

    Returns:
      Rows of `wnid`, `name`, `images` and, for each column, the share that is true.
    """
    rows = []
    for label in np.unique(labels):
        here = labels == label
        shares = {name: share(correct[here]) for name, correct in columns.items()}
        known = {"wnid": classes.wnid(label), "name": classes.name(label)}
        rows.append({**known, "images": int(here.sum()), **shares})
    return rows


def missing(count: int, published: int, what: str = "images") -> str:
    """Says in words that fewer are there than were published; '' if none is missing."""
    return f"{count} of {published} {what}" if count < published else ""
