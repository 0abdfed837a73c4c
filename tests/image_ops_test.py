# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the batched image operations against float64 transcriptions."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest
import tensorflow as tf

from vito_tf import image_ops

_SIZE = 16


def _planes(num_images: int, size: int = _SIZE) -> np.ndarray:
    rng = np.random.default_rng(0)
    planes = rng.uniform(0, 1, (num_images, 3, size, size))
    return np.round(planes * 255).astype(np.float32) / np.float32(255)


@pytest.fixture(params=["eager", "graph"])
def run(request):
    """Calls a function eagerly or in a graph."""
    return tf.function if request.param == "graph" else lambda function: function


def test_brightness(run):
    planes, delta = _planes(4), np.array([-0.4, -0.1, 0.0, 0.4], np.float32)
    actual = run(image_ops.adjust_brightness_and_contrast)(planes, delta, tf.ones(4))
    expected = np.clip(planes.astype(np.float64) + delta[:, None, None, None], 0, 1)
    np.testing.assert_allclose(actual, expected, atol=1e-6)


def test_contrast(run):
    planes, factor = _planes(4), np.array([0.6, 0.9, 1.0, 1.4], np.float32)
    actual = run(image_ops.adjust_brightness_and_contrast)(planes, tf.zeros(4), factor)
    expected = []
    for image, scale in zip(planes.astype(np.float64), factor):
        means = [channel.mean() for channel in image]
        expected.append([scale * (c - m) + m for c, m in zip(image, means)])
    np.testing.assert_allclose(actual, np.clip(expected, 0, 1), atol=1e-6)


@pytest.mark.parametrize("strength", [0.1, 0.5])
def test_saturation_and_hue(run, strength):
    planes = _planes(5)
    planes[:, :, 0, 0] = 0.0
    planes[:, :, 0, 1] = 1.0
    planes[:, :, 0, 2] = 0.25
    planes[:, 1, 0, 3:] = planes[:, 0, 0, 3:]
    planes[:, 2, 1] = planes[:, 1, 1]
    planes[:, 2, 2] = planes[:, 0, 2]
    saturation = np.array([0.8, 1.2, 1.0, 0.0, 2.0], np.float32)
    hue = strength * np.array([-1.0, 1.0, 0.0, 0.3, -0.3], np.float32)
    actual = run(image_ops.adjust_saturation_and_hue)(planes, saturation, hue)
    expected = np.empty(planes.shape)
    for index in np.ndindex(5, _SIZE, _SIZE):
        image, y, x = index
        h, s, v = colorsys.rgb_to_hsv(*planes[image, :, y, x].astype(np.float64))
        h, s = (h + float(hue[image])) % 1, min(s * float(saturation[image]), 1)
        expected[image, :, y, x] = colorsys.hsv_to_rgb(h, s, v)
    np.testing.assert_allclose(actual, expected, atol=2e-6)


def test_drop_colour(run):
    planes = _planes(2)
    actual = run(image_ops.drop_colour)(planes)
    expected = np.einsum("c,nchw->nhw", [0.2989, 0.5870, 0.1140], planes.astype(np.float64))
    np.testing.assert_allclose(actual, np.stack([expected] * 3, 1), atol=1e-6)


def test_solarise(run):
    planes = np.array([0.0, 0.2, np.nextafter(0.5, 0), 0.5, 0.75, 1.0], np.float32)
    actual = run(image_ops.solarise)(planes.reshape(1, 1, 1, 6))
    np.testing.assert_allclose(np.ravel(actual), [0, 0.2, 0.5, 0.5, 0.25, 0], atol=1e-6)


@pytest.mark.parametrize(("size", "num_taps"), [(224, 23), (64, 7), (19, 1)])
def test_blur(run, size, num_taps):
    planes, sigma = _planes(3, size), np.array([0.1, 0.9, 2.0], np.float32)
    actual = run(image_ops.gaussian_blur)(planes, sigma)
    offsets = np.arange(num_taps) - num_taps // 2
    expected = np.empty(planes.shape)
    for image, channel in np.ndindex(3, 3):
        kernel = np.exp(-0.5 * (offsets / float(sigma[image])) ** 2)
        kernel /= kernel.sum()
        plane = planes[image, channel].astype(np.float64)
        for axis in (0, 1):
            plane = np.apply_along_axis(np.convolve, axis, plane, kernel, mode="same")
        expected[image, channel] = plane
    np.testing.assert_allclose(actual, expected, atol=1e-6)
