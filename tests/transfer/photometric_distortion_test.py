# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Against mmsegmentation's arithmetic, with OpenCV's colours."""

from typing import Any

import cv2
import numpy as np
import pytest
import tensorflow as tf

from vito_tf.transfer import photometric_distortion as distortion


def to_bytes(values):
    return np.clip(values.astype(np.float32), 0, 255).astype(np.uint8)


def transcription(image, steps):
    """Applies (name, value) pairs in their order, to columns of single pixels.

    OpenCV's vector code, which wider images get, truncates where the scalar code rounds.
    """
    shape = image.shape
    image = image.reshape(-1, 1, 3)
    for name, value in steps:
        if name == "brightness":
            image = to_bytes(image.astype(np.float32) + np.float32(value))
        elif name == "contrast":
            image = to_bytes(image.astype(np.float32) * np.float32(value))
        else:
            hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
            if name == "saturation":
                hsv[..., 1] = to_bytes(hsv[..., 1].astype(np.float32) * np.float32(value))
            else:
                hsv[..., 0] = (hsv[..., 0].astype(int) + value) % 180
            image = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    return image.reshape(shape)


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, [40, 50, 3]).astype(np.uint8)


STEPS = {"brightness": -20.5, "contrast": 1.4, "saturation": 1.3, "hue": -17}


@pytest.mark.parametrize("contrast_first", [True, False])
@pytest.mark.parametrize(
    "names",
    [
        [],
        ["brightness"],
        ["contrast"],
        ["saturation"],
        ["hue"],
        ["brightness", "contrast", "saturation", "hue"],
    ],
)
def test_agrees_with_opencv(image, names, contrast_first):
    order = ["brightness", "saturation", "hue"]
    order.insert(1 if contrast_first else 3, "contrast")
    applied = tf.constant([name in names for name in STEPS])
    strengths: dict[str, Any] = {name: tf.constant(value) for name, value in STEPS.items()}
    chosen = distortion.Distortion(
        **strengths, applied=applied, contrast_first=tf.constant(contrast_first)
    )
    actual = distortion.distort(tf.constant(image), chosen).numpy()
    expected = transcription(image, [(name, STEPS[name]) for name in order if name in names])
    error = np.abs(actual.astype(int) - expected)
    # OpenCV's floats may round the other way; a later contrast enlarges that.
    assert error.max() <= 2
    assert (error > 0).mean() < 2e-3


def test_hsv_is_opencvs_to_the_bit():
    rng = np.random.default_rng(1)
    greys = np.repeat(np.arange(256)[:, None, None], 3, axis=2)
    colours = np.concatenate([greys, rng.integers(0, 256, [50000, 1, 3])]).astype(np.uint8)
    expected = cv2.cvtColor(colours, cv2.COLOR_RGB2HSV)
    np.testing.assert_array_equal(distortion.rgb_to_hsv(colours), expected)


def test_samples_have_the_published_distributions():
    seeds = tf.stack([tf.zeros(4000, tf.int64), tf.range(4000, dtype=tf.int64)], axis=1)
    samples = tf.vectorized_map(distortion.sample, seeds)
    for values, low, high in (
        (samples.brightness, -32, 32),
        (samples.contrast, 0.5, 1.5),
        (samples.saturation, 0.5, 1.5),
    ):
        deciles = np.quantile(values, np.linspace(0, 1, 11))
        np.testing.assert_allclose(deciles, np.linspace(low, high, 11), atol=0.04 * (high - low))
    assert sorted(set(samples.hue.numpy())) == list(range(-18, 18))
    np.testing.assert_allclose(np.mean(samples.applied, axis=0), 0.5, atol=0.04)
    np.testing.assert_allclose(np.mean(samples.contrast_first), 0.5, atol=0.04)
    draws = np.stack([*samples[:4], *np.transpose(samples.applied), samples.contrast_first])
    correlations = np.corrcoef(draws.astype(np.float64)) - np.eye(len(draws))
    assert np.abs(correlations).max() < 0.06


def test_same_seed_same_image(image):
    first, second, other = (
        distortion.distort(image, distortion.sample(tf.constant(seed, tf.int64))).numpy()
        for seed in ([3, 5], [3, 5], [3, 6])
    )
    np.testing.assert_array_equal(first, second)
    assert np.any(first != other)
