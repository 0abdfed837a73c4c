# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Up-sampled masks keep their mass, and its share inside a region is right."""

import numpy as np
import pytest
import tensorflow as tf

from vito_tf.evaluation import attention_maps


def _masks():
    rng = np.random.default_rng(0)
    scores = {"4": rng.normal(size=[2, 16]), "5": rng.normal(size=[2, 4])}
    return {
        level: tf.reshape(
            tf.nn.softmax(tf.constant(s, tf.float32)), [2, *[int(s.shape[1] ** 0.5)] * 2]
        )
        for level, s in scores.items()
    }


def test_masks_sum_to_one_at_image_size():
    for mask in attention_maps.upsampled_masks(_masks(), 32).values():
        assert mask.shape == [2, 32, 32]
        np.testing.assert_allclose(tf.reduce_sum(mask, axis=[1, 2]), 1.0, rtol=1e-5)


def test_the_mean_is_that_of_the_scales():
    maps = attention_maps.upsampled_masks(_masks(), 8)
    np.testing.assert_allclose(
        attention_maps.mean_mask(_masks(), 8), (maps["4"] + maps["5"]) / 2, rtol=1e-6
    )


def test_masks_take_the_shape_of_an_oblong_image():
    mask = attention_maps.mean_mask(_masks(), tf.constant([24, 40]))
    assert mask.shape == [2, 24, 40]
    expected = tf.image.resize(_masks()["5"][..., None], [24, 40])[..., 0].numpy()
    large = attention_maps.upsampled_masks(_masks(), tf.constant([24, 40]))["5"]
    np.testing.assert_allclose(large, expected / expected.sum((1, 2), keepdims=True), rtol=1e-5)


def test_uniform_attention_puts_the_areas_share_inside():
    region = np.zeros([1, 16, 16], bool)
    region[:, 2:6, 3:11] = True
    mask = attention_maps.mean_mask({"5": tf.fill([1, 2, 2], 0.25)}, 16)
    assert float(attention_maps.mass_inside(mask, region)[0]) == pytest.approx(32 / 256, rel=1e-5)


def test_a_single_position_draws_its_mass_to_its_quarter():
    mask = attention_maps.mean_mask({"5": tf.constant([[[1.0, 0.0], [0.0, 0.0]]])}, 16)
    region = np.zeros([1, 16, 16], bool)
    region[:, :8, :8] = True
    assert float(attention_maps.mass_inside(mask, region)[0]) > 0.7
