# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Rank correlations equal SciPy's, with ties; the ceiling and the interval are right."""

import numpy as np
import pytest
import scipy.stats

from vito_tf.evaluation.saliency import alignment


@pytest.mark.parametrize("levels", [2, 3, 20, 100_000])
def test_correlations_equal_scipys_with_ties(levels):
    rng = np.random.default_rng(levels)
    first = rng.integers(0, levels, [5, 12, 9]).astype(np.float32)
    second = first + rng.integers(0, levels, first.shape).astype(np.float32)
    expected = [
        scipy.stats.spearmanr(one.ravel(), other.ravel()).statistic
        for one, other in zip(first, second)
    ]
    np.testing.assert_allclose(alignment.spearman(first, second), expected, rtol=1e-12)


def test_only_ranks_count():
    maps = np.random.default_rng(0).random([3, 4, 5])
    np.testing.assert_allclose(alignment.spearman(maps, np.exp(9 * maps)), 1)
    np.testing.assert_allclose(alignment.spearman(maps, -(maps**3)), -1)


def test_a_constant_map_has_no_correlation():
    maps = np.random.default_rng(0).random([3, 4, 5])
    maps[1] = 7
    other = np.random.default_rng(1).random([3, 4, 5])
    assert np.isnan(alignment.spearman(maps, other)).tolist() == [False, True, False]
    assert np.isnan(alignment.spearman(other, maps)).tolist() == [False, True, False]


def test_alignment_is_the_mean_by_the_agreement_of_people():
    values = np.array([0.1, 0.4, 0.7])
    one = alignment.of_images(values, resamples=200, seed=0)
    assert one.spearman == pytest.approx(0.4)
    assert one.alignment == pytest.approx(0.4 / 0.65753)
    low, high = np.array([one.low, one.high], float)
    assert 0.1 / 0.65753 <= low < one.alignment < high <= 0.7 / 0.65753


def test_a_single_image_has_no_interval():
    one = alignment.of_images(np.array([0.5]), resamples=10, seed=0)
    assert (one.low, one.high) == (None, None)
