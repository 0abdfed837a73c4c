# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The bootstrap against a direct transcription, and its coverage where that is known."""

import math

import numpy as np
import pytest

from vito_tf.evaluation.representation import bootstrap


def _slow_interval(values, seed, resamples):
    draws = np.random.default_rng(seed).integers(0, len(values), (resamples, len(values)))
    means = sorted(sum(float(values[i]) for i in row) / len(values) for row in draws)
    ends = []
    for share in (0.025, 0.975):
        place = share * (resamples - 1)
        low = math.floor(place)
        high = min(low + 1, resamples - 1)
        ends.append(means[low] + (place - low) * (means[high] - means[low]))
    return ends


@pytest.mark.parametrize(("count", "resamples"), [(1, 3), (2, 41), (37, 100)])
def test_equals_the_definition(count, resamples):
    values = np.random.default_rng(count).normal(size=count)
    interval = bootstrap.mean_interval(values, seed=5, resamples=resamples)
    np.testing.assert_allclose(interval, _slow_interval(values, 5, resamples), rtol=1e-12)


def test_blocks_make_no_difference(monkeypatch):
    values = np.arange(10) % 2
    whole = bootstrap.resampled_means(values, seed=1, resamples=57)
    monkeypatch.setattr(bootstrap, "_NUMBERS_AT_ONCE", 30)
    np.testing.assert_array_equal(bootstrap.resampled_means(values, seed=1, resamples=57), whole)


def test_what_is_constant_is_certain():
    assert bootstrap.mean_interval(np.ones(20, bool), seed=0) == (1, 1)


def test_is_that_of_the_binomial_distribution():
    """500 of 1000: 0.5 -+ 1.96 * sqrt(0.25 / 1000)."""
    interval = bootstrap.mean_interval(np.arange(1000) % 2, seed=0, resamples=4000)
    np.testing.assert_allclose(interval, [0.469, 0.531], atol=0.002)


def test_covers_the_truth_in_95_of_100_cases():
    rng = np.random.default_rng(0)
    covered = 0
    for case in range(400):
        low, high = bootstrap.mean_interval(rng.random(150) < 0.3, seed=case, resamples=200)
        covered += low <= 0.3 <= high
    assert covered / 400 == pytest.approx(0.95, abs=0.025)
