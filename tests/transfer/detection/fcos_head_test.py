# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""FCOS's head."""

import numpy as np
import pytest
import tensorflow as tf

from tests.transfer.detection import numpy_layers
from vito_tf.transfer.detection import fcos_head

FEATURES = {
    "3": tf.random.stateless_normal([2, 3, 5, 8], [1, 2]),
    "4": tf.random.stateless_normal([2, 2, 3, 8], [3, 4]),
}


@pytest.fixture(scope="module")
def head():
    tf.keras.utils.set_random_seed(0)
    head = fcos_head.FcosHead(3, "centreness", num_convs=1, num_filters=8)
    head(FEATURES)
    return head


def transcribed(image, stride, scale, weights):
    """Class probabilities, boxes and quality of a level of an image."""
    quality, class_tower, box_tower, classes, distances = weights

    def tower(kernel, bias, norm_scale, norm_offset):
        features = numpy_layers.convolution(image, kernel, bias)
        return numpy_layers.relu(numpy_layers.group_norm(features, norm_scale, norm_offset))

    logits = numpy_layers.convolution(tower(*class_tower), *classes)
    features = tower(*box_tower)
    sides = numpy_layers.relu(scale * numpy_layers.convolution(features, *distances)) * stride
    return (
        numpy_layers.sigmoid(logits).reshape(-1, 3),
        numpy_layers.boxes(sides, stride).reshape(-1, 4),
        numpy_layers.convolution(features, *quality).reshape(-1),
    )


def test_starts_at_probability_of_one_percent(head):
    predictions = head(FEATURES)
    assert predictions.probabilities.shape == (2, 15 + 6, 3)
    np.testing.assert_allclose(predictions.probabilities, 0.01, rtol=0.5)
    np.testing.assert_allclose(np.mean(predictions.probabilities), 0.01, rtol=0.05)
    kernels = [weight for weight in head.trainable_weights if weight.shape.rank == 4]
    for kernel in kernels:
        np.testing.assert_allclose(np.std(kernel), 0.01, rtol=0.3)


def test_is_what_float64_numpy_computes(head):
    scale_3, scale_4, *weights = numpy_layers.randomise(head)
    sizes = [2, 4, 4, 2, 2]
    ends = np.cumsum(sizes)
    weights = [weights[end - size : end] for end, size in zip(ends, sizes)]
    predictions = head(FEATURES)
    for image in range(2):
        levels = [
            transcribed(FEATURES["3"][image].numpy().astype(np.float64), 8, scale_3, weights),
            transcribed(FEATURES["4"][image].numpy().astype(np.float64), 16, scale_4, weights),
        ]
        for actual, expected in zip(predictions, zip(*levels)):
            np.testing.assert_allclose(
                actual[image], np.concatenate(expected), rtol=1e-4, atol=1e-4
            )


def test_default_size_is_the_published_one():
    head = fcos_head.FcosHead(80)
    assert head.get_config()["num_convs"] == 4
    assert head.get_config()["num_filters"] == 256
    again = fcos_head.FcosHead.from_config(head.get_config())
    assert again.get_config() == head.get_config()


def test_no_quality():
    assert fcos_head.FcosHead(3, "none", num_convs=0, num_filters=8)(FEATURES).quality is None


def test_refuses_filters_that_make_no_groups():
    with pytest.raises(ValueError, match="num_filters is 48; it must be a multiple of 32"):
        fcos_head.FcosHead(3, num_filters=48)
