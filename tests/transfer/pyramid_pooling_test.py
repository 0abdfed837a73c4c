# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Pooling over grids that need not divide the map."""

import numpy as np
import pytest
import tensorflow as tf

from tests.transfer import slow_upernet
from vito_tf.transfer import pyramid_pooling


@pytest.mark.parametrize("bins", [1, 2, 3, 6])
@pytest.mark.parametrize("size", [(1, 4), (5, 6), (7, 13)])
def test_bins_are_torchs(size, bins):
    features = np.random.default_rng(0).normal(size=[2, *size, 3])
    actual = pyramid_pooling.adaptive_average_pool(tf.constant(features, tf.float32), bins)
    expected = slow_upernet.adaptive_average_pool(features, bins)
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


def test_bins_by_hand():
    # Of 4 positions in 3 bins: 0 to 1, 1 to 2, 2 to 3.
    row = tf.reshape(tf.constant([1.0, 3.0, 5.0, 9.0]), [1, 1, 4, 1])
    pooled = pyramid_pooling.adaptive_average_pool(row, 3)
    np.testing.assert_allclose(pooled[0, 0, :, 0], [2, 4, 7])
    np.testing.assert_array_equal(pooled[0, 0], pooled[0, 2])
    whole = pyramid_pooling.adaptive_average_pool(row, 1)
    np.testing.assert_allclose(whole[0, 0, 0, 0], 4.5)


def test_takes_maps_of_dynamic_size():
    features = tf.random.stateless_normal([1, 5, 7, 2], [1, 2])
    pool = tf.function(
        lambda maps: pyramid_pooling.adaptive_average_pool(maps, 3),
        [tf.TensorSpec([1, None, None, 2])],
        autograph=False,
    )
    eager = pyramid_pooling.adaptive_average_pool(features, 3)
    np.testing.assert_allclose(pool(features), eager, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-4), ("bfloat16", 0.05)])
def test_compiles_with_its_gradient(dtype, tolerance):
    exact = tf.random.stateless_normal([1, 5, 7, 2], [1, 2])

    def gradient(features):
        with tf.GradientTape() as tape:
            tape.watch(features)
            pooled = tf.nn.relu(pyramid_pooling.adaptive_average_pool(features, 3))
            loss = tf.nn.l2_loss(pyramid_pooling.resize(pooled, features))
        return tf.cast(tape.gradient(loss, features), tf.float32)

    compiled = tf.function(gradient, autograph=False, jit_compile=True)(tf.cast(exact, dtype))
    expected = gradient(exact)
    np.testing.assert_allclose(compiled, expected, atol=tolerance * np.abs(expected).max())


@pytest.mark.parametrize(("size", "other"), [((2, 3), (5, 6)), ((6, 6), (4, 3))])
def test_resizing_is_torchs(size, other):
    features = np.random.default_rng(1).normal(size=[1, *size, 2])
    actual = pyramid_pooling.resize(tf.constant(features, tf.float32), tf.zeros([1, *other, 1]))
    np.testing.assert_allclose(actual, slow_upernet.resize(features, other), rtol=1e-5, atol=1e-6)


def test_grids_have_bins():
    with pytest.raises(ValueError, match=r"^pool_scales must be positive, not \[1, 0\]\.$"):
        pyramid_pooling.PyramidPooling(2, [1, 0], {})


def test_types_stay():
    features = tf.ones([1, 4, 4, 2], tf.bfloat16)
    assert pyramid_pooling.adaptive_average_pool(features, 3).dtype == tf.bfloat16
    assert pyramid_pooling.resize(features, tf.zeros([1, 5, 5, 1])).dtype == tf.bfloat16
