# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""How alike two decision makers err (Geirhos, Meding, Wichmann, NeurIPS 2020; vito.md, A.9).

All as `modelvshuman/plotting/analyses.py` and `plot.py` compute it, in float64.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np


class Answers(NamedTuple):
    """A decision maker's answers to N images.

    Attributes:
      correct: bool [N].
      shown: bool [N], whether there is an answer at all.
    """

    correct: np.ndarray
    shown: np.ndarray


class Comparison(NamedTuple):
    """Two decision makers on the same images.

    Attributes:
      accuracy_difference: the squared difference of both accuracies, in [0, 1].
      observed_consistency: share of images that both are right or both are wrong about.
      expected_consistency: that share if the makers, as accurate as they are, were independent.
      error_consistency: Cohen's kappa, (observed - expected) / (1 - expected), in [-1, 1]; 1 if
        the observed consistency is 1. (Brain-Score has not that shortcut; it has no figure then if
        both makers are always right, or always wrong.)
    """

    accuracy_difference: float
    observed_consistency: float
    expected_consistency: float
    error_consistency: float


def compare(first: np.ndarray, second: np.ndarray) -> Comparison:
    """Compares two makers.

    Args:
      first: bool [N], N > 0: which answers of the first are correct.
      second: bool [N], the other's to the same images.
    """
    accuracy, other = float(np.mean(first)), float(np.mean(second))
    observed = float(np.mean(first == second))
    expected = accuracy * other + (1 - accuracy) * (1 - other)
    kappa = 1.0 if observed == 1 else (observed - expected) / (1 - expected)
    return Comparison((accuracy - other) ** 2, observed, expected, kappa)


def by_condition(
    first: Answers, second: Answers, conditions: Sequence[str]
) -> dict[str, Comparison]:
    """Compares two makers in each condition, on the images that both have seen.

    Args:
      first: answers to N images.
      second: another's.
      conditions: of the images.

    Returns:
      Comparisons by condition; a condition of which they have seen no image in common is missing.
    """
    both = first.shown & second.shown
    comparisons = {}
    for condition in dict.fromkeys(conditions):
        used = both & (np.asarray(conditions) == condition)
        if used.any():
            comparisons[condition] = compare(first.correct[used], second.correct[used])
    return comparisons


def average(
    pairs: Sequence[Mapping[str, Comparison]], conditions: Sequence[str]
) -> Comparison | None:
    """The mean over conditions, then over pairs of makers.

    Args:
      pairs: comparisons by condition, of each pair.
      conditions: those that count; where a pair has not all of them, its mean is over the others.

    Returns:
      None if no pair has any of the conditions.
    """
    means = []
    for pair in pairs:
        counted = [pair[condition] for condition in conditions if condition in pair]
        if counted:
            means.append(np.mean(counted, axis=0))
    return Comparison(*np.mean(means, axis=0).tolist()) if means else None


def ratio_of_means(raw: Sequence[float], ceilings: Sequence[float | None]) -> float | None:
    """Ceiled error consistency: the mean of what was reached by the mean of what can be reached.

    Args:
      raw: a network's error consistency with humans, of each data set.
      ceilings: the humans' with each other.

    Returns:
      None without a ceiling above 0.
    """
    known = [ceiling for ceiling in ceilings if ceiling is not None]
    if not known or len(known) < len(ceilings) or not np.mean(known) > 0:
        return None
    return float(np.mean(raw) / np.mean(known))


def mean_of_ratios(raw: Sequence[float], ceilings: Sequence[float | None]) -> float | None:
    """Ceiled error consistency: the mean of each data set's ratio, as Brain-Score's is.

    The sign of the ratio is kept; Brain-Score takes the absolute value.

    Args:
      raw: a network's error consistency with humans, of each data set.
      ceilings: the humans' with each other.

    Returns:
      None if a data set has no ceiling above 0.
    """
    ratios = []
    for value, ceiling in zip(raw, ceilings):
        if ceiling is None or not ceiling > 0:
            return None
        ratios.append(value / ceiling)
    return float(np.mean(ratios)) if ratios else None
