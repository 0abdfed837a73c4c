# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Geometry of images and masks."""

import cv2
import numpy as np
import pytest
import tensorflow as tf

from vito_tf.transfer import segmentation_augmentation as augmentation


def test_resize_is_opencvs_bilinear_and_the_nearest_label():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, [30, 44, 3]).astype(np.uint8)
    mask = rng.integers(0, 21, [30, 44]).astype(np.uint8)
    for height, width in ((60, 88), (17, 25), (45, 21)):
        actual, labels = augmentation.resize(image, mask, tf.constant([height, width]))
        expected = cv2.resize(image.astype(np.float64), (width, height))
        np.testing.assert_allclose(actual, expected, atol=0.5 + 1e-3)
        rows = ((np.arange(height) + 0.5) * 30 / height).astype(int)
        columns = ((np.arange(width) + 0.5) * 44 / width).astype(int)
        np.testing.assert_array_equal(labels, mask[np.ix_(rows, columns)])


@pytest.mark.parametrize(
    ("size", "factor", "fitted", "expected"),
    [
        ([375, 500], 0.5, (), [188, 250]),  # 187.5 is rounded up.
        ([375, 500], 2.0, (), [750, 1000]),
        ([512, 683], 1.0, (2048, 512), [512, 683]),
        ([256, 256], 1.0, (2048, 512), [512, 512]),
        ([1024, 768], 0.5, (2048, 512), [341, 256]),
        ([100, 800], 1.0, (2048, 512), [256, 2048]),  # The longer side is what limits.
        ([1, 500], 0.5, (), [1, 250]),
        ([1, 2000], 0.5, (2048, 512), [1, 1024]),
    ],
)
def test_scaled_size(size, factor, fitted, expected):
    actual = augmentation.scaled_size(tf.constant(size), tf.constant(factor), fitted)
    np.testing.assert_array_equal(actual, expected)


def offsets(mask, crop_size, share, count):
    draw = tf.function(
        lambda seed: augmentation.crop_offset(tf.constant(mask), crop_size, seed, share, 255)
    )
    return np.array([draw(tf.constant([7, i])) for i in range(count)])


def test_crops_are_everywhere_alike():
    drawn = offsets(np.zeros([9, 6], np.uint8), [4, 4], 1.0, 600)
    counts = np.zeros([6, 3])
    np.add.at(counts, tuple(drawn.T), 1)
    assert counts.min() > 600 / 18 * 0.5
    assert counts.max() < 600 / 18 * 1.6
    too_small = offsets(np.zeros([3, 9], np.uint8), [4, 4], 1.0, 50)
    assert set(too_small[:, 0]) == {0}
    assert set(too_small[:, 1]) == set(range(6))


def is_filled(mask, offset, share):
    labels = mask[offset[0] : offset[0] + 4, offset[1] : offset[1] + 4]
    counts = np.unique(labels[labels != 255], return_counts=True)[1]
    return len(counts) < 2 or counts.max() >= share * counts.sum()


def test_crops_that_one_class_fills_are_avoided():
    mask = np.zeros([12, 12], np.uint8)
    mask[:, 8:] = 1
    mask[:, 7] = 255
    first = offsets(mask, [4, 4], 1.0, 200)
    chosen = offsets(mask, [4, 4], 0.75, 200)
    was_filled = np.array([is_filled(mask, offset, 0.75) for offset in first])
    assert 0.5 < was_filled.mean() < 0.9
    np.testing.assert_array_equal(chosen[~was_filled], first[~was_filled])
    # Ten trials, each of which fails with p = was_filled.mean(), and one that may be anything.
    still = np.mean([is_filled(mask, offset, 0.75) for offset in chosen])
    assert still < 1.5 * was_filled.mean() ** 11 + 0.03


@pytest.mark.parametrize("label", [0, 255])
def test_a_mask_without_a_choice_is_cropped_all_the_same(label):
    drawn = offsets(np.full([9, 9], label, np.uint8), [4, 4], 0.75, 30)
    assert drawn.min() >= 0
    assert drawn.max() <= 5
    assert len({tuple(offset) for offset in drawn}) > 10


def test_crop_and_pad():
    array = np.arange(15, dtype=np.uint8).reshape(3, 5)
    part = augmentation.crop(tf.constant(array), tf.constant([1, 2]), [4, 2])
    np.testing.assert_array_equal(part, array[1:, 2:4])
    padded = augmentation.pad(part, [4, 2], 255)
    assert padded.shape == (4, 2)
    np.testing.assert_array_equal(
        padded, np.pad(array[1:, 2:4], ((0, 2), (0, 0)), constant_values=255)
    )
