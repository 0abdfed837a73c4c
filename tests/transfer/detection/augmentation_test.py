# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Views of images and their boxes."""

import numpy as np
import pytest
import tensorflow as tf
from official.vision.ops import preprocess_ops

from vito_tf.transfer.detection import augmentation

OUTPUT = (32, 40)


def view_of(size, seed, smallest=0.8, largest=1.25, output=OUTPUT):
    return augmentation.random_view(
        tf.constant(size), output, smallest, largest, tf.constant([5, seed])
    )


def test_scale_and_place_are_uniform():
    output = (320, 400)
    views = [view_of((64, 80), seed, output=output) for seed in range(80)]
    sizes, offsets = (np.array([view[field].numpy() for view in views]) for field in (0, 1))
    np.testing.assert_allclose(sizes[:, 1] / sizes[:, 0], 1.25, atol=0.005)
    scales = sizes[:, 0] / output[0]
    assert 0.8 <= scales.min() < 0.83
    assert 1.22 < scales.max() <= 1.25
    np.testing.assert_allclose(scales.mean(), 1.025, atol=0.04)
    excess = sizes - output
    assert np.all(offsets[excess <= 0] == 0)
    assert np.all((offsets >= 0) & (offsets <= np.maximum(excess, 0)))
    places = (offsets / np.maximum(excess, 1))[excess > 0]
    assert len(places) > 60
    np.testing.assert_allclose(np.quantile(places, [0.25, 0.5, 0.75]), [0.25, 0.5, 0.75], atol=0.12)


def test_the_seed_alone_decides():
    first, same, other = (view_of((50, 90), seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.size, same.size)
    np.testing.assert_array_equal(first.offset, same.offset)
    assert np.any(first.size != other.size)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((64, 80), (32, 40)), ((10, 10), (32, 32)), ((100, 40), (32, 13)), ((1, 4000), (1, 40))],
)
def test_images_are_fitted_in(size, expected):
    view = augmentation.fitted(tf.constant(size), OUTPUT, 1.0)
    np.testing.assert_array_equal(view.size, expected)
    np.testing.assert_array_equal(view.offset, [0, 0])
    info = augmentation.image_info(tf.constant(size), view)
    scale = np.divide(expected, size)
    np.testing.assert_allclose(info, [size, OUTPUT, scale, [0, 0]], rtol=1e-6)


def test_evaluation_is_model_gardens():
    image = np.random.default_rng(0).normal(size=[50, 83, 3]).astype(np.float32)
    expected, expected_info = preprocess_ops.resize_and_crop_image(image, OUTPUT, OUTPUT)
    view = augmentation.fitted(tf.constant([50, 83]), OUTPUT, 1.0)
    np.testing.assert_allclose(augmentation.see(image, view), expected, atol=1e-6)
    np.testing.assert_allclose(augmentation.image_info([50, 83], view), expected_info, rtol=1e-6)


def test_pixels_and_boxes_go_together():
    """A bright rectangle is where its box is, wherever the view has moved both."""
    size, box = np.array([60, 90]), np.array([12, 30, 45, 66])
    image = np.zeros([*size, 3], np.float32)
    image[box[0] : box[2], box[1] : box[3]] = 1
    relative = tf.constant(box / np.tile(size, 2), tf.float32)[tf.newaxis]
    for seed in range(12):
        view = view_of(size, seed, 0.8, 3.0)
        seen, boxes = image, relative
        if seed % 2:
            seen, boxes = augmentation.flip(tf.constant(image), relative)
        pixels = augmentation.see(seen, view).numpy()
        assert pixels.shape == (*OUTPUT, 3)
        actual = augmentation.move(boxes, view).numpy()[0]
        rows, columns = (np.flatnonzero((pixels[..., 0] > 0.5).any(axis)) for axis in (1, 0))
        there = [rows[0], columns[0], rows[-1] + 1, columns[-1] + 1]
        np.testing.assert_allclose(actual, there, atol=1.01)


def test_boxes_are_scaled_moved_and_clipped():
    rng = np.random.default_rng(1)
    corners = np.sort(rng.uniform(size=[20, 2, 2]), axis=1).reshape(20, 4)
    view = augmentation.View(tf.constant([77, 51]), tf.constant([30, 9]), OUTPUT)
    expected = []
    for y_min, x_min, y_max, x_max in corners:
        ys = [min(max(y * 77 - 30, 0), 32) for y in (y_min, y_max)]
        xs = [min(max(x * 51 - 9, 0), 40) for x in (x_min, x_max)]
        expected.append([ys[0], xs[0], ys[1], xs[1]])
    actual = augmentation.move(tf.constant(corners, tf.float32), view)
    np.testing.assert_allclose(actual, expected, atol=1e-4)
    visible = [b[2] - b[0] >= 1 and b[3] - b[1] >= 1 for b in expected]
    assert 3 < sum(visible) < 20
    np.testing.assert_array_equal(augmentation.is_visible(actual), visible)
