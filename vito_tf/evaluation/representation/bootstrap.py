# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""How far a mean would vary if other images of the same kind had been taken."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

LEVEL = 0.95
_NUMBERS_AT_ONCE = 1 << 22


class Interval(NamedTuple):
    """A confidence interval, both ends included."""

    low: float
    high: float


def resampled_means(values: np.ndarray, seed: int, resamples: int = 1000) -> np.ndarray:
    """Means of samples drawn with replacement, as many values each as there are.

    Args:
      values: [N], N >= 1.
      seed: of the draws.
      resamples: R.

    Returns:
      float64 [R].
    """
    values = np.asarray(values, np.float64)
    rng = np.random.default_rng(seed)
    rows = max(1, _NUMBERS_AT_ONCE // len(values))
    means = []
    for start in range(0, resamples, rows):
        shape = (min(rows, resamples - start), len(values))
        means.append(values[rng.integers(0, len(values), shape)].mean(axis=1))
    return np.concatenate(means)


def mean_interval(values: np.ndarray, seed: int, resamples: int = 1000) -> Interval:
    """The percentile bootstrap's interval of 95 % for a mean (Efron and Tibshirani 1993, ch. 13).

    Args:
      values: [N], N >= 1, such as 1 for each image that is classified rightly and 0 for others.
      seed: of the draws.
      resamples: how many.
    """
    outside = (1 - LEVEL) / 2
    means = resampled_means(values, seed, resamples)
    low, high = np.quantile(means, [outside, 1 - outside])
    return Interval(float(low), float(high))
