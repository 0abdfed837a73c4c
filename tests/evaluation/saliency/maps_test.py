# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Maps of a network whose derivatives are known in closed form."""

import numpy as np
import pytest
import tensorflow as tf

from tests.evaluation.saliency import encoders
from vito_tf.evaluation.encoders import encoder as encoder_lib
from vito_tf.evaluation.saliency import maps

WITHOUT_CLASSIFIER = encoders.Brightness(capabilities=frozenset({encoder_lib.LAST_MAP}))


def _images():
    return tf.constant(np.random.default_rng(0).random([2, 8, 8, 3]), tf.float32)


def _pooled(images):
    return images.numpy().reshape(2, 4, 2, 4, 2, 3).mean(axis=(2, 4))


def _enlarged(values):
    return np.repeat(np.repeat(values, 2, axis=1), 2, axis=2)


def test_gradients_are_those_of_the_labels_logit():
    images, labels = _images(), np.array([6, 100])
    # Red: label / 64 pixels. Green: each pixel is a quarter of one of the map.
    red = np.broadcast_to(labels[:, None, None] / 64, [2, 8, 8])
    green = _enlarged(2 * _pooled(images)[..., 1] / 4)
    actual = maps.gradients(encoders.Brightness(), images, tf.constant(labels))
    np.testing.assert_allclose(actual, np.maximum(red, green), rtol=1e-5)
    assert (red > green).any()
    assert (red < green).any()


def test_without_a_label_the_highest_logit_counts():
    images = _images()
    unknown = tf.constant([maps.NO_LABEL, 5], tf.int64)
    best = tf.constant([999, 5], tf.int64)
    np.testing.assert_array_equal(
        maps.gradients(encoders.Brightness(), images, unknown),
        maps.gradients(encoders.Brightness(), images, best),
    )


def test_without_a_classifier_the_squared_norm_of_the_features_counts():
    images = _images()
    features = _pooled(images).mean(axis=(1, 2))
    expected = np.broadcast_to((2 * features.max(axis=1) / 64)[:, None, None], [2, 8, 8])
    labels = tf.constant([0, 0], tf.int64)
    actual = maps.gradients(WITHOUT_CLASSIFIER, images, labels)
    np.testing.assert_allclose(actual, expected, rtol=1e-5)


def test_grad_cam_weighs_channels_by_their_mean_gradient():
    images, labels = 2 * _images() - 1, np.array([6, 100])
    pooled = _pooled(images)
    weights = np.stack([labels / 16, 2 * pooled[..., 1].mean(axis=(1, 2)), [0, 0]], axis=-1)
    small = np.maximum(np.einsum("bhwd,bd->bhw", pooled, weights), 0)
    expected = tf.image.resize(small[..., None], [8, 8])[..., 0]
    actual = maps.grad_cam(encoders.Brightness(), images, tf.constant(labels))
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-6)
    assert (small == 0).any()


def test_grad_cam_without_a_classifier_weighs_channels_by_the_features():
    images = _images()
    pooled = _pooled(images)
    weights = 2 * pooled.mean(axis=(1, 2)) / 16
    small = np.einsum("bhwd,bd->bhw", pooled, weights)
    expected = tf.image.resize(small[..., None], [8, 8])[..., 0]
    actual = maps.grad_cam(WITHOUT_CLASSIFIER, images, tf.constant([0, 0], tf.int64))
    np.testing.assert_allclose(actual, expected, rtol=1e-4)


def test_a_picture_has_the_same_map_alone_and_in_a_batch():
    images, labels = _images(), tf.constant([6, 100], tf.int64)
    for method in maps.METHODS:
        together = maps.compute(method, encoders.Brightness(), images, labels)
        alone = maps.compute(method, encoders.Brightness(), images[1:], labels[1:])
        np.testing.assert_allclose(together[1:], alone, rtol=1e-5)


def test_the_paper_s_choice_for_each_encoder():
    assert maps.resolve(["auto"], encoders.Brightness()) == ["attention"]
    assert maps.resolve(["auto"], WITHOUT_CLASSIFIER) == ["gradients"]
    assert maps.resolve(["auto", "gradients", "grad_cam"], WITHOUT_CLASSIFIER) == [
        "gradients",
        "grad_cam",
    ]


def test_what_an_encoder_lacks_is_an_error():
    with pytest.raises(encoder_lib.UnsupportedError, match="does not pool by attention"):
        maps.resolve(["attention"], WITHOUT_CLASSIFIER)
    bare = encoders.Brightness(capabilities=frozenset())
    with pytest.raises(encoder_lib.UnsupportedError, match="last feature map"):
        maps.resolve(["grad_cam"], bare)


def test_a_network_that_stops_gradients_is_an_error():
    class Stopped(encoders.Brightness):
        def __call__(self, images):
            return super().__call__(tf.stop_gradient(images))

    labels = tf.constant([0, 0], tf.int64)
    with pytest.raises(encoder_lib.UnsupportedError, match="cannot be differentiated"):
        maps.gradients(Stopped(), _images(), labels)
