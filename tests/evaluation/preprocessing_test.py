# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Cropping and resizing, against Pillow and by hand."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from vito_tf.evaluation import preprocessing


def picture(height, width, seed=0):
    """Smooth colours with some noise."""
    rng = np.random.default_rng(seed)
    waves = np.add.outer(np.arange(height) / 9, np.arange(width) / 7)[..., None]
    pixels = 127 + 90 * np.sin(waves + np.arange(3)) + rng.normal(0, 9, [height, width, 3])
    return np.clip(pixels, 0, 255).astype(np.uint8)


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png")
    return buffer.getvalue()


@pytest.mark.parametrize(("height", "width"), [(90, 61), (61, 90), (300, 500), (40, 33)])
def test_resize_and_crop_is_torchvisions(height, width):
    pixels = picture(height, width)
    size = 56  # torchvision's 224 and 256, by a quarter
    short, long = min(height, width), max(height, width)
    scaled = {short: 64, long: int(64 * long / short)}
    resized = Image.fromarray(pixels).resize(
        (scaled[width], scaled[height]), Image.Resampling.BILINEAR
    )
    top = round((scaled[height] - size) / 2.0)
    left = round((scaled[width] - size) / 2.0)
    expected = np.asarray(resized, np.float64)[top : top + size, left : left + size] / 255
    view = preprocessing.RESIZE_AND_CROP.view(tf.constant(png(pixels)), size)
    assert view.shape == expected.shape
    # Pillow rounds to grey levels after each of its two passes.
    np.testing.assert_allclose(view, expected, atol=1.01 / 255)
    assert np.mean(np.abs(view - expected)) < 0.35 / 255


def test_as_is_refuses_another_size():
    pixels = picture(20, 20)
    view = preprocessing.AS_IS.view(tf.constant(png(pixels)), 20)
    np.testing.assert_allclose(view, pixels / 255.0, atol=1e-7)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"20,20,3"):
        preprocessing.AS_IS.view(tf.constant(png(pixels)), 24)


def test_whole_interpolates_between_centres_of_pixels():
    pixels = picture(2, 4)
    view = preprocessing.WHOLE.view(tf.constant(png(pixels)), 4).numpy()
    np.testing.assert_allclose(view[0], pixels[0] / 255.0, atol=1e-6)
    between = (0.75 * pixels[0].astype(float) + 0.25 * pixels[1]) / 255
    np.testing.assert_allclose(view[1], between, atol=1e-6)


def test_every_way_has_a_name_of_its_own():
    assert set(preprocessing.ALL) == {"central_crop", "resize_and_crop", "as_is", "whole"}
