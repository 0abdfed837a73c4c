# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""How well maps agree: rank correlation, divided by how well people agree (§4.2, A.8)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.stats

from vito_tf.evaluation.representation import bootstrap

HUMAN_CEILING = 0.65753
"""Mean correlation between people's ClickMe maps (Harmonization, `evaluation/clickme.py`)."""


def spearman(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Rank correlations of N pairs of maps; equal values share their average rank.

    Args:
      first: [N, H, W], finite.
      second: [N, H, W], finite.

    Returns:
      float64 [N] in [-1, 1]; NaN where a map is constant.
    """
    one, other = _centred_ranks(first), _centred_ranks(second)
    norms = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    products = (one * other).sum(axis=1)
    return np.divide(products, norms, out=np.full(len(norms), np.nan), where=norms > 0)


def _centred_ranks(maps: np.ndarray) -> np.ndarray:
    ranks = scipy.stats.rankdata(maps.reshape(len(maps), -1), axis=1)
    return ranks - (ranks.shape[1] + 1) / 2


class Alignment(NamedTuple):
    """Agreement over a set of images.

    Attributes:
      alignment: mean correlation over images as a share of `HUMAN_CEILING` (Table 2).
      low: 2.5 % quantile of `alignment` when images are drawn again with replacement.
      high: 97.5 % quantile; both are None for a single image.
      spearman: mean correlation, in [-1, 1].
    """

    alignment: float
    low: float | None
    high: float | None
    spearman: float


def of_images(correlations: np.ndarray, resamples: int, seed: int) -> Alignment:
    """Summarises the correlations of N images.

    Args:
      correlations: [N], N >= 1, none of them NaN.
      resamples: of the bootstrap; the interval is our addition.
      seed: of the bootstrap.
    """
    mean = float(np.mean(correlations))
    low = high = None
    if len(correlations) > 1:
        interval = bootstrap.mean_interval(correlations, seed, resamples)
        low, high = (bound / HUMAN_CEILING for bound in interval)
    return Alignment(mean / HUMAN_CEILING, low, high, mean)
