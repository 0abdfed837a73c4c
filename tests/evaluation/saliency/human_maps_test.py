# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Human maps equal a slow transcription of ClickMe's processing."""

import math

import numpy as np
import pytest
import tensorflow as tf

from vito_tf.evaluation.saliency import human_maps


def _resized(values, size):
    """Bilinear with half-pixel centres and without antialiasing, by loops over positions."""
    height, width = values.shape
    result = np.zeros([size, size])
    for row in range(size):
        for column in range(size):
            y = min(max((row + 0.5) * height / size - 0.5, 0), height - 1)
            x = min(max((column + 0.5) * width / size - 0.5, 0), width - 1)
            top, left = math.floor(y), math.floor(x)
            bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
            upper = values[top, left] * (1 - x + left) + values[top, right] * (x - left)
            lower = values[bottom, left] * (1 - x + left) + values[bottom, right] * (x - left)
            result[row, column] = upper * (1 - y + top) + lower * (y - top)
    return result


def _blurred(values):
    """Weights exp(-(x² + y²) / 200), x from -5 to 4, y from 4 to -5; 4 zeros before, 5 after."""
    weights = np.array(
        [[math.exp(-(x * x + y * y) / 200) for x in range(-5, 5)] for y in range(4, -6, -1)]
    )
    weights /= weights.sum()
    padded = np.pad(values, ((4, 5), (4, 5)))
    result = np.zeros_like(values)
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            result[row, column] = (padded[row : row + 10, column : column + 10] * weights).sum()
    return result


@pytest.mark.parametrize("shape", [(256, 256), (48, 80)])
def test_a_human_map_equals_the_transcription(shape):
    values = np.random.default_rng(0).integers(0, 256, shape).astype(np.float64)
    expected = _resized(_blurred(_resized(values, 64)), 100)
    actual = human_maps.human_map(tf.constant(values, tf.float32), 100)
    np.testing.assert_allclose(actual, expected, rtol=1e-4)


def test_the_kernel_is_largest_where_the_reference_has_its_middle():
    kernel = human_maps.blur_kernel()
    assert kernel.shape == (10, 10)
    assert np.unravel_index(kernel.argmax(), kernel.shape) == (4, 5)
    assert kernel.sum() == pytest.approx(1)
    # exp(-50/200) at the farthest corner, x = -5 and y = -5, against 1 in the middle.
    assert kernel[9, 0] / kernel[4, 5] == pytest.approx(math.exp(-0.25))


def test_a_view_is_the_whole_picture_resized():
    image = np.random.default_rng(0).integers(0, 256, [32, 32, 3])
    expected = np.stack([_resized(image[..., c].astype(float), 28) for c in range(3)], axis=-1)
    actual = human_maps.view(tf.constant(image, tf.uint8), 28)
    np.testing.assert_allclose(actual, expected / 255, atol=1e-5)
