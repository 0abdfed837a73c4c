# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Pictures of masks."""

import numpy as np
import tensorflow as tf

from vito_tf.transfer import segmentation_pictures

# The colours of VOC's classes, from the devkit's documentation.
VOC_COLOURS = {
    0: (0, 0, 0),
    1: (128, 0, 0),
    2: (0, 128, 0),
    3: (128, 128, 0),
    4: (0, 0, 128),
    8: (64, 0, 0),
    15: (192, 128, 128),
    20: (0, 64, 128),
    255: (224, 224, 192),
}


def test_palette_is_vocs():
    colours = segmentation_pictures.palette()
    for label, colour in VOC_COLOURS.items():
        assert tuple(colours[label]) == colour
    assert len({tuple(colour) for colour in colours}) == 256


def test_image_truth_and_prediction_side_by_side():
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, [2, 4, 6, 3])
    images = (photo / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    masks = np.array([0, 1, 15, 255])[rng.integers(0, 4, [2, 4, 6, 1])]
    logits = np.zeros([2, 2, 3, 21])
    logits[0, ..., 20] = 1
    logits[1, ..., 8] = 1
    strips = segmentation_pictures.side_by_side(
        tf.constant(images, tf.float32), tf.constant(masks), tf.constant(logits, tf.float32)
    )
    assert strips.dtype == tf.uint8
    assert strips.shape == (2, 4, 18, 3)
    np.testing.assert_allclose(strips[:, :, :6], photo, atol=1)
    for i in range(2):
        for y in range(4):
            for x in range(6):
                label = masks[i, y, x, 0]
                prediction = (20, 8)[i]
                for column, shown in ((6, label), (12, prediction)):
                    expected = photo[i, y, x]
                    if label != 255:
                        expected = (expected + np.array(VOC_COLOURS[shown])) / 2
                    np.testing.assert_allclose(strips[i, y, x + column], expected, atol=1)
