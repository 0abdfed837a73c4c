# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the stateless uniform numbers."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from vito_tf import threefry

_SEEDS = np.random.default_rng(0).integers(-(2**31), 2**31, (50, 8, 2)).astype(np.int32)


@pytest.mark.parametrize(
    ("key", "counter", "expected"),
    [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
        ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_published_answers(key, counter, expected):
    """The known answers for 20 rounds that Salmon et al. publish with Random123."""
    bits = threefry.threefry_2x32(tf.constant(key, tf.uint32), tf.constant(counter, tf.uint32))
    np.testing.assert_array_equal(bits, np.array(expected, np.uint32))


def test_same_numbers_with_and_without_xla():
    compiled = tf.function(lambda seeds: threefry.uniform(seeds, 11), jit_compile=True)
    np.testing.assert_array_equal(threefry.uniform(_SEEDS, 11), compiled(_SEEDS))


def test_uniform_and_uncorrelated():
    draws = threefry.uniform(_SEEDS, 12).numpy().reshape(-1, 12)
    assert draws.dtype == np.float32
    assert draws.min() >= 0
    assert draws.max() < 1
    histogram = np.histogram(draws, 20, (0, 1))[0] / draws.size
    np.testing.assert_allclose(histogram, 0.05, atol=0.015)
    correlation = np.corrcoef(draws.T) - np.eye(12)
    assert np.abs(correlation).max() < 0.2


def test_depends_on_each_half_of_the_seed_and_not_on_the_batch():
    one = threefry.uniform(tf.constant([3, 4]), 5).numpy()
    assert one.shape == (5,)
    batch = threefry.uniform(tf.constant([[4, 3], [3, 4], [3, 5], [2, 4]]), 5).numpy()
    np.testing.assert_array_equal(batch[1], one)
    assert len(np.unique(batch)) == 20


def test_fewer_draws_are_the_first_of_more():
    np.testing.assert_array_equal(threefry.uniform(_SEEDS, 3), threefry.uniform(_SEEDS, 8)[..., :3])
